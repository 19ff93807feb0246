"""A drawdown: money lent on a quote, from the merchant's click to the last repayment."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain.errors import Conflict, NotFound
from gateway.domain.repayments import CollectionMode


class DrawdownState(StrEnum):
    """Where a drawdown stands."""

    awaiting_confirmation = "awaiting_confirmation"
    requested = "requested"
    reviewing = "reviewing"
    approved = "approved"
    submitted = "submitted"
    pending = "pending"
    active = "active"
    in_doubt = "in_doubt"
    repaid = "repaid"
    refinanced = "refinanced"
    charged_off = "charged_off"
    returned = "returned"
    expired = "expired"
    rejected = "rejected"
    canceled = "canceled"
    failed = "failed"


_S = DrawdownState
MOVES: dict[DrawdownState, frozenset[DrawdownState]] = {
    _S.awaiting_confirmation: frozenset({_S.requested, _S.expired, _S.canceled}),
    _S.requested: frozenset({_S.reviewing, _S.approved, _S.rejected, _S.canceled}),
    _S.reviewing: frozenset({_S.approved, _S.rejected, _S.canceled}),
    _S.approved: frozenset({_S.submitted, _S.in_doubt, _S.failed, _S.canceled}),
    _S.submitted: frozenset({_S.pending, _S.active, _S.failed, _S.in_doubt}),
    _S.pending: frozenset({_S.active, _S.failed, _S.in_doubt}),
    _S.in_doubt: frozenset({_S.pending, _S.active, _S.failed}),
    _S.active: frozenset({_S.repaid, _S.refinanced, _S.charged_off, _S.returned}),
    _S.returned: frozenset({_S.canceled}),
    _S.repaid: frozenset({_S.active}),  # a debit that repaid it was taken back, up to 8 weeks later (SEPA Core)
    _S.refinanced: frozenset({_S.active}),  # as above: a debit of before was taken back
    _S.charged_off: frozenset(),
    _S.expired: frozenset(),
    _S.rejected: frozenset(),
    _S.canceled: frozenset(),
    _S.failed: frozenset(),
}


class Step(msgspec.Struct, frozen=True):
    """A state that a drawdown came to, and when."""

    state: DrawdownState
    at: datetime


TermsHash = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z", description="the quote's terms_hash")]


class NewDrawdown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A partner proposes to draw a quote; the merchant still has to confirm it."""

    quote_id: str
    terms_hash: TermsHash


class Confirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The merchant's click: the hash of the terms that were shown."""

    terms_hash: TermsHash


class Evidence(msgspec.Struct, frozen=True):
    """Who confirmed what, how and when: kept for ever with the drawdown."""

    terms_hash: str
    terms_version: str
    amount: int
    fee_amount: int
    method: str
    confirmed_by: str
    confirmed_at: datetime
    remote_address: str | None
    authority_id: str | None = None
    """The authority that one click lies within."""
    passkey_id: str | None = None
    intent_hash: str | None = None
    """SHA-256 of the canonical intent that the passkey signed."""
    agreement_id: str | None = None
    """The agreement that was in force, or was signed, with it."""
    mandate_id: str | None = None
    """The mandate that was in force, or was signed, with it; None where nothing is debited."""


class Drawdown(msgspec.Struct, frozen=True):
    """See the module. `carried_net_amount`: net sales not yet withheld from (negative days, late rows).

    `interval_days` is how long each interval is that asks for a minimum. `refinanced_amount` and
    `refinanced_fee_amount` are what its quote foresaw of principal and fee to take over; what was paid meanwhile is
    not.
    """

    id: str
    merchant_id: str
    partner_id: str
    quote_id: str
    offer_id: str
    bank_id: str
    programme_id: str
    state: DrawdownState
    currency: str
    amount: int
    fee_amount: int
    withhold_bps: int
    minimum_amount: int
    final_due_on: date
    terms_hash: str
    evidence: Evidence | None
    end_to_end_id: str | None
    bank_reference: str | None
    active_on: date | None
    reason: str | None
    collection: CollectionMode
    interval_days: int
    all_in_cap_bps: int
    early_rebate_bps: int
    refinances: str | None
    refinanced_amount: int
    refinanced_fee_amount: int
    carried_net_amount: int
    state_at: datetime
    created_at: datetime

    @property
    def new_money_amount(self) -> int:
        """What is paid out: all of it but the principal taken over from the drawdown it refinances."""
        return self.amount - self.refinanced_amount

    @property
    def new_fee_amount(self) -> int:
        """The fee on the new money; the rest of it comes from the drawdown it refinances."""
        return self.fee_amount - self.refinanced_fee_amount

    @property
    def total_amount(self) -> int:
        """Principal and fee."""
        return self.amount + self.fee_amount


class ExposureExceeded(Conflict):
    """The guard refused: exposure and amount together would pass the limit."""

    code = "exposure_exceeded"
    title = "The limit does not allow this amount any more"


class BankUnavailable(Conflict):
    """No bank is connected that could pay this out; nothing was borrowed."""

    code = "bank_unavailable"
    title = "No bank can pay this out now; nothing was borrowed"


class QuoteTaken(Conflict):
    """The quote was drawn already."""

    code = "quote_already_drawn"
    title = "This quote was drawn already"


class UnknownDrawdown(NotFound):
    """No such drawdown for this caller."""


def end_to_end_id(noun_id: str) -> str:
    """The rail's reference of a drawdown or repayment: its ULID with its prefix, in SEPA's characters, ≤ 35.

    SEPA references have no underscore (EPC217-08), so `drw_01j…` becomes `DRW01J…`.
    """
    return noun_id.replace("_", "").upper()
