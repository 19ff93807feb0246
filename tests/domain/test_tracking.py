"""Tracking: each merchant's own misses move its outer quantiles, slowly, and the order is never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import features as f
from gateway.domain import tracking as t

if TYPE_CHECKING:
    from gateway.domain.positions import Track

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


# --- day by day ------------------------------------------------------------------------------------------------------

SAID = np.array([[600_000, 700_000, 850_000, 1_000_000, 1_150_000, 1_300_000, 1_400_000]])
DAY_1 = 738_000


def shop(net: list[int], through: int) -> f.Histories:
    """One merchant's days, the last one `through`."""
    days = np.zeros((1, f.HISTORY_DAYS), np.int64)
    days[0, -len(net) :] = net[-f.HISTORY_DAYS :]
    return f.Histories(days, days, days, np.array([len(net)]), np.array([through + 1]))


def closed(track: Track | None, net: list[int], horizon: int, quantiles: np.ndarray = SAID) -> Track | None:
    """What is known after the last of these days closed; they begin at DAY_1."""
    past = shop(net, DAY_1 + len(net) - 1)
    return t.follow([track], past, f.forecast_features(past, horizon), quantiles, horizon).tracks[0]


def run(net: list[int], closes: list[int], horizon: int) -> Track:
    """The track after closing at each of these lengths."""
    track = None
    for length in closes:
        track = closed(track, net[:length], horizon)
    assert track is not None
    return track


NETS = st.lists(st.integers(-2_000, 90_000), min_size=64, max_size=110)


def test_the_wide_fallback_of_a_newcomer_is_neither_widened_nor_learned_from() -> None:
    past = shop([1_000] * 55, DAY_1)
    answer = t.follow([None], past, f.forecast_features(past, 7), SAID, 7)
    assert answer.tracks == [None]
    assert np.array_equal(answer.quantiles, SAID)
    assert closed(None, [1_000] * 56, 7) is not None


@pytest.mark.parametrize("horizon", f.HORIZONS)
def test_what_is_kept_is_what_was_said_and_has_not_ended(horizon: int) -> None:
    track = run([1_000] * 120, list(range(56, 121)), horizon)
    said = t.answers(track)
    assert [on.toordinal() for on, _ in said] == [DAY_1 + 119 - back for back in range(horizon - 1, -1, -1)]
    assert {quantiles for _, quantiles in said} == {tuple(SAID[0].tolist())}


@settings(max_examples=25, deadline=None)
@given(NETS, st.data(), st.sampled_from(f.HORIZONS))
def test_what_was_said_teaches_once_its_horizon_ended_and_days_closed_together_teach_no_more(
    net: list[int], data: st.DataObject, horizon: int
) -> None:
    closes = sorted(data.draw(st.sets(st.integers(56, len(net)), min_size=1)) | {len(net)})
    track = run(net, closes, horizon)
    state = t.start(f.forecast_features(shop(net[: closes[0]], DAY_1 + closes[0] - 1), horizon), horizon)
    for origin in closes:
        before = sum(net[origin - 28 : origin])
        if origin + horizon <= len(net) and before > 0:
            sold = sum(net[origin : origin + horizon]) * 28 * t.MILLION / (before * horizon)
            state = t.learned(state, SAID, np.array([round(min(sold, 30_000_000))]), horizon)
    assert np.abs(state[0] - track.factors).max() <= 1
    waiting = [origin for origin in closes if origin + horizon > len(net)]
    assert [on.toordinal() - DAY_1 + 1 for on, _ in t.answers(track)] == waiting


def test_closing_the_same_days_again_or_correcting_them_teaches_nothing_twice() -> None:
    net = [1_000, 3_000] * 60
    track = run(net, list(range(56, 120)), 7)
    again = closed(track, net[:119], 7)
    assert again == track
    corrected = [*net[:110], 90_000, *net[111:119]]
    other = closed(track, corrected, 7, SAID * 2)
    assert other is not None
    assert other.factors == track.factors
    assert t.answers(other)[:-1] == t.answers(track)[:-1]
    assert t.answers(other)[-1][1] == tuple((2 * SAID[0]).tolist())


def test_a_gap_longer_than_the_days_kept_and_a_silent_month_teach_nothing() -> None:
    track = run([1_000] * 120, list(range(56, 121)), 30)
    late = closed(track, [1_000] * 120 + [0] * 395, 30)
    assert late is not None
    assert len(t.answers(late)) == 1
    silent = run([1_000] * 60 + [0] * 60, [60, 90, 119], 7)
    before = run([1_000] * 60 + [0] * 60, [60, 90], 7)
    assert silent.factors == before.factors


def test_merchants_do_not_depend_on_each_other_when_their_days_close() -> None:
    rng = np.random.default_rng(5)
    nets = [rng.integers(0, 9_000, length).tolist() for length in (20, 56, 57, 80, 200, 430)]
    alone = [
        run(net, list(range(max(56, len(net) - 40), len(net) + 1)), 30) if len(net) >= 56 else None for net in nets
    ]
    days = [shop(net, DAY_1 + len(net) - 1) for net in nets]
    whole = f.Histories(*(np.concatenate([getattr(day, name) for day in days]) for name in f.Histories._fields))
    rows = f.forecast_features(whole, 30)
    answer = t.follow(alone, whole, rows, np.repeat(SAID, len(nets), axis=0), 30)
    assert answer.tracks == alone
    for i, track in enumerate(alone):
        one = t.follow([track], days[i], rows[i : i + 1], SAID, 30)
        assert np.array_equal(one.quantiles[0], answer.quantiles[i])
