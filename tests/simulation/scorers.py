"""A scorer that costs nothing: steady sales, a PD that a shop's history sets, the same answers everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.anomalies import ANOMALY_FEATURES
from gateway.domain.features import PD_FEATURES
from gateway.domain.paths import KNOTS
from gateway.domain.risk_scores import AnomalyScore, Contribution, RiskScore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QUANTILES = (600_000, 700_000, 850_000, 1_000_000, 1_150_000, 1_300_000, 1_400_000)
_WEEKS = ((700_000, 1_000_000, 1_300_000),) * len(KNOTS)
_ODD = AnomalyScore(0, tuple(Contribution(name, 0, 0) for name in ANOMALY_FEATURES))


class CheapScorer:
    """The `Scorer` port by rule."""

    def forecast(self, horizon: int, features: NDArray[np.float32]) -> list[tuple[int, ...]]:
        """See Scorer."""
        return [_QUANTILES] * len(features)

    def default(self, features: NDArray[np.float32]) -> list[int]:
        """See Scorer."""
        return [_pd(row) for row in features]

    def explain(self, features: NDArray[np.float32]) -> list[RiskScore]:
        """See Scorer."""
        return [RiskScore(_pd(row), tuple(Contribution(name, 0, 0) for name in PD_FEATURES)) for row in features]

    def rules(self, features: NDArray[np.float32]) -> list[RiskScore]:
        """See Scorer."""
        return self.explain(features)

    def year(self, features: NDArray[np.float32]) -> list[list[tuple[int, ...]]]:
        """See Scorer."""
        return [list(_WEEKS) for _ in features]

    def anomaly(self, features: NDArray[np.float32]) -> list[AnomalyScore]:
        """See Scorer."""
        return [_ODD] * len(features)

    def usable(self, name: str) -> bool:
        """See Scorer: the year and the anomaly stay unasked, because their features cost most of a day's close."""
        return name not in {"path_52", "anomaly"}

    def hashes(self) -> dict[str, str]:
        """See Scorer."""
        return {"pd": "simulated"}


def _pd(row: NDArray[np.float32]) -> int:
    """Between .4 % and 5 %, by what the row looks like."""
    return 4_000 + sum(row.tobytes()[:64]) * 7 % 46_000
