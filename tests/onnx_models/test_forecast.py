"""The shipped forecasts: order, finiteness, the short-history fallback, batches; parity is proven on a small forest."""

from __future__ import annotations

import lightgbm
import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper

from gateway.domain import features as f
from onnx_models import cards, graphs, learning, parity, samples, train
from onnx_models.parameters import SECTORS
from tests.onnx_models import models

SMALL = learning.Settings(trees=25, least=20)


@pytest.fixture(scope="module")
def rows() -> models.Features:
    return models.forecast_rows(7)


@pytest.fixture(scope="module")
def awkward(rows: models.Features) -> models.Features:
    return models.awkward(rows, models.forecast_edges())


@pytest.mark.parametrize("horizon", f.HORIZONS)
def test_quantiles_are_sorted_finite_and_not_negative(awkward: models.Features, horizon: int) -> None:
    (quantiles,) = models.run(f"forecast_{horizon}", awkward)
    assert quantiles.shape == (len(awkward), 7)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (quantiles >= 0).all()


@pytest.mark.parametrize("size", [1, 256])
def test_a_row_is_forecast_the_same_in_any_batch(awkward: models.Features, size: int) -> None:
    some = awkward[:1024]
    (whole,) = models.run("forecast_7", some)
    session = onnxruntime.InferenceSession(models.path("forecast_7"))
    pieces = [session.run(None, {"features": some[low : low + size]})[0] for low in range(0, 1024, size)]
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


@pytest.mark.parametrize("horizon", f.HORIZONS)
def test_a_short_history_gets_the_wide_fallback(horizon: int) -> None:
    rows = models.forecast_rows(horizon)
    short = rows.copy()
    short[:, learning.DAYS] = f.FORECAST_MIN_DAYS - 1
    (usual,), (wide,) = models.run(f"forecast_{horizon}", rows), models.run(f"forecast_{horizon}", short)
    assert (wide[:, 5] - wide[:, 1]).mean() > (usual[:, 5] - usual[:, 1]).mean()
    sigma = np.maximum(learning.sigma_of(short, learning.FALLBACK_SIGMA), np.float32(learning.FALLBACK_SIGMA))
    expected = np.maximum(1 + sigma[:, None] * models.constants(f"forecast_{horizon}")["fallback"], 0)
    assert np.abs(wide - expected).max() <= 1e-5


class Small:
    """A small forest and its graph."""

    def __init__(self) -> None:
        self.rows = samples.forecasts(samples.chunk(98, 0, SECTORS, 300), 7, 8)
        self.boosters = learning.forest(self.rows, SMALL, 1)
        self.shift = learning.offsets(self.boosters, self.rows)
        self.short = learning.fallback(self.rows)
        self.forest = train.forest_of(self.boosters)
        metadata = cards.metadata("forecast_7", 1)
        model = graphs.forecast_graph(self.forest, self.shift, self.short, train.COLUMNS, metadata)
        self.session = onnxruntime.InferenceSession(model.SerializeToString())

    def edges(self) -> list[models.Features]:
        """Each feature's thresholds, as LightGBM has them, rounded to the nearest float32."""
        return parity.thresholds(self.forest, len(f.FORECAST_FEATURES))


@pytest.fixture(scope="module")
def small() -> Small:
    return Small()


def test_the_graph_agrees_with_lightgbm_on_awkward_rows(small: Small) -> None:
    rows = models.awkward(small.rows.features, small.edges())
    (ours,) = small.session.run(None, {"features": rows})
    theirs = learning.quantiles(small.boosters, small.shift, small.short, rows)
    assert np.abs(ours - theirs).max() <= 1e-5


def test_leaves_are_whole_quanta_so_that_sums_are_exact(small: Small) -> None:
    assert all(isinstance(booster, lightgbm.Booster) for booster in small.boosters)
    leaves = np.array([float(weight) for weight in numpy_helper.to_array(models.forest()["leaf_weights"].t)])
    assert np.array_equal(leaves, np.rint(leaves / graphs.LEAF_QUANTUM) * graphs.LEAF_QUANTUM)


def test_a_threshold_is_floored_to_float32() -> None:
    assert graphs.floored(0.1) <= 0.1 < float(np.nextafter(graphs.floored(0.1), np.float32(1)))
    assert float(graphs.floored(0.5)) == 0.5
