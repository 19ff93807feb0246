"""The year ahead: cumulative, never falling, never crossing, in integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import features as f
from gateway.domain import paths
from tests.domain.test_features import histories, one, part

TRIPLES = st.lists(st.lists(st.integers(0, 30_000_000), min_size=3, max_size=3).map(sorted), min_size=8, max_size=8)
STEADY = [[900_000, 1_000_000, 1_100_000]] * len(paths.KNOTS)


def test_a_steady_shop_sells_a_week_a_week() -> None:
    year = paths.path(STEADY)
    assert [row[1] for row in year] == [week * 1_000_000 for week in range(1, 53)]
    assert year[-1] == (52 * 900_000, 52_000_000, 52 * 1_100_000)


@settings(max_examples=200, deadline=None)
@given(TRIPLES)
def test_a_path_never_falls_and_its_quantiles_never_cross(knots: list[list[int]]) -> None:
    year = np.array(paths.path(knots))
    assert year.shape == (paths.WEEKS, 3)
    assert (np.diff(year, axis=0) >= 0).all()
    assert (np.diff(year, axis=1) >= 0).all()


def test_between_knots_the_sum_runs_straight() -> None:
    knots = [list(row) for row in STEADY]
    knots[3] = [0, 1_000_000, 2_000_000]  # week 8
    year = paths.path(knots)
    assert [year[week][2] - year[week - 1][2] for week in range(4, 8)] == [(16_000_000 - 4_400_000) // 4] * 4


def test_amounts_are_whole_and_rounded_down() -> None:
    assert paths.amounts([(333_333, 1_000_000, 1_999_999)], 100) == [(33, 100, 199)]
    assert paths.amounts(paths.path(STEADY), 0)[-1] == (0, 0, 0)


def test_features_start_with_those_of_the_30_day_forecast_and_are_finite() -> None:
    past = histories(300)
    rows = paths.path_features(past)
    assert rows.shape == (300, len(paths.PATH_FEATURES))
    assert np.isfinite(rows).all()
    assert np.array_equal(rows[:, :24], f.forecast_features(past, 30))


@pytest.mark.parametrize("size", [1, 7])
def test_a_row_does_not_depend_on_its_batch(size: int) -> None:
    past = histories(70, 1)
    whole = paths.path_features(past)
    pieces = [paths.path_features(part(past, low, low + size)) for low in range(0, 70, size)]
    assert np.concatenate(pieces).tobytes() == whole.tobytes()


def test_last_years_weeks_ahead_are_read_where_they_are_known() -> None:
    days = [1000] * 36 + [3000] * 7 + [1000] * 357
    column = paths.PATH_FEATURES.index("year_ago_weeks_1")
    assert paths.path_features(one(days))[0, column] == pytest.approx(np.log(3.03))
    assert paths.path_features(one(days, length=391))[0, column] == pytest.approx(np.log(1.03))


@settings(max_examples=100, deadline=None)
@given(st.lists(TRIPLES, min_size=1, max_size=4))
def test_the_sums_at_the_knots_are_those_of_the_whole_path(merchants: list[list[list[int]]]) -> None:
    sums = paths.cumulative(np.array(merchants))
    for row, knots in zip(sums.tolist(), merchants, strict=True):
        assert [tuple(triple) for triple in row] == [paths.path(knots)[knot - 1] for knot in paths.KNOTS]
