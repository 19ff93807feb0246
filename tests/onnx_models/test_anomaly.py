"""The shipped anomaly model: exact sums, nothing missing counts, and lies stand out on simulated merchants."""

from __future__ import annotations

import numpy as np
import pytest

from gateway import scorer
from gateway.domain import anomalies as a
from onnx_models import graphs, metrics, samples, tampering
from onnx_models.parameters import SECTORS
from tests.onnx_models import models


@pytest.fixture(scope="module")
def till() -> tampering.Till:
    return tampering.honest(samples.chunk(99, 7, SECTORS, 500), np.random.default_rng(1))


def scales() -> graphs.Scales:
    known = models.constants("anomaly")
    return graphs.Scales._make(known[field] for field in graphs.Scales._fields)


def score(till: tampering.Till) -> np.ndarray:
    return np.array([one.score for one in scorer.load(models.FOLDER).anomaly(tampering.features(till))]) / 1e6


def test_the_graph_agrees_with_the_training_side_on_awkward_rows(till: tampering.Till) -> None:
    edges = [np.array([centre], np.float32) for centre in scales().centre]
    rows = models.awkward(tampering.features(till), edges)
    found, contributions = models.run("anomaly", rows)
    expected, parts = graphs.evaluate_scales(scales(), rows)
    assert np.array_equal(contributions, parts)
    assert np.array_equal(found[:, 0], expected.astype(np.float32))
    assert np.array_equal(contributions.astype(np.float64).sum(axis=1), found[:, 0].astype(np.float64))


def test_what_is_missing_never_counts(till: tampering.Till) -> None:
    hidden = np.full((1, len(a.ANOMALY_FEATURES)), np.nan, np.float32)
    (one,) = scorer.load(models.FOLDER).anomaly(hidden)
    assert one.score == 0
    assert all(part.value is None and part.logit == 0 for part in one.contributions)


def test_more_of_any_oddity_never_lowers_the_score(till: tampering.Till) -> None:
    rows = np.nan_to_num(tampering.features(till))
    for column in range(rows.shape[1]):
        more = rows.copy()
        more[:, column] += 1
        assert (models.run("anomaly", more)[0] >= models.run("anomaly", rows)[0]).all()


def test_few_honest_merchants_alert(till: tampering.Till) -> None:
    assert (score(till) >= 1).mean() <= 0.06


@pytest.mark.parametrize("kind", ["ticket", "rounding", "spikes"])
def test_lies_stand_out(till: tampering.Till, kind: str) -> None:
    honest, lied = score(till), score(tampering.tampered(till, kind, np.random.default_rng(2)))
    happened = np.arange(2 * len(honest)) >= len(honest)
    assert metrics.auc(happened, np.concatenate([honest, lied])) >= 0.95


@pytest.mark.parametrize("witness", ["purchases", "taxed"])
def test_inflated_sales_stand_out_against_an_outside_witness(till: tampering.Till, witness: str) -> None:
    lied = tampering.tampered(till, "inflation", np.random.default_rng(3))
    honest, told = (score(tampering.silenced(one, (witness,))) for one in (till, lied))
    happened = np.arange(2 * len(honest)) >= len(honest)
    assert metrics.auc(happened, np.concatenate([honest, told])) >= 0.88
