"""Row 8: `python -m tests.bench.models FOLDER ROUNDS` asks each model for one merchant, thousands of times.

In process, one thread, by the thread's own processor time: who shares the core does not count. One JSON line: the 99th
percentiles in milliseconds of each round, first of the PD with its reasons, then of the 30-day forecast.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import thread_time_ns
from typing import TYPE_CHECKING

import numpy as np

from gateway import scorer
from gateway.domain import features
from gateway.server import settle_garbage

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 2_000


def run(folder: Path, rounds: int) -> dict[str, list[float]]:
    """The 99th percentile of each round."""
    models = scorer.load(folder)
    days = np.random.default_rng(1).integers(0, 10**6, (1, features.HISTORY_DAYS))
    past = features.Histories(days, days // 30, days // 2_000, np.array([400]), np.array([738_000]))
    risk, month = features.pd_features(past, days[:, -30:].sum(axis=1) // 2), features.forecast_features(past, 30)
    settle_garbage()
    calls: dict[str, Callable[[], object]] = {
        "pd": lambda: models.explain(risk),
        "forecast": lambda: models.forecast(30, month),
    }
    return {name: [_late(call) for _ in range(rounds)] for name, call in calls.items()}


def _late(call: Callable[[], object]) -> float:
    took = []
    for _ in range(CALLS):
        begun = thread_time_ns()
        call()
        took.append((thread_time_ns() - begun) / 1e6)
    return float(np.quantile(took, 0.99))


if __name__ == "__main__":
    found = run(Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(found["pd"] + found["forecast"]))
