"""The expert scorecard: every feature has points, in its risky direction, through the PD's own graph."""

from __future__ import annotations

import numpy as np

from gateway import scorer
from gateway.domain import features as f
from onnx_models import graphs, rules
from tests.onnx_models import models


def test_every_feature_has_points_and_more_risk_never_costs_fewer() -> None:
    assert list(rules.POINTS) == list(f.PD_FEATURES)
    assert all(points > 0 for steps in rules.POINTS.values() for _, points in steps)


def test_the_shipped_file_says_what_the_points_say() -> None:
    rows = models.pd_rows()
    chance, logit, contributions = models.run("rules", rows)
    logits, parts = graphs.evaluate_stumps(rules.scorecard(), rows)
    assert np.array_equal(logit[:, 0], logits.astype(np.float32))
    assert np.array_equal(contributions, parts)
    assert ((chance > 0) & (chance < 1)).all()


def test_a_fallback_answers_in_the_form_of_the_pd() -> None:
    loaded, rows = scorer.load(models.FOLDER), models.pd_rows()[:20]
    for rule, model in zip(loaded.rules(rows), loaded.explain(rows), strict=True):
        assert [part.feature for part in rule.contributions] == [part.feature for part in model.contributions]
        assert 0 < rule.pd < 1_000_000


def test_points_count_beyond_their_edge_in_the_risky_direction() -> None:
    row = np.full((2, len(f.PD_FEATURES)), np.nan, np.float32)
    column = f.PD_FEATURES.index("cash_cover_min_180")
    row[0, column], row[1, column] = 25, -1
    _, parts = graphs.evaluate_stumps(rules.scorecard(), row)
    assert parts[0, column] == 0
    assert abs(parts[1, column] - 2.2) < 1e-4
