"""Features: what they may look at, what they make of odd input, and that a batch changes nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain import features as f

AMOUNTS = st.integers(-(10**11), 10**11)


def histories(count: int, seed: int = 0) -> f.Histories:
    """Random merchants, some with short histories, closed days, refunds above sales and no sales at all."""
    rng = np.random.default_rng(seed)
    length = rng.integers(1, 900, count)
    known = np.arange(f.HISTORY_DAYS, 0, -1) <= length[:, None]
    gross = rng.lognormal(10, 2, (count, 1)) * rng.lognormal(0, 0.5, (count, f.HISTORY_DAYS))
    gross *= rng.random((count, f.HISTORY_DAYS)) < rng.choice(
        [0.0, 0.1, 0.8, 1.0], (count, 1), p=[0.03, 0.17, 0.5, 0.3]
    )
    refunds = gross * rng.random(gross.shape) * rng.choice([0, 0.1, 1.5], (count, 1), p=[0.3, 0.6, 0.1])
    sold, back = (np.where(known, item, 0).astype(np.int64) for item in (gross, refunds))
    as_of = rng.integers(date(2012, 1, 1).toordinal(), date(2028, 12, 31).toordinal(), count)
    return f.Histories(sold - back, back, sold // 1000, length, as_of)


def one(net: list[int], **changes: int) -> f.Histories:
    """One merchant who has sold `net`, oldest first."""
    days = np.zeros(f.HISTORY_DAYS, np.int64)
    days[-len(net) :] = net
    recent = f.Recent(days, np.zeros_like(days), days, changes.get("length", len(net)), changes.get("as_of", 738_000))
    return f.stack([recent])


def part(whole: f.Histories, low: int, high: int) -> f.Histories:
    return f.Histories(*(np.ascontiguousarray(item[low:high]) for item in whole))


def forecast_of(past: f.Histories, name: str, horizon: int = 7) -> float:
    return float(f.forecast_features(past, horizon)[0, f.FORECAST_FEATURES.index(name)])


def pd_of(past: f.Histories, name: str, exposure: int = 0) -> float:
    return float(f.pd_features(past, np.array([exposure]))[0, f.PD_FEATURES.index(name)])


def test_there_are_24_forecast_features_and_a_column_for_every_name() -> None:
    past = histories(3)
    assert len(set(f.FORECAST_FEATURES)) == 24
    assert f.forecast_features(past, 7).shape == (3, 24)
    assert f.pd_features(past, np.zeros(3, np.int64)).shape == (3, len(f.PD_FEATURES))


def test_features_are_float32_and_forecast_features_are_always_finite() -> None:
    past = histories(500)
    for horizon in f.HORIZONS:
        rows = f.forecast_features(past, horizon)
        assert rows.dtype == np.float32
        assert np.isfinite(rows).all()
    assert f.pd_features(past, np.ones(500, np.int64)).dtype == np.float32


@pytest.mark.parametrize("size", [1, 7, 256])
def test_a_row_does_not_depend_on_its_batch(size: int) -> None:
    past, exposure = histories(512, 1), np.arange(512) * 1000
    pieces = [(low, low + size) for low in range(0, 512 - size + 1, size)]
    whole = f.pd_features(past, exposure)
    cut = [f.pd_features(part(past, low, high), exposure[low:high]) for low, high in pieces]
    assert np.concatenate(cut).tobytes() == whole[: pieces[-1][1]].tobytes()
    for horizon in f.HORIZONS:
        whole = f.forecast_features(past, horizon)
        cut = [f.forecast_features(part(past, low, high), horizon) for low, high in pieces]
        assert np.concatenate(cut).tobytes() == whole[: pieces[-1][1]].tobytes()


def test_trying_many_exposures_gives_what_one_exposure_gives() -> None:
    past = histories(40, 2)
    tried = np.arange(40)[:, None] * np.array([0, 10_000, 500_000])
    rows = f.at_exposures(f.pd_features(past, tried[:, 0]), past, tried)
    for column in range(3):
        assert rows[column::3].tobytes() == f.pd_features(past, tried[:, column]).tobytes()


@settings(max_examples=150, deadline=None)
@given(st.lists(AMOUNTS, min_size=1, max_size=420), st.integers(0, 10**12))
def test_any_history_gives_defined_features(net: list[int], exposure: int) -> None:
    past = one(net)
    for horizon in f.HORIZONS:
        assert np.isfinite(f.forecast_features(past, horizon)).all()
    assert not np.isinf(f.pd_features(past, np.array([exposure]))).any()
    assert f.horizon_scale(past, 30)[0] >= 0


@pytest.mark.parametrize(
    "net", [[0] * 400, [-500] * 400, [700], [0], [10**13] * 400], ids=["zeros", "refunds", "one day", "nothing", "huge"]
)
def test_extreme_histories_give_defined_features(net: list[int]) -> None:
    past = one(net)
    assert np.isfinite(f.forecast_features(past, 30)).all()
    assert not np.isinf(f.pd_features(past, np.array([1]))).any()


def test_steady_sales_have_ratios_of_one_and_no_spread() -> None:
    past = one([1000] * 400)
    assert forecast_of(past, "mean_7_to_28") == pytest.approx(np.log(1.03))
    assert forecast_of(past, "week_1") == 1
    assert forecast_of(past, "sigma_13w") == pytest.approx(0, abs=1e-6)
    assert pd_of(past, "rev30_to_rev90") == 1
    assert pd_of(past, "year_growth") == 1
    assert pd_of(past, "fall_from_peak_180") == 0


def test_an_alternating_fortnight_is_seen_ahead() -> None:
    past = one(([200] * 7 + [100] * 7) * 28)
    assert forecast_of(past, "fortnight_profile") == pytest.approx(200 / 150)


def test_the_longest_gap_counts_days_without_sales() -> None:
    assert pd_of(one([5] * 100 + [0] * 9 + [5] * 50), "longest_gap_180") == 9
    assert pd_of(one([5] * 50), "longest_gap_180") == 0
    assert pd_of(one([5] * 100 + [0] * 30), "longest_gap_180") == 30


def test_the_exposure_is_measured_in_months_of_net_sales() -> None:
    assert pd_of(one([1000] * 100), "exposure_ratio", 24_000) == pytest.approx(0.8)
    assert pd_of(one([0] * 100), "exposure_ratio", 1) == f.EXPOSURE_CEILING
    assert pd_of(one([0] * 100), "exposure_ratio", 0) == 0


def test_the_scale_of_a_forecast_is_an_integer_of_the_days_known() -> None:
    assert f.horizon_scale(one([1000] * 100), 30)[0] == 30_000
    assert f.horizon_scale(one([1000] * 10), 7)[0] == 7000
    assert f.horizon_scale(one([-1000] * 10), 7)[0] == 0
    assert f.horizon_scale(one([1000] * 10), 7).dtype == np.int64


def test_short_histories_leave_yearly_features_missing() -> None:
    past = one([1000] * 100)
    assert np.isnan(pd_of(past, "year_growth"))
    assert forecast_of(past, "year_ago_known") == 0
    assert forecast_of(one([1000] * 392), "year_ago_known") == 1


def test_the_schema_hash_tells_models_apart() -> None:
    assert len({f.schema_hash(name) for name in ("forecast_7", "forecast_30", "pd")}) == 3


@pytest.mark.parametrize("count", [1, 7, 300])
def test_both_horizons_at_once_are_what_each_is_alone(count: int) -> None:
    past = histories(count, 4)
    for horizon, rows in zip(f.HORIZONS, f.both_forecast_features(past), strict=True):
        assert rows.tobytes() == f.forecast_features(past, horizon).tobytes()
