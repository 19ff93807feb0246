from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import reminders, schedules, servicing
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.schedules import Due, Health, Pause, Plan
from gateway.domain.servicing import Coming

DAY = date(2026, 3, 2)
TOTAL = 9_000


def after(days: int) -> date:
    return DAY + timedelta(days=days)


def loan(state: DrawdownState = DrawdownState.active) -> Any:
    """As much of a drawdown as its schedule reads: 270 days, an interval a month."""
    return SimpleNamespace(
        state=state, active_on=DAY, final_due_on=after(270), total_amount=TOTAL, interval_days=30
    )  # fmt: skip


def account(
    paid: int, on: int, *agreed: Pause | Plan, coming: tuple[Coming, ...] = (), **more: Any
) -> servicing.Account:
    return servicing.account(cast("Any", loan(**more)), agreed, coming, paid, after(on))


def share(amount: int, day: int, retry_of: str | None = None) -> Coming:
    return Coming(amount, after(day), after(day + 1), retry_of)


@st.composite
def arrangements(draw: st.DrawFn) -> list[Pause | Plan]:
    """Pauses, and plans of a loan of which something was paid."""
    found: list[Pause | Plan] = []
    for _ in range(draw(st.integers(0, 4))):
        from_on = after(draw(st.integers(0, 300)))
        if draw(st.booleans()):
            found.append(Pause(from_on, draw(st.integers(1, 90))))
        else:
            found.append(Plan(from_on, draw(st.integers(0, TOTAL)), draw(st.integers(1, 60)), draw(st.integers(1, 31))))
    return found


@given(agreed=arrangements())
def test_whatever_is_agreed_the_dues_come_in_order_and_sum_to_the_total(agreed: list[Pause | Plan]) -> None:
    held = account(0, 0, *agreed)
    assert held.dues[-1].total_amount == TOTAL
    assert [due.due_on for due in held.dues] == sorted(due.due_on for due in held.dues)
    totals = [due.total_amount for due in held.dues]
    assert totals == sorted(totals)
    assert sum(amount for _, amount, _ in held.by_due()) == TOTAL


@given(agreed=arrangements(), paid=st.integers(0, TOTAL), on=st.integers(0, 700))
def test_what_each_due_has_got_adds_up_to_what_was_paid(agreed: list[Pause | Plan], paid: int, on: int) -> None:
    held = account(paid, on, *agreed)
    assert sum(got for _, _, got in held.by_due()) == paid


@given(agreed=arrangements(), paid=st.integers(0, TOTAL), flying=st.integers(0, TOTAL), on=st.integers(0, 700))
def test_nothing_is_asked_for_that_was_paid_or_is_on_its_way(
    agreed: list[Pause | Plan], paid: int, flying: int, on: int
) -> None:
    held = account(paid, on, *agreed, coming=(share(flying, on),))
    lacking = held.lacking(after(on))
    asked = 0 if lacking is None else lacking[1]
    assert paid + flying + asked <= max(TOTAL, paid + flying)
    assert asked <= max(0, schedules.due_amount(held.dues, after(on)) - paid - flying)


@given(paid=st.integers(0, TOTAL), more=st.integers(0, TOTAL), on=st.integers(0, 700), agreed=arrangements())
def test_paying_never_makes_it_worse_and_paying_all_cures(
    paid: int, more: int, on: int, agreed: list[Pause | Plan]
) -> None:
    before, later = account(paid, on, *agreed), account(min(TOTAL, paid + more), on, *agreed)
    order = schedules.ORDER.index
    assert order(later.health(after(on), None)) <= order(before.health(after(on), None))
    assert account(TOTAL, on, *agreed).health(after(on), 0) is Health.current


@given(days=st.integers(1, 90), on=st.integers(0, 400), start=st.integers(0, 300))
def test_a_pause_stops_the_days_that_count(days: int, on: int, start: int) -> None:
    plain, rested = account(0, on), account(0, on, Pause(after(start), days))
    assert rested.past_due_days(after(on)) <= plain.past_due_days(after(on))
    assert plain.past_due_days(after(on)) - rested.past_due_days(after(on)) <= days


def test_a_plan_asks_for_the_rest_in_equal_parts_and_cures_what_was_late() -> None:
    held = account(1_000, 100, Plan(after(100), 1_000, 3, 10))
    assert held.dues == (
        Due(after(100), 1_000), Due(after(110), 3_667), Due(after(120), 6_334), Due(after(130), 9_000)
    )  # fmt: skip
    assert held.health(after(105), None) is Health.current
    assert held.health(after(111), None) is Health.late


def test_a_first_debit_on_its_way_keeps_a_due_from_being_missed_but_not_for_ever() -> None:
    flying = (share(1_000, 30),)
    assert account(0, 31, coming=flying).health(after(31), None) is Health.current
    assert account(0, 40, coming=flying).past_due_days(after(40)) == 10
    assert account(0, 31, coming=(share(1_000, 30, retry_of="rep_1"),)).health(after(31), None) is Health.late


def test_a_debit_that_sets_out_late_cures_nothing_before_it_has_settled() -> None:
    flying = (share(1_000, 33),)
    assert account(0, 34, coming=flying).past_due_days(after(34)) == 4
    assert account(1_000, 34).past_due_days(after(34)) == 0


@given(paid=st.integers(0, TOTAL), on=st.integers(0, 29), expected=st.integers(0, 2_000))
def test_a_loan_is_short_by_what_makes_it_near_a_breach(paid: int, on: int, expected: int) -> None:
    held = account(paid, on, coming=(share(50, on),))
    short = held.short_amount(after(on), expected)
    assert (held.health(after(on), expected) is Health.near_breach) is (short > 0)
    assert short == max(0, 1_000 - 50 - paid - expected)
    assert held.short_amount(after(on), None) == 0


def test_a_loan_that_was_written_off_owes_everything_and_has_no_dates_but_a_plans() -> None:
    lost = account(500, 200, state=DrawdownState.charged_off)
    assert (lost.dues, lost.past_due_amount(after(200))) == ((), TOTAL - 500)
    assert lost.health(after(200), None) is Health.charged_off
    assert account(TOTAL, 200, state=DrawdownState.charged_off).health(after(200), None) is Health.recovered
    again = account(500, 200, Plan(after(200), 500, 2, 10), state=DrawdownState.charged_off)
    assert [due.due_on for due in again.dues] == [after(200), after(210), after(220)]


@given(minutes=st.integers(0, 365 * 24 * 60), zone=st.sampled_from(["UTC", "Asia/Shanghai"]))
def test_a_shop_is_written_to_in_its_working_hours_and_soon(minutes: int, zone: str) -> None:
    asked = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    sent = reminders.write_at(asked, zone)
    assert reminders.may_write(sent, zone)
    assert timedelta() <= sent - asked <= timedelta(days=3)


@pytest.mark.parametrize(("days", "count"), [(0, 0), (1, 1), (6, 1), (7, 2), (79, 5), (300, 6)])
def test_the_ladder_has_a_step_for_each_stage(days: int, count: int) -> None:
    assert reminders.steps_count(days) == count
