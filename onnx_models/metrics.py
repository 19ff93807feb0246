"""Figures of merit, in plain numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gateway.domain.features import QUANTILES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]


def chance(logits: Floats) -> Floats:
    """1 / (1 + e^−logit) without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0, -logits)))


def platt(happened: Bools, logits: Floats) -> tuple[float, float]:
    """Slope and shift of a logistic regression on the logit, by Newton's method, barely damped (Platt 1999)."""
    theta = np.array([1.0, 0.0])
    design = np.stack([logits, np.ones_like(logits)], axis=1)
    for _ in range(60):
        fitted = chance(design @ theta)
        hessian = (design * (fitted * (1 - fitted))[:, None]).T @ design + 1e-3 * np.eye(2)
        step = np.linalg.solve(hessian, design.T @ (happened - fitted) - 1e-3 * (theta - [1, 0]))
        theta = theta + np.clip(step, -0.5, 0.5)  # far from the answer a full step overshoots
    return float(theta[0]), float(theta[1])


def pinball(actual: Floats, quantiles: NDArray[Any], at: Sequence[float] = QUANTILES) -> float:
    """Mean pinball loss over rows and the quantiles `at` those levels, in units of `actual`."""
    error = actual[:, None] - quantiles
    levels = np.array(at)
    return float(np.maximum(levels * error, (levels - 1) * error).mean())


def coverage(actual: Floats, quantiles: NDArray[Any]) -> float:
    """The share of rows inside the 80 % interval (.10 to .90)."""
    return float(((actual >= quantiles[:, 1]) & (actual <= quantiles[:, 5])).mean())


def auc(happened: Bools, score: NDArray[Any]) -> float:
    """The chance that a row where it happened scores above one where it did not; ties count half."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    yes = int(happened.sum())
    return float((rank[happened].sum() - yes * (yes + 1) / 2) / (yes * (len(score) - yes)))


def auc_interval(happened: Bools, score: NDArray[Any]) -> tuple[float, float]:
    """95 % interval of the AUC; see `hanley`."""
    return hanley(auc(happened, score), int(happened.sum()), int((~happened).sum()))


def hanley(found: float, yes: int, no: int) -> tuple[float, float]:
    """95 % interval of an AUC from `yes` and `no` rows by the normal approximation of Hanley and McNeil (1982)."""
    q1, q2 = found / (2 - found), 2 * found**2 / (1 + found)
    variance = (found * (1 - found) + (yes - 1) * (q1 - found**2) + (no - 1) * (q2 - found**2)) / (yes * no)
    spread = 1.96 * float(np.sqrt(variance))
    return found - spread, min(1.0, found + spread)


def calibration_error(happened: Bools, chance: Floats, bins: int = 10) -> float:
    """Expected calibration error over `bins` equally filled bins."""
    parts = np.array_split(np.argsort(chance, kind="stable"), bins)
    return float(sum(len(part) * abs(happened[part].mean() - chance[part].mean()) for part in parts) / len(chance))


def brier_skill(happened: Bools, chance: Floats) -> float:
    """1 − Brier score over that of always saying the base rate."""
    rate = happened.mean()
    return float(1 - ((chance - happened) ** 2).mean() / (rate * (1 - rate)))


def resampled(figure: Callable[..., float], *columns: NDArray[Any], draws: int = 300) -> tuple[float, float]:
    """95 % interval of `figure` over rows drawn again (Efron 1979); the rows of all `columns` stay together."""
    rng, count = np.random.default_rng(1), len(columns[0])
    found = [figure(*(column[some] for column in columns)) for some in rng.integers(0, count, (draws, count))]
    low, high = np.quantile(found, (0.025, 0.975))
    return float(low), float(high)
