"""The shops that stand ready at the till, and their menu: what the sandbox's simulated till sells, at its prices."""

from __future__ import annotations

import msgspec

from gateway.domain import scenarios
from gateway.domain.money import BPS
from gateway.domain.scenarios import CATALOGUE, TAX_BPS, TICKET_HUNDREDTHS, TICKETS, ScenarioKind

_ROUNDED = 5


class Shop(msgspec.Struct, frozen=True):
    """A shop at this till. `scenario` None: it lives on a file of real receipts."""

    key: str
    name: dict[str, str]
    legal_name: str
    country: str
    currency: str
    timezone: str
    day_cutoff: str = "00:00"
    scenario: ScenarioKind | None = None
    seed: int = 7
    daily_amount: int = 126_000
    """An ordinary day in minor units; menu prices follow from it."""


class MenuItem(msgspec.Struct, frozen=True):
    """Something to tap; the price is in minor units, tax included."""

    item_id: str
    category: str
    amount: int


def _shanghai(key: str, en: str, zh: str, scenario: ScenarioKind, daily_amount: int) -> Shop:
    name = {"en": en, "zh-CN": zh}
    return Shop(key, name, en, "CN", "CNY", "Asia/Shanghai", scenario=scenario, daily_amount=daily_amount)


READY = (
    _shanghai("corner", "Alder Lane Bakery", "赤杨里面包房", ScenarioKind.healthy, 126_000),
    _shanghai("pier", "Pierside Cakes", "码头边糕点", ScenarioKind.seasonal, 151_200),
    _shanghai("mill", "Old Mill Kitchen", "老磨坊小馆", ScenarioKind.declining, 100_800),
)
"""One that goes well, one with a season ahead, one that sells less every day."""


def menu(daily_amount: int) -> tuple[MenuItem, ...]:
    """What can be tapped in a shop that takes so much on an ordinary day: the simulated till's own prices."""
    usual = max(1, daily_amount * 100 // (TICKETS * TICKET_HUNDREDTHS))
    return tuple(MenuItem(item, category, _price(usual * share // 100)) for item, category, share in CATALOGUE)


def tax_amount(amount: int) -> int:
    """The tax that a price includes."""
    return amount * TAX_BPS // (BPS + TAX_BPS)


def usual_amount(currency: str) -> int:
    """What an ordinary day takes in a currency, where nobody says."""
    return scenarios.usual_amount(currency)


def _price(amount: int) -> int:
    return max(1, amount // _ROUNDED * _ROUNDED) if amount >= _ROUNDED * 10 else max(1, amount)
