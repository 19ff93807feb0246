"""How good the PD is on simulated merchants no model was trained on, whole scenarios among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import features as f
from onnx_models import learning, metrics, parameters, plots, samples, scenarios

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.scorer import OnnxScorer

    Floats = NDArray[np.float64]
    Features = NDArray[np.float32]

SEED = 777  # not a seed of any training run
MERCHANTS = 3000
DRAWS = 4
REPLAYS = 20
SCENARIO = 1500  # merchants of each scenario
SEASONAL = {"seasonal": parameters.SECTORS["seasonal"]}
LOGISTIC = 8  # thousand merchants the logistic regression learns from
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
        low, high = self.interval
        return f"{self.auc:.3f} [{low:.3f}, {high:.3f}], ECE {self.ece:.3f}, {self.rows} loans, {self.rate:.3f} bad"


class Figures(NamedTuple):
    """All of them; `said` and `true` are the deciles of the whole held-out population."""

    all: Part
    parts: dict[str, Part]
    oracle: float
    oracle_share: float
    said: list[float]
    true: list[float]
    intervals: dict[str, tuple[float, float]]
    """Of 95 %, of the main part's figures."""

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
    population = samples.chunk(SEED, 0, count=MERCHANTS)
    rows = samples.loans(population, DRAWS)
    chance = _chance(models, rows.features)
    known = samples.loans(samples.chunk(SEED, 1, count=1000), 2, replays=REPLAYS)
    ours = metrics.auc(known.defaulted, _chance(models, known.features))
    oracle = metrics.auc(known.defaulted, known.oracle)
    parts = {f"who shows {kind}": _consented(models, population, kind) for kind in parameters.CONSENTS}
    parts["unseen sector"] = _scored(models, samples.chunk(SEED, 2, parameters.UNSEEN, SCENARIO))
    parts["seasonal shops"] = _scored(models, samples.chunk(SEED, 10, SEASONAL, SCENARIO))
    for number, (name, scenario) in enumerate(scenarios.SCENARIOS.items()):
        parts[name] = _scored(models, samples.chunk(SEED, 11 + number, count=SCENARIO, scenario=scenario))
    scored = models.rules(rows.features)
    parts["rules instead"] = part(rows.defaulted, np.array([one.pd for one in scored]) / 1e6)
    trained = samples.joined([samples.loans(samples.chunk(SEED, 20 + i), DRAWS) for i in range(LOGISTIC)])
    parts["logistic regression instead"] = part(rows.defaulted, learning.logistic(trained)(rows.features))
    deciles = np.array_split(np.argsort(chance, kind="stable"), BINS)
    logits = _logits(chance)
    return Figures(
        part(rows.defaulted, chance),
        parts,
        oracle,
        ours / oracle,
        [float(chance[some].mean()) for some in deciles],
        [float(rows.defaulted[some].mean()) for some in deciles],
        {
            "auc": metrics.auc_interval(rows.defaulted, chance),
            "ece": metrics.resampled(metrics.calibration_error, rows.defaulted, chance),
            "slope": metrics.resampled(lambda *pair: metrics.platt(*pair)[0], rows.defaulted, logits, draws=100),
            "skill": metrics.resampled(metrics.brier_skill, rows.defaulted, chance),
        },
    )


def _consented(models: OnnxScorer, one: samples.Chunk, kind: str) -> Part:
    return _of(models, samples.loans(one, DRAWS, consent=kind))


def _scored(models: OnnxScorer, one: samples.Chunk) -> Part:
    return _of(models, samples.loans(one, DRAWS))


def _of(models: OnnxScorer, rows: samples.Loans) -> Part:
    return part(rows.defaulted, _chance(models, rows.features))


def part(defaulted: NDArray[np.bool_], chance: Floats) -> Part:
    """The figures of one population."""
    return Part(
        len(chance),
        float(defaulted.mean()),
        metrics.auc(defaulted, chance),
        metrics.auc_interval(defaulted, chance),
        metrics.calibration_error(defaulted, chance),
        metrics.platt(defaulted, _logits(chance))[0],
        metrics.brier_skill(defaulted, chance),
    )


def _logits(chance: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(chance, 1e-6) / np.maximum(1 - chance, 1e-6)))


def some_rows() -> Features:
    """About a thousand loans' features for checks of the file itself."""
    return samples.loans(samples.chunk(SEED, 3, count=300), 4).features


def some_forecast_rows() -> Features:
    """About a thousand forecasts' features."""
    return samples.forecasts(samples.chunk(SEED, 4, count=300), f.HORIZONS[0], 4).features


def _chance(models: OnnxScorer, rows: Features) -> Floats:
    return np.array(models.default(rows)) / 1e6
