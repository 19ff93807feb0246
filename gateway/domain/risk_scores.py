"""What the models say of a row of features, as integers: a risk or an anomaly, and what it is made of."""

from __future__ import annotations

import msgspec


class Contribution(msgspec.Struct, frozen=True, gc=False):
    """One feature's part of a PD's logit, in 1e-6; positive raises the risk. `value` in 1e-6, None = missing."""

    feature: str
    value: int | None
    logit: int


class RiskScore(msgspec.Struct, frozen=True, gc=False):
    """`pd`: P(90+ days past due or charged off within 12 months | the whole limit drawn), in 1/100 bp (1e-6)."""

    pd: int
    contributions: tuple[Contribution, ...]


class AnomalyScore(msgspec.Struct, frozen=True, gc=False):
    """`score` in 1e-6: 1,000,000 and above is an alert. The contributions (field `logit`, in 1e-6) add up to it."""

    score: int
    contributions: tuple[Contribution, ...]
