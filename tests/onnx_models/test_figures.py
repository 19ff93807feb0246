"""Figures, plots and reports: the formulas on cases known by hand, and one small walk through real data."""

from __future__ import annotations

import os

import numpy as np
import pytest
from lxml import etree

from gateway import scorer
from onnx_models import (
    backtest,
    calibration,
    evaluate,
    figures_ets,
    figures_forecast,
    learning,
    metrics,
    plots,
    real,
    references,
    samples,
)
from onnx_models.parameters import SECTORS
from tests.onnx_models import models


def test_a_plot_is_well_formed_and_leaves_out_what_is_not_finite() -> None:
    text = plots.svg("a < b", "x", [plots.Series("one", [0, 1, 2], [1.0, float("nan"), 3.0])])
    root = etree.fromstring(text.encode())
    (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    assert len(line.attrib["points"].split()) == 2
    assert plots.svg("empty", "x", [plots.Series("none", [], [], dots=True)])


def test_moments_of_sales_known_by_hand() -> None:
    steady = np.full(140, 100)
    assert calibration.weekly_change(steady) == 0
    assert calibration.closed_share(np.array([0, 5, 0, 5])) == 0.5
    alternate = np.array(([200] * 7 + [100] * 7) * 10)
    assert calibration.fortnight_echo(alternate) == pytest.approx(np.log(2))
    assert calibration.weekday_spread(steady) == pytest.approx(0, abs=1e-12)


def test_the_interval_of_an_auc_holds_it() -> None:
    rng = np.random.default_rng(1)
    happened = rng.random(2000) < 0.1
    score = rng.standard_normal(2000) + happened
    low, high = metrics.auc_interval(happened, score)
    assert low < metrics.auc(happened, score) < high
    assert high - low < 0.15


def test_logistic_regression_ranks_simulated_loans() -> None:
    rows = samples.loans(samples.chunk(97, 11, SECTORS, 600), 4)
    assert metrics.auc(rows.defaulted, learning.logistic(rows)(rows.features)) > 0.7


def test_a_walk_says_nothing_too_early_and_the_tracker_learns_only_what_has_closed() -> None:
    rng = np.random.default_rng(2)
    days = rng.integers(500, 1500, (3, 160))
    loaded = scorer.load(models.FOLDER)
    whole = backtest.walk(loaded, days, 738_000, 7)
    cut = backtest.walk(loaded, days[:, :130], 738_000, 7)
    known = len(cut.said)
    assert np.array_equal(whole.quantiles[:known], cut.quantiles)
    assert np.array_equal(backtest.tracked(whole)[:known], backtest.tracked(cut))
    assert whole.said.all()


def test_forecasts_beat_the_mean_on_real_shops() -> None:
    if "RESTOCK_SHARED" not in os.environ:
        pytest.skip("RESTOCK_SHARED is not set: the real shops' data lie there")
    days, start = real.chain(real.folder())
    found = figures_forecast.of_walk("chain", backtest.walk(scorer.load(models.FOLDER), days[::60], start, 30, 15))
    assert found.pinball < min(found.mean, found.weekday)
    assert found.coverage > 0.7


def test_the_table_of_what_must_be_reached_counts_what_was_missed() -> None:
    rows = [
        evaluate.Row("a", ">= .7", "0.8", reached=True, interval=(0.75, 0.85)),
        evaluate.Row("b", "<= .1", "0.2", reached=False, interval=(0.2, 0.2)),
        evaluate.Row("told", "", "0.3"),
    ]
    text = evaluate.required(rows)
    assert "| a | >= .7 | 0.8 | 0.7500 to 0.8500 | reached |" in text
    assert "| b | <= .1 | 0.2 |  | **missed** |" in text
    assert "told" not in text
    assert text.endswith("1 missed")


def test_figures_drawn_again_hold_the_figure_and_narrow_with_rows() -> None:
    rng = np.random.default_rng(3)
    chance = rng.random(4_000) * 0.3
    happened = rng.random(4_000) < chance
    low, high = metrics.resampled(metrics.brier_skill, happened, chance)
    few = metrics.resampled(metrics.brier_skill, happened[:400], chance[:400])
    assert low < metrics.brier_skill(happened, chance) < high
    assert high - low < few[1] - few[0]


def test_a_rival_that_says_the_same_is_neither_better_nor_worse() -> None:
    said = np.linspace(0.7, 1.3, 7)
    same = [figures_ets._Row(actual, said, said) for actual in (0.8, 1.0, 1.4)]
    found = figures_ets.of_rows("set", 7, same)
    assert (found.rows, found.ours, found.difference) == (3, found.theirs, (0.0, 0.0))
    worse = [row._replace(theirs=said + 5) for row in same]
    assert figures_ets.of_rows("set", 7, worse).difference[1] < 0


def test_a_reference_tells_a_column_in_deciles_missing_share_and_range() -> None:
    rng = np.random.default_rng(4)
    values = rng.random(10_000).astype(np.float32)
    values[:500] = np.nan
    found = references.column(values)
    assert (len(found["edges"]), found["missing"]) == (9, 0.05)
    assert all(abs(share - 0.1) < 0.002 for share in found["shares"])
    assert (round(found["low"], 2), round(found["high"], 2)) == (0.0, 1.0)
    few = references.column(np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2], np.float32))
    assert (few["edges"], few["shares"]) == ([1.0, 2.0], [0.6, 0.2, 0.2])
    nothing = references.column(np.full(10, np.nan, np.float32))
    assert (nothing["edges"], nothing["shares"], nothing["missing"]) == ([], [1.0], 1.0)
