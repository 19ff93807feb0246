"""What must be repaid by when: minimums that sum to the total by the final due date, and how far a drawdown is behind.

The term is cut into intervals of the programme's length. Each asks for an equal part; what was paid beyond it carries
forward, so only the cumulative sums matter. Nothing here knows where the money comes from.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Health(StrEnum):
    """How a loan that is out does; `paused` lies over it."""

    current = "current"
    near_breach = "near_breach"
    late = "late"
    defaulted = "defaulted"
    charged_off = "charged_off"
    recovered = "recovered"


_H = Health
MOVES: dict[Health, frozenset[Health]] = {
    _H.current: frozenset({_H.near_breach, _H.late, _H.defaulted, _H.charged_off}),
    _H.near_breach: frozenset({_H.current, _H.late, _H.defaulted, _H.charged_off}),
    _H.late: frozenset({_H.current, _H.near_breach, _H.defaulted, _H.charged_off}),
    _H.defaulted: frozenset({_H.current, _H.near_breach, _H.late, _H.charged_off}),
    _H.charged_off: frozenset({_H.recovered}),
    _H.recovered: frozenset({_H.charged_off}),  # what had been recovered was taken back
}
ORDER = (_H.current, _H.near_breach, _H.late, _H.defaulted, _H.recovered, _H.charged_off)
"""From the best to the worst of a loan that is out; then the two of one that was written off."""
OVERDUE = frozenset({_H.late, _H.defaulted, _H.charged_off})
"""With a loan in one of these a shop gets no other one."""

DEFAULT_DAYS, CHARGE_OFF_DAYS = 90, 180
"""Days past due from which a loan is in default (Basel, CRR Art. 178), and from which it is written off."""


class Due(msgspec.Struct, frozen=True):
    """By the end of `due_on`, `total_amount` must have been repaid altogether."""

    due_on: date
    total_amount: int


class Pause(msgspec.Struct, frozen=True):
    """From `from_on` on, for `days`, nothing falls due: every later date moves back by as much."""

    from_on: date
    days: int

    @property
    def until_on(self) -> date:
        """The day on which it is over."""
        return self.from_on + timedelta(days=self.days)


class Plan(msgspec.Struct, frozen=True):
    """From `from_on` on, what is not paid by then (`paid_amount` is) falls due in equal instalments instead."""

    from_on: date
    paid_amount: int
    instalments_count: int
    every_days: int


class Interval(msgspec.Struct, frozen=True):
    """The interval that runs now: what has been paid of what it asks for, and what is left of it."""

    due_on: date
    minimum_amount: int
    paid_amount: int
    remaining_amount: int


def dues(total_amount: int, active_on: date, term_days: int, interval_days: int) -> tuple[Due, ...]:
    """One due an interval from the day the money went; the last one, on the final due date, asks for everything."""
    count = -(-term_days // interval_days)
    part = -(-total_amount // count)
    final_on = active_on + timedelta(days=term_days)
    return tuple(
        Due(min(active_on + timedelta(days=interval_days * n), final_on), min(total_amount, part * n))
        for n in range(1, count + 1)
    )


def paused(plan: tuple[Due, ...], pauses: Iterable[Pause]) -> tuple[Due, ...]:
    """The same dues, those not yet due when a pause began moved back by it."""
    for pause in sorted(pauses, key=lambda one: one.from_on):
        later = timedelta(days=pause.days)
        plan = tuple(
            due if due.due_on < pause.from_on else msgspec.structs.replace(due, due_on=due.due_on + later)
            for due in plan
        )
    return plan


def planned(plan: tuple[Due, ...], settlement: Plan) -> tuple[Due, ...]:
    """The dues of a settlement plan in place of all others; on its first day nothing but what was paid is due."""
    total, paid = plan[-1].total_amount, settlement.paid_amount
    part = -(-(total - paid) // settlement.instalments_count)
    instalments = (
        Due(settlement.from_on + timedelta(days=settlement.every_days * n), min(total, paid + part * n))
        for n in range(1, settlement.instalments_count + 1)
    )
    return Due(settlement.from_on, paid), *instalments


def arranged(plan: tuple[Due, ...], arrangements: Iterable[Pause | Plan]) -> tuple[Due, ...]:
    """The dues after everything that was agreed, in the order in which it began."""
    for one in sorted(arrangements, key=lambda one: one.from_on):
        plan = paused(plan, [one]) if isinstance(one, Pause) else planned(plan, one)
    return plan


def due_amount(plan: tuple[Due, ...], on: date) -> int:
    """What must have been repaid altogether by the end of `on`."""
    return max((due.total_amount for due in plan if due.due_on <= on), default=0)


def arrears_amount(plan: tuple[Due, ...], paid_amount: int, on: date) -> int:
    """What is overdue at the beginning of `on`: dues of earlier days that payments do not cover."""
    return max(0, due_amount(plan, on - timedelta(days=1)) - paid_amount)


def past_due_days(plan: tuple[Due, ...], paid_amount: int, on: date, pauses: Iterable[Pause] = ()) -> int:
    """Days since the oldest due that payments do not cover, those of pauses not counted; 0 = none is overdue."""
    unpaid = next((due.due_on for due in plan if due.total_amount > paid_amount), None)
    if unpaid is None:
        return 0
    rested = sum(_overlap_days(pause, unpaid, on) for pause in pauses)
    return max(0, (on - unpaid).days - rested)


def interval(plan: tuple[Due, ...], paid_amount: int, on: date) -> Interval | None:
    """The interval `on` lies in, the last one for ever after; what earlier ones lack is part of what remains."""
    if not plan:
        return None
    at = next((n for n, due in enumerate(plan) if due.due_on >= on), len(plan) - 1)
    before = plan[at - 1].total_amount if at else 0
    minimum = plan[at].total_amount - before
    remaining = max(0, plan[at].total_amount - paid_amount)
    return Interval(plan[at].due_on, minimum, max(0, min(minimum, paid_amount - before)), remaining)


def short_amount(plan: tuple[Due, ...], paid_amount: int, expected_amount: int, on: date) -> int:
    """What the running interval will lack on its due date when `expected_amount` still comes in before."""
    running = interval(plan, paid_amount, on)
    return 0 if running is None else max(0, running.remaining_amount - max(0, expected_amount))


def health(
    plan: tuple[Due, ...], paid_amount: int, expected_amount: int | None, on: date, pauses: Iterable[Pause] = ()
) -> Health:
    """How a loan on the books does at the beginning of `on`; what was charged off is not asked here.

    Without an `expected_amount`, because nothing is known of the shop's sales, nothing is foreseen.
    """
    days = past_due_days(plan, paid_amount, on, pauses)
    if days >= DEFAULT_DAYS:
        return Health.defaulted
    if days > 0:
        return Health.late
    if expected_amount is None:
        return Health.current
    return Health.near_breach if short_amount(plan, paid_amount, expected_amount, on) else Health.current


def _overlap_days(pause: Pause, from_on: date, until_on: date) -> int:
    return max(0, (min(until_on, pause.until_on) - max(from_on, pause.from_on)).days)
