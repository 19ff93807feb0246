"""`python -m onnx_models.train [--seed N] [--out FOLDER]`: makes every model from a seed, the same bytes each time."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gateway.domain import features as f
from onnx_models import cards, graphs, learning, metrics, parameters, samples

if TYPE_CHECKING:
    from collections.abc import Callable

    import lightgbm as lgb
    from numpy.typing import NDArray

VERSION = 1
GOLDEN_ROWS = 16
COLUMNS = {
    "sigma": learning.SIGMA,
    "history_days": learning.DAYS,
    "least_days": f.FORECAST_MIN_DAYS,
    "sigma_low": round(learning.SIGMA_BOUNDS[0] * 1000),
    "sigma_high": round(learning.SIGMA_BOUNDS[1] * 1000),
    "fallback_low": round(learning.FALLBACK_SIGMA * 1000),
}


class Plan(NamedTuple):
    """How much of everything; chunks of merchants to train on, calibrate with and test on, none shared."""

    train: int = 40
    calibrate: int = 12
    test: int = 8
    origins: int = 8
    draws: int = 5
    replays: int = 20
    merchants: int = samples.CHUNK
    settings: learning.Settings = learning.Settings()


class Run(NamedTuple):
    """One training: where the models go, from which seed, how much of it, and who hears what goes on."""

    folder: Path
    seed: int
    plan: Plan
    tell: Callable[[str], None]


class Part(NamedTuple):
    """All rows of some chunks; the dictionaries' keys are horizons."""

    loans: samples.Loans
    forecasts: dict[int, samples.Forecasts]
    young: dict[int, samples.Forecasts]


def main(arguments: list[str] | None = None) -> None:
    """Train and write all models."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20_260)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    chosen = parser.parse_args(arguments)
    train(Run(chosen.out, chosen.seed, Plan(), print))


def train(run: Run) -> None:
    """Write `forecast_7`, `forecast_30` and `pd` under the run's folder."""
    plan = run.plan
    bounds = np.cumsum([0, plan.train, plan.calibrate, plan.test]).tolist()
    parts = [gather(run.seed, plan, range(low, high)) for low, high in itertools.pairwise(bounds)]
    run.tell(f"{bounds[-1] * plan.merchants} merchants simulated")
    train_pd(run, parts)
    for horizon in f.HORIZONS:
        train_forecast(run, parts, horizon)


def gather(seed: int, plan: Plan, numbers: range) -> Part:
    """Simulate the chunks `numbers`, one at a time, and cut every kind of row out of each."""
    loans, known, young = [], [], []
    for number in numbers:
        one = samples.chunk(seed, number, count=plan.merchants)
        loans.append(samples.loans(one, plan.draws))
        known.append([samples.forecasts(one, horizon, plan.origins) for horizon in f.HORIZONS])
        young.append([samples.forecasts(one, horizon, 1, young=True) for horizon in f.HORIZONS])
    forecasts, short = (
        {
            horizon: samples.joined(list(rows))
            for horizon, rows in zip(f.HORIZONS, zip(*found, strict=True), strict=True)
        }
        for found in (known, young)
    )
    return Part(samples.joined(loans), forecasts, short)


def train_forecast(run: Run, parts: list[Part], horizon: int) -> None:
    """One forecast model: forest, offsets, fallback, graph, card."""
    name = f"forecast_{horizon}"
    rows, held, unseen = (part.forecasts[horizon] for part in parts)
    short = parts[1].young[horizon]
    boosters = learning.forest(rows, run.plan.settings, run.seed)
    shift, low = learning.offsets(boosters, held), learning.fallback(short)
    model = graphs.forecast_graph(forest_of(boosters), shift, low, COLUMNS, cards.metadata(name, VERSION))
    figures = forecast_figures(unseen, learning.quantiles(boosters, shift, low, unseen.features))
    run.tell(f"{name}: {figures}")
    picked = np.vstack([unseen.features[: GOLDEN_ROWS - 2], short.features[:2]])
    expected = learning.quantiles(boosters, shift, low, picked)
    card = _card(name, run.seed, rows.features, rows.ratio) | {
        "use": f"Quantiles {f.QUANTILES} of the next {horizon} days' net sales over {horizon} times the 28-day mean.",
        "metrics": figures,
        "golden": cards.golden(picked, {"quantiles": expected}, 1e-5),
    }
    cards.write(run.folder / name / str(VERSION), model, card)


def forest_of(boosters: list[lgb.Booster]) -> graphs.Forest:
    """All trees of all quantiles' boosters."""
    dumps = [booster.dump_model()["tree_info"] for booster in boosters]
    return graphs.Forest([tree for dump in dumps for tree in dump], [k for k, dump in enumerate(dumps) for _ in dump])


def forecast_figures(rows: samples.Forecasts, answers: NDArray[np.float64]) -> dict[str, Any]:
    """Pinball against the 28-day mean, and coverage, on simulated merchants."""
    actual = np.minimum(rows.ratio, f.RATIO_CEILING)
    mean = np.ones_like(answers)
    return {
        "rows": len(actual),
        "pinball": round(metrics.pinball(actual, answers), 5),
        "pinball_28_day_mean": round(metrics.pinball(actual, mean), 5),
        "coverage_80": round(metrics.coverage(actual, answers), 4),
        "width_80": round(float(np.mean(answers[:, 5] - answers[:, 1])), 4),
    }


def train_pd(run: Run, parts: list[Part]) -> None:
    """The PD model: stumps, Platt, graph, card."""
    plan = run.plan
    rows, held, unseen = (part.loans for part in parts)
    stumps = learning.stumps(rows, held, plan.settings)
    known = samples.loans(samples.chunk(run.seed, 20_000, count=2 * plan.merchants), 2, replays=plan.replays)
    stranger = samples.loans(samples.chunk(run.seed, 10_000, parameters.UNSEEN, 2 * plan.merchants), plan.draws)
    figures = pd_figures(stumps, unseen, known, stranger)
    run.tell(f"pd: {figures}")
    picked = unseen.features[:GOLDEN_ROWS].copy()
    np.fill_diagonal(picked[2:], np.nan)
    logits, contributions = graphs.evaluate_stumps(stumps, picked)
    answers = {"pd": metrics.chance(logits[:, None]), "logit": logits[:, None], "contributions": contributions}
    card = _card("pd", run.seed, rows.features, rows.defaulted) | {
        "use": "P(90+ days past due or charged off within 12 months | the whole limit drawn), from daily sales alone.",
        "base_logit": float(stumps.base[0]),
        "metrics": figures,
        "golden": cards.golden(picked, answers, 1e-6),
    }
    cards.write(run.folder / "pd" / str(VERSION), graphs.pd_graph(stumps, cards.metadata("pd", VERSION)), card)


def pd_figures(
    stumps: graphs.Stumps, unseen: samples.Loans, known: samples.Loans, stranger: samples.Loans
) -> dict[str, Any]:
    """Ranking and calibration on simulated merchants, the oracle's share, and a sector never trained on."""
    logits, _ = graphs.evaluate_stumps(stumps, unseen.features)
    chance = metrics.chance(logits)
    large = unseen.features[:, f.EXPOSURE_COLUMN] > 0.4
    ours = metrics.auc(known.defaulted, graphs.evaluate_stumps(stumps, known.features)[0])
    oracle = metrics.auc(known.defaulted, known.oracle)
    figures = {
        "auc": metrics.auc(unseen.defaulted, logits),
        "auc_exposure_above_0.4": metrics.auc(unseen.defaulted[large], logits[large]),
        "auc_unseen_sector": metrics.auc(stranger.defaulted, graphs.evaluate_stumps(stumps, stranger.features)[0]),
        "auc_oracle": oracle,
        "auc_share_of_oracle": ours / oracle,
        "base_rate": float(unseen.defaulted.mean()),
        "ece_10": metrics.calibration_error(unseen.defaulted, chance),
        "calibration_slope": metrics.platt(unseen.defaulted, logits)[0],
        "brier_skill": metrics.brier_skill(unseen.defaulted, chance),
    }
    return {"rows": len(logits)} | {key: round(value, 4) for key, value in figures.items()}


def _card(name: str, seed: int, *data: NDArray[Any]) -> dict[str, Any]:
    names = f.PD_FEATURES if name == "pd" else f.FORECAST_FEATURES
    return {
        "model": name,
        "version": VERSION,
        "seed": seed,
        "data_hash": cards.data_hash(*data),
        "features": list(names),
        "features_hash": f.schema_hash(name),
        "monotone": f.PD_SIGNS if name == "pd" else {},
        "reason_codes": cards.REASON_CODES if name == "pd" else {},
    }


if __name__ == "__main__":
    main()
