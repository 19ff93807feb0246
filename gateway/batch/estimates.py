"""What counts of outcomes tell: an interval for a rate, how good a ranking was, a median that does not forget the open.

Rates are ratios, so floats are used here; no money comes out of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from gateway.batch.lives import Ending
from gateway.domain import drift

if TYPE_CHECKING:
    from collections.abc import Sequence

MILLION = 1_000_000
LEAST_OUTCOMES = 10
"""Fewer loans that defaulted, or that did not, tell nothing about a ranking."""
MISSED = 0.05
"""How often a 95 % interval misses."""


def wilson(bad: int, count: int) -> tuple[int, int]:
    """Wilson's 95 % interval of a share, in 1e-6."""
    low, high = drift.interval(bad, count, MISSED)
    return round(low * MILLION), round(high * MILLION)


def auc(outcomes: Sequence[tuple[int, bool]]) -> int | None:
    """(PD, whether it defaulted) → the chance that one which did had the higher PD, in 1e-6; ties count half."""
    bad = sum(failed for _, failed in outcomes)
    good = len(outcomes) - bad
    if min(bad, good) < LEAST_OUTCOMES:
        return None
    counts: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
    for pd, failed in outcomes:
        counts[pd][failed] += 1
    below, won = 0, 0
    for _, (fine, defaulted) in sorted(counts.items()):
        won += defaulted * (2 * below + fine)
        below += fine
    return won * MILLION // (2 * bad * good)


def payoff_days(ends: Sequence[tuple[int, Ending]]) -> int | None:
    """The day by which half are repaid (Kaplan and Meier's estimate); one charged off is never repaid."""
    repaid = Counter(days for days, ending in ends if ending is Ending.repaid)
    unknown = Counter(days for days, ending in ends if ending is Ending.unknown)
    at_risk, left = len(ends), 1.0
    for days in sorted(repaid.keys() | unknown.keys()):
        left *= 1 - repaid[days] / at_risk
        if left <= 0.5 + 1e-12:
            return days
        at_risk -= repaid[days] + unknown[days]
    return None
