"""Intervals that learn from each merchant's own misses: the outer quantiles are moved on a log scale, day by day.

A merchant and horizon have four factors, one for each of the outer quantiles .05 .10 .90 .95: how many times farther
from the median than the model says. When a forecast's horizon has closed, a factor grows if the sales fell outside
its quantile and shrinks a little if they did not, so that each quantile is passed as often as it says. It moves
slowly on purpose: at 30 days the answers come late and overlap, and anything faster runs after its own past.
All numbers are integers in 1e-6, so that a stored state replays exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gateway.domain.features import FORECAST_FEATURES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MILLION = 1_000_000
LEVELS = (0.05, 0.10, 0.90, 0.95)
SHIFT = 0.03  # added before a logarithm, so that an empty month is a number
LEAST = 0.02  # the least distance from the median that a factor multiplies
BOUNDS = (0.25, 6.0)
HIGHEST = 1000.0  # no quantile is said to be above so many times the recent mean
PACE = {7: 0.02, 30: 0.01}  # pace x horizon stays below .6: see above
SIGMA = FORECAST_FEATURES.index("sigma_13w")
# Where a factor starts: base + slope x the spread of the first weeks; erratic newcomers start wider.
START = {7: (1.0, 0.1), 30: (1.0, 0.15)}

_MISS = np.array([0.05, 0.10, 0.10, 0.05])
_OUTER = [0, 1, 5, 6]  # where LEVELS are among the seven quantiles
_SIDE = np.array([-1.0, -1.0, 1.0, 1.0])
# Which factor moves each of the seven quantiles; the median stays.
_FACTOR = [0, 1, 1, -1, 2, 2, 3]


def start(features: NDArray[np.float32], horizon: int) -> Ints:
    """(n, 24) forecast features of merchants never tracked → (n, 4) factors in 1e-6."""
    base, slope = START[horizon]
    spread = np.minimum(features[:, SIGMA].astype(np.float64), 1.0)
    return _millionths(np.repeat((base + slope * spread)[:, None], len(LEVELS), axis=1))


def widened(quantiles: Ints, state: Ints) -> Ints:
    """(n, 7) quantiles of a model and (n, 4) factors, both in 1e-6 → the (n, 7) quantiles to use, ascending."""
    logs = _logs(quantiles)
    median = logs[:, 3:4]
    factors = np.concatenate([state / MILLION, np.ones((len(state), 1))], axis=1)[:, _FACTOR]
    moved = np.exp(np.minimum(median + factors * _apart(logs - median), np.log(HIGHEST))) - SHIFT
    answer = _millionths(np.maximum(moved, 0.0))
    answer[:, 3] = np.clip(quantiles[:, 3], 0, None)
    # Each side's factors move alone, so an outer quantile may have to be pushed out by its inner neighbour.
    answer[:, 3:] = np.maximum.accumulate(answer[:, 3:], axis=1)
    answer[:, 3::-1] = np.minimum.accumulate(answer[:, 3::-1], axis=1)
    return answer


def learned(state: Ints, quantiles: Ints, actual: Ints, horizon: int) -> Ints:
    """The (n, 4) factors after a horizon has closed.

    `quantiles`: (n, 7), what the model alone said when the horizon began; `actual`: (n,), what was sold in the same
    unit, 1e-6 of the horizon at the 28-day mean of that time.
    """
    logs = _logs(quantiles)
    away = _SIDE * (logs[:, _OUTER] - logs[:, 3:4])
    score = _SIDE * (_logs(actual)[:, None] - logs[:, 3:4])
    factors = state / MILLION
    missed = score > factors * np.maximum(away, LEAST)
    moved = factors * np.exp(PACE[horizon] * (missed - _MISS))
    return _millionths(np.minimum(np.maximum(moved, BOUNDS[0]), BOUNDS[1]))


def _apart(distance: Floats) -> Floats:
    """Distances from the median, the outer four at least LEAST."""
    answer = distance.copy()
    answer[:, _OUTER] = _SIDE * np.maximum(_SIDE * distance[:, _OUTER], LEAST)
    return answer


def _logs(ratios: Ints) -> Floats:
    return np.log(np.maximum(ratios, 0) / MILLION + SHIFT)


def _millionths(values: Floats) -> Ints:
    return np.rint(values * MILLION).astype(np.int64)
