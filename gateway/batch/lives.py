"""A loan that was never made, lived through the days that really came after it.

It is repaid by the withheld share of each day's net sales alone (`gateway.domain.repayments`): nobody is asked to make
up a minimum out of other money, so a shop whose sales stop pays nothing more. A minimum that is not covered when its
interval ends is past due from then on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import pricing, repayments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.programmes import Programme

DEFAULTED_DAYS = 90
"""A loan so many days past due has defaulted."""
CHARGED_OFF_DAYS = 180
"""A loan so many days past due is written off, and what is left of its principal is lost."""
STEP_DAYS = 10
"""How often what is repaid is noted."""


class Ending(StrEnum):
    """How far a loan's life is known."""

    repaid = "repaid"
    charged_off = "charged_off"
    unknown = "unknown"
    """The days known end before the loan does."""


class Terms(msgspec.Struct, frozen=True):
    """What was lent and at what price, in minor units."""

    amount: int
    fee_amount: int
    withhold_bps: int


class Life(msgspec.Struct, frozen=True):
    """`repaid` + `lost` + `left` = the amount lent; `fee_amount` is what was paid for it.

    `days_count`: days from the draw until it ended, or until nothing more is known. `defaulted_after`: the day it was
    90 days past due, None = never. `steps`: the principal repaid by every tenth day it was alive.
    """

    ending: Ending
    days_count: int
    repaid_amount: int
    lost_amount: int
    left_amount: int
    fee_amount: int
    past_due_days: int
    defaulted_after: int | None
    steps: tuple[int, ...]


class _Loan:
    """A loan on its way."""

    def __init__(self, terms: Terms, programme: Programme) -> None:
        self.terms, self.programme = terms, programme
        self.dues = _dues(terms.amount + terms.fee_amount, programme)
        self.met = 0
        self.principal, self.fee, self.carried = terms.amount, terms.fee_amount, 0
        self.fee_paid = 0
        self.paid: list[tuple[int, int]] = []
        self.steps: list[int] = []
        self.worst = 0
        self.defaulted_after: int | None = None

    def pay(self, day: int, net: int) -> bool:
        """Withhold from one day's net sales; True when nothing is owed after it."""
        taken = repayments.withhold(net, self.carried, self.terms.withhold_bps, self.principal + self.fee)
        self.carried, amount = taken.carried_net_amount, taken.amount
        done = amount >= self.principal + self.fee
        if amount >= self.principal + self.fee - self.terms.fee_amount and (owed := self._owed(day)) <= amount:
            amount, done = max(0, owed), True
        self._take(day, amount)
        if done:
            self.fee_paid, self.principal, self.fee = self.fee_paid - self.principal, 0, 0
        return done

    def note(self, day: int) -> int:
        """Keep what is told of every day but the last; how many days past due it is at the end of `day`."""
        if day % STEP_DAYS == 0:
            self.steps.append(self.terms.amount - self.principal)
        paid = self.terms.amount + self.terms.fee_amount - self.principal - self.fee
        while self.met < len(self.dues) and self.dues[self.met][1] <= paid:
            self.met += 1
        late = day - self.dues[self.met][0] if self.met < len(self.dues) else 0
        self.worst = max(self.worst, late)
        if late >= DEFAULTED_DAYS and self.defaulted_after is None:
            self.defaulted_after = day
        return late

    def _owed(self, day: int) -> int:
        """What pays it off on `day`: the all-in cap may let it cost less than its fee."""
        terms, cap_bps = self.terms, self.programme.all_in_cap_bps
        return pricing.owed_amount(terms.amount, terms.fee_amount, self.paid, day, cap_bps)

    def _take(self, day: int, amount: int) -> None:
        if amount:
            principal, fee = repayments.allocate(amount, self.principal, self.fee)
            self.principal, self.fee, self.fee_paid = self.principal - principal, self.fee - fee, self.fee_paid + fee
            self.paid.append((day, amount))


def live(terms: Terms, programme: Programme, nets: Sequence[int]) -> Life:
    """Live a loan through `nets`, the net sales of the first day after the draw and of every one that is known."""
    loan = _Loan(terms, programme)
    for day, net in enumerate(nets, start=1):
        if loan.pay(day, net):
            return _ended(loan, Ending.repaid, day)
        if loan.note(day) >= CHARGED_OFF_DAYS:
            return _ended(loan, Ending.charged_off, day)
    return _ended(loan, Ending.unknown, len(nets))


def _dues(total: int, programme: Programme) -> list[tuple[int, int]]:
    """(day, what must have been paid by its end), an interval each; the last one on the day the term ends."""
    dues, least = [], 0
    for number, part in enumerate(pricing.minimum_amounts(total, programme), start=1):
        least += part
        dues.append((min(number * programme.interval_days, programme.term_days), least))
    return dues


def _ended(loan: _Loan, ending: Ending, days: int) -> Life:
    lost = loan.principal if ending is Ending.charged_off else 0
    return Life(
        ending=ending,
        days_count=days,
        repaid_amount=loan.terms.amount - loan.principal,
        lost_amount=lost,
        left_amount=loan.principal - lost,
        fee_amount=loan.fee_paid,
        past_due_days=loan.worst,
        defaulted_after=loan.defaulted_after,
        steps=tuple(loan.steps),
    )
