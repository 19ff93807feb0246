"""A repayment: a share of one business day's net sales, collected towards one drawdown."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from gateway.domain.money import share, share_out


class RepaymentState(StrEnum):
    """Where a repayment stands."""

    scheduled = "scheduled"
    initiated = "initiated"
    pending = "pending"
    settled = "settled"
    failed = "failed"
    returned = "returned"
    reversed = "reversed"
    canceled = "canceled"


_S = RepaymentState
MOVES: dict[RepaymentState, frozenset[RepaymentState]] = {
    _S.scheduled: frozenset({_S.initiated, _S.canceled}),
    _S.initiated: frozenset({_S.pending, _S.settled, _S.failed}),
    _S.pending: frozenset({_S.settled, _S.failed}),
    _S.settled: frozenset({_S.returned, _S.reversed}),
    _S.failed: frozenset(),
    _S.returned: frozenset(),
    _S.reversed: frozenset(),
    _S.canceled: frozenset(),
}

OPEN = frozenset({_S.scheduled, _S.initiated, _S.pending})
"""States in which the amount is on its way and must not be collected again."""


class Repayment(msgspec.Struct, frozen=True):
    """See the module. `principal_amount + fee_amount == amount`."""

    id: str
    drawdown_id: str
    merchant_id: str
    business_on: date
    state: RepaymentState
    currency: str
    amount: int
    principal_amount: int
    fee_amount: int
    end_to_end_id: str | None
    collect_on: date | None
    settled_on: date | None
    reason: str | None
    state_at: datetime
    created_at: datetime


class Withholding(msgspec.Struct, frozen=True):
    """What one closed day yields: an amount to collect now, and net sales carried to the next close."""

    amount: int
    carried_net_amount: int


def withhold(net_amount: int, carried_net_amount: int, withhold_bps: int, outstanding_amount: int) -> Withholding:
    """The share of the day's net sales and what was carried, at most what is still owed and not on its way.

    Refunds net out: a negative sum is carried to the next day, so nobody pays on sales that were given back.
    """
    basis = net_amount + carried_net_amount
    if basis <= 0:
        return Withholding(0, basis)
    return Withholding(min(share(basis, withhold_bps), outstanding_amount), 0)


def allocate(amount: int, principal_outstanding: int, fee_outstanding: int) -> tuple[int, int]:
    """Split a repayment over principal and fee pro rata; the last one clears both to the cent.

    `amount` never exceeds the two together.
    """
    total = principal_outstanding + fee_outstanding
    if amount == total:
        return principal_outstanding, fee_outstanding
    principal, fee = share_out(amount, (principal_outstanding, fee_outstanding))
    return principal, fee
