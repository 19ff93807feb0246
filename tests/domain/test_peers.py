"""Metrics and cohorts of peers: integers of closed days, and nothing where nothing can be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import peers
from gateway.domain.money import MAX_AMOUNT
from gateway.domain.peers import DAYS, GROWTH, PERIOD, REFUNDS, REPURCHASE, TICKET

AMOUNT = st.integers(-MAX_AMOUNT, MAX_AMOUNT)


def test_metrics_are_of_the_last_four_weeks_and_growth_against_the_four_before() -> None:
    net, back, tickets = [100] * PERIOD + [120] * PERIOD, [50] * PERIOD + [30] * PERIOD, [0] * PERIOD + [3] * PERIOD
    found = peers.metrics(net, back, tickets, (40, 10), grown=True)
    assert found == {GROWTH: 12_000, TICKET: 50, REFUNDS: 2_000, REPURCHASE: 2_500}
    assert peers.metrics(net, back, tickets, (29, 10), grown=False) == {TICKET: 50, REFUNDS: 2_000}


@given(st.lists(AMOUNT, min_size=DAYS, max_size=DAYS), st.lists(AMOUNT, min_size=DAYS, max_size=DAYS),
       st.lists(st.integers(0, 9), min_size=DAYS, max_size=DAYS), st.booleans())  # fmt: skip
def test_whatever_a_shop_did_metrics_are_whole_and_never_negative(
    net: list[int],
    back: list[int],
    tickets: list[int],
    grown: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    found = peers.metrics(net, back, tickets, None, grown=grown)
    assert all(type(value) is int and value >= 0 for value in found.values())
    assert REPURCHASE not in found
    assert peers.metrics([0] * DAYS, [0] * DAYS, [0] * DAYS, None, grown=grown) == {}


@pytest.mark.parametrize(
    ("currency", "net", "size"),
    [("EUR", 99_999, 3), ("EUR", 100_000, 4), ("JPY", 999, 3), ("JPY", 1_000, 4), ("KWD", 1_000_000, 4)],
)
def test_a_cohorts_size_goes_by_whole_units_from_one_power_of_ten_to_the_next(
    currency: str, net: int, size: int
) -> None:
    assert peers.cohort("NL", "5411", currency, net) == f"54|NL|{currency}|{size}"


def test_a_shop_without_industry_or_sales_has_no_like() -> None:
    assert peers.cohort("NL", None, "EUR", 1_000_000) is None
    assert peers.cohort("NL", "5411", "EUR", 99) is None
    assert peers.cohort("NL", "5411", "EUR", -5_000) is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_percentiles_are_coarse_and_within_a_hundred(one: float, other: float) -> None:
    low, high = sorted((one, other))
    found = peers.percentile(low, high)
    assert 0 <= found <= 100
    assert found % peers.STEP == 0
    assert abs(found - 50 * (low + high)) <= peers.STEP / 2 + 1e-9
