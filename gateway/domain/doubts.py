"""A payment in doubt: its bytes may be with the bank, which does not tell. What may be done, and who may decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from gateway.domain.errors import Conflict, NotFound

SILENCE = timedelta(days=1)
"""After this long without a word on what was sent it is in doubt."""
UNBOOKED = timedelta(days=5)
"""After this long what was accepted must be on a statement, week-end and holiday included, or it is in doubt."""
ALERTED = timedelta(hours=1)
"""A doubt younger than this most often ends by itself; an older one is shown to a person."""
OVERDUE = timedelta(days=3)
"""A doubt older than this does not end by itself: a person must decide."""


class Verdict(StrEnum):
    """What a person found out at the bank."""

    paid = "paid"
    """The bank has it: the statement will show it."""
    unpaid = "unpaid"
    """The bank does not have it, and never will."""


class Proposal(msgspec.Struct, frozen=True):
    """What one officer proposes, for another one to approve. `reason` is sealed.

    It is about one doubt, which began at `doubted_at`: a later doubt about the same payment is decided anew.
    """

    end_to_end_id: str
    doubted_at: datetime
    verdict: Verdict
    reason: bytes
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class NotInDoubt(Conflict):
    """The bank has told meanwhile what became of it, or it was never doubtful."""

    code = "payment_not_in_doubt"
    title = "The payment is not in doubt"


class UnknownPayment(NotFound):
    """No instruction has this reference."""

    code = "payment_not_found"
    title = "No such payment"


def may_resend(resend_hours: int | None, tried_at: datetime, now: datetime) -> bool:
    """Whether identical bytes, first sent at `tried_at`, may go again: only while the bank surely knows them as a copy.

    Both instants are the system clock's. None = for ever, 0 = never.
    """
    return resend_hours is None or now < tried_at + timedelta(hours=resend_hours)
