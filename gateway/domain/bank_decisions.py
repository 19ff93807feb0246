"""The bank's own decision on a loan: what it is told, what it may answer, and what is kept of every answer.

The gateway's score is advice to it. An answer is never changed; a later one stands beside it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from gateway.domain.merchants import CompanyId

REASON = r"\A[a-z0-9][a-z0-9_.-]{0,59}\Z"
"""What a bank's reason must look like to be kept: a code, never a sentence about somebody."""
ASK_AGAIN = timedelta(hours=6)
"""After this long a bank that referred a draw to one of its officers is asked again."""
HELD = timedelta(days=7)
"""How long after the click a bank may decide: the terms (final due date, APR) are reckoned from that day."""


class BankOutcome(StrEnum):
    """What the bank says: it lends, it does not, or one of its officers looks first."""

    approved = "approved"
    rejected = "rejected"
    referred = "referred"


class DecisionSource(StrEnum):
    """How an answer came about."""

    bank = "bank"
    """The bank was asked and answered."""
    approval = "approval"
    """The bank had approved draws like this one beforehand (`Programme.approval`)."""
    officer = "officer"
    """An officer of the bank decided a referred draw through the operator's review."""


class Applicant(msgspec.Struct, frozen=True):
    """The merchant as far as a bank may see it: the merchant agreed that this bank gets it."""

    id: str
    legal_name: str
    country: str
    company: CompanyId | None
    mcc: str | None
    registered_on: date | None


class Application(msgspec.Struct, frozen=True):
    """One draw put before the bank; amounts in minor units of `currency`, rates in bps, `pd` in 1e-6.

    `drawdown_id` and `number` (the how-manieth asking, from 1) name the question: the same two are the same question,
    asked again because its answer was lost. `exposure_amount` is all that the merchant owes with this draw counted in.
    """

    drawdown_id: str
    number: int
    programme_id: str
    merchant: Applicant
    currency: str
    amount: int
    fee_amount: int
    withhold_bps: int
    minimum_amount: int
    final_due_on: date
    terms_hash: str
    exposure_amount: int
    limit_amount: int
    grade: str | None
    pd: int | None
    reasons: tuple[str, ...]
    confirmed_at: datetime


class BankDecision(msgspec.Struct, frozen=True):
    """The bank's answer. `reason` is a code (see REASON), `bank_reference` the bank's own name for it."""

    outcome: BankOutcome
    decided_at: datetime
    reason: str | None = None
    bank_reference: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """An answer as it was kept; `number` counts a drawdown's answers from 1, `decided_by` is an officer's account."""

    drawdown_id: str
    number: int
    bank_id: str
    source: DecisionSource
    outcome: BankOutcome
    reason: str | None
    bank_reference: str | None
    decided_by: str | None
    decided_at: datetime
    recorded_at: datetime
