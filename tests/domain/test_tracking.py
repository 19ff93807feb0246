"""Tracking: each merchant's own misses move its outer quantiles, slowly, and the order is never lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import features as f
from gateway.domain import tracking as t

RATIOS = st.lists(st.integers(0, 40_000_000), min_size=7, max_size=7).map(sorted)
FACTORS = st.lists(st.integers(250_000, 6_000_000), min_size=4, max_size=4)
USUAL = np.array([[600_000, 700_000, 850_000, 1_000_000, 1_150_000, 1_300_000, 1_400_000]])
ONES = np.full((1, 4), t.MILLION)


def features(sigma: float) -> np.ndarray:
    rows = np.zeros((1, len(f.FORECAST_FEATURES)), np.float32)
    rows[0, t.SIGMA] = sigma
    return rows


def test_factors_of_one_change_nothing() -> None:
    assert np.abs(t.widened(USUAL, ONES) - USUAL).max() <= 1


def test_larger_factors_widen_and_leave_the_median() -> None:
    wide = t.widened(USUAL, 2 * ONES)
    assert wide[0, 3] == USUAL[0, 3]
    assert (wide[0, :3] < USUAL[0, :3]).all()
    assert (wide[0, 4:] > USUAL[0, 4:]).all()


@settings(max_examples=200, deadline=None)
@given(RATIOS, FACTORS)
def test_quantiles_stay_ascending_and_not_negative(ratios: list[int], factors: list[int]) -> None:
    wide = t.widened(np.array([ratios]), np.array([factors]))
    assert (np.diff(wide) >= 0).all()
    assert (wide >= 0).all()
    assert wide[0, 3] == ratios[3]


@settings(max_examples=200, deadline=None)
@given(RATIOS, FACTORS, st.integers(-(10**7), 10**9), st.sampled_from(f.HORIZONS))
def test_factors_stay_within_their_bounds(ratios: list[int], factors: list[int], actual: int, horizon: int) -> None:
    moved = t.learned(np.array([factors]), np.array([ratios]), np.array([actual]), horizon)
    assert moved.dtype == np.int64
    assert (moved >= t.BOUNDS[0] * t.MILLION).all()
    assert (moved <= t.BOUNDS[1] * t.MILLION).all()


@pytest.mark.parametrize(("actual", "grown"), [(5_000_000, [2, 3]), (0, [0, 1]), (1_000_000, [])])
def test_only_the_side_that_was_passed_grows(actual: int, grown: list[int]) -> None:
    moved = t.learned(ONES, USUAL, np.array([actual]), 7)
    assert np.flatnonzero(moved[0] > t.MILLION).tolist() == grown


def test_a_merchant_more_erratic_than_the_model_believes_is_covered_in_the_end() -> None:
    rng = np.random.default_rng(1)
    state, inside = ONES, []
    for sold in np.exp(0.6 * rng.standard_normal(2000)):
        actual = np.array([round(sold * t.MILLION)])
        wide = t.widened(USUAL, state)
        inside.append(wide[0, 1] <= actual[0] <= wide[0, 5])
        state = t.learned(state, USUAL, actual, 7)
    assert np.mean(inside[:100]) < 0.65
    assert 0.75 < np.mean(inside[1000:]) < 0.85


def test_a_merchant_does_not_depend_on_the_others_in_its_batch() -> None:
    rng = np.random.default_rng(2)
    rows = np.sort(rng.integers(0, 3_000_000, (50, 7)))
    state, actual = rng.integers(250_000, 6_000_000, (50, 4)), rng.integers(0, 3_000_000, 50)
    whole = t.learned(state, rows, actual, 30)
    for i in range(50):
        alone = slice(i, i + 1)
        assert np.array_equal(t.learned(state[alone], rows[alone], actual[alone], 30), whole[alone])
        assert np.array_equal(t.widened(rows[alone], state[alone]), t.widened(rows, state)[alone])


def test_an_erratic_newcomer_starts_wider() -> None:
    assert (t.start(features(0.9), 30) > t.start(features(0.1), 30)).all()
    assert np.array_equal(t.start(features(1.0), 7), t.start(features(9.0), 7))


def test_the_pace_is_slow_enough_for_late_answers() -> None:
    assert all(pace * horizon <= 0.6 for horizon, pace in t.PACE.items())
