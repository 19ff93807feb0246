"""Intervals that learn from each merchant's own misses: the outer quantiles are moved on a log scale, day by day.

A merchant and horizon have four factors, one for each of the outer quantiles .05 .10 .90 .95: how many times farther
from the median than the model says. When a forecast's horizon has closed, a factor grows if the sales fell outside
its quantile and shrinks a little if they did not, so that each quantile is passed as often as it says. It moves
slowly on purpose: at 30 days the answers come late and overlap, and anything faster runs after its own past.
All numbers are integers in 1e-6, so that a stored state replays exactly.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain.features import FORECAST_FEATURES, FORECAST_MIN_DAYS, HISTORY_DAYS, RATIO_CEILING
from gateway.domain.positions import Track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gateway.domain.features import Histories

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MILLION = 1_000_000
LEVELS = (0.05, 0.10, 0.90, 0.95)
SHIFT = 0.03  # added before a logarithm, so that an empty month is a number
LEAST = 0.02  # the least distance from the median that a factor multiplies
BOUNDS = (0.25, 6.0)
_MOST = 2_000_000_000
HIGHEST = 1000.0  # no quantile is said to be above so many times the recent mean
PACE = {7: 0.02, 30: 0.01}  # pace x horizon stays below .6: see above
SIGMA = FORECAST_FEATURES.index("sigma_13w")
LEVEL_DAYS = 28  # the days whose mean a ratio refers to
# A row of `Track.said`: the ordinal of the last closed day, and the seven quantiles in 1e-6.
SAID = np.dtype("<i4")
COLUMNS = 8
ROW_BYTES = COLUMNS * SAID.itemsize
# Where a factor starts: base + slope x the spread of the first weeks; erratic newcomers start wider.
START = {7: (1.0, 0.1), 30: (1.0, 0.15)}

_MISS = np.array([0.05, 0.10, 0.10, 0.05])
_OUTER = [0, 1, 5, 6]  # where LEVELS are among the seven quantiles
_SIDE = np.array([-1.0, -1.0, 1.0, 1.0])
# Which factor moves each of the seven quantiles; the median stays.
_FACTOR = [0, 1, 1, -1, 2, 2, 3]


class Tracked(NamedTuple):
    """One horizon of n merchants after their days closed; both are None for those the models do not know yet."""

    tracks: list[Track | None]
    quantiles: Ints  # (n, 7) to use, in 1e-6


def answers(track: Track) -> list[tuple[date, tuple[int, ...]]]:
    """What the model alone said and whose horizon is still open: (closed through, seven quantiles), oldest first."""
    rows = _rows([track.said]).tolist()
    return [(date.fromordinal(row[0]), tuple(row[1:])) for row in rows]


def follow(
    known: Sequence[Track | None],
    histories: Histories,
    features: NDArray[np.float32],
    quantiles: Ints,
    horizon: int,
) -> Tracked:
    """Learn from what was said and has ended, widen what the model says now, and keep that for later.

    `quantiles`: (n, 7) of `features`, in 1e-6. Days that nobody forecast teach nothing; a closed day that was corrected
    is said anew; what it had taught before stays.
    """
    sure = histories.length >= FORECAST_MIN_DAYS
    state = start(features, horizon)
    tracked = [i for i, track in enumerate(known) if track is not None]
    if tracked:
        state[tracked] = [track.factors for track in known if track is not None]
    said = [b"" if track is None else track.said for track in known]
    waiting = _rows(said)
    owner = np.repeat(np.arange(len(said)), [len(one) // ROW_BYTES for one in said])
    through = histories.as_of - 1
    left = through[owner] - waiting[:, 0]  # days closed since each was said
    ended = left >= horizon
    actual, seen = _sold(histories, owner[ended], left[ended], horizon)
    state = _taught(state, owner[ended][seen], waiting[ended][seen, 1:].astype(np.int64), actual[seen], horizon)
    keep = ~ended & (left > 0)
    newest = np.concatenate([through[:, None], np.clip(quantiles, 0, _MOST)], axis=1)[sure].astype(SAID)
    owners = np.concatenate([owner[keep], np.flatnonzero(sure)])
    packed = np.concatenate([waiting[keep], newest])[np.argsort(owners, kind="stable")].tobytes()
    ends = (np.cumsum(np.bincount(owners, minlength=len(said))) * ROW_BYTES).tolist()
    pieces = [packed[low:high] for low, high in zip([0, *ends[:-1]], ends, strict=True)]
    tracks = [
        Track(tuple(factors), piece) if one or track is not None else None
        for factors, piece, one, track in zip(state.tolist(), pieces, sure.tolist(), known, strict=True)
    ]
    return Tracked(tracks, np.where(sure[:, None], widened(quantiles, state), quantiles))


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


def _taught(state: Ints, owner: Ints, quantiles: Ints, actual: Ints, horizon: int) -> Ints:
    """The factors after every horizon that ended, each merchant's in the order in which it was said."""
    turn = np.arange(len(owner)) - np.searchsorted(owner, owner)
    for number in range(turn.max(initial=-1) + 1):
        now = turn == number
        state[owner[now]] = learned(state[owner[now]], quantiles[now], actual[now], horizon)
    return state


def _sold(histories: Histories, owner: Ints, left: Ints, horizon: int) -> tuple[Ints, NDArray[np.bool_]]:
    """What was sold in the `horizon` days that began `left` days ago, in 1e-6 of it at the mean of the time.

    Both from the days as they stand now; not known where there were no sales, or the days are not kept any more.
    """
    sums = np.zeros((len(histories.net), HISTORY_DAYS + 1), np.int64)
    np.cumsum(histories.net, axis=1, out=sums[:, 1:])
    end = np.maximum(HISTORY_DAYS - left, LEVEL_DAYS)
    before = sums[owner, end] - sums[owner, end - LEVEL_DAYS]
    days = np.minimum(histories.length[owner] - left, LEVEL_DAYS)
    known = (left <= HISTORY_DAYS - LEVEL_DAYS) & (days > 0) & (before > 0)
    sold = sums[owner, np.minimum(end + horizon, HISTORY_DAYS)] - sums[owner, end]
    ratio = np.zeros(len(owner))
    np.divide(sold * days, before * horizon, out=ratio, where=known)
    return _millionths(np.minimum(ratio, RATIO_CEILING)), known


def _rows(said: Sequence[bytes]) -> NDArray[np.int32]:
    return np.frombuffer(b"".join(said), SAID).reshape(-1, COLUMNS)


def _apart(distance: Floats) -> Floats:
    """Distances from the median, the outer four at least LEAST."""
    answer = distance.copy()
    answer[:, _OUTER] = _SIDE * np.maximum(_SIDE * distance[:, _OUTER], LEAST)
    return answer


def _logs(ratios: Ints) -> Floats:
    return np.log(np.maximum(ratios, 0) / MILLION + SHIFT)


def _millionths(values: Floats) -> Ints:
    return np.rint(values * MILLION).astype(np.int64)
