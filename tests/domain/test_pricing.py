from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, localcontext

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import pricing
from gateway.domain.programmes import INVENTORY, Grade

TODAY = date(2026, 3, 2)
TOTALS = st.integers(1, 10**12)
MEDIANS = st.integers(-(10**9), 10**12)
GRADES = st.sampled_from(INVENTORY.grades)


@given(total=TOTALS)
def test_the_minimums_sum_to_the_total_by_the_final_due_date(total: int) -> None:
    parts = pricing.minimum_amounts(total, INVENTORY)
    assert sum(parts) == total
    assert len(parts) <= INVENTORY.intervals_count
    assert all(part == parts[0] for part in parts[:-1])
    assert 0 < parts[-1] <= parts[0]


@given(amount=TOTALS, grade=GRADES, median=MEDIANS)
def test_a_price_holds_together(amount: int, grade: Grade, median: int) -> None:
    cost = pricing.cost(amount, grade, INVENTORY, median, TODAY)
    assert cost.total_amount == amount + cost.fee_amount
    assert amount * grade.fee_bps <= cost.fee_amount * 10_000 < amount * grade.fee_bps + 10_000
    assert TODAY < cost.estimated_payoff_on <= cost.final_due_on == TODAY + timedelta(days=INVENTORY.term_days)
    days = (cost.estimated_payoff_on - TODAY).days
    assert cost.daily_repayment_amount * (days - 1) < cost.total_amount <= cost.daily_repayment_amount * days


def _days(total: int, median: int, bps: int) -> int:
    daily = max(max(0, median) * bps // 10_000 // 30, -(-total // INVENTORY.term_days), 1)
    return -(-total // daily)


@given(total=st.integers(1, 10**9), median=st.integers(0, 10**10))
def test_the_share_is_the_smallest_whole_percent_that_is_expected_to_repay_in_time(total: int, median: int) -> None:
    share = pricing.withheld_share_bps(total, INVENTORY, median)
    steps = range(INVENTORY.withhold_min_bps, INVENTORY.withhold_bps + 1, 100)
    in_time = [bps for bps in steps if _days(total, median, bps) <= INVENTORY.target_days]
    assert share == (in_time[0] if in_time else INVENTORY.withhold_bps)


def test_a_small_draw_takes_the_least_share_and_one_beyond_the_target_the_most() -> None:
    assert pricing.withheld_share_bps(1_000, INVENTORY, 10**9) == INVENTORY.withhold_min_bps
    assert pricing.withheld_share_bps(10**9, INVENTORY, 1_000) == INVENTORY.withhold_bps
    assert pricing.withheld_share_bps(10**9, INVENTORY, 0) == INVENTORY.withhold_bps


def test_a_share_between_whole_percents_starts_at_the_next_one() -> None:
    odd = msgspec.structs.replace(INVENTORY, withhold_min_bps=250, withhold_bps=1_450)
    assert pricing.withheld_share_bps(1, odd, 10**9) == 300
    assert pricing.withheld_share_bps(10**9, odd, 0) == 1_450


def _rate_bps(amount: int, repayments: list[int]) -> Decimal:
    """The same rate by Newton's method in 50 digits: another method, another arithmetic."""
    with localcontext() as context:
        context.prec = 50
        i = Decimal("0.0005")
        for _ in range(60):
            value = sum((r / (1 + i) ** d for d, r in enumerate(repayments, 1)), Decimal(-amount))
            slope = sum((-d * r / (1 + i) ** (d + 1) for d, r in enumerate(repayments, 1)), Decimal(0))
            i -= value / slope
        return ((1 + i) ** 365 - 1) * 10_000


@pytest.mark.parametrize(
    ("amount", "repayments"),
    [
        (100_000, [1_010] * 100),
        (100_000, [3_400] * 29 + [3_400]),
        (132_000, [2_250] * 59 + [1_362]),
        (1_000_000, [0] * 29 + [1_012_000]),
        (50_000, [191] * 269 + [121]),
    ],
)
def test_the_annual_rate_agrees_with_an_independent_computation(amount: int, repayments: list[int]) -> None:
    assert abs(pricing.annual_rate_bps(amount, repayments) - _rate_bps(amount, repayments)) <= Decimal("0.51")


def test_a_year_of_ten_percent_is_a_thousand_basis_points() -> None:
    assert pricing.annual_rate_bps(10_000, [0] * 364 + [11_000]) == 1_000


def test_money_lent_for_nothing_has_no_rate() -> None:
    assert pricing.annual_rate_bps(100, [50, 50]) == 0
