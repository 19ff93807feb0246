"""The year ahead: cumulative net sales by week to 52 weeks, P10, P50 and P90, calibrated on the cumulative sum.

The model says quantiles at a few weeks; between them the cumulative sum runs straight. Ratios are integers in 1e-6 of
one week at the mean of the last 28 days (`features.horizon_scale(histories, 7)`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gateway.domain import features as f
from gateway.domain import outlooks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Features = NDArray[np.float32]

WEEKS = 52
MILLION = 1_000_000
KNOTS = outlooks.KNOTS
QUANTILES = (0.1, 0.5, 0.9)
PATH_FEATURES = (
    *f.FORECAST_FEATURES,
    "mean_364_to_28",
    *(f"year_ago_weeks_{knot}" for knot in KNOTS),
)


def path_features(histories: f.Histories) -> Features:
    """(n, len(PATH_FEATURES)) float32, always finite: the 30-day features, the year's mean, last year's weeks ahead."""
    return with_year(histories, f.forecast_features(histories, 30))


def with_year(histories: f.Histories, month: Features) -> Features:
    """`path_features` from 30-day forecast features that are at hand already."""
    net, length = histories.net, np.maximum(histories.length, 1)
    sums = np.concatenate([np.zeros((len(net), 1), np.int64), np.cumsum(net, axis=1)], axis=1)
    end, year = f.HISTORY_DAYS, f.HISTORY_DAYS - f.YEAR_DAYS
    level = (sums[:, end] - sums[:, end - 28]) / np.minimum(length, 28)
    long = (sums[:, end] - sums[:, year]) / np.minimum(length, f.YEAR_DAYS)
    then = (sums[:, year] - sums[:, year - 28]) / 28
    known = (length >= f.YEAR_DAYS + 28) & (then > 0)
    ahead = np.stack([(sums[:, year + 7 * knot] - sums[:, year]) / (7 * knot) for knot in KNOTS], axis=1)
    columns = [_log(long, level, level > 0)[:, None], _log(ahead, then[:, None], known[:, None])]
    return np.concatenate([month, *columns], axis=1).astype(np.float32)


def path(knots: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """One merchant's quantiles at KNOTS, in 1e-6 of the average week until then → (P10, P50, P90) of all 52 weeks.

    Cumulative, in 1e-6 of one week at the 28-day mean; never falling from week to week, never crossing.
    """
    whole = [[0] * 3, *([ratio * knot for ratio in row] for knot, row in zip(KNOTS, knots, strict=True))]
    marks = (0, *KNOTS)
    answer: list[tuple[int, int, int]] = []
    last = (0, 0, 0)
    for week in range(1, WEEKS + 1):
        at = next(i for i, mark in enumerate(marks) if mark >= week)
        low, high = marks[at - 1], marks[at]
        row = [a + (b - a) * (week - low) // (high - low) for a, b in zip(whole[at - 1], whole[at], strict=True)]
        p10 = max(last[0], row[0])
        p50 = max(last[1], row[1], p10)
        last = (p10, p50, max(last[2], row[2], p50))
        answer.append(last)
    return answer


def cumulative(knots: Ints) -> Ints:
    """(n, knots, 3) averages until each knot in 1e-6 → the sums until then, in the order that `path` keeps them in."""
    sums = np.maximum.accumulate(knots * np.array(KNOTS)[:, None], axis=1)
    return np.maximum.accumulate(sums, axis=2)


def amounts(ratios: Sequence[tuple[int, int, int]], week_amount: int) -> list[tuple[int, int, int]]:
    """A path in minor units, rounded down; `week_amount` is a week at the 28-day mean."""
    return [
        (p10 * week_amount // MILLION, p50 * week_amount // MILLION, p90 * week_amount // MILLION)
        for p10, p50, p90 in ratios
    ]


def _log(top: Floats, bottom: Floats, known: NDArray[np.bool_]) -> Floats:
    """ln(top / bottom + floor), 0 where it is not known."""
    ratio = np.ones(top.shape)
    np.divide(top, bottom, out=ratio, where=np.broadcast_to(known, top.shape))
    return np.log(np.clip(ratio, 0, f.RATIO_CEILING) + f.RATIO_FLOOR)
