"""How well lies stand out: each kind against honest simulated merchants, and alerts on real shops, honest as told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gateway.domain import anomalies as a
from onnx_models import backtest, real, samples, tampering

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

SEED = 779
MERCHANTS = 4000
REAL_EVERY = 28  # days between the days on which a real shop is looked at
MUST = {
    "alert rate, honest": 0.05,
    "auc ticket": 0.95,
    "auc rounding": 0.95,
    "auc spikes": 0.95,
    "auc inflation (purchases)": 0.90,
    "auc inflation (taxed)": 0.90,
}


def figures(models: OnnxScorer) -> dict[str, float]:
    """Name → value, for the table and the card."""
    rng = np.random.default_rng(SEED)
    till = tampering.honest(samples.chunk(SEED, 0, count=MERCHANTS), rng)
    told = tampering.figures(lambda rows: _scores(models, rows), till, rng)
    found = {"alert rate, honest" if key == "alert_rate_clean" else key: value for key, value in told.items()}
    for name in real.SETS:
        found[f"alert rate, real {name}"] = _real(models, name)
    return found


def _real(models: OnnxScorer, name: str) -> float:
    """The share of alerts on real shops, of whom daily sales alone are known."""
    days, start = real.SETS[name](real.folder())
    first, alerts = (days != 0).argmax(axis=1), []
    for day in range(200, days.shape[1], REAL_EVERY):
        past = backtest.histories(days, start, first, day)
        busy = (past.length >= 190) & ((past.net[:, -28:] > 0).sum(axis=1) >= samples.LEAST_ACTIVE)
        seen = a.anomaly_features(past, a.unheard(*past.net.shape))
        alerts.append(_scores(models, seen[busy]) >= 1)
    return round(float(np.concatenate(alerts).mean()), 4)


def _scores(models: OnnxScorer, rows: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.array([one.score for one in models.anomaly(rows)]) / 1e6
