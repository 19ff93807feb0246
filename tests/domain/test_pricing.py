"""What a loan costs, and that it never costs more than the programme's cap a year, however it is repaid."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import outlooks, pricing
from gateway.domain.programmes import INVENTORY, Grade
from tests.domain.positions import TODAY as SCORED_ON
from tests.domain.positions import scores

TODAY = date(2026, 3, 2)
TOTALS = st.integers(1, 10**12)
GRADES = st.sampled_from(INVENTORY.grades)
CAPS = st.integers(0, 30_000)
WEEKS = st.lists(st.integers(0, 10**10), min_size=len(outlooks.KNOTS), max_size=len(outlooks.KNOTS))
OUTLOOKS = WEEKS.map(lambda rises: tuple(accumulate(rises))) | st.integers(-(10**9), 10**12).map(
    lambda median: outlooks.straight(median, 30)
)
"""Cumulative sales that stand still, leap or go on evenly."""


@given(total=TOTALS)
def test_the_minimums_sum_to_the_total_by_the_final_due_date(total: int) -> None:
    parts = pricing.minimum_amounts(total, INVENTORY)
    assert sum(parts) == total
    assert len(parts) <= INVENTORY.intervals_count
    assert all(part == parts[0] for part in parts[:-1])
    assert 0 < parts[-1] <= parts[0]


@given(amount=TOTALS, grade=GRADES, outlook=OUTLOOKS)
def test_a_price_holds_together(amount: int, grade: Grade, outlook: tuple[int, ...]) -> None:
    cost = pricing.cost(amount, grade.fee_bps, INVENTORY, outlook, TODAY)
    assert cost.total_amount == amount + cost.fee_amount
    assert 0 <= cost.fee_amount * 10_000 < amount * grade.fee_bps + 10_000
    assert TODAY < cost.estimated_payoff_on <= cost.final_due_on == TODAY + timedelta(days=INVENTORY.term_days)
    assert cost.apr_bps <= INVENTORY.all_in_cap_bps + 1
    days = (cost.estimated_payoff_on - TODAY).days
    assert 0 <= cost.daily_repayment_amount * days - cost.total_amount < days


def ahead(outlook: tuple[int, ...]) -> list[int]:
    """Net sales until the end of each day up to the target."""
    return [outlooks.until(outlook, day) for day in range(INVENTORY.target_days + 1)]


@given(total=st.integers(1, 10**9), outlook=OUTLOOKS)
def test_the_share_is_the_smallest_whole_percent_that_is_expected_to_repay_in_time(
    total: int, outlook: tuple[int, ...]
) -> None:
    share = pricing.withheld_share_bps(total, INVENTORY, ahead(outlook))
    sales = outlooks.until(outlook, INVENTORY.target_days)
    steps = range(INVENTORY.withhold_min_bps, INVENTORY.withhold_bps + 1, 100)
    least = -(-total * INVENTORY.target_days // INVENTORY.term_days)  # minimums alone repay a few minor units in time
    in_time = [bps for bps in steps if max(sales * bps // 10_000, least) >= total]
    assert share == (in_time[0] if in_time else INVENTORY.withhold_bps)


def test_a_small_draw_takes_the_least_share_and_one_beyond_the_target_the_most() -> None:
    busy, quiet = outlooks.straight(10**9, 30), outlooks.straight(1_000, 30)
    assert pricing.withheld_share_bps(1_000, INVENTORY, ahead(busy)) == INVENTORY.withhold_min_bps
    assert pricing.withheld_share_bps(10**9, INVENTORY, ahead(quiet)) == INVENTORY.withhold_bps
    assert pricing.withheld_share_bps(10**9, INVENTORY, ahead(outlooks.straight(0, 30))) == INVENTORY.withhold_bps


def test_a_share_between_whole_percents_starts_at_the_next_one() -> None:
    odd = msgspec.structs.replace(INVENTORY, withhold_min_bps=250, withhold_bps=1_450)
    assert pricing.withheld_share_bps(1, odd, ahead(outlooks.straight(10**9, 30))) == 300
    assert pricing.withheld_share_bps(10**9, odd, ahead(outlooks.straight(0, 30))) == 1_450


def test_the_payoff_is_estimated_on_the_path_of_the_year_and_not_on_its_first_month() -> None:
    """The month before a busy season repays little, the season the rest."""
    quiet = outlooks.straight(3_000_000, 30)
    busy = tuple(amount * (1 if week <= 8 else 3) for week, amount in zip(outlooks.KNOTS, quiet, strict=True))
    slow, quick = (pricing.cost(4_000_000, 120, INVENTORY, path, TODAY) for path in (quiet, busy))
    assert quick.estimated_payoff_on < slow.estimated_payoff_on
    assert quick.apr_bps > slow.apr_bps


def test_without_a_year_the_30_days_go_on_and_without_scores_nothing_is_foreseen() -> None:
    found = scores(SCORED_ON, "A", 3_000)
    assert pricing.outlook(found) == outlooks.straight(3_000, 30)
    year = tuple((week, 10 * week, 100 * week) for week in outlooks.KNOTS)
    assert pricing.outlook(msgspec.structs.replace(found, year=year)) == tuple(10 * week for week in outlooks.KNOTS)
    assert set(pricing.outlook(None)) == {0}


@given(amount=st.integers(1, 10**9), outlook=OUTLOOKS, cap=CAPS)
def test_a_worse_grade_never_pays_less_and_no_fee_is_more_than_the_grades(
    amount: int, outlook: tuple[int, ...], cap: int
) -> None:
    programme = msgspec.structs.replace(INVENTORY, all_in_cap_bps=cap)
    costs = [pricing.cost(amount, grade.fee_bps, programme, outlook, TODAY) for grade in programme.grades]
    fees = [cost.fee_amount for cost in costs]
    assert fees == sorted(fees)
    assert all(cost.apr_bps <= cap + 1 for cost in costs)
    assert all(fee <= -(-amount * one.fee_bps // 10_000) for fee, one in zip(fees, programme.grades, strict=True))


def test_the_fee_is_the_grades_where_the_cap_allows_it() -> None:
    even = outlooks.straight(6_000_000, 30)
    costs = [pricing.cost(1_000_000, grade.fee_bps, INVENTORY, even, TODAY) for grade in INVENTORY.grades]
    assert [cost.fee_amount for cost in costs] == [12_000, 16_000, 16_671, 16_671]
    slow = [pricing.cost(4_800_000, grade.fee_bps, INVENTORY, even, TODAY) for grade in INVENTORY.grades]
    assert [cost.fee_amount for cost in slow] == [57_600, 76_800, 105_600, 144_000]


# --- the cap ---------------------------------------------------------------------------------------------------------

EARLY = st.lists(st.tuples(st.integers(0, 20), st.integers(1, 100)), max_size=8)
LATE = st.lists(st.tuples(st.integers(200, 700), st.integers(1, 100)), max_size=4)
BURSTS = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=25)
AMOUNTS = st.integers(1, 200) | st.integers(1, 10**7) | st.integers(10**7, 10**12)
"""From a hundred yen to billions of rupiah: the rule knows minor units and no currency."""


def _lived(amount: int, fee: int, plan: list[tuple[int, int]], last: int, cap: int) -> list[tuple[int, int]]:
    """Repay by a plan of (day, percent of the amount) and the rest on the last day; what is too much comes back."""
    flows: list[tuple[int, int]] = []
    for day, percent in sorted(plan):
        flows.append((day, amount * percent // 100))
        owed = pricing.owed_amount(amount, fee, flows, day, cap)
        if owed <= 0:
            return [*flows, (day, owed)]
    day = max(last, flows[-1][0] if flows else 0)
    return [*flows, (day, pricing.owed_amount(amount, fee, flows, day, cap))]


@given(
    amount=AMOUNTS,
    fee_bps=st.integers(0, 100_000),
    plan=EARLY | LATE | BURSTS,
    last=st.integers(0, 800),
    cap=CAPS,
)
def test_however_a_loan_is_repaid_it_never_costs_more_than_the_cap_a_year(
    amount: int, fee_bps: int, plan: list[tuple[int, int]], last: int, cap: int
) -> None:
    flows = _lived(amount, amount * fee_bps // 10_000, plan, last, cap)
    cost = sum(repaid for _, repaid in flows) - amount
    assert 0 <= cost <= amount * fee_bps // 10_000
    with localcontext() as context:
        context.prec = 60
        daily = (1 + Decimal(cap) / 10_000) ** (1 / Decimal(365))
        present = sum((Decimal(repaid) / daily**day for day, repaid in flows), Decimal(0))
        assert present <= amount * (1 + Decimal("1e-50"))  # worth no more than what was lent, at the cap's own rate
    daily_flows = [0] * flows[-1][0]
    for day, repaid in flows:
        if day:
            daily_flows[day - 1] += repaid
    if sum(daily_flows) == amount + cost:  # none on the very day the money went out
        assert pricing.annual_rate_bps(amount, daily_flows) <= cap + 1


@given(amount=AMOUNTS, fee=st.integers(0, 10**9), plan=BURSTS, day=st.integers(0, 500), cap=CAPS)
def test_what_is_owed_grows_to_the_fee_and_no_further(
    amount: int, fee: int, plan: list[tuple[int, int]], day: int, cap: int
) -> None:
    flows = [(on, amount * percent // 1_000) for on, percent in sorted(plan) if on <= day]
    owed = pricing.owed_amount(amount, fee, flows, day, cap)
    later = pricing.owed_amount(amount, fee, flows, day + 30, cap)
    assert owed <= later <= amount + fee - sum(repaid for _, repaid in flows)
    assert pricing.owed_amount(amount, 0, flows, day, cap) <= owed
    assert pricing.owed_amount(amount, fee, flows, day, 10**7) >= owed


def test_a_loan_given_back_the_same_day_costs_nothing_and_a_year_of_it_all_costs_less_than_the_cap() -> None:
    assert pricing.owed_amount(10_000, 500, [], 0, 2_400) == 10_000
    assert pricing.owed_amount(10_000, 5_000, [], 365, 2_400) == 10_000 + 2_151  # 365 days at .0589520 % a day
    assert pricing.owed_amount(10_000, 500, [], 365, 2_400) == 10_500
    assert pricing.owed_amount(10_000, 500, [(0, 10_000)], 300, 2_400) == 0
    assert pricing.owed_amount(10_000, 500, [(10, 10_100)], 10, 2_400) == 10_058 - 10_100


@given(cap=CAPS)
def test_the_daily_rate_is_the_largest_that_stays_at_the_cap(cap: int) -> None:
    rate, scale = pricing.daily_rate(cap), pricing.RATE_SCALE
    most = (10_000 + cap) * scale**365
    assert (scale + rate) ** 365 * 10_000 <= most < (scale + rate + 1) ** 365 * 10_000


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
