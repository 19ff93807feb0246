from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import schedules
from gateway.domain.schedules import Due, Health, Pause

DAY = date(2026, 3, 2)
TOTALS = st.integers(1, 10**12)
DAYS = st.integers(0, 800)


def plan(total: int = 9_000, term: int = 270, interval: int = 30) -> tuple[Due, ...]:
    return schedules.dues(total, DAY, term, interval)


def after(days: int) -> date:
    return DAY + timedelta(days=days)


@given(total=TOTALS, term=st.integers(1, 720), interval=st.integers(1, 90))
def test_minimums_sum_to_the_total_by_the_final_due_date_without_a_balloon(
    total: int, term: int, interval: int
) -> None:
    made = schedules.dues(total, DAY, term, interval)
    assert made[-1] == Due(after(term), total)
    steps = [due.total_amount - before for due, before in zip(made, [0, *(d.total_amount for d in made)], strict=False)]
    assert max(steps) == steps[0]
    assert min(steps) >= 0
    assert [due.due_on for due in made] == sorted({due.due_on for due in made})


@given(total=TOTALS, paid=st.integers(0, 10**12), days=DAYS)
def test_arrears_are_what_past_dues_ask_beyond_what_was_paid(total: int, paid: int, days: int) -> None:
    made, on = plan(total), after(days)
    behind = schedules.arrears_amount(made, paid, on)
    assert 0 <= behind <= max(0, total - paid)
    assert (behind > 0) == (schedules.past_due_days(made, paid, on) > 0)


@given(total=TOTALS, paid=st.integers(0, 10**12), more=st.integers(0, 10**12), days=DAYS)
def test_paying_more_never_makes_anything_worse(total: int, paid: int, more: int, days: int) -> None:
    made, on = plan(total), after(days)
    assert schedules.past_due_days(made, paid + more, on) <= schedules.past_due_days(made, paid, on)
    one, two = schedules.interval(made, paid, on), schedules.interval(made, paid + more, on)
    assert one is not None
    assert two is not None
    assert two.remaining_amount <= one.remaining_amount
    assert two.paid_amount >= one.paid_amount


@given(total=TOTALS, paid=st.integers(0, 10**12), days=DAYS, start=DAYS, length=st.integers(1, 90))
def test_a_pause_never_makes_a_loan_more_overdue_and_keeps_what_is_asked(
    total: int, paid: int, days: int, start: int, length: int
) -> None:
    made = plan(total)
    rested = schedules.paused(made, [Pause(after(start), length)])
    assert [due.total_amount for due in rested] == [due.total_amount for due in made]
    assert schedules.past_due_days(rested, paid, after(days)) <= schedules.past_due_days(made, paid, after(days))


def test_two_pauses_add_up_for_what_falls_due_after_both() -> None:
    made = schedules.paused(plan(), [Pause(after(40), 10), Pause(after(10), 5)])
    assert [(due.due_on - DAY).days for due in made[:3]] == [35, 75, 105]


def test_a_surplus_carries_forward_to_the_next_interval() -> None:
    running = schedules.interval(plan(), 1_500, after(31))
    assert running == schedules.Interval(after(60), 1_000, 500, 500)


def test_what_an_earlier_interval_lacks_is_asked_with_the_running_one() -> None:
    running = schedules.interval(plan(), 400, after(31))
    assert running == schedules.Interval(after(60), 1_000, 0, 1_600)


def test_after_the_term_the_last_interval_goes_on_asking() -> None:
    running = schedules.interval(plan(), 8_500, after(500))
    assert running == schedules.Interval(after(270), 1_000, 500, 500)


def test_health_goes_from_current_to_default_and_back_as_it_is_paid() -> None:
    made = plan()
    assert schedules.health(made, 0, 1_000, after(10)) is Health.current
    assert schedules.health(made, 0, 999, after(10)) is Health.near_breach
    assert schedules.health(made, 0, 0, after(30)) is Health.near_breach  # the due date itself is still in time
    assert schedules.health(made, 0, 0, after(31)) is Health.late
    assert schedules.health(made, 0, 0, after(30 + 89)) is Health.late
    assert schedules.health(made, 0, 0, after(30 + 90)) is Health.defaulted
    assert schedules.health(made, 9_000, 0, after(700)) is Health.current
