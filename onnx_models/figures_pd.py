"""How good the PD is on simulated merchants no model was trained on, whole scenarios among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import features as f
from onnx_models import metrics, parameters, plots, samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

    Floats = NDArray[np.float64]
    Features = NDArray[np.float32]

SEED = 777  # not a seed of any training run
MERCHANTS = 3000
DRAWS = 4
REPLAYS = 20
BINS = 10


class Part(NamedTuple):
    """One population's figures."""

    rows: int
    rate: float
    auc: float
    interval: tuple[float, float]
    ece: float
    slope: float
    skill: float

    def told(self) -> str:
        """For the table."""
        return (
            f"{self.auc:.3f} [{self.interval[0]:.3f}, {self.interval[1]:.3f}], {self.rows} loans, {self.rate:.3f} bad"
        )


class Figures(NamedTuple):
    """All of them; `said` and `true` are the deciles of the whole held-out population."""

    all: Part
    parts: dict[str, Part]
    oracle: float
    oracle_share: float
    said: list[float]
    true: list[float]

    def told(self, name: str) -> str:
        """The main part's figure for the table."""
        return self.all.told() if name == "auc" else f"{getattr(self.all, name):.4f}"

    def curves(self) -> list[plots.Series]:
        """The reliability curve and the diagonal."""
        ends = [0.0, max([*self.said, *self.true])]
        return [plots.Series("deciles", self.said, self.true), plots.Series("exact", ends, ends)]

    def plain(self) -> dict[str, float | int]:
        """For a card."""
        named = {"": self.all, **{f"{name}: ": part for name, part in self.parts.items()}}
        found: dict[str, float | int] = {f"{name}auc": round(part.auc, 4) for name, part in named.items()}
        return found | {
            "loans": self.all.rows,
            "base_rate": round(self.all.rate, 4),
            "ece_10": round(self.all.ece, 4),
            "calibration_slope": round(self.all.slope, 4),
            "brier_skill": round(self.all.skill, 4),
            "auc_oracle": round(self.oracle, 4),
            "auc_share_of_oracle": round(self.oracle_share, 4),
        }


def figures(models: OnnxScorer) -> Figures:
    """Simulate, score and count."""
    rows = samples.loans(samples.chunk(SEED, 0, count=MERCHANTS), DRAWS)
    chance = _chance(models, rows.features)
    known = samples.loans(samples.chunk(SEED, 1, count=1000), 2, replays=REPLAYS)
    ours = metrics.auc(known.defaulted, _chance(models, known.features))
    oracle = metrics.auc(known.defaulted, known.oracle)
    stranger = samples.loans(samples.chunk(SEED, 2, parameters.UNSEEN, 1500), DRAWS)
    deciles = np.array_split(np.argsort(chance, kind="stable"), BINS)
    return Figures(
        part(rows.defaulted, chance),
        {"unseen sector": part(stranger.defaulted, _chance(models, stranger.features))},
        oracle,
        ours / oracle,
        [float(chance[some].mean()) for some in deciles],
        [float(rows.defaulted[some].mean()) for some in deciles],
    )


def part(defaulted: NDArray[np.bool_], chance: Floats) -> Part:
    """The figures of one population."""
    logits = np.log(np.maximum(chance, 1e-6) / np.maximum(1 - chance, 1e-6))
    return Part(
        len(chance),
        float(defaulted.mean()),
        metrics.auc(defaulted, chance),
        metrics.auc_interval(defaulted, chance),
        metrics.calibration_error(defaulted, chance),
        metrics.platt(defaulted, logits)[0],
        metrics.brier_skill(defaulted, chance),
    )


def some_rows() -> Features:
    """About a thousand loans' features for checks of the file itself."""
    return samples.loans(samples.chunk(SEED, 3, count=300), 4).features


def some_forecast_rows() -> Features:
    """About a thousand forecasts' features."""
    return samples.forecasts(samples.chunk(SEED, 4, count=300), f.HORIZONS[0], 4).features


def _chance(models: OnnxScorer, rows: Features) -> Floats:
    return np.array(models.default(rows)) / 1e6
