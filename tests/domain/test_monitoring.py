"""What a day's readings lead to: never back, one step at a time, and nothing that chance explains."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import monitoring as m
from gateway.domain.governance import MOVES, Step
from gateway.domain.models import Column, Reference
from gateway.domain.monitoring import Level, Reading, Seen

ON = date(2026, 3, 2)
TENTHS = Column(tuple(i / 10 for i in range(1, 10)), (0.1,) * 10, 0.02, 0.0, 1.0)
NAMES = ("refund_rate_90", "revenue_cv_26w", "rev30_to_rev90", "history_days", "tax_arrears_days", "score")
USUAL = Reference(80_000, 11_000, dict.fromkeys(NAMES, TENTHS))


def seen(values: list[float], missing: int = 0, outside: int = 0) -> Seen:
    counts = [0] * 10
    for value in values:
        counts[min(int(value * 10), 9)] += 1
    return Seen(counts, missing, outside)


def day(back: int, level: Level = Level.severe, monitor: str = "psi:pd:score") -> list[Reading]:
    return [Reading(ON - timedelta(days=back), monitor, level, 0, 0, 500)]


def levels(columns: dict[str, Seen], *, adopted: bool) -> dict[str, Level]:
    found = m.columns(ON, "pd", USUAL, columns, adopted=adopted)
    return {one.monitor: one.level for one in found}


def test_the_same_distribution_raises_an_alarm_on_no_more_days_than_said() -> None:
    chance = random.Random(5)
    alarms = 0
    for _ in range(400):
        columns = {name: seen([chance.random() for _ in range(400)], missing=8) for name in NAMES}
        alarms += any(level is not Level.ok for level in levels(columns, adopted=True).values())
    assert alarms <= 400 * m.FALSE_ALARM + 8


def test_drift_is_severe_only_against_what_a_person_called_usual() -> None:
    moved = {name: seen([x / 1_000 for x in range(0, 1_000, 2)] + [0.95] * 900) for name in NAMES}
    trained, own = levels(moved, adopted=False), levels(moved, adopted=True)
    assert (trained["psi:pd:score"], own["psi:pd:score"]) == (Level.alert, Level.severe)
    assert own["psi:pd:rev30_to_rev90"] is Level.alert  # a holiday moves it for everybody
    assert own["psi:pd:history_days"] is Level.ok  # everybody grows older


def test_what_is_missing_is_an_alarm_unless_only_a_consent_is() -> None:
    half = {name: seen([i / 500 for i in range(500)], missing=500) for name in NAMES}
    trained, own = levels(half, adopted=False), levels(half, adopted=True)
    assert trained["missing:pd:refund_rate_90"] is Level.alert
    assert own["missing:pd:refund_rate_90"] is Level.severe
    assert trained["missing:pd:tax_arrears_days"] is Level.ok


def test_values_out_of_range_are_an_alarm() -> None:
    odd = {"refund_rate_90": seen([i / 500 for i in range(500)], outside=60)}
    assert levels(odd, adopted=True)["outside:pd:refund_rate_90"] is Level.severe
    assert levels({"refund_rate_90": seen([i / 500 for i in range(500)], outside=1)}, adopted=True)[
        "outside:pd:refund_rate_90"
    ] is Level.ok  # fmt: skip


def test_few_merchants_are_not_judged() -> None:
    assert m.columns(ON, "pd", USUAL, {"score": seen([0.95] * (m.LEAST_COUNT - 1))}, adopted=True) == []


@pytest.mark.parametrize(
    ("days", "level"),
    [
        ([(400, 500)], Level.ok),
        ([(330, 500)], Level.alert),
        ([(270, 500)], Level.severe),
        ([(60, 100)], Level.ok),
        ([(150, 500), *[(400, 500)] * 27], Level.ok),
    ],
    ids=["exact", "low", "far too low", "few", "one bad day"],
)
def test_intervals_that_miss_too_often_are_an_alarm(days: list[tuple[int, int]], level: Level) -> None:
    assert m.coverage(ON, 7, days).level is level


@pytest.mark.parametrize(
    ("observed", "expected", "level"),
    [(4, 0.5, Level.ok), (8, 8.0, Level.ok), (30, 12.0, Level.severe), (75, 45.0, Level.alert), (0, 20.0, Level.ok)],
)
def test_more_defaults_than_said_are_an_alarm_and_fewer_are_not(observed: int, expected: float, level: Level) -> None:
    reading = m.defaults(ON, "2025-11", observed, expected, 400)
    assert (reading.level, reading.of_pd) == (level, True)


def test_many_odd_merchants_are_an_alarm() -> None:
    assert [m.anomalies(ON, odd, 1_000).level for odd in (50, 150, 300)] == [Level.ok, Level.alert, Level.severe]


def test_an_alert_is_the_first_step_and_a_quiet_day_takes_none() -> None:
    assert m.next_step(Step.normal, None, [day(0, Level.alert)], rules=True) is Step.alert
    assert m.next_step(Step.normal, None, [[], day(1)], rules=True) is Step.normal


def test_severe_readings_that_last_shrink_limits_and_then_leave_the_answer_to_the_rules() -> None:
    days = [day(back) for back in range(12)]
    before = ON - timedelta(days=20)
    assert m.next_step(Step.alert, before, days[: m.HAIRCUT_AFTER - 1], rules=True) is Step.alert
    assert m.next_step(Step.alert, before, days[: m.HAIRCUT_AFTER], rules=True) is Step.haircut
    assert m.next_step(Step.haircut, before, days[: m.RULES_AFTER], rules=True) is Step.rules_only
    assert m.next_step(Step.haircut, before, days, rules=False) is Step.haircut


def test_a_day_without_or_an_alert_alone_breaks_the_row() -> None:
    before = ON - timedelta(days=20)
    gap = [day(0), day(1), day(3), day(4)]
    mild = [day(0), day(1, Level.alert), day(2), day(3)]
    for days in (gap, mild):
        assert m.next_step(Step.alert, before, days, rules=True) is Step.alert


def test_days_before_the_present_step_do_not_count() -> None:
    days = [day(back) for back in range(12)]
    assert m.next_step(Step.alert, ON - timedelta(days=2), days, rules=True) is Step.alert


def test_forecasts_that_miss_do_not_depose_the_pd() -> None:
    days = [day(back, monitor="coverage:7") for back in range(12)]
    assert m.next_step(Step.haircut, ON - timedelta(days=20), days, rules=True) is Step.haircut


@given(
    step=st.sampled_from(Step),
    days=st.lists(
        st.lists(
            st.tuples(st.sampled_from([Level.alert, Level.severe]), st.sampled_from(["psi:pd:score", "coverage:7"])),
            max_size=3,
        ),
        max_size=14,
    ),
)
def test_no_day_takes_a_step_back_or_two_at_once(step: Step, days: list[list[tuple[Level, str]]]) -> None:
    rows = [
        [Reading(ON - timedelta(days=back), name, level, 0, 0, 500) for level, name in one]
        for back, one in enumerate(days)
    ]
    after = m.next_step(step, None, rows, rules=True)
    assert after is step or (after in MOVES[step] and after is not Step.normal)


def test_an_adopted_population_is_the_usual_one() -> None:
    chance = random.Random(2)
    moved = {name: seen([chance.random() ** 3 for _ in range(3_000)], missing=600) for name in NAMES}
    own = m.adopted(USUAL, moved)
    assert own.columns["score"].edges == TENTHS.edges
    found = m.columns(ON, "pd", own, moved, adopted=True)
    assert {one.level for one in found} == {Level.ok}
