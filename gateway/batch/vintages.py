"""What became of loans, by the month they were drawn in and by grade: sums, losses, lateness, expected and observed.

Amounts are sums of integer minor units. Shares are in bps, chances in 1e-6 as the PD is; None = cannot be told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from gateway.batch.estimates import MILLION, auc, payoff_days, wilson
from gateway.batch.lives import STEP_DAYS, Ending, Life
from gateway.domain.money import BPS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OUTCOME_DAYS = 365
"""A PD speaks of so many days: younger loans are left out where it is held against what happened."""
GROUPS = 10


class Loan(msgspec.Struct, frozen=True):
    """One loan as it was decided, and what became of it. `seen_days_count`: days known after the draw."""

    merchant_id: str
    vintage: str
    grade: str
    amount: int
    base_amount: int
    limit_amount: int
    pd: int
    seen_days_count: int
    life: Life

    @property
    def mature(self) -> bool:
        """Whether all the days its PD speaks of are known."""
        return self.seen_days_count >= OUTCOME_DAYS

    @property
    def bad(self) -> bool:
        """Whether it defaulted within the days its PD speaks of."""
        return self.life.defaulted_after is not None and self.life.defaulted_after <= OUTCOME_DAYS


class Decision(msgspec.Struct, frozen=True):
    """What one merchant was told in one month: the limit, or 0 and why not."""

    vintage: str
    limit_amount: int
    base_amount: int
    reason: str


class Rate(msgspec.Struct, frozen=True):
    """Loans old enough to tell: the mean PD beside the share that defaulted, with its 95 % Wilson interval (1e-6)."""

    loans_count: int
    defaulted_count: int
    expected: int | None
    observed: int | None
    low: int | None
    high: int | None


class Row(msgspec.Struct, frozen=True):
    """One vintage and grade; "" stands for all of them.

    `lent_amount` = `repaid_amount` + `lost_amount` + `outstanding_amount` + `censored_amount`. Outstanding is what
    loans in default still owe, censored what others still owe, when the known days end.
    """

    vintage: str
    grade: str
    loans_count: int
    lent_amount: int
    repaid_amount: int
    lost_amount: int
    outstanding_amount: int
    censored_amount: int
    fee_amount: int
    censored_count: int
    late_count: int
    defaulted_count: int
    limit_to_base_bps: int | None
    loss_bps: int | None
    payoff_days: int | None
    """The median, loans whose end is not known counted for as long as they are; None = not half of them are repaid."""
    rate: Rate
    auc: int | None
    """How well the PD ranked them, in 1e-6; 500,000 = not at all."""


class Month(msgspec.Struct, frozen=True):
    """One month's decisions. The mean limit is over those who got one; reasons are of those who got none."""

    vintage: str
    decisions_count: int
    offers_count: int
    limit_mean_amount: int | None
    limit_to_base_bps: int | None
    reasons: dict[str, int]


class Point(msgspec.Struct, frozen=True):
    """By `day` after the draw: how much of what was lent had been repaid, of loans old enough."""

    day: int
    lent_amount: int
    repaid_amount: int


class Book(msgspec.Struct, frozen=True):
    """Everything counted. `groups`: loans old enough, in tenths by PD."""

    total: Row
    vintages: tuple[Row, ...]
    grades: tuple[Row, ...]
    cells: tuple[Row, ...]
    months: tuple[Month, ...]
    groups: tuple[Rate, ...]
    payoff: tuple[Point, ...]


def counted(loans: Sequence[Loan], decisions: Sequence[Decision]) -> Book:
    """Sum everything up."""
    return Book(
        total=row(loans),
        vintages=_rows(loans, lambda one: (one.vintage, "")),
        grades=_rows(loans, lambda one: ("", one.grade)),
        cells=_rows(loans, lambda one: (one.vintage, one.grade)),
        months=_months(decisions),
        groups=_groups(loans),
        payoff=_payoff([one for one in loans if one.mature]),
    )


def row(loans: Sequence[Loan], vintage: str = "", grade: str = "") -> Row:
    """All the figures of some loans."""
    lent, lost = sum(one.amount for one in loans), sum(one.life.lost_amount for one in loans)
    open_ = [one for one in loans if one.life.ending is Ending.unknown]
    overdue = [one for one in open_ if one.life.defaulted_after is not None]
    censored = [one for one in open_ if one.life.defaulted_after is None]
    return Row(
        vintage=vintage,
        grade=grade,
        loans_count=len(loans),
        lent_amount=lent,
        repaid_amount=sum(one.life.repaid_amount for one in loans),
        lost_amount=lost,
        outstanding_amount=sum(one.life.left_amount for one in overdue),
        censored_amount=sum(one.life.left_amount for one in censored),
        fee_amount=sum(one.life.fee_amount for one in loans),
        censored_count=len(censored),
        late_count=sum(one.life.past_due_days > 0 for one in loans),
        defaulted_count=sum(one.life.defaulted_after is not None for one in loans),
        limit_to_base_bps=_mean_share([(one.limit_amount, one.base_amount) for one in loans]),
        loss_bps=lost * BPS // lent if lent else None,
        payoff_days=payoff_days([(one.life.days_count, one.life.ending) for one in loans]),
        rate=rate(loans),
        auc=auc([(one.pd, one.bad) for one in loans if one.mature]),
    )


def rate(loans: Sequence[Loan]) -> Rate:
    """Expected beside observed, of those old enough."""
    old = [one for one in loans if one.mature]
    bad, count = sum(one.bad for one in old), len(old)
    if not count:
        return Rate(0, 0, None, None, None, None)
    low, high = wilson(bad, count)
    return Rate(count, bad, sum(one.pd for one in old) // count, bad * MILLION // count, low, high)


def _rows(loans: Sequence[Loan], key: Callable[[Loan], tuple[str, str]]) -> tuple[Row, ...]:
    parts: defaultdict[tuple[str, str], list[Loan]] = defaultdict(list)
    for one in loans:
        parts[key(one)].append(one)
    return tuple(row(part, *of) for of, part in sorted(parts.items()))


def _months(decisions: Sequence[Decision]) -> tuple[Month, ...]:
    parts: defaultdict[str, list[Decision]] = defaultdict(list)
    for one in decisions:
        parts[one.vintage].append(one)
    return tuple(_month(vintage, part) for vintage, part in sorted(parts.items()))


def _month(vintage: str, decisions: list[Decision]) -> Month:
    offers = [one for one in decisions if one.limit_amount > 0]
    return Month(
        vintage=vintage,
        decisions_count=len(decisions),
        offers_count=len(offers),
        limit_mean_amount=sum(one.limit_amount for one in offers) // len(offers) if offers else None,
        limit_to_base_bps=_mean_share([(one.limit_amount, one.base_amount) for one in offers]),
        reasons=dict(sorted(Counter(one.reason for one in decisions if one.limit_amount <= 0).items())),
    )


def _mean_share(pairs: Sequence[tuple[int, int]]) -> int | None:
    """The mean of part / whole, in bps, over those with a whole."""
    shares = [part * BPS // whole for part, whole in pairs if whole > 0]
    return sum(shares) // len(shares) if shares else None


def _groups(loans: Sequence[Loan]) -> tuple[Rate, ...]:
    """Loans old enough in tenths by PD, the safest first."""
    old = sorted((one for one in loans if one.mature), key=lambda one: (one.pd, one.merchant_id, one.vintage))
    cuts = [len(old) * part // GROUPS for part in range(GROUPS + 1)]
    return tuple(rate(old[low:high]) for low, high in pairwise(cuts) if high > low)


def _payoff(loans: Sequence[Loan]) -> tuple[Point, ...]:
    """How much of what was lent is repaid by each day, of loans old enough."""
    lent, total = sum(one.amount for one in loans), sum(one.life.repaid_amount for one in loans)
    counts = range(OUTCOME_DAYS // STEP_DAYS + 1) if loans else ()
    later = Counter[int]()  # by step: what had not been repaid by then, and was by the end
    for one in loans:
        for number, amount in enumerate((0, *one.life.steps)):
            later[number] += one.life.repaid_amount - amount
    return tuple(Point(number * STEP_DAYS, lent, total - later[number]) for number in counts)
