"""Whether a population has moved away from the one a model knows: shares, rates and counts against what is usual.

The population stability index sums (seen - usual) x ln(seen / usual) over the bins. Between two samples of one
distribution, of n and m rows in b bins, it is about (1/n + 1/m) times a chi-squared variable with b - 1 degrees of
freedom (Yurdakul and Naranjo, Statistical properties of the population stability index, Journal of Risk Model
Validation 14, 2020). So a bound grows as a sample shrinks, and a small shop list raises no alarm by chance.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HALF = 0.5
"""Added to every bin's count, so that an empty one has a logarithm."""
_NORMAL = NormalDist()


def stability(usual: Sequence[float], usual_count: int, counts: Sequence[int]) -> float:
    """The population stability index of `counts` against `usual` shares that `usual_count` rows made."""
    bins, total = len(usual), sum(counts)
    said = [(share * usual_count + HALF) / (usual_count + HALF * bins) for share in usual]
    seen = [(count + HALF) / (total + HALF * bins) for count in counts]
    return math.fsum((p - q) * math.log(p / q) for p, q in zip(seen, said, strict=True))


def critical(bins: int, counts: tuple[int, int], chance: float) -> float:
    """What the index exceeds with `chance` though nothing has moved, for samples of these two sizes."""
    return chi_squared(bins - 1, chance) * sum(1 / max(count, 1) for count in counts)


def chi_squared(freedom: int, chance: float) -> float:
    """What a chi-squared variable exceeds with `chance`, down to 1e-6: at most 1 % too low and 7 % too high.

    Wilson and Hilferty, The distribution of chi-square, PNAS 17, 1931; exact for one and two degrees of freedom.
    """
    if freedom <= 0:
        return 0.0
    spread = 2 / (9 * freedom)
    if freedom == 1:  # the square of a normal variable, exactly
        return _NORMAL.inv_cdf(1 - chance / 2) ** 2
    if freedom == 2:  # noqa: PLR2004 - exponential
        return -2 * math.log(chance)
    return float(freedom * (1 - spread + _NORMAL.inv_cdf(1 - chance) * math.sqrt(spread)) ** 3)


def interval(part: int, whole: int, chance: float) -> tuple[float, float]:
    """The share's interval that misses with `chance` on both sides together (Wilson, JASA 22, 1927)."""
    if whole <= 0:
        return 0.0, 1.0
    z = _NORMAL.inv_cdf(1 - chance / 2)
    share, widen = part / whole, 1 + z * z / whole
    middle = share + z * z / (2 * whole)
    off = z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return max((middle - off) / widen, 0.0), min((middle + off) / widen, 1.0)


def at_least(count: int, expected: float) -> float:
    """The chance of `count` or more where `expected` happen on average, independently (Poisson)."""
    if count <= 0:
        return 1.0
    if expected <= 0:
        return 0.0
    terms = [math.exp(i * math.log(expected) - expected - math.lgamma(i + 1)) for i in range(count)]
    return min(max(1 - math.fsum(terms), 0.0), 1.0)
