"""How the weights are found: quantile forests for the forecasts, monotone stumps for the PD. Single-threaded, seeded.

It must not know ONNX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import lightgbm as lgb
import numpy as np
from scipy.optimize import minimize

from gateway.domain import features as f
from onnx_models import metrics
from onnx_models.graphs import (
    LEAF_QUANTUM,
    LOGIT_QUANTUM,
    Scales,
    Stumps,
    evaluate_scales,
    evaluate_stumps,
    quantised,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from onnx_models.samples import Forecasts, Loans

    Floats = NDArray[np.float64]
    Features = NDArray[np.float32]

SIGMA = f.FORECAST_FEATURES.index("sigma_13w")
DAYS = f.FORECAST_FEATURES.index("history_days")
SIGMA_BOUNDS = (0.03, 1.5)
FALLBACK_SIGMA = 0.2  # no merchant with a short history is taken for steadier than this
FALLBACK_WIDER = 1.5
TARGET_BOUNDS = (-40.0, 12.0)
EDGES = 32
DENSE = 21  # of them, by quantiles
ALERTS = 0.035  # of honest merchants; at most .05 of any others


class Settings(NamedTuple):
    """The size of a training run."""

    trees: int = 150
    depth: int = 4
    rate: float = 0.08
    least: int = 150
    push: float = 1e-5  # weight of the sum of a PD model's steps
    ridge: float = 2e-3


class Fit(NamedTuple):
    """What the likelihood found: step weights (k, e), missing terms (k,), base."""

    weights: Floats
    missing: Floats
    base: float


def sigma_of(features: Features, low: float = SIGMA_BOUNDS[0]) -> Features:
    """The scale of the target, as the graph computes it."""
    return np.clip(features[:, SIGMA], np.float32(low), np.float32(SIGMA_BOUNDS[1]))


def scaled(rows: Forecasts) -> Floats:
    """(ratio − 1) / σ, clipped: what the trees learn."""
    return np.clip((rows.ratio - 1) / sigma_of(rows.features), *TARGET_BOUNDS)


def forest(rows: Forecasts, settings: Settings, seed: int, levels: Sequence[float] = f.QUANTILES) -> list[lgb.Booster]:
    """One booster a quantile; leaves are rounded so that float32 sums of them are exact."""
    target = scaled(rows)
    boosters = []
    for quantile in levels:
        data = lgb.Dataset(rows.features, target, params={"max_bin": 127, "verbose": -1, "num_threads": 1})
        booster = lgb.train(_forest_parameters(quantile, settings, seed), data, settings.trees)
        boosters.append(_rounded(booster))
    return boosters


def predicted(boosters: list[lgb.Booster], features: Features) -> Floats:
    """(n, 7) scaled predictions, as LightGBM itself makes them."""
    return np.stack([np.asarray(booster.predict(features, num_threads=1)) for booster in boosters], axis=1)


def offsets(boosters: list[lgb.Booster], rows: Forecasts, levels: Sequence[float] = f.QUANTILES) -> Features:
    """(7,) conformal offsets: what puts each quantile right on merchants not trained on."""
    errors = scaled(rows)[:, None] - predicted(boosters, rows.features)
    found = [np.quantile(errors[:, index], quantile) for index, quantile in enumerate(levels)]
    return quantised(np.array(found), LEAF_QUANTUM)


def fallback(rows: Forecasts, levels: Sequence[float] = f.QUANTILES) -> Features:
    """(7,) quantiles of the scaled target of short histories, taken away from the median by FALLBACK_WIDER."""
    target = (rows.ratio - 1) / sigma_of(rows.features, FALLBACK_SIGMA)
    found = np.quantile(target, levels)
    middle = found[len(levels) // 2]
    return quantised(middle + (found - middle) * FALLBACK_WIDER, LEAF_QUANTUM)


def quantiles(boosters: list[lgb.Booster], shift: Features, short: Features, features: Features) -> Floats:
    """(n, 7) ratios by the training libraries alone. The graph must agree with this."""
    known = features[:, DAYS] >= f.FORECAST_MIN_DAYS
    values = np.where(known[:, None], predicted(boosters, features) + shift, short)
    lowest = np.where(known, np.float32(SIGMA_BOUNDS[0]), np.float32(FALLBACK_SIGMA))
    raw = np.where(np.isnan(features[:, SIGMA]), SIGMA_BOUNDS[1], features[:, SIGMA])
    sigma = np.maximum(np.minimum(raw, np.float32(SIGMA_BOUNDS[1])), lowest)
    return np.sort(np.maximum(values * sigma[:, None] + 1, 0), axis=1)


def scales(rows: Features) -> Scales:
    """The anomaly model from honest rows: robust centre and spread, weights that put ALERTS of them at 1 or more."""
    centre = np.nanmedian(rows, axis=0)
    spread = 1.4826 * np.nanmedian(np.abs(rows - centre), axis=0)
    tail = (np.nanquantile(rows, 0.98, axis=0) - centre) / 3  # a heavy tail is usual too
    wide = np.maximum(np.maximum(spread, tail), 0.02).astype(np.float32)
    first = Scales(centre.astype(np.float32), wide, np.ones_like(wide), np.float32(1.5), np.float32(10))
    score, _ = evaluate_scales(first, rows)
    weight = np.float32(1 / np.quantile(score, 1 - ALERTS))
    return first._replace(weights=first.weights * weight)


def stumps(train: Loans, calibration: Loans, settings: Settings) -> Stumps:
    """Monotone steps by penalised maximum likelihood, then Platt's line.

    The line is drawn through all merchants: so few weights hardly fit their own rows better than others', and twice
    the defaults halve its error, most of which would otherwise be the luck of the few held back.
    """
    signs = np.array(list(f.PD_SIGNS.values()), np.float32)
    edges = _edges(train.features * signs)
    weights, missing, base = fit = _fit(train, signs, edges, settings)
    raw = _stumps(signs, edges, fit, train.features)
    logits, _ = evaluate_stumps(raw, np.concatenate([train.features, calibration.features]))
    found, shift = metrics.platt(np.concatenate([train.defaulted, calibration.defaulted]), logits)
    slope = min(max(found, 0.05), 3.0)  # a calibration set too small to rank must not turn the signs
    scaled_fit = Fit(weights * slope, missing * slope, base * slope + shift)
    return _stumps(signs, edges, scaled_fit, train.features)


def logistic(train: Loans) -> Callable[[Features], Floats]:
    """A plain logistic regression on the same features, to compare with: standardised, missing = mean and a flag."""
    centre, spread = np.nanmean(train.features, axis=0), np.nanstd(train.features, axis=0) + 1e-9

    def design(rows: Features) -> Floats:
        absent = np.isnan(rows)
        known = np.clip(np.where(absent, 0, (rows - centre) / spread), -4, 4)
        return np.concatenate([known, absent, np.ones((len(rows), 1))], axis=1)

    X, y = design(train.features), train.defaulted.astype(np.float64)

    def loss(theta: Floats) -> tuple[float, Floats]:
        logit = X @ theta
        value = (np.logaddexp(0, logit) - y * logit).mean() + 1e-4 * theta @ theta
        return float(value), X.T @ (metrics.chance(logit) - y) / len(y) + 2e-4 * theta

    found = minimize(loss, np.zeros(X.shape[1]), jac=True, method="L-BFGS-B").x
    return lambda rows: metrics.chance(design(rows) @ found)


def _forest_parameters(quantile: float, settings: Settings, seed: int) -> dict[str, Any]:
    return {
        "objective": "quantile",
        "alpha": quantile,
        "learning_rate": settings.rate,
        "max_depth": settings.depth,
        "num_leaves": 2**settings.depth,
        "min_data_in_leaf": settings.least,
        "feature_fraction": 0.7,
        "use_missing": False,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "seed": seed,
        "verbose": -1,
    }


def _rounded(booster: lgb.Booster) -> lgb.Booster:
    """The booster with every leaf a multiple of LEAF_QUANTUM."""
    for index, tree in enumerate(booster.dump_model()["tree_info"]):
        for leaf in range(tree["num_leaves"]):
            value = booster.get_leaf_output(index, leaf)
            booster.set_leaf_output(index, leaf, float(np.rint(value / LEAF_QUANTUM) * LEAF_QUANTUM))
    return booster


def _edges(risk: Features) -> Features:
    """(k, EDGES) float32 edges; +inf where a feature has fewer.

    Two thirds lie between the training values' quantiles; the rest are spread evenly over all but the last hundredth
    of them, so that populations unlike the simulated one are still told apart in the tails.
    """
    edges = np.full((risk.shape[1], EDGES), np.inf, np.float32)
    for row, values in zip(edges, risk.T, strict=True):
        known = values[~np.isnan(values)]
        dense = np.quantile(known, np.arange(1, DENSE + 1) / (DENSE + 1), method="lower")
        low, high = np.quantile(known, (0.01, 0.99)).tolist()
        spread = np.linspace(low, high, EDGES - DENSE).astype(np.float32)
        cut = np.unique(np.concatenate([dense, spread]))
        cut = cut[cut < known.max()]
        row[: len(cut)] = cut
    return edges


def _beyond(risk: Features, edges: Features) -> Floats:
    """(k, e) the share of the known values beyond each edge."""
    known = ~np.isnan(risk)
    return np.stack([(risk[known[:, j], j, None] > edges[j]).mean(axis=0) for j in range(len(edges))])


def _fit(train: Loans, signs: Features, edges: Features, settings: Settings) -> Fit:
    """Weights (k, e) ≥ 0, missing terms (k,) ≥ 0 and the base that minimise log loss + push·Σw + ridge·Σw²."""
    k, e = edges.shape
    risk = train.features * signs
    bins = np.stack([np.searchsorted(edges[j], risk[:, j], side="left") for j in range(k)])
    bins[np.isnan(risk).T] = e + 1  # the last bin stands for missing
    target = train.defaulted.astype(np.float64)
    count = len(target)
    means = _beyond(risk, edges)

    def loss(theta: Floats) -> tuple[float, Floats]:
        weights, missing, base = theta[: k * e].reshape(k, e), theta[k * e : -1], theta[-1]
        tables = np.zeros((k, e + 2))
        tables[:, 1 : e + 1] = np.cumsum(weights, axis=1)
        tables[:, e + 1] = (weights * means).sum(axis=1) + missing
        logit = base + sum(tables[j][bins[j]] for j in range(k))
        value = np.logaddexp(0, logit) - target * logit
        slope = (metrics.chance(logit) - target) / count
        sums = np.stack([np.bincount(bins[j], slope, e + 2) for j in range(k)])
        later = np.cumsum(sums[:, e:0:-1], axis=1)[:, ::-1]
        inner = later + sums[:, e + 1 :] * means + settings.push + 2 * settings.ridge * weights
        penalty = settings.push * weights.sum() + settings.ridge * (weights**2).sum()
        outer = np.append(sums[:, e + 1] + settings.push, slope.sum())
        return float(value.mean() + penalty), np.concatenate([inner.ravel(), outer])

    start = np.zeros(k * e + k + 1)
    start[-1] = np.log(target.mean() / (1 - target.mean()))
    bounds = [(0.0, None)] * (k * e + k) + [(None, None)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300, "maxcor": 20})
    return Fit(found.x[: k * e].reshape(k, e), found.x[k * e : -1], float(found.x[-1]))


def _stumps(signs: Features, edges: Features, fit: Fit, features: Features) -> Stumps:
    """The fitted model in whole quanta, its contributions centred on the known training values."""
    steps = quantised(fit.weights, LOGIT_QUANTUM)
    centre = (steps * _beyond(features * signs, edges)).sum(axis=1)
    exact = quantised(centre, LOGIT_QUANTUM)
    absent = quantised(fit.missing, LOGIT_QUANTUM)
    return Stumps(signs, edges, steps, exact, absent, quantised(np.array([fit.base + centre.sum()]), LOGIT_QUANTUM))
