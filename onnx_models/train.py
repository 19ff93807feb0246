"""`python -m onnx_models.train [--seed N] [--out FOLDER]`: makes every model from a seed, the same bytes each time."""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gateway import scorer
from gateway.domain import evidence, paths
from gateway.domain import features as f
from onnx_models import cards, graphs, learning, metrics, parameters, parity, references, rules, samples, tampering

if TYPE_CHECKING:
    from collections.abc import Callable

    import lightgbm as lgb
    from numpy.typing import NDArray

VERSION = 1
GOLDEN_ROWS = 16
USES = {
    "pd": "P(90+ days past due or charged off within 12 months | the whole limit drawn).",
    "rules": "The same by an expert's points: the fallback where the PD may not answer. Not calibrated.",
}
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

    train: int = 34
    calibrate: int = 10
    test: int = 6
    origins: int = 8
    draws: int = 5
    replays: int = 20
    year_origins: int = 3
    year_trees: int = 60
    honest: int = 4  # times `merchants`, to learn what is usual
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
    year: samples.Paths
    young_year: samples.Paths


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
    train_path(run, parts)
    train_anomaly(run)
    write_rules(run, parts[2].loans)


def gather(seed: int, plan: Plan, numbers: range) -> Part:
    """Simulate the chunks `numbers`, one at a time, and cut every kind of row out of each."""
    loans, known, young, year, young_year = [], [], [], [], []
    for number in numbers:
        one = samples.chunk(seed, number, count=plan.merchants)
        loans.append(samples.loans(one, plan.draws))
        known.append([samples.forecasts(one, horizon, plan.origins) for horizon in f.HORIZONS])
        young.append([samples.forecasts(one, horizon, 1, young=True) for horizon in f.HORIZONS])
        year.append(samples.year_paths(one, plan.year_origins))
        young_year.append(samples.year_paths(one, 1, young=True))
    forecasts, short = (
        {
            horizon: samples.joined(list(rows))
            for horizon, rows in zip(f.HORIZONS, zip(*found, strict=True), strict=True)
        }
        for found in (known, young)
    )
    return Part(samples.joined(loans), forecasts, short, samples.joined(year), samples.joined(young_year))


def train_forecast(run: Run, parts: list[Part], horizon: int) -> None:
    """One forecast model: forest, offsets, fallback, graph, card."""
    name = f"forecast_{horizon}"
    rows, held, unseen = (part.forecasts[horizon] for part in parts)
    short = parts[1].young[horizon]
    boosters = learning.forest(rows, run.plan.settings, run.seed)
    shift, low = learning.offsets(boosters, held), learning.fallback(short)
    model = graphs.forecast_graph(forest_of(boosters), shift, low, COLUMNS, cards.metadata(name, VERSION))
    figures = forecast_figures(unseen, learning.quantiles(boosters, shift, low, unseen.features))
    nasty = parity.awkward(unseen.features, parity.thresholds(forest_of(boosters), unseen.features.shape[1]))
    figures["parity_worst"] = parity.worst(model, nasty, {"quantiles": learning.quantiles(boosters, shift, low, nasty)})
    run.tell(f"{name}: {figures}")
    picked = np.vstack([unseen.features[: GOLDEN_ROWS - 2], short.features[:2]])
    expected = learning.quantiles(boosters, shift, low, picked)
    card = _card(name, run.seed, rows.features, rows.ratio) | {
        "use": f"Quantiles {f.QUANTILES} of the next {horizon} days' net sales over {horizon} times the 28-day mean.",
        "metrics": figures,
        "golden": cards.golden(picked, {"quantiles": expected}, 1e-5),
    }
    if horizon == max(f.HORIZONS):
        median = learning.quantiles(boosters, shift, low, rows.features)[:, f.QUANTILES.index(0.5)]
        card["reference"] = references.reference(f.FORECAST_FEATURES, rows.features, median)
    cards.write(run.folder / name / str(VERSION), model, card)


def train_path(run: Run, parts: list[Part]) -> None:
    """The year ahead: three quantiles at each knot, one graph."""
    name, settings = "path_52", run.plan.settings._replace(trees=run.plan.year_trees)
    boosters, shifts, lows = [], [], []
    for knot in range(len(paths.KNOTS)):
        rows, held, short = (_at_knot(some, knot) for some in (parts[0].year, parts[1].year, parts[1].young_year))
        own = learning.forest(rows, settings, run.seed + knot, paths.QUANTILES)
        boosters.append(own)
        shifts.append(learning.offsets(own, held, paths.QUANTILES))
        lows.append(learning.fallback(short, paths.QUANTILES))
    every = [booster for own in boosters for booster in own]
    columns = COLUMNS | {"groups": len(paths.KNOTS)}
    model = graphs.forecast_graph(
        forest_of(every), np.concatenate(shifts), np.concatenate(lows), columns, cards.metadata(name, VERSION)
    )

    def said(features: NDArray[np.float32]) -> NDArray[np.float64]:
        each = zip(boosters, shifts, lows, strict=True)
        return np.concatenate([learning.quantiles(*one, features) for one in each], axis=1)

    unseen = parts[2].year
    figures = path_figures(unseen, said(unseen.features))
    nasty = parity.awkward(unseen.features, parity.thresholds(forest_of(every), unseen.features.shape[1]))
    figures["parity_worst"] = parity.worst(model, nasty, {"quantiles": said(nasty)})
    run.tell(f"{name}: {figures}")
    picked = np.vstack([unseen.features[: GOLDEN_ROWS - 2], parts[1].young_year.features[:2]])
    card = _card(name, run.seed, parts[0].year.features, parts[0].year.ratio) | {
        "use": f"P10, P50, P90 of the average week until week {paths.KNOTS}, over a week at the 28-day mean.",
        "metrics": figures,
        "golden": cards.golden(picked, {"quantiles": said(picked)}, 1e-5),
    }
    cards.write(run.folder / name / str(VERSION), model, card)


def _at_knot(rows: samples.Paths, knot: int) -> samples.Forecasts:
    return samples.Forecasts(rows.features, rows.ratio[:, knot])


def path_figures(rows: samples.Paths, answers: NDArray[np.float64]) -> dict[str, Any]:
    """Pinball over three quantiles and coverage at each knot, on simulated merchants."""
    found: dict[str, Any] = {"rows": len(answers)}
    for knot, week in enumerate(paths.KNOTS):
        actual, own = np.minimum(rows.ratio[:, knot], f.RATIO_CEILING), answers[:, 3 * knot : 3 * knot + 3]
        inside = (actual >= own[:, 0]) & (actual <= own[:, 2])
        found[f"week {week}: pinball"] = round(metrics.pinball(actual, own, paths.QUANTILES), 5)
        found[f"week {week}: pinball_28_day_mean"] = round(
            metrics.pinball(actual, np.ones_like(own), paths.QUANTILES), 5
        )
        found[f"week {week}: coverage_80"] = round(float(inside.mean()), 4)
    return found


def train_anomaly(run: Run) -> None:
    """The anomaly model: what is usual among honest merchants, and an alert for the oddest 3.5 % of them."""
    count = run.plan.merchants * run.plan.honest
    rng = np.random.default_rng([run.seed, 5])
    honest = tampering.honest(samples.chunk(run.seed, 40_000, count=count), rng)
    rows = tampering.features(honest)
    scales = learning.scales(rows)

    def score(seen: NDArray[np.float32]) -> NDArray[np.float64]:
        return graphs.evaluate_scales(scales, seen)[0]

    figures = tampering.figures(score, tampering.honest(samples.chunk(run.seed, 40_001, count=count), rng), rng)
    run.tell(f"anomaly: {figures}")
    picked = tampering.features(tampering.tampered(honest, "spikes", rng))[:GOLDEN_ROWS]
    model = graphs.anomaly_graph(scales, cards.metadata("anomaly", VERSION))
    nasty = parity.awkward(rows, [np.array([one], np.float32) for one in scales.centre])
    figures["parity_worst"] = parity.worst(model, nasty, _scored(scales, nasty))
    card = _card("anomaly", run.seed, rows) | {
        "use": "How odd a merchant's recent sales are against its own past; 1 and above is an alert.",
        "metrics": figures,
        "golden": cards.golden(picked, _scored(scales, picked), 1e-5),
    }
    cards.write(run.folder / "anomaly" / str(VERSION), model, card)


def _scored(scales: graphs.Scales, rows: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    scores, parts = graphs.evaluate_scales(scales, rows)
    return {"score": scores[:, None], "contributions": parts}


def write_rules(run: Run, unseen: samples.Loans) -> None:
    """The expert scorecard in the PD's graph: nothing is learned, so it is there when the PD is not."""
    stumps = rules.scorecard()
    logits, _ = graphs.evaluate_stumps(stumps, unseen.features)
    figures = {
        "rows": len(logits),
        "auc": round(metrics.auc(unseen.defaulted, logits), 4),
        "ece_10": round(metrics.calibration_error(unseen.defaulted, metrics.chance(logits)), 4),
    }
    run.tell(f"rules: {figures}")
    _write_stumps(run, "rules", stumps, unseen, figures)


def _write_stumps(
    run: Run,
    name: str,
    stumps: graphs.Stumps,
    rows: samples.Loans,
    figures: dict[str, Any],
    *,
    reference: dict[str, Any] | None = None,
) -> None:
    """A PD's graph and card, with golden rows that miss each feature in turn."""
    picked = rows.features[:GOLDEN_ROWS].copy()
    np.fill_diagonal(picked[2:], np.nan)
    model = graphs.pd_graph(stumps, cards.metadata(name, VERSION))
    nasty = parity.awkward(rows.features, parity.edges(stumps))
    figures["parity_worst"] = parity.worst(model, nasty, _said(stumps, nasty))
    card = _card(name, run.seed, rows.features, rows.defaulted) | {
        "use": USES[name],
        "base_logit": float(stumps.base[0]),
        "metrics": figures,
        "golden": cards.golden(picked, _said(stumps, picked), 1e-6),
    }
    if reference is not None:
        card["reference"] = reference
    cards.write(run.folder / name / str(VERSION), model, card)


def _said(stumps: graphs.Stumps, rows: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    """What the training side says, by output."""
    logits, contributions = graphs.evaluate_stumps(stumps, rows)
    return {"pd": metrics.chance(logits[:, None]), "logit": logits[:, None], "contributions": contributions}


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
    # The scorecard is written from rows the PD never met; so are the PD's golden rows.
    _write_stumps(run, "pd", stumps, unseen, figures, reference=_sales_alone(stumps, rows))


def _sales_alone(stumps: graphs.Stumps, rows: samples.Loans) -> dict[str, Any]:
    """The training rows as a reference; the score's of those who show sales alone, because it hangs on what is seen."""
    known = [i for i, name in enumerate(f.PD_FEATURES) if name in evidence.SIGNS]
    bare = rows.features[np.isnan(rows.features[:, known]).all(axis=1)]
    return references.reference(f.PD_FEATURES, rows.features, metrics.chance(graphs.evaluate_stumps(stumps, bare)[0]))


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
    names, risky = scorer.FEATURES[name], name in {"pd", "rules"}
    return {
        "model": name,
        "version": VERSION,
        "seed": seed,
        "data_hash": cards.data_hash(*data),
        "features": list(names),
        "features_hash": f.schema_hash(name, names),
        "monotone": f.PD_SIGNS if risky else {},
        "reason_codes": cards.REASON_CODES if risky else {},
    }


if __name__ == "__main__":
    main()
