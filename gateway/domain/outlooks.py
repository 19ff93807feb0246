"""What is foreseen of the year: cumulative net sales until a few weeks, straight lines between, integers throughout."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KNOTS = (1, 2, 4, 8, 13, 26, 39, 52)
"""The weeks something is said of."""
KNOT_DAYS = tuple(7 * week for week in KNOTS)
DAYS = KNOT_DAYS[-1]
"""How far anything is foreseen."""


def until(amounts: Sequence[int], day: int) -> int:
    """Cumulative net sales until the end of `day` (1 is the first day ahead), rounded down; never below zero.

    `amounts` are those at KNOTS; beyond the last the year's total stays. The rounding never makes a later day less.
    """
    at = bisect_left(KNOT_DAYS, day)
    if at == len(KNOT_DAYS):
        return max(0, amounts[-1])
    low, start = (KNOT_DAYS[at - 1], max(0, amounts[at - 1])) if at else (0, 0)
    rise = max(start, amounts[at]) - start
    return start + rise * max(0, day - low) // (KNOT_DAYS[at] - low)


def daily(amounts: Sequence[int], days: int) -> list[int]:
    """`until` of each of the days 0 to `days`, in one go."""
    found = [0]
    low, start = 0, 0
    for at, knot in enumerate(KNOT_DAYS):
        rise, length = max(start, amounts[at]) - start, knot - low
        found += [start + rise * day // length for day in range(1, min(knot, max(low, days)) - low + 1)]
        low, start = knot, max(0, amounts[at])
    return found + [start] * (days + 1 - len(found))


def straight(amount: int, days: int) -> tuple[int, ...]:
    """The outlook at KNOTS of one that sells `amount` in `days` days and goes on like that."""
    return tuple(max(0, amount) * day // days for day in KNOT_DAYS)
