"""A repayment: a share of one business day's net sales, collected towards one drawdown."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from gateway.domain.money import share


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


LEAST_AMOUNT = 2
"""The least repayment, in minor units, unless it is the last one: enough for principal and fee to have a part each."""


def withhold(net_amount: int, carried_net_amount: int, withhold_bps: int, outstanding_amount: int) -> Withholding:
    """The share of the day's net sales and what was carried, at most what is still owed and not on its way.

    Refunds net out: a negative sum is carried to the next day, so nobody pays on sales that were given back. Sales
    too small to collect from are carried too.
    """
    basis = net_amount + carried_net_amount
    if basis <= 0:
        return Withholding(0, basis)
    amount = min(share(basis, withhold_bps), outstanding_amount)
    if amount < min(LEAST_AMOUNT, outstanding_amount):
        return Withholding(0, basis)
    return Withholding(amount, 0)


def allocate(amount: int, principal_outstanding: int, fee_outstanding: int) -> tuple[int, int]:
    """Split a repayment over principal and fee pro rata, the odd minor unit to the fee; the last one clears both.

    `amount` never exceeds the two together. While anything stays owed some of it is principal: exposure counts
    principal alone, and what still is exposure cannot be overlooked.
    """
    principal = amount * principal_outstanding // (principal_outstanding + fee_outstanding)
    return principal, amount - principal
