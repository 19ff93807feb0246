"""The days of the week ahead, as estimates: the models foresee sums of seven days, a shop's own weekdays divide them.

The middle of a day is its weekday's share of the week's middle. How far days stray from such a middle is the shop's own
past: each day of the last weeks is held against what would have been estimated of it, and the inner 80 % are shown.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.money import share_out

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEK = 7
SHARE_DAYS = 8 * WEEK
"""The days that say how a week divides."""
SPREAD_DAYS = 12 * WEEK
"""The days that say how far a day strays."""
LEVEL_DAYS = 28
"""The days before a day that say what a week sells then: whole weeks."""
LEAST_DAYS = 14
"""With fewer days to hold against their estimates nothing is known of how far they stray."""
LOW_BPS, HIGH_BPS = 900, 9_100
"""Wider than 80 %: the shares were taken from the very days that are held against them."""
SCALE = 10_000


class DayAhead(msgspec.Struct, frozen=True):
    """One of the next seven days in minor units: p50 the middle, 8 days of 10 between p10 and p90."""

    on: date
    p10_amount: int
    p50_amount: int
    p90_amount: int


def ahead(net: Sequence[int], length: int, through_on: date, week_amount: int) -> list[DayAhead]:
    """The seven days after `through_on`: their middles add up to `week_amount`, the middle of the week's sum.

    `net`: closed days in minor units, the last one for `through_on`; `length` of them are known. Of 6,249 days of
    simulated shops (`onnx_models.simulator`, the models' own weekly middle) 81.1 % lay within, 9.9 % below and 9.0 %
    above; between the bounds lay 1.1 times the middle, half of the days less.
    """
    known = list(net[-min(length, len(net)) :])
    shares = _shares(known)
    middles = share_out(max(0, week_amount), shares)
    low, high = _spread(known)
    return [
        DayAhead(
            through_on + timedelta(days=n + 1),
            min(middle, max(0, middle * low // SCALE)),
            middle,
            max(middle, -(-middle * high // SCALE)),
        )
        for n, middle in enumerate(middles)
    ]


def _shares(known: Sequence[int]) -> list[int]:
    """What the next seven days' weekdays sold in the last weeks: the last known day is the day before the first."""
    recent = known[-SHARE_DAYS:]
    return [max(0, sum(recent[-WEEK + n :: -WEEK])) for n in range(WEEK)]


def _spread(known: Sequence[int]) -> tuple[int, int]:
    """The inner 80 % of what days were of their estimates, in 1 / SCALE."""
    found = sorted(_ratios(known))
    if len(found) < LEAST_DAYS:
        return 0, 2 * SCALE
    return found[_rank(LOW_BPS, len(found))], found[_rank(HIGH_BPS, len(found))]


def _ratios(known: Sequence[int]) -> list[int]:
    """Each day of the last weeks over its weekday's share of the weeks before it."""
    first, shares = max(WEEK, len(known) - SPREAD_DAYS), _shares(known)
    total = sum(shares)
    found = []
    for at in range(first, len(known)):
        before = known[at - min(LEVEL_DAYS, at // WEEK * WEEK) : at]
        weight = shares[(at - len(known)) % WEEK]
        middle = sum(before) * WEEK * weight // (len(before) * total) if total else 0
        if middle > 0:
            found.append(known[at] * SCALE // middle)
    return found


def _rank(bps: int, count: int) -> int:
    """Where a quantile stands among `count` sorted ones, so that a new one lies beyond it that seldom."""
    place = (count + 1) * bps
    place = place // SCALE if bps < SCALE // 2 else -(-place // SCALE)
    return min(count, max(1, place)) - 1
