"""What holds of the files themselves: signs, sums of reasons, the same answer alone and in a batch, and how fast."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import features as f

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

    Features = NDArray[np.float32]

TRIES = 10_000
CALLS = 1000
ROUNDS = 7  # the quietest round counts: the machine is rarely ours alone


class Monotone(NamedTuple):
    """Of TRIES perturbations in the risky direction: how many lowered the PD, and the worst sum of reasons."""

    violations: int
    reasons_off: float


def monotone(models: OnnxScorer, rows: Features, base_logit: float) -> Monotone:
    """Perturb one feature at a time, upwards in risk; also compare the reasons' sum with the PD they explain."""
    rng = np.random.default_rng(3)
    before = rows[rng.integers(0, len(rows), TRIES)].copy()
    column = rng.integers(0, before.shape[1], TRIES)
    sign = np.array(list(f.PD_SIGNS.values()), np.float32)[column]
    spread = np.nan_to_num(np.nanstd(rows, axis=0)[column], nan=1.0)
    after = before.copy()
    after[np.arange(TRIES), column] += sign * np.abs(rng.standard_normal(TRIES) * spread).astype(np.float32)
    low, high = models.default(before), models.default(after)
    logits = [base_logit + sum(part.logit for part in one.contributions) / 1e6 for one in models.explain(before[:500])]
    again = 1 / (1 + np.exp(-np.array(logits)))
    return Monotone(
        sum(b > a for b, a in zip(low, high, strict=True)),
        float(np.abs(again - np.array(low[:500]) / 1e6).max()),
    )


def batches_differ(models: OnnxScorer, rows: Features) -> int:
    """Rows whose PD alone is not their PD in a batch of 256."""
    some = rows[:256]
    alone = [models.default(some[i : i + 1])[0] for i in range(len(some))]
    return sum(a != b for a, b in zip(alone, models.default(some), strict=True))


def p99_ms(call: Callable[[], object]) -> tuple[float, float]:
    """Median and 99th percentile in milliseconds of CALLS calls, in the quietest of ROUNDS rounds.

    Of the thread's own processor time: a machine shared with others holds a call up for as long as they like.
    """
    return min((_round(call) for _ in range(ROUNDS)), key=lambda both: both[1])


def _round(call: Callable[[], object]) -> tuple[float, float]:
    times = []
    for _ in range(CALLS):
        begun = time.thread_time_ns()
        call()
        times.append((time.thread_time_ns() - begun) / 1e6)
    middle, late = np.quantile(times, (0.5, 0.99))
    return float(middle), float(late)
