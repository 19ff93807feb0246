"""Our forecasts beside exponential smoothing chosen and fitted for each shop and day (AutoETS of `statsforecast`).

The package is not among this project's: it brings 450 MB and an older pandas. Where it is installed the comparison
is made, else it is said to be missing. Both say quantiles of the same sums; ours are the model alone, untracked.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gateway.domain import features as f
from onnx_models import backtest, metrics, real

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

PACKAGE = "statsforecast"
MERCHANTS, ORIGINS = 24, 5
"""Of each set, evenly spread: a fit takes half a second."""
LEAST_DAYS = 120  # of history, so that the rival can see a season
PATHS = 400
DRAWS = 1000


class Beside(NamedTuple):
    """One set and horizon: losses on the same rows, and the 95 % interval of ours minus theirs."""

    name: str
    horizon: int
    rows: int
    ours: float
    theirs: float
    mean: float
    difference: tuple[float, float]


class _Row(NamedTuple):
    """One shop on one day: what was sold, and both answers, in units of the horizon at the 28-day mean."""

    actual: float
    ours: Floats
    theirs: Floats


def installed() -> bool:
    """Whether the comparison can be made here."""
    return importlib.util.find_spec(PACKAGE) is not None


def figures(models: OnnxScorer) -> list[Beside]:
    """Every set and horizon."""
    rival = importlib.import_module(f"{PACKAGE}.models").AutoETS
    found = []
    for name, read in real.SETS.items():
        days, start = read(real.folder())
        rows = _rows(models, rival, days, start)
        found += [of_rows(name, horizon, rows[horizon]) for horizon in f.HORIZONS if rows[horizon]]
    return found


def of_rows(name: str, horizon: int, rows: list[_Row]) -> Beside:
    """The losses of one set."""
    actual = np.array([row.actual for row in rows])
    ours, theirs = _losses(actual, [row.ours for row in rows]), _losses(actual, [row.theirs for row in rows])
    mean = _losses(actual, [np.ones(7)] * len(rows))
    draws = np.random.default_rng(1).integers(0, len(rows), (DRAWS, len(rows)))
    low, high = np.quantile((ours - theirs)[draws].mean(axis=1), (0.025, 0.975))
    ended = (float(low), float(high))
    return Beside(name, horizon, len(rows), float(ours.mean()), float(theirs.mean()), float(mean.mean()), ended)


def _rows(models: OnnxScorer, rival: Any, days: Ints, start: int) -> dict[int, list[_Row]]:
    found: dict[int, list[_Row]] = {horizon: [] for horizon in f.HORIZONS}
    first = (days != 0).argmax(axis=1)
    shops = np.unique(np.linspace(0, len(days) - 1, min(MERCHANTS, len(days))).astype(int))
    last = days.shape[1] - max(f.HORIZONS)
    count = ORIGINS * max(1, MERCHANTS // len(shops))  # a set of one shop is looked at more often
    for day in np.unique(np.linspace(LEAST_DAYS, last, count).astype(int)).tolist():
        past = backtest.histories(days, start, first, day)
        for shop in shops:
            level = past.net[shop, -28:].sum() / 28
            if past.length[shop] >= LEAST_DAYS and level > 0:
                one = f.Histories(*(item[shop : shop + 1] for item in past))
                paths = _paths(rival, past.net[shop, -int(min(past.length[shop], f.HISTORY_DAYS)) :], day)
                for horizon in f.HORIZONS:
                    sold = days[shop, day : day + horizon].sum()
                    found[horizon].append(_row(models, one, horizon, (sold, level), paths))
    return found


def _paths(rival: Any, known: Ints, seed: int) -> Floats:
    """(PATHS, longest horizon) simulated days ahead of the rival's best fit to the known days."""
    fitted = rival(season_length=7).fit(known.astype(np.float64))
    return np.asarray(fitted.simulate(h=max(f.HORIZONS), n_paths=PATHS, seed=seed), np.float64)


def _row(models: OnnxScorer, one: f.Histories, horizon: int, sums: tuple[int, float], paths: Floats) -> _Row:
    sold, level = sums
    ours = np.array(models.forecast(horizon, f.forecast_features(one, horizon))[0]) / 1e6
    theirs = np.quantile(np.nan_to_num(paths[:, :horizon].sum(axis=1)) / (level * horizon), f.QUANTILES)
    return _Row(min(sold / (level * horizon), f.RATIO_CEILING), ours, np.clip(theirs, 0, f.RATIO_CEILING))


def _losses(actual: Floats, said: list[Floats]) -> Floats:
    """Each row's pinball loss over the seven quantiles."""
    return np.array([metrics.pinball(actual[i : i + 1], row[None]) for i, row in enumerate(said)])
