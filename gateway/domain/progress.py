"""How a loan comes along: what was planned, what was paid, what is likely ahead, and what each day brought.

What was paid comes from the lines of the statement, so that no two figures a merchant sees can differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.loan_statements import REDUCING
from gateway.domain.money import share
from gateway.domain.outlooks import until
from gateway.domain.repayments import OPEN, RepaymentKind, RepaymentState
from gateway.domain.schedules import Due

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.domain.loan_statements import DaySold, Line
    from gateway.domain.repayments import Repayment
    from gateway.domain.schedules import Pause

SHOWN_DAYS = 31
LONGEST_DAYS = 800
"""How far ahead is looked: past the longest term, pauses included."""
_WEEK = 7


class Point(msgspec.Struct, frozen=True):
    """Repaid altogether until the end of a day, in minor units."""

    on: date
    amount: int


class PointAhead(msgspec.Struct, frozen=True):
    """The same of a day to come: 8 times in 10 between low and high, as likely above `likely_amount` as below."""

    on: date
    low_amount: int
    likely_amount: int
    high_amount: int


class PayoffDates(msgspec.Struct, frozen=True):
    """When all will be repaid: 8 times in 10 between `p10_on` and `p90_on`."""

    p10_on: date
    p50_on: date
    p90_on: date


class DayState(StrEnum):
    """What became of a day's share."""

    settled = "settled"
    pending = "pending"
    """It is on its way."""
    returned = "returned"
    failed = "failed"
    canceled = "canceled"
    carried_over = "carried_over"
    """Too little, or more given back than sold: it counts with the next day."""
    paused = "paused"
    """Nothing is taken."""


class DayRepaid(msgspec.Struct, frozen=True):
    """What a closed business day sold and what of it is repaid."""

    business_on: date
    net_amount: int
    amount: int
    state: DayState


class Ahead(msgspec.Struct, frozen=True):
    """What tells how a loan goes on. `outlook`: cumulative net sales after `through_on`, P10, P50 and P90.

    `base_amount` is repaid already or on its way; until `held_until_on` no share is taken; the dues are asked for in
    any case.
    """

    total_amount: int
    paid_amount: int
    base_amount: int
    withhold_bps: int
    outlook: Sequence[Sequence[int]]
    through_on: date
    today: date
    held_until_on: date | None
    dues: Sequence[Due]

    def at(self, path: Sequence[int], on: date) -> int:
        """Repaid altogether by the end of `on` where sales follow `path`."""
        rested = 0 if self.held_until_on is None else self._sold(path, self.held_until_on - timedelta(days=1))
        withheld = share(max(0, self._sold(path, on) - rested), self.withhold_bps)
        asked = max((due.total_amount for due in self.dues if due.due_on <= on), default=0)
        return min(self.total_amount, max(self.base_amount + withheld, asked))

    def _sold(self, path: Sequence[int], on: date) -> int:
        return until(path, max(0, min(LONGEST_DAYS, (on - self.through_on).days)))


def plan(total_amount: int, active_on: date, payoff_on: date) -> list[Point]:
    """What the quote expected: evenly until the day it estimated."""
    return [Point(active_on, 0), Point(max(payoff_on, active_on + timedelta(days=1)), total_amount)]


def paid(lines: Iterable[Line], active_on: date) -> list[Point]:
    """What came, and what was given up, by day."""
    found = {active_on: 0}
    sum_amount = 0
    for line in lines:
        if line.kind in REDUCING:
            sum_amount -= line.amount
            found[max(line.on, active_on)] = sum_amount
    return [Point(on, amount) for on, amount in found.items()]


def ahead(known: Ahead) -> tuple[list[PointAhead], PayoffDates | None]:
    """The way ahead by the week and at each end; where nothing brings the loan to its end no dates are told."""
    low, likely, high = known.outlook
    ends = [_end(known, path) for path in (high, likely, low)]
    if None in ends:
        return [], None
    first, middle, last = (end for end in ends if end is not None)
    weeks = range(_WEEK, (last - known.today).days, _WEEK)
    marks = sorted({*(known.today + timedelta(days=n) for n in weeks), first, middle, last} - {known.today})
    points = [PointAhead(known.today, known.paid_amount, known.paid_amount, known.paid_amount)]
    points += [PointAhead(on, *(known.at(path, on) for path in (low, likely, high))) for on in marks]
    return points, PayoffDates(first, middle, last)


def _end(known: Ahead, path: Sequence[int]) -> date | None:
    """The day on which all is repaid, by halving: what is repaid never falls from day to day."""
    low, high = 0, LONGEST_DAYS
    if known.at(path, known.today + timedelta(days=high)) < known.total_amount:
        return None
    while low < high:
        middle = (low + high) // 2
        if known.at(path, known.today + timedelta(days=middle)) >= known.total_amount:
            high = middle
        else:
            low = middle + 1
    return known.today + timedelta(days=low)


def days(
    sold: Mapping[date, DaySold], repayments: Iterable[Repayment], pauses: Iterable[Pause], active_on: date
) -> list[DayRepaid]:
    """The last closed days after the money went, newest first; those after the last share are there while one is owed.

    A debit that failed and was tried again counts as its last try.
    """
    shares = [one for one in repayments if one.kind is RepaymentKind.share]
    retried, rests = {one.retry_of for one in shares}, list(pauses)
    of: dict[date, list[Repayment]] = {}
    for one in shares:
        if one.id not in retried:
            of.setdefault(one.business_on, []).append(one)
    newest = sorted((on for on in sold if on > active_on), reverse=True)[:SHOWN_DAYS]
    return [_day(on, sold[on].net_amount, of.get(on, []), rests) for on in newest]


def _day(on: date, net_amount: int, taken: list[Repayment], pauses: list[Pause]) -> DayRepaid:
    if not taken:
        resting = any(one.from_on <= on < one.until_on for one in pauses)
        return DayRepaid(on, net_amount, 0, DayState.paused if resting else DayState.carried_over)
    live = [one for one in taken if one.state is not RepaymentState.canceled]
    amount = sum(one.amount for one in live)
    states = {DayState.pending if one.state in OPEN else _STATES[one.state] for one in live}
    state = next((state for state in _ORDER if state in states), DayState.canceled)
    return DayRepaid(on, net_amount, amount, state)


_STATES = {
    RepaymentState.settled: DayState.settled, RepaymentState.failed: DayState.failed,
    RepaymentState.returned: DayState.returned, RepaymentState.reversed: DayState.returned,
}  # fmt: skip
_ORDER = (DayState.returned, DayState.failed, DayState.pending, DayState.settled)
"""A day's share in parts is told by its worst part."""
