"""Figures, plots and reports: the formulas on cases known by hand, and one small walk through real data."""

from __future__ import annotations

import os

import numpy as np
import pytest
from lxml import etree

from gateway import scorer
from onnx_models import backtest, calibration, figures_forecast, learning, metrics, plots, real, samples
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
        pytest.skip("RESTOCK_SHARED does not name the folder with the real shops' data")
    days, start = real.chain(real.folder())
    found = figures_forecast.of_walk("chain", backtest.walk(scorer.load(models.FOLDER), days[::60], start, 30, 15))
    assert found.pinball < min(found.mean, found.weekday)
    assert found.coverage > 0.7
