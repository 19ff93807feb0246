"""The shipped year-ahead model: sorted at every knot, the same in any batch, wide for short histories, whole paths."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gateway import scorer
from gateway.domain import features as f
from gateway.domain import paths
from gateway.domain.models import ModelRefused
from onnx_models import learning, samples
from onnx_models.parameters import SECTORS
from tests.onnx_models import models

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def rows() -> models.Features:
    return samples.year_paths(samples.chunk(99, 5, SECTORS, 300), 3).features


def test_every_knot_has_its_own_ascending_quantiles(rows: models.Features) -> None:
    nasty = models.awkward(rows, [np.array([0.5], np.float32)] * rows.shape[1])
    (quantiles,) = models.run("path_52", nasty)
    by_knot = quantiles.reshape(len(nasty), len(paths.KNOTS), len(paths.QUANTILES))
    assert np.isfinite(by_knot).all()
    assert (by_knot >= 0).all()
    assert (np.diff(by_knot, axis=2) >= 0).all()


@pytest.mark.parametrize("size", [1, 256])
def test_a_row_is_forecast_the_same_in_any_batch(rows: models.Features, size: int) -> None:
    some = rows[:256]
    (whole,) = models.run("path_52", some)
    pieces = [models.run("path_52", some[low : low + size])[0] for low in range(0, min(256, 8 * size), size)]
    joined = np.concatenate(pieces)
    assert joined.tobytes() == whole[: len(joined)].tobytes()


def test_a_short_history_gets_a_wider_year(rows: models.Features) -> None:
    short = rows.copy()
    short[:, learning.DAYS] = f.FORECAST_MIN_DAYS - 1
    (usual,), (wide,) = models.run("path_52", rows), models.run("path_52", short)
    assert (wide[:, 2::3] - wide[:, ::3]).mean() > (usual[:, 2::3] - usual[:, ::3]).mean()


def test_the_scorer_gives_integers_that_make_a_path(rows: models.Features) -> None:
    for knots in scorer.load(models.FOLDER).year(rows[:20]):
        assert all(type(value) is int for triple in knots for value in triple)
        assert len(paths.path(knots)) == paths.WEEKS


def test_half_the_simulated_years_end_below_the_median() -> None:
    held = samples.year_paths(samples.chunk(99, 6, SECTORS, 400), 2)
    (quantiles,) = models.run("path_52", held.features)
    below = (held.ratio <= quantiles[:, 1::3]).mean(axis=0)
    inside = ((held.ratio >= quantiles[:, ::3]) & (held.ratio <= quantiles[:, 2::3])).mean(axis=0)
    assert ((below > 0.42) & (below < 0.58)).all()
    assert ((inside > 0.72) & (inside < 0.88)).all()


def test_a_model_that_is_not_there_is_refused_when_asked(tmp_path: Path, rows: models.Features) -> None:
    for name in (*scorer.REQUIRED, "pd"):
        shutil.copytree(models.FOLDER / name, tmp_path / name)
    loaded = scorer.load(tmp_path)
    assert set(loaded.hashes()) == {*scorer.REQUIRED, "pd"}
    assert not loaded.usable("rules")
    with pytest.raises(ModelRefused, match="rules: there is no version of it"):
        loaded.rules(rows[:1])
