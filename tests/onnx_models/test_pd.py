"""The shipped PD model: parity with the training side, signs, reasons, batches."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from gateway.domain import features as f
from onnx_models import graphs
from tests.onnx_models import models


@pytest.fixture(scope="module")
def rows() -> models.Features:
    return models.pd_rows()


@pytest.fixture(scope="module")
def awkward(rows: models.Features) -> models.Features:
    return models.awkward(rows, models.pd_edges())


def test_the_graph_agrees_with_the_training_side_on_awkward_rows(awkward: models.Features) -> None:
    chance, logit, contributions = models.run("pd", awkward)
    logits, parts = graphs.evaluate_stumps(models.stumps(), awkward)
    assert np.abs(chance[:, 0] - 1 / (1 + np.exp(-logits))).max() <= 1e-6
    assert np.array_equal(logit[:, 0], logits.astype(np.float32))
    assert np.array_equal(contributions, parts)


@pytest.mark.parametrize("size", [1, 256])
def test_a_row_scores_the_same_in_any_batch(awkward: models.Features, size: int) -> None:
    some = awkward[:1024]
    whole = models.run("pd", some)
    session = onnxruntime.InferenceSession(models.path("pd"))
    pieces = [session.run(None, {"features": some[low : low + size]}) for low in range(0, 1024, size)]
    for number, output in enumerate(whole):
        assert np.concatenate([piece[number] for piece in pieces]).tobytes() == output.tobytes()


def test_contributions_add_up_to_the_logit(awkward: models.Features) -> None:
    _, logit, contributions = models.run("pd", awkward)
    total = contributions.astype(np.float64).sum(axis=1) + float(models.stumps().base[0])
    assert np.abs(total - logit[:, 0]).max() <= 1e-5


def test_no_perturbation_in_the_risky_direction_lowers_the_risk(rows: models.Features) -> None:
    rng = np.random.default_rng(3)
    before = rows[rng.integers(0, len(rows), 10_000)].copy()
    column = rng.integers(0, before.shape[1], 10_000)
    after = before.copy()
    sign = np.array(list(f.PD_SIGNS.values()), np.float32)[column]
    step = np.abs(rng.standard_normal(10_000) * np.nanstd(rows, axis=0)[column]).astype(np.float32)
    after[np.arange(10_000), column] += sign * step
    low, high = models.run("pd", before), models.run("pd", after)
    assert (high[1] >= low[1]).all()
    assert (high[0] >= low[0]).all()


def test_a_missing_value_is_never_better_than_the_average(rows: models.Features) -> None:
    known = models.stumps()
    assert (known.weights >= 0).all()
    assert (known.missing >= 0).all()
    hidden = np.full_like(rows[:1], np.nan)
    assert (models.run("pd", hidden)[2] >= 0).all()


def test_a_larger_loan_is_riskier(rows: models.Features) -> None:
    small, large = rows.copy(), rows.copy()
    small[:, f.EXPOSURE_COLUMN], large[:, f.EXPOSURE_COLUMN] = 0.05, 0.8
    assert (models.run("pd", large)[0] > models.run("pd", small)[0]).all()


def test_no_feature_has_more_than_32_edges() -> None:
    assert models.stumps().edges.shape == (len(f.PD_FEATURES), 32)
