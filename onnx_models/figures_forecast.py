"""How good the forecasts are on real shops none was trained on: loss, coverage by kind of shop, width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gateway.domain import features as f
from onnx_models import backtest, metrics, real

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

    Floats = NDArray[np.float64]

MILLION = 1_000_000
# Every day is an origin, which makes half of the chain enough: 279 stores, 490,000 forecasts.
CHAIN_STEP = 2
ENOUGH, EVERY = 60, 7
LONG_ENOUGH = 250  # forecast days after which a merchant's own coverage means something


class Figures(NamedTuple):
    """One set at one horizon; `merchants` = each long-known merchant's own coverage."""

    name: str
    horizon: int
    rows: int
    raw: float
    pinball: float
    interval: tuple[float, float]  # 95 % of the pinball, merchants drawn again
    mean: float
    weekday: float
    median: float  # half the mean absolute error of the median, as `mean` and `weekday` are of theirs
    own_errors: float  # the 28-day mean with quantiles of the merchant's own past errors, where it has enough
    ours_there: float  # our loss on the same rows
    coverage_raw: float
    coverage: float
    width_raw: float
    width: float
    merchants: list[float]
    reliability: list[float]
    coverage_interval: tuple[float, float] = (float("nan"), float("nan"))  # 95 %, merchants drawn again

    def plain(self) -> dict[str, float | int]:
        """For a card."""
        return {
            "rows": self.rows,
            "pinball": round(self.pinball, 4),
            "pinball_model_alone": round(self.raw, 4),
            "pinball_28_day_mean": round(self.mean, 4),
            "pinball_weekday_profile": round(self.weekday, 4),
            "pinball_median_alone": round(self.median, 4),
            "pinball_28_day_mean_with_own_errors": round(self.own_errors, 4),
            "pinball_where_own_errors_are_known": round(self.ours_there, 4),
            "coverage_80": round(self.coverage, 3),
            "coverage_80_model_alone": round(self.coverage_raw, 3),
            "width_80": round(self.width, 3),
            "width_80_model_alone": round(self.width_raw, 3),
        }


def figures(models: OnnxScorer) -> list[Figures]:
    """Every set and horizon."""
    found = []
    for name, read in real.SETS.items():
        days, start = read(real.folder())
        days = days[::CHAIN_STEP] if name == "chain" else days
        found += [of_walk(name, backtest.walk(models, days, start, horizon)) for horizon in f.HORIZONS]
    return found


def of_walk(name: str, walk: backtest.Walk) -> Figures:
    """The figures of one walk, tracked and not."""
    wide, said = backtest.tracked(walk), walk.said
    actual = walk.actual[said] / MILLION
    mean, weekday = np.ones((len(actual), 7)), np.repeat(walk.weekday[said][:, None] / MILLION, 7, axis=1)
    inside = (walk.actual >= wide[..., 1]) & (walk.actual <= wide[..., 5])
    days = said.sum(axis=0)
    raw, tracked = walk.quantiles[said] / MILLION, wide[said] / MILLION
    return Figures(
        name,
        walk.horizon,
        len(actual),
        metrics.pinball(actual, raw),
        metrics.pinball(actual, tracked),
        _interval(walk, wide),
        metrics.pinball(actual, mean),
        metrics.pinball(actual, weekday),
        float(np.abs(actual - raw[:, 3]).mean() / 2),
        *_own_errors(walk, wide),
        metrics.coverage(actual, raw),
        metrics.coverage(actual, tracked),
        float((raw[:, 5] - raw[:, 1]).mean()),
        float((tracked[:, 5] - tracked[:, 1]).mean()),
        [float(inside[said[:, i], i].mean()) for i in np.flatnonzero(days >= LONG_ENOUGH)],
        [float((actual <= tracked[:, i]).mean()) for i in range(7)],
        _drawn_again(np.where(said, inside, 0).sum(axis=0), days),
    )


def overall(found: list[Figures], horizon: int) -> float:
    """Coverage over every row of every set."""
    some = [one for one in found if one.horizon == horizon]
    return sum(one.coverage * one.rows for one in some) / sum(one.rows for one in some)


def held(found: list[Figures], horizon: int) -> tuple[float, int]:
    """The share of long-known merchants covered at least .70, and how many there are."""
    each = [value for one in found if one.horizon == horizon for value in one.merchants]
    return float(np.mean(np.array(each) >= 0.70)), len(each)


def _own_errors(walk: backtest.Walk, wide: NDArray[np.int64]) -> tuple[float, float]:
    """Loss of the 28-day mean dressed in each merchant's own closed errors, and ours on the same rows.

    A day counts once ENOUGH errors have closed; the errors are read anew every EVERY days.
    """
    theirs, ours, actual = [], [], []
    for row in range(0, len(walk.said), EVERY):
        closed = walk.said[: max(row - walk.horizon + 1, 0)]
        for i in np.flatnonzero(closed.sum(axis=0) >= ENOUGH):
            quantiles = np.quantile(walk.actual[: len(closed)][closed[:, i], i], f.QUANTILES)
            some = np.flatnonzero(walk.said[row : row + EVERY, i]) + row
            theirs.append(np.repeat(quantiles[None], len(some), axis=0))
            ours.append(wide[some, i])
            actual.append(walk.actual[some, i])
    if not theirs:
        return float("nan"), float("nan")
    true = np.concatenate(actual) / MILLION
    both = (metrics.pinball(true, np.concatenate(some) / MILLION) for some in (theirs, ours))
    return next(both), next(both)


def _interval(walk: backtest.Walk, wide: NDArray[np.int64]) -> tuple[float, float]:
    """95 % interval of the mean pinball when merchants are drawn again; one merchant gives its own value twice."""
    levels = np.array(f.QUANTILES)
    error = (walk.actual[..., None] - wide) / MILLION
    loss = np.where(walk.said, np.maximum(levels * error, (levels - 1) * error).mean(axis=2), 0)
    return _drawn_again(loss.sum(axis=0), walk.said.sum(axis=0))


def _drawn_again(sums: NDArray[Any], counts: NDArray[np.int64]) -> tuple[float, float]:
    """95 % interval of a mean over rows, of merchants' sums and counts, when merchants are drawn again."""
    draws = np.random.default_rng(1).integers(0, len(sums), (400, len(sums)))
    means = sums[draws].sum(axis=1) / np.maximum(counts[draws].sum(axis=1), 1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)
