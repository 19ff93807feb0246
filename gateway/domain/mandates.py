"""A mandate: the merchant's leave for one bank to debit one account, signed with the loan it first serves.

Its account never changes: another account takes another mandate. A bank's reason code may suspend or end it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

from gateway.domain.errors import Conflict, NotFound


class MandateScheme(StrEnum):
    """Whose rules a debit follows."""

    sepa_core = "sepa_core"
    sepa_b2b = "sepa_b2b"
    ach = "ach"
    vrp = "vrp"
    other = "other"


class MandateState(StrEnum):
    """Where a mandate stands; a merchant has at most one that is pending, active or suspended for each bank."""

    pending = "pending"
    active = "active"
    suspended = "suspended"
    replaced = "replaced"
    revoked = "revoked"


_S = MandateState
_ENDS = {_S.replaced, _S.revoked}
MOVES: dict[MandateState, frozenset[MandateState]] = {
    _S.pending: frozenset({_S.active, *_ENDS}),
    _S.active: frozenset({_S.suspended, *_ENDS}),
    _S.suspended: frozenset(_ENDS),
    _S.replaced: frozenset(),
    _S.revoked: frozenset(),
}

NOTICE_DAYS = 1
"""How many days before a debit the merchant is told, as the agreement says (SEPA: 14 unless agreed otherwise)."""
TOLD_EVERY = timedelta(days=7)
"""How often one message sums up what was debited; each debit shows in the till when it is scheduled."""
REFUNDABLE_DAYS = {MandateScheme.sepa_core: 56, MandateScheme.ach: 60}
"""For how long after its debit a merchant has its money back by saying so (SEPA Core: 8 weeks; Nacha: R10)."""
_NO_MANDATE = frozenset({"MD01", "MD02", "MD07", "MD15", "MD16", "MD17", "SL01"})
"""Reasons that say there is no such mandate (any more): it ends. Others name the account, and only suspend it."""


class Mandate(msgspec.Struct, frozen=True):
    """See the module. `reference` and `creditor_scheme_id` are what the debtor's bank sees.

    `account_hash` is keyed, as a payee's. `signed_by_id`: the drawdown whose confirmation signed it, or the change of
    the payout account whose approval did. `uses_count`: the debits written under it.
    """

    id: str
    merchant_id: str
    partner_id: str
    bank_id: str
    scheme: MandateScheme
    reference: str
    creditor_scheme_id: str
    account_hash: str
    account_ending: str
    state: MandateState
    reason: str | None
    signed_by_id: str
    uses_count: int
    signed_at: datetime
    state_at: datetime

    @property
    def sequence(self) -> str:
        """The next debit's SequenceType3Code."""
        return "RCUR" if self.uses_count else "FRST"


class MandateNeeded(Conflict):
    """No mandate in force covers the merchant's account: the debit waits, nothing was sent."""

    code = "mandate_needed"
    title = "The account may not be debited now"


class UnknownMandate(NotFound):
    """No such mandate for whoever asks."""

    code = "mandate_not_found"
    title = "No such mandate"


def ends(reason: str | None) -> bool:
    """Whether a bank's reason code says that the mandate itself is gone, not only the account out of order."""
    return reason in _NO_MANDATE


def refundable_after(scheme: MandateScheme, today: date) -> date:
    """Debits settled after this day may still be taken back without a reason."""
    return today - timedelta(days=REFUNDABLE_DAYS.get(scheme, 0))
