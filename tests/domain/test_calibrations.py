"""A line over the logit: it finds the level it was hidden behind, keeps every order, and refuses what would mislead."""

from __future__ import annotations

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import calibrations
from gateway.domain.calibrations import MILLION, Calibration, CalibrationRefused, Outcome

LOGITS = st.integers(-15 * MILLION, 15 * MILLION)
LINES = st.builds(Calibration, st.integers(100_000, 5_000_000), st.integers(-5_000_000, 5_000_000))


def drawn(count: int, slope: float, offset: float, seed: int = 1) -> list[Outcome]:
    """Loans whose true logit is `slope` x what the model says + `offset`."""
    chance = random.Random(seed)
    logits = [chance.gauss(-2.5, 1.0) for _ in range(count)]
    return [Outcome(z, chance.random() < calibrations.chance(slope * z + offset)) for z in logits]


@given(line=LINES, logits=st.lists(LOGITS, min_size=2, max_size=20))
def test_no_merchant_passes_another(line: Calibration, logits: list[int]) -> None:
    moved = [line.pd(logit) for logit in sorted(logits)]
    assert moved == sorted(moved)
    assert all(0 <= pd <= MILLION for pd in moved)


@given(line=LINES, parts=st.lists(st.integers(-3_000_000, 3_000_000), min_size=1, max_size=26), base=LOGITS)
def test_contributions_add_up_to_the_calibrated_logit(line: Calibration, parts: list[int], base: int) -> None:
    whole = line.logit(base) + sum(line.scaled(part) for part in parts)
    assert abs(whole - line.logit(base + sum(parts))) <= len(parts) + 1


@given(line=LINES, logit=LOGITS)
def test_what_was_laid_over_can_be_taken_off(line: Calibration, logit: int) -> None:
    assert abs(line.undone(line.logit(logit)) - logit) <= 2 * MILLION // line.slope + 1


def test_a_slope_is_positive() -> None:
    for slope in (0, -1):
        with pytest.raises(ValueError, match="positive"):
            Calibration(slope)


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.6, -1.0), (1.8, 1.2)])
def test_the_line_that_is_there_is_found(slope: float, offset: float) -> None:
    learned = calibrations.learn(drawn(6_000, slope, offset))
    assert learned.calibration.slope / MILLION == pytest.approx(slope, abs=0.2)
    assert learned.calibration.offset / MILLION == pytest.approx(offset, abs=0.45)
    assert learned.after.slope == pytest.approx(1, abs=0.01)
    assert learned.after.observed_to_expected == pytest.approx(1, abs=0.01)
    assert learned.held_out.ece < 0.03


def test_a_level_that_is_off_is_put_right_on_loans_it_did_not_see() -> None:
    learned = calibrations.learn(drawn(3_000, 1.0, 1.5))
    assert learned.before.observed_to_expected_interval[0] > 1.5
    assert learned.held_out.ece < learned.before.ece / 3
    low, high = learned.before.slope_interval
    assert low < learned.before.slope < high


def test_a_right_model_is_left_almost_alone() -> None:
    learned = calibrations.learn(drawn(1_000, 1.0, 0.0, seed=3))
    low, high = learned.before.slope_interval
    assert low <= 1 <= high
    assert abs(learned.calibration.slope - MILLION) < 300_000


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        (drawn(150, 1.0, 1.0), "150 outcomes are too few"),
        ([Outcome(z / 100 - 3, defaulted=False) for z in range(300)], "0 defaulted and 300 did not"),
        ([Outcome(z / 100 - 3, defaulted=True) for z in range(300)], "300 defaulted and 0 did not"),
        ([Outcome(z / 100 - 3, defaulted=z >= 270) for z in range(300)], "separates"),
        ([Outcome(z / 100 - 3, defaulted=z < 30) for z in range(300)], "separates"),
        ([Outcome(-2.0, defaulted=z % 5 == 0) for z in range(300)], "the same PD"),
        ([Outcome(-z.logit - 5, z.defaulted) for z in drawn(2_000, 1.5, 1.0)], "does not rank"),
    ],
    ids=["few", "no default", "only defaults", "separated", "separated backwards", "constant", "ranked backwards"],
)
def test_outcomes_that_would_mislead_are_refused(outcomes: list[Outcome], reason: str) -> None:
    with pytest.raises(CalibrationRefused, match=reason):
        calibrations.learn(outcomes)


def test_the_best_line_is_no_worse_than_its_neighbours() -> None:
    outcomes = drawn(800, 0.7, 0.4, seed=9)
    learned = calibrations.learn(outcomes).calibration
    best = (learned.slope / MILLION, learned.offset / MILLION)

    def loss(line: tuple[float, float]) -> float:
        return calibrations._loss(outcomes, line, calibrations.RIDGE)

    steps = [step for step in itertools.product((-0.01, 0, 0.01), repeat=2) if any(step)]
    assert all(loss((best[0] + a, best[1] + b)) > loss(best) for a, b in steps)


@given(logit=st.floats(-800, 800))
def test_the_logistic_function_never_overflows(logit: float) -> None:
    assert 0 <= calibrations.chance(logit) <= 1
    assert math.isclose(calibrations.chance(logit) + calibrations.chance(-logit), 1)
