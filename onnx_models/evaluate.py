"""`python -m onnx_models.evaluate [MODELS]`: every acceptance figure, printed, plotted, written into the cards.

Forecasts are tried on real shops found by RESTOCK_SHARED; PD and anomaly figures are **simulator figures**, from
merchants no model was trained on. Plots go to build/evaluation. Only figures leave the data sets, never rows.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NamedTuple

from gateway import scorer
from gateway.domain import drift
from gateway.domain import features as f
from onnx_models import (
    calibration,
    cards,
    figures_anomaly,
    figures_engine,
    figures_ets,
    figures_forecast,
    figures_path,
    figures_pd,
    metrics,
    plots,
    real,
)

PLOTS = Path("build/evaluation")
CHAIN_MUST = {7: 0.056, 30: 0.027}


class Row(NamedTuple):
    """One line of the table; `reached` None = told, not required."""

    what: str
    must: str
    found: str
    reached: bool | None = None
    interval: tuple[float, float] | None = None  # of 95 %


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 where a requirement is not reached."""
    given = sys.argv[1:] if arguments is None else arguments
    folder = Path(given[0]) if given else Path(__file__).parent
    models = scorer.load(folder)
    rows: list[Row] = []
    for part in (calibrated, forecasts, rivals, years, chances, oddities, engine):
        fresh = part(models, folder)
        rows += fresh
        for row in fresh:
            mark = {None: "", True: "reached", False: "NOT REACHED"}[row.reached]
            print(f"{row.what:48s} {row.must:>26s}  {row.found:56s} {mark}", flush=True)
    print(required(rows))
    return int(any(row.reached is False for row in rows))


def required(rows: list[Row]) -> str:
    """What must be reached and whether it is, as one table."""
    lines = ["| must reach | at least | found | 95 % interval | |", "|---|---|---|---|---|"]
    for row in rows:
        if row.reached is not None:
            low, high = row.interval or (0.0, 0.0)
            between = f"{low:.4f} to {high:.4f}" if low < high else ""  # of one merchant there is none
            mark = "reached" if row.reached else "**missed**"
            lines.append(f"| {row.what} | {row.must} | {row.found} | {between} | {mark} |")
    missed = sum(row.reached is False for row in rows)
    return "\n".join([*lines, "", f"{missed} missed"])


def calibrated(models: scorer.OnnxScorer, folder: Path) -> list[Row]:  # noqa: ARG001 - the simulator has no model
    """The simulator's moments beside real shops'."""
    found = calibration.compare()
    (folder / "calibration.md").write_text(calibration.report(found, real.refund_rate(real.folder())))
    for moment in calibration.MOMENTS:
        own = [one for one in found if one.moment == moment]
        reals, ours = [one.real[1] for one in own], [one.simulated[1] for one in own]
        ends = [min(reals + ours), max(reals + ours)]
        dots = [plots.Series(one.name, [one.real[1]], [one.simulated[1]], dots=True) for one in own]
        name = moment.replace(" ", "_").replace(",", "")
        title = f"{moment}: simulated (up) and real (across), medians"
        plots.write(PLOTS / f"moment_{name}.svg", title, "real", [*dots, plots.Series("equal", ends, ends)])
    return [
        Row(f"{one.name}: {one.moment}", f"{one.real[1]:.2f}", f"{one.simulated[1]:.2f} simulated") for one in found
    ]


def years(models: scorer.OnnxScorer, folder: Path) -> list[Row]:
    """The year ahead on real shops."""
    found = figures_path.figures(models)
    by_set = {name: [one for one in found if one.name == name] for name in real.SETS}
    for name, own in by_set.items():
        told = {f"week {one.week}": f"pinball {one.pinball:.4f}, coverage {one.coverage:.3f}" for one in own}
        cards.amend(folder / "path_52", {f"real shops: {name}": told})
    lines = [plots.Series(name, [one.week for one in o], [one.coverage for one in o]) for name, o in by_set.items()]
    title = "Share of cumulative real sales inside P10-P90"
    plots.write(
        PLOTS / "path_52_coverage.svg", title, "weeks ahead", [*lines, plots.Series("exact", [1, 52], [0.8] * 2)]
    )
    return [_year_row(one) for one in found]


def _year_row(one: figures_path.Figures) -> Row:
    naive = min(one.flat, one.year_ago)
    told = f"{one.pinball:.4f}, inside P10-P90 {one.coverage:.3f}, width {one.width:.2f}, {one.rows} rows"
    good = one.pinball < naive and (one.coverage >= 0.70 or one.rows < figures_path.FEW)
    return Row(f"week {one.week}, {one.name}", f"< {naive:.4f} flat, year ago", told, good)


def forecasts(models: scorer.OnnxScorer, folder: Path) -> list[Row]:
    """Real shops, day by day, with the intervals tracked as the gateway tracks them."""
    found = figures_forecast.figures(models)
    for horizon in f.HORIZONS:
        own = [one for one in found if one.horizon == horizon]
        cards.amend(folder / f"forecast_{horizon}", {f"real shops: {one.name}": one.plain() for one in own})
        levels = list(f.QUANTILES)
        plots.write(
            PLOTS / f"forecast_{horizon}_reliability.svg",
            f"Share of real sales below each quantile, {horizon} days, tracked",
            "quantile",
            [plots.Series(one.name, levels, one.reliability) for one in own] + [plots.Series("exact", levels, levels)],
        )
    return [row for horizon in f.HORIZONS for row in _forecast_rows(found, horizon)]


def _forecast_rows(found: list[figures_forecast.Figures], horizon: int) -> list[Row]:
    rows = []
    for one in (one for one in found if one.horizon == horizon):
        naive = min(one.mean, one.weekday)
        least, must = naive, f"< {naive:.4f} mean, weekdays"
        if one.name == "chain":
            least, must = CHAIN_MUST[horizon], f"<= {CHAIN_MUST[horizon]}, < {naive:.4f}"
        told = f"{one.pinball:.4f} [{one.interval[0]:.4f}, {one.interval[1]:.4f}]; model alone {one.raw:.4f}"
        rows += [
            Row(
                f"pinball {horizon} d, {one.name}",
                must,
                told,
                one.pinball <= least and one.pinball < naive,
                one.interval,
            ),
            Row(
                f"80 % interval {horizon} d, {one.name}",
                ">= .70",
                f"{one.coverage:.3f} (alone {one.coverage_raw:.3f}), width {one.width:.2f} ({one.width_raw:.2f})",
                one.coverage >= 0.70,
                one.coverage_interval,
            ),
            Row(
                f"median alone {horizon} d, {one.name}",
                f"< {naive:.4f} mean, weekdays",
                f"{one.median:.4f}{_worse(one.median, naive)}",
            ),
            Row(
                f"beside own past errors {horizon} d, {one.name}",
                f"< {one.own_errors:.4f}",
                f"{one.ours_there:.4f}{_worse(one.ours_there, one.own_errors)}",
            ),
        ]
    share, count = figures_forecast.held(found, horizon)
    whole = figures_forecast.overall(found, horizon)
    return [
        *rows,
        Row(f"80 % interval {horizon} d, all rows", ".75-.92", f"{whole:.3f}", 0.75 <= whole <= 0.92),
        Row(
            f"merchants covered >= .70, {horizon} d",
            ">= .90",
            f"{share:.3f} of {count}",
            share >= 0.90,
            drift.interval(round(share * count), count, 0.05),
        ),
    ]


def _worse(ours: float, theirs: float) -> str:
    """Said of comparisons nobody requires, because they are harder than the required ones."""
    return "" if ours < theirs else ", worse"


def rivals(models: scorer.OnnxScorer, folder: Path) -> list[Row]:
    """Beside exponential smoothing fitted to each shop, on a subset."""
    if not figures_ets.installed():
        return [Row(f"beside AutoETS ({figures_ets.PACKAGE})", "", "not installed, not compared")]
    found = figures_ets.figures(models)
    for horizon in f.HORIZONS:
        told = {
            one.name: f"{one.ours:.4f}, AutoETS {one.theirs:.4f}, 28-day mean {one.mean:.4f}, {one.rows} rows"
            for one in found
            if one.horizon == horizon
        }
        cards.amend(folder / f"forecast_{horizon}", {"beside AutoETS fitted to each shop, pinball": told})
    return [
        Row(
            f"beside AutoETS {one.horizon} d, {one.name}",
            f"< {one.theirs:.4f}",
            f"{one.ours:.4f}, difference [{one.difference[0]:.4f}, {one.difference[1]:.4f}], {one.rows} rows"
            f"{_worse(one.ours, one.theirs)}",
        )
        for one in found
    ]


def chances(models: scorer.OnnxScorer, folder: Path) -> list[Row]:
    """The PD on simulated merchants held out."""
    found = figures_pd.figures(models)
    cards.amend(folder / "pd", {"held out simulated merchants": found.plain()})
    plots.write(PLOTS / "pd_calibration.svg", "PD said and come true (simulator, held out)", "PD said", found.curves())
    main_rows = [
        Row("PD AUC (simulator, held out)", ">= .75", found.told("auc"), found.all.auc >= 0.75, found.intervals["auc"]),
        Row("PD ECE(10)", "<= .02", f"{found.all.ece:.4f}", found.all.ece <= 0.02, found.intervals["ece"]),
        Row(
            "PD calibration slope",
            ".9-1.1",
            f"{found.all.slope:.3f}",
            0.9 <= found.all.slope <= 1.1,
            found.intervals["slope"],
        ),
        Row("PD Brier skill", "> 0", f"{found.all.skill:.4f}", found.all.skill > 0, found.intervals["skill"]),
        Row("PD AUC as a share of the oracle's", "", f"{found.oracle_share:.3f} (oracle {found.oracle:.3f})"),
    ]
    others = [Row(f"PD AUC, {name}", "", one.told()) for name, one in found.parts.items()]
    return main_rows + others


def oddities(models: scorer.OnnxScorer, folder: Path) -> list[Row]:
    """The anomaly model on simulated merchants, honest and not, and its alert rate on real ones."""
    found = figures_anomaly.figures(models)
    cards.amend(folder / "anomaly", {"held out simulated merchants, and real ones": found})
    rows = []
    for name, value in found.items():
        must = figures_anomaly.MUST.get(name)
        if must is None:
            rows.append(Row(f"anomaly {name}", "", f"{value:.4f}"))
            continue
        low = "rate" in name
        sign, good = ("<=", value <= must) if low else (">=", value >= must)
        count = round(found["merchants"])
        between = drift.interval(round(value * count), count, 0.05) if low else metrics.hanley(value, count, count)
        rows.append(Row(f"anomaly {name}", f"{sign} {must}", f"{value:.4f}", good, between))
    return rows


def engine(models: scorer.OnnxScorer, folder: Path) -> list[Row]:
    """Signs, sums, batches and speed of the shipped files."""
    base = json.loads(cards.newest(folder / "pd").joinpath("card.json").read_bytes())["base_logit"]
    rows = figures_pd.some_rows()
    signs = figures_engine.monotone(models, rows, base)
    differ = figures_engine.batches_differ(models, rows)
    one, past = rows[:1], figures_pd.some_forecast_rows()[:1]
    speeds = {
        "PD + reasons": (figures_engine.p99_ms(lambda: models.explain(one)), 0.2),
        "forecast 30 d": (figures_engine.p99_ms(lambda: models.forecast(30, past)), 0.5),
    }
    return [
        Row("PD perturbations that lower a risk, of 10,000", "0", f"{signs.violations}", signs.violations == 0),
        Row("PD from its reasons' sum, worst", "<= 1e-5", f"{signs.reasons_off:.1e}", signs.reasons_off <= 1e-5),
        Row("PD of a row alone and in a batch, differing", "0", f"{differ}", differ == 0),
        *_parities(folder),
        *(
            Row(
                f"{name}, one thread", f"p99 < {must} ms", f"median {both[0]:.3f} ms, p99 {both[1]:.3f}", both[1] < must
            )
            for name, (both, must) in speeds.items()
        ),
    ]


def _parities(folder: Path) -> list[Row]:
    """What training measured on 5,000 awkward rows, graph against training side."""
    rows = []
    for name in scorer.OUTPUTS:
        worst = json.loads((cards.newest(folder / name) / "card.json").read_bytes())["metrics"]["parity_worst"]
        most = 1e-5 if "quantiles" in scorer.OUTPUTS[name] else 1e-6
        rows.append(Row(f"parity on 5,000 awkward rows, {name}", f"<= {most:.0e}", f"{worst:.1e}", worst <= most))
    return rows


if __name__ == "__main__":
    sys.exit(main())
