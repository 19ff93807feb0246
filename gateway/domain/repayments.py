"""A repayment: money collected towards one drawdown, most often a share of one business day's net sales."""

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
    in_doubt = "in_doubt"
    """Its debit may be with the bank, which does not say so."""
    settled = "settled"
    failed = "failed"
    returned = "returned"
    reversed = "reversed"
    canceled = "canceled"


_S = RepaymentState
MOVES: dict[RepaymentState, frozenset[RepaymentState]] = {
    _S.scheduled: frozenset({_S.initiated, _S.in_doubt, _S.canceled}),
    _S.initiated: frozenset({_S.pending, _S.in_doubt, _S.settled, _S.failed}),
    _S.pending: frozenset({_S.in_doubt, _S.settled, _S.failed}),
    _S.in_doubt: frozenset({_S.initiated, _S.pending, _S.settled, _S.failed}),
    _S.settled: frozenset({_S.returned, _S.reversed}),
    _S.failed: frozenset(),
    _S.returned: frozenset(),
    _S.reversed: frozenset(),
    _S.canceled: frozenset(),
}

OPEN = frozenset({_S.scheduled, _S.initiated, _S.pending, _S.in_doubt})
"""States in which the amount is on its way and must not be collected again."""


class CollectionMode(StrEnum):
    """How a programme gets its shares of sales: one way only."""

    bank_debit = "bank_debit"
    """The bank debits the merchant's account."""
    partner_split = "partner_split"
    """The partner keeps them back from what it settles to the merchant, and owes them to the bank."""


class Channel(StrEnum):
    """Which way a repayment's money comes."""

    debit = "debit"
    withheld = "withheld"
    """The partner keeps it back from what it settles to the merchant."""
    transfer = "transfer"
    """The merchant sends it."""
    payout = "payout"
    """The other way round: the bank pays it to the merchant."""


class RepaymentKind(StrEnum):
    """What a repayment is for."""

    share = "share"
    """Of the net sales of a business day."""
    minimum = "minimum"
    """What an interval's shares lacked on its due date."""
    early = "early"
    """The merchant pays before it must: a part, or all with the rebate it earns."""
    instalment = "instalment"
    """Of a settlement plan."""
    recovery = "recovery"
    """After the loan was written off."""
    refund = "refund"
    """What the merchant paid beyond what it owed goes back to it."""


class Repayment(msgspec.Struct, frozen=True):
    """See the module. `principal_amount + fee_amount + suspense_amount + recovered_amount == amount`.

    `rebate_amount` is what of the fee is not charged after all once this settles, `share_amount` the partner's part of
    the fee it earns. `fee_amount` is below zero where the cap on all costs allows less than was paid of the fee before:
    so much of that pays principal. `collect_on` is the day a debit is due, or until which a transfer's rebate holds.

    How the amount is divided is foreseen when it is scheduled and fixed when it settles: what is no longer owed by then
    is the merchant's (`suspense_amount`), what was written off by then is recovered (`recovered_amount`). A debit that
    failed and is tried again is another repayment, `retry_of` it, the `attempts_count`th. Where a rail takes no more at
    once, one day's share is several repayments, its `part`s from 1.
    """

    id: str
    drawdown_id: str
    merchant_id: str
    kind: RepaymentKind
    channel: Channel
    business_on: date
    state: RepaymentState
    currency: str
    amount: int
    principal_amount: int
    fee_amount: int
    suspense_amount: int
    recovered_amount: int
    rebate_amount: int
    share_amount: int
    end_to_end_id: str | None
    collect_on: date | None
    settled_on: date | None
    reason: str | None
    entry_reference: str | None
    part: int
    retry_of: str | None
    attempts_count: int
    state_at: datetime
    created_at: datetime

    @property
    def parts_amount(self) -> int:
        """The sum of what the amount is divided into."""
        return self.principal_amount + self.fee_amount + self.suspense_amount + self.recovered_amount


class Allocation(msgspec.Struct, frozen=True):
    """What an amount pays, in minor units; the parts add up to it, but for the rebate, which nobody pays."""

    principal_amount: int
    fee_amount: int
    suspense_amount: int = 0
    recovered_amount: int = 0
    rebate_amount: int = 0


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


def settle(
    amount: int,
    principal_outstanding: int,
    fee_outstanding: int,
    *,
    claim_amount: int | None = None,
    rebate_amount: int = 0,
    promised_amount: int = 0,
) -> Allocation:
    """Divide money that came: over what is owed now, the rest is the merchant's; on a loss it is a recovery.

    What the books say when it comes decides, not what they said when it was scheduled. `rebate_amount` is what need not
    be paid if the loan ends with this, `promised_amount` what need not be paid after it in any case. Where the rebate
    is more than what is left of the fee, the rest of it pays principal: the fee's part is below zero. Of a loan
    that was written off `claim_amount` is still claimed.
    """
    if claim_amount is not None:
        recovered = min(amount, claim_amount)
        return Allocation(0, 0, amount - recovered, recovered)
    outstanding = principal_outstanding + fee_outstanding
    rebate = max(rebate_amount, min(promised_amount, outstanding))
    if amount < outstanding - rebate:  # it goes on
        rebate = min(promised_amount, outstanding)
        parts = allocate(amount, principal_outstanding, fee_outstanding - rebate)
        return Allocation(*parts, rebate_amount=rebate)
    owed = outstanding - rebate
    return Allocation(principal_outstanding, owed - principal_outstanding, amount - owed, rebate_amount=rebate)


def split(amount: int, most_amount: int | None) -> list[int]:
    """`amount` in as few parts as a rail that takes `most_amount` at once needs, equal but for a minor unit.

    Nothing is lost or added: they sum to `amount`. None = the rail takes any amount.
    """
    if most_amount is None or amount <= most_amount:
        return [amount]
    count = -(-amount // max(1, most_amount))
    return [amount // count + (part < amount % count) for part in range(count)]
