"""Money: integer minor units of an ISO 4217 currency. No float ever touches it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

BPS = 10_000
"""Basis points in one: a rate of 1,500 bps is 15 %."""

MAX_AMOUNT = 10**15
"""The largest amount a single row may carry; far above any shop, far below 2**63 even summed over a year."""

EXPONENTS = {
    "AED": 2, "AUD": 2, "BHD": 3, "BRL": 2, "CAD": 2, "CHF": 2, "CLP": 0, "CNY": 2, "COP": 2, "CZK": 2, "DKK": 2,
    "EGP": 2, "EUR": 2, "GBP": 2, "HKD": 2, "HUF": 2, "IDR": 2, "ILS": 2, "INR": 2, "ISK": 0, "JOD": 3, "JPY": 0,
    "KES": 2, "KRW": 0, "KWD": 3, "MAD": 2, "MXN": 2, "MYR": 2, "NGN": 2, "NOK": 2, "NZD": 2, "OMR": 3, "PEN": 2,
    "PHP": 2, "PKR": 2, "PLN": 2, "RON": 2, "SAR": 2, "SEK": 2, "SGD": 2, "THB": 2, "TND": 3, "TRY": 2, "TWD": 2,
    "UAH": 2, "USD": 2, "VND": 0, "XAF": 0, "XOF": 0, "ZAR": 2,
}  # fmt: skip
"""Currency → number of minor-unit digits (ISO 4217 list one) for the currencies the gateway lends in."""


class UnknownCurrency(Invalid):
    """Not an ISO 4217 code the gateway lends in."""

    code = "unknown_currency"
    title = "The currency is not one the gateway knows"


class MixedCurrencies(Invalid):
    """Two currencies met in one sum."""

    code = "mixed_currencies"
    title = "Amounts of different currencies cannot be combined"


class Money(msgspec.Struct, frozen=True, order=True):
    """`amount` integer minor units of `currency`; arithmetic refuses to mix currencies."""

    amount: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def decimal(self) -> Decimal:
        """The amount in major units, exactly: Money(1050, "EUR") → Decimal("10.50")."""
        return Decimal(self.amount).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise MixedCurrencies(f"{self.currency} and {other.currency} cannot be combined")
        return other.amount


def exponent(currency: str) -> int:
    """Minor-unit digits of `currency` (ISO 4217); raises UnknownCurrency."""
    try:
        return EXPONENTS[currency]
    except KeyError:
        raise UnknownCurrency(f"{currency!r} is not a currency the gateway knows", currency=currency[:3]) from None


def minor_units(currency: str) -> int:
    """How many minor units make one major unit: 100 for EUR, 1 for KRW; raises UnknownCurrency."""
    units: int = 10 ** exponent(currency)
    return units


def parse_decimal(text: str, currency: str) -> Money:
    """Major units as printed by a bank or a till → Money, exactly or refused (`"10.5"` EUR → 1050)."""
    digits = exponent(currency)
    if not text.isascii() or not text.replace(".", "", 1).removeprefix("-").isdigit():
        raise Invalid(f"{text[:40]!r} is not a plain decimal number")
    scaled = Decimal(text).scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise Invalid(f"{text[:40]} has more decimals than {currency} allows ({digits})")
    return Money(int(scaled), currency)


def share(amount: int, bps: int) -> int:
    """`bps` of a non-negative amount, rounded down: the one stated rounding of every rate in the gateway."""
    return amount * bps // BPS


def floor_to_step(amount: int, step: int) -> int:
    """The largest multiple of `step` that is not above `amount`, never below zero."""
    return max(0, amount) // step * step


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` divided in proportion to non-negative `weights`: parts add up to it exactly (largest remainder).

    Of equal remainders the earlier weight is served first; weights that are all zero count as equal. A negative amount
    is shared out like its opposite. Raises ValueError for no weights or a negative one.
    """
    if not weights or min(weights) < 0:
        raise ValueError("there must be weights, and none below zero")
    total = sum(weights)
    if total == 0:
        weights, total = [1] * len(weights), len(weights)
    whole = abs(amount)
    parts = [whole * weight // total for weight in weights]
    order = sorted(range(len(parts)), key=lambda n: (-(whole * weights[n] % total), n))
    for n in order[: whole - sum(parts)]:
        parts[n] += 1
    return parts if amount >= 0 else [-part for part in parts]
