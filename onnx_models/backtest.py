"""Walks models through sales that happened: every day's forecast beside what came true, nothing seen too early."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import features as f
from gateway.domain import tracking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MILLION = 1_000_000
CEILING = int(f.RATIO_CEILING) * MILLION


class Walk(NamedTuple):
    """D days x n merchants; ratios in 1e-6 of the horizon at the 28-day mean. `said` is False where nobody asked."""

    horizon: int
    said: NDArray[np.bool_]  # (D, n)
    quantiles: Ints  # (D, n, 7)
    actual: Ints  # (D, n)
    weekday: Ints  # (D, n): what the last eight weeks' weekdays would sell
    start: Ints  # (n, 4): what the tracker starts from


def walk(models: OnnxScorer, days: Ints, start: int, horizon: int, step: int = 1) -> Walk:
    """Every `step`-th day's forecast for each merchant with enough history and any sales in 28 days."""
    origins = range(f.FORECAST_MIN_DAYS, days.shape[1] - horizon + 1, step)
    shape = (len(origins), len(days))
    found = Walk(
        horizon,
        np.zeros(shape, bool),
        quantiles=np.zeros((*shape, 7), np.int64),
        actual=np.zeros(shape, np.int64),
        weekday=np.zeros(shape, np.int64),
        start=np.zeros((len(days), 4), np.int64),
    )
    first = (days != 0).argmax(axis=1)
    for row, day in enumerate(origins):
        past = histories(days, start, first, day)
        which = np.flatnonzero((past.length >= f.FORECAST_MIN_DAYS) & (past.net[:, -28:].sum(axis=1) > 0))
        if len(which):
            some = f.Histories(*(item[which] for item in past))
            sold = days[which, day : day + horizon].sum(axis=1)
            _ask(models, found, row, which, some, sold)
    return found


def histories(days: Ints, start: int, first: Ints, day: int) -> f.Histories:
    """What was known of every merchant at the start of `day`."""
    net = np.zeros((len(days), f.HISTORY_DAYS), np.int64)
    known = min(day, f.HISTORY_DAYS)
    net[:, f.HISTORY_DAYS - known :] = days[:, day - known : day]
    nothing = np.zeros_like(net)
    return f.Histories(net, nothing, nothing, np.maximum(day - first, 0), np.full(len(days), start + day))


def tracked(one: Walk) -> Ints:
    """The walk's quantiles as the tracker would have widened them, each day knowing only what had closed by then."""
    state, wide = one.start.copy(), one.quantiles.copy()
    for row in range(len(wide)):
        closed = row - one.horizon
        if closed >= 0:
            learned = tracking.learned(state, one.quantiles[closed], one.actual[closed], one.horizon)
            state = np.where(one.said[closed][:, None], learned, state)
        wide[row] = tracking.widened(one.quantiles[row], state)
    return wide


def _ask(models: OnnxScorer, found: Walk, row: int, which: Ints, past: f.Histories, sold: Ints) -> None:  # noqa: PLR0917 - one day's whole record
    """Fill in one day: what is said of the merchants `which`, what came true, what their weekdays say."""
    horizon, level = found.horizon, past.net[:, -28:].sum(axis=1) * found.horizon
    rows = f.forecast_features(past, horizon)
    fresh = ~found.said[:row, which].any(axis=0)
    found.start[which[fresh]] = tracking.start(rows[fresh], horizon)
    found.said[row, which] = True
    found.quantiles[row, which] = models.forecast(horizon, rows)
    found.actual[row, which] = np.minimum(sold * 28 * MILLION // level, CEILING)
    weeks = past.net[:, -56:].reshape(-1, 8, 7).sum(axis=1)
    whole, rest = divmod(horizon, 7)
    ahead = whole * weeks.sum(axis=1) + weeks[:, :rest].sum(axis=1)
    found.weekday[row, which] = np.minimum(ahead * 28 * MILLION // (8 * level), CEILING)
