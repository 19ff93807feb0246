"""Money: integers, one rounding, nothing lost in sharing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import money
from gateway.domain.errors import Invalid
from gateway.domain.money import MixedCurrencies, Money, UnknownCurrency

AMOUNTS = st.integers(-(10**15), 10**15)


@given(amount=AMOUNTS, currency=st.sampled_from(sorted(money.EXPONENTS)))
def test_a_printed_amount_is_read_back_exactly(amount: int, currency: str) -> None:
    value = Money(amount, currency)
    assert money.parse_decimal(f"{value.decimal():f}", currency) == value
    assert value.decimal() * money.minor_units(currency) == amount


@pytest.mark.parametrize("text", ["", ".", "-", "1e3", "１", "1,5", "1.2.3", "NaN", " 1", "+1", "1_000"])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        money.parse_decimal(text, "EUR")


def test_more_decimals_than_the_currency_has_are_refused() -> None:
    assert money.parse_decimal("10.50", "EUR").amount == 1_050
    assert money.parse_decimal("10.0", "KRW").amount == 10
    with pytest.raises(Invalid):
        money.parse_decimal("10.5", "KRW")


@given(amount=st.integers(-(10**12), 10**12), step=st.integers(1, 10**6))
def test_a_floor_is_a_step_and_never_above(amount: int, step: int) -> None:
    floor = money.floor_to_step(amount, step)
    assert floor % step == 0
    assert 0 <= floor <= max(0, amount) < floor + step


def test_currencies_do_not_mix_and_must_be_known() -> None:
    assert Money(3, "EUR") - Money(1, "EUR") == Money(2, "EUR") == -Money(-2, "EUR")
    with pytest.raises(MixedCurrencies):
        _ = Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(UnknownCurrency):
        money.exponent("XTS")
