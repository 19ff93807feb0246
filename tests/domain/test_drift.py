"""Drift is told from chance: bounds grow as samples shrink, and the same distribution raises no alarm."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import drift

TENTHS = (0.1,) * 10


def sampled(shares: tuple[float, ...], count: int, chance: random.Random) -> list[int]:
    counts = [0] * len(shares)
    for at in chance.choices(range(len(shares)), shares, k=count):
        counts[at] += 1
    return counts


# Quantiles of the chi-squared distribution from its published tables (Abramowitz and Stegun, table 26.8).
@pytest.mark.parametrize(
    ("freedom", "chance", "value"),
    [
        (1, 0.05, 3.841),
        (1, 0.001, 10.828),
        (3, 0.01, 11.345),
        (9, 0.05, 16.919),
        (9, 0.001, 27.877),
        (20, 0.01, 37.566),
    ],
)
def test_the_critical_values_are_those_of_the_tables(freedom: int, chance: float, value: float) -> None:
    assert drift.chi_squared(freedom, chance) == pytest.approx(value, rel=0.01)


def test_a_single_bin_cannot_drift() -> None:
    assert drift.chi_squared(0, 0.01) == 0
    assert drift.stability((1.0,), 1_000, [300]) == pytest.approx(0)


@pytest.mark.parametrize("count", [200, 1_000, 5_000])
@pytest.mark.parametrize("shares", [TENTHS, (0.5, 0.3, 0.15, 0.05), (0.9, 0.1)], ids=["tenths", "four", "two"])
def test_samples_of_the_same_distribution_pass_the_bound_no_more_often_than_said(
    count: int, shares: tuple[float, ...]
) -> None:
    chance = random.Random(count)
    bound = drift.critical(len(shares), (80_000, count), 0.05)
    alarms = sum(drift.stability(shares, 80_000, sampled(shares, count, chance)) > bound for _ in range(600))
    assert drift.interval(alarms, 600, 0.001)[0] <= 0.05


def test_a_population_that_moved_passes_the_bound() -> None:
    moved = (0.04, 0.05, 0.06, 0.08, 0.09, 0.1, 0.12, 0.14, 0.15, 0.17)
    for count in (200, 5_000):
        seen = [round(share * count) for share in moved]
        assert drift.stability(TENTHS, 80_000, seen) > drift.critical(10, (80_000, count), 0.001)


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=12), st.integers(1, 10**6))
def test_the_index_is_finite_and_never_negative(counts: list[int], usual_count: int) -> None:
    shares = [1 / len(counts)] * len(counts)
    assert 0 <= drift.stability(shares, usual_count, counts) < 100


@given(st.integers(1, 10**6), st.data())
def test_an_interval_holds_the_share_it_is_of(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(0, whole))
    low, high = drift.interval(part, whole, 0.01)
    assert 0 <= low <= part / whole + 1e-12
    assert part / whole - 1e-12 <= high <= 1


@pytest.mark.parametrize(("count", "expected", "value"), [(0, 3.0, 1.0), (5, 2.0, 0.0527), (20, 10.0, 0.0035)])
def test_the_chance_of_so_many_is_that_of_poisson(count: int, expected: float, value: float) -> None:
    assert drift.at_least(count, expected) == pytest.approx(value, abs=5e-4)


def test_what_was_never_expected_never_happens_by_chance() -> None:
    assert drift.at_least(1, 0.0) == 0.0
