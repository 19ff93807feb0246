from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import histories
from gateway.domain.histories import DAYS, WINDOW
from gateway.domain.sales import Totals

START = date(2025, 1, 31)
SUMS = st.integers(0, 10**9)
DAY = st.builds(Totals, sales_amount=SUMS, refunds_amount=SUMS, voids_amount=SUMS, tickets_count=st.integers(0, 99))
SOME_DAYS = st.dictionaries(st.integers(0, 450).map(lambda back: START + timedelta(days=back)), DAY, max_size=9)


@given(SOME_DAYS, st.lists(st.integers(1, 420), min_size=1, max_size=3))
def test_days_closed_little_by_little_make_the_history_that_is_read_at_once(
    days: dict[date, Totals], steps: list[int]
) -> None:
    history = histories.build(START, START, days)
    for step in steps:
        history = histories.extend(history, history.through_on + timedelta(days=step), days)
    assert history == histories.build(START, history.through_on, days)


@given(SOME_DAYS, st.integers(0, 420), DAY)
def test_a_late_record_makes_the_history_that_it_would_have_made_in_time(
    days: dict[date, Totals], back: int, late: Totals
) -> None:
    through_on = START + timedelta(days=450)
    on = through_on - timedelta(days=back)
    before = days.get(on, Totals())
    amended = histories.amend(histories.build(START, through_on, days), on, late)
    assert amended == histories.build(START, through_on, days | {on: before + late})


def test_days_before_the_window_change_nothing_but_how_long_the_shop_is_known() -> None:
    through_on = START + timedelta(days=DAYS)
    recent = {through_on: Totals(sales_amount=5, tickets_count=1)}
    longer = histories.build(START, through_on, recent | {START: Totals(sales_amount=7, tickets_count=1)})
    assert longer == histories.build(START, through_on, recent)
    assert (longer.length, longer.tails[WINDOW], longer.trading_days_count) == (DAYS + 1, 5, 1)
