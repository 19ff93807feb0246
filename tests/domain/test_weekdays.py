from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.weekdays import WEEK, ahead

THROUGH = date(2026, 3, 1)


@given(
    st.lists(st.integers(-5_000_000, 5_000_000), min_size=1, max_size=400), st.integers(1, 500), st.integers(0, 2**50)
)
def test_seven_days_follow_whose_middles_add_up_and_whose_bounds_hold_them(
    net: list[int], length: int, week_amount: int
) -> None:
    days = ahead(net, length, THROUGH, week_amount)
    assert [day.on for day in days] == [THROUGH + timedelta(days=n) for n in range(1, WEEK + 1)]
    assert sum(day.p50_amount for day in days) == week_amount
    assert all(0 <= day.p10_amount <= day.p50_amount <= day.p90_amount for day in days)


@given(st.lists(st.integers(1_000, 1_000_000), min_size=WEEK, max_size=WEEK))
def test_a_shop_that_sells_the_same_each_week_gets_just_that(week: list[int]) -> None:
    days = ahead(week * 12, WEEK * 12, THROUGH, sum(week))
    assert [day.p50_amount for day in days] == week
    assert all(day.p90_amount - day.p10_amount <= 2 + day.p50_amount // 500 for day in days)


def test_a_day_of_rest_stays_one_and_a_shop_that_strays_more_gets_wider_bounds() -> None:
    widths = []
    for spread in (20, 700):
        net = [0 if at % WEEK == 0 else 900 + at % 3 * spread for at in range(84)]
        days = ahead(net, len(net), THROUGH, 6_000)
        assert (days[0].p10_amount, days[0].p90_amount) == (0, 0)
        widths.append(sum(day.p90_amount - day.p10_amount for day in days))
    assert widths[0] < widths[1]


def test_of_a_few_days_nothing_is_said_but_that_little_is_known() -> None:
    assert all((day.p10_amount, day.p90_amount) == (0, 2 * day.p50_amount) for day in ahead([100] * 9, 9, THROUGH, 700))
