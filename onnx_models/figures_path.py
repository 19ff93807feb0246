"""How good the year ahead is on real shops: cumulative sums at each knot, weekly origins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import features as f
from gateway.domain import paths
from onnx_models import backtest, metrics, real

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CHAIN_STEP = 4
LEAST_ROWS = 20
FEW = 2000  # rows below which a set says little about coverage a year ahead


class Figures(NamedTuple):
    """One set at one knot: loss over P10, P50, P90 and coverage, beside the flat line and last year's weeks."""

    name: str
    week: int
    rows: int
    pinball: float
    flat: float
    year_ago: float
    coverage: float
    width: float


def figures(models: OnnxScorer) -> list[Figures]:
    """Every set at every knot it is long enough for."""
    found = []
    for name, read in real.SETS.items():
        days, start = read(real.folder())
        found += of_set(models, name, days[::CHAIN_STEP] if name == "chain" else days, start)
    return found


def of_set(models: OnnxScorer, name: str, days: Ints, start: int) -> list[Figures]:
    """One set, from every seventh day with enough history and at least four weeks ahead."""
    rows, actual = _rows(days, start)
    said = np.array(models.year(rows)) / 1e6
    found = []
    for knot, week in enumerate(paths.KNOTS):
        known = ~np.isnan(actual[:, knot])
        if known.sum() < LEAST_ROWS:
            continue
        true, ours = np.minimum(actual[known, knot], f.RATIO_CEILING), said[known, knot]
        column = rows[known, paths.PATH_FEATURES.index(f"year_ago_weeks_{week}")]
        last_year = np.repeat((np.exp(column) - f.RATIO_FLOOR)[:, None], 3, axis=1)
        found.append(
            Figures(
                name,
                week,
                len(true),
                metrics.pinball(true, ours, paths.QUANTILES),
                metrics.pinball(true, np.ones_like(ours), paths.QUANTILES),
                metrics.pinball(true, last_year, paths.QUANTILES),
                float(((true >= ours[:, 0]) & (true <= ours[:, 2])).mean()),
                float((ours[:, 2] - ours[:, 0]).mean()),
            )
        )
    return found


def _rows(days: Ints, start: int) -> tuple[NDArray[np.float32], Floats]:
    """Features and, for each knot, the average week until then (NaN where the data ends first)."""
    first = (days != 0).argmax(axis=1)
    features, ratios = [], []
    for day in range(f.FORECAST_MIN_DAYS, days.shape[1] - 28, 7):
        past = backtest.histories(days, start, first, day)
        level = past.net[:, -28:].sum(axis=1) / 28
        which = np.flatnonzero((past.length >= f.FORECAST_MIN_DAYS) & (level > 0))
        if len(which):
            features.append(paths.path_features(f.Histories(*(item[which] for item in past))))
            ratios.append(np.stack([_ahead(days[which], day, 7 * week) / level[which] for week in paths.KNOTS], axis=1))
    return np.concatenate(features), np.concatenate(ratios)


def _ahead(days: Ints, day: int, count: int) -> Floats:
    """(n,) mean of the next `count` days, NaN where they are not all known."""
    if day + count > days.shape[1]:
        return np.full(len(days), np.nan)
    return np.asarray(days[:, day : day + count].mean(axis=1))
