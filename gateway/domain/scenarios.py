"""A simulated till: what a shop of the sandbox sells, ticket by ticket, as a pure function of shop, seed and day.

A shop sells on six days a week, more towards their end and before the year's, and never twice the same; a scenario
bends that from `since_on` on. Whoever asks again gets the same records under the same ids. Integers only.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import count
from struct import unpack
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import calendars
from gateway.domain.money import BPS, minor_units
from gateway.domain.sales import Line, NewSale, SaleKind, Tender

if TYPE_CHECKING:
    from collections.abc import Iterator


class ScenarioKind(StrEnum):
    """What becomes of the shop."""

    healthy = "healthy"
    seasonal = "seasonal"
    """The season is on from the 60th to the 90th day, every year; sales rise six weeks before it."""
    declining = "declining"
    """One and a half per cent less every day."""
    inflated_sales = "inflated_sales"
    """Large round tickets that nobody bought, on the shop's closed days too."""
    data_silence = "data_silence"
    """The till tells nothing any more, not even that a day is over."""
    refund_wave = "refund_wave"
    """For a week four times what is sold is given back."""
    closed_shop = "closed_shop"
    """The till closes its days, and nothing was sold."""


class Scenario(msgspec.Struct, frozen=True):
    """What runs at a shop; `daily_amount` is about what an ordinary day takes, in minor units, tax included.

    `told_at`: the records of all that happened until then were pushed. `connection_id`: not pushed, but told by the
    platform of this connection, which the sandbox plays.
    """

    merchant_id: str
    kind: ScenarioKind
    seed: int
    daily_amount: int
    since_on: date
    told_at: datetime
    connection_id: str | None = None


class Books(msgspec.Struct, frozen=True):
    """What the shop counts in, and when its business day ends."""

    currency: str
    timezone: str
    day_cutoff: str


DAY_MAJOR = 800
"""What an ordinary day takes in a currency worth a euro."""
A_EURO = {
    "AED": 4, "CNY": 8, "CLP": 1_000, "COP": 4_500, "CZK": 25, "DKK": 7, "EGP": 50, "HKD": 8, "HUF": 400, "IDR": 17_000,
    "ILS": 4, "INR": 90, "ISK": 150, "JPY": 160, "KES": 140, "KRW": 1_500, "MAD": 11, "MXN": 20, "MYR": 5, "NOK": 12,
    "PEN": 4, "PHP": 60, "PLN": 4, "RON": 5, "SAR": 4, "SEK": 11, "THB": 38, "TND": 3, "TRY": 40, "TWD": 35, "UAH": 45,
    "VND": 27_000, "XAF": 650, "XOF": 650, "ZAR": 20, "BRL": 6,
}  # fmt: skip
"""About how many major units a euro is worth, where it is far from one: so that tickets look like the country's."""
TICKETS, TICKET_HUNDREDTHS = 36, 140
"""An ordinary day's tickets, and what one comes to on average, in the catalogue's hundredths."""
WEEKDAYS = (8_000, 8_500, 9_500, 10_500, 12_500, 15_500, 0)
MONTHS = (9_400, 9_500, 9_800, 10_000, 10_100, 10_100, 9_900, 9_700, 10_000, 10_100, 10_400, 11_200)
CATALOGUE = (
    ("bread", "bakery", 32), ("rolls", "bakery", 18), ("cake", "bakery", 45), ("coffee", "drinks", 30),
    ("juice", "drinks", 38), ("water", "drinks", 16), ("cheese", "groceries", 62), ("eggs", "groceries", 36),
    ("jam", "groceries", 48), ("lunch", "kitchen", 98), ("soup", "kitchen", 70),
)  # fmt: skip
"""Item, category, and its price in hundredths."""
TAX_BPS = 900
"""Included in every price."""
REFUND_BPS = 200
"""So many tickets in ten thousand are brought back within the hour."""
NOISE_BPS = 1_200
OPENS, OPEN_MINUTES = timedelta(hours=8), 12 * 60
REGULARS = 400
SEASON_STARTS, SEASON_ENDS, SEASON_RAMP, SEASON_BPS = 60, 90, 45, 24_000
DECLINE_BPS, DECLINED_BPS = 9_850, 300
INFLATED_COUNT_BPS, INFLATED_PRICE_BPS = 15_000, 25_000
WAVE_DAYS, WAVE_REFUNDS = 7, 4
CARD_IN_TEN = 7


def usual_amount(currency: str) -> int:
    """What an ordinary day of a sandbox shop takes in a currency, in minor units."""
    return DAY_MAJOR * A_EURO.get(currency, 1) * minor_units(currency)


def day(scenario: Scenario, books: Books, on: date) -> list[NewSale]:
    """Every record of one business day, oldest first; empty on a day without sales."""
    draws = _draws(scenario, on)
    runs = on >= scenario.since_on
    if runs and scenario.kind in {ScenarioKind.data_silence, ScenarioKind.closed_shop}:
        return []
    tickets = TICKETS * _level(scenario, on) // BPS * (BPS - NOISE_BPS + next(draws) % (2 * NOISE_BPS)) // BPS
    made: list[NewSale] = []
    for number in range(tickets):
        sale = _ticket(scenario, books, on, number, draws)
        made.append(sale)
        made += _given_back(scenario, sale, on, draws)
    return sorted(made, key=lambda sale: (sale.occurred_at, sale.sale_id))


def between(scenario: Scenario, books: Books, after_at: datetime, until_at: datetime) -> list[NewSale]:
    """What happened after one instant and until another, oldest first."""
    on = calendars.business_date(after_at, books.timezone, books.day_cutoff)
    last = calendars.business_date(until_at, books.timezone, books.day_cutoff)
    found: list[NewSale] = []
    while on <= last:
        found += [sale for sale in day(scenario, books, on) if after_at < sale.occurred_at <= until_at]
        on += timedelta(days=1)
    return found


def refunded(scenario: Scenario, books: Books, record: NewSale) -> NewSale | None:
    """The sale that a record gives back, which is of the same business day; None where it names none."""
    if record.refund_of is None or record.business_on is None:
        return None
    return next((sale for sale in day(scenario, books, record.business_on) if sale.sale_id == record.refund_of), None)


def _draws(scenario: Scenario, on: date) -> Iterator[int]:
    """Numbers without end below 2**32, the same for the same shop, seed and day."""
    for block in count():
        key = f"{scenario.merchant_id} {scenario.seed} {on} {block}".encode()
        yield from unpack(">16I", hashlib.blake2b(key).digest())


def _level(scenario: Scenario, on: date) -> int:
    """How much of an ordinary day's tickets are sold, in bps."""
    days = (on - scenario.since_on).days
    weekday = WEEKDAYS[on.weekday()]
    level = weekday * MONTHS[on.month - 1] // BPS
    if scenario.kind is ScenarioKind.seasonal:
        return level * _season(days) // BPS
    if days < 0:
        return level
    if scenario.kind is ScenarioKind.declining:
        return level * _declined(days) // BPS
    if scenario.kind is ScenarioKind.inflated_sales:
        return (weekday or BPS) * INFLATED_COUNT_BPS // BPS
    return level


def _season(days: int) -> int:
    """The season's factor in bps, so many days after the scenario began: every 365 days anew."""
    into = (days - SEASON_STARTS + 365 // 2) % 365 - 365 // 2
    away = max(-into, into - (SEASON_ENDS - SEASON_STARTS), 0)
    return BPS + (SEASON_BPS - BPS) * max(SEASON_RAMP - away, 0) // SEASON_RAMP


def _declined(days: int) -> int:
    left = BPS
    for _ in range(min(days, 365)):
        left = left * DECLINE_BPS // BPS
    return max(left, DECLINED_BPS)


def _ticket(scenario: Scenario, books: Books, on: date, number: int, draws: Iterator[int]) -> NewSale:
    usual = max(1, scenario.daily_amount * 100 // (TICKETS * TICKET_HUNDREDTHS))
    inflated = scenario.kind is ScenarioKind.inflated_sales and on >= scenario.since_on
    lines = []
    for _ in range(1 + next(draws) % 3 + next(draws) % 2):
        item, category, hundredths = CATALOGUE[next(draws) % len(CATALOGUE)]
        quantity = 1 + next(draws) % 4 // 3
        price = _rounded(usual * hundredths // 100 * (INFLATED_PRICE_BPS if inflated else BPS) // BPS, coarse=inflated)
        lines.append(Line(item, str(quantity), quantity * price, category))
    amount = sum(line.amount for line in lines)
    paid_by = "card" if next(draws) % 10 < CARD_IN_TEN else "cash"
    customer = next(draws) % (2 * REGULARS)
    return NewSale(
        sale_id=f"{scenario.kind}-{scenario.seed}-{on:%Y%m%d}-{number}",
        kind=SaleKind.sale,
        occurred_at=_opened(books, on) + timedelta(seconds=next(draws) % (OPEN_MINUTES * 60)),
        business_on=on,
        amount=amount,
        currency=books.currency,
        tax_amount=amount * TAX_BPS // (BPS + TAX_BPS),
        tenders=[Tender(paid_by, amount)],
        lines=lines,
        customer_ref=hashlib.sha256(f"{scenario.merchant_id} {customer}".encode()).hexdigest()[:32]
        if customer < REGULARS
        else None,
    )


def _given_back(scenario: Scenario, sale: NewSale, on: date, draws: Iterator[int]) -> list[NewSale]:
    """The refunds that a ticket brings: its own within the hour, and in a wave those of older ones."""
    found = []
    if next(draws) % BPS < REFUND_BPS:
        found.append(_refund(sale, "r", refund_of=sale.sale_id, at=sale.occurred_at + timedelta(minutes=50)))
    days = (on - scenario.since_on).days
    if scenario.kind is ScenarioKind.refund_wave and 0 <= days < WAVE_DAYS:
        found += [_refund(sale, f"w{number}", refund_of=None, at=sale.occurred_at) for number in range(WAVE_REFUNDS)]
    return found


def _refund(sale: NewSale, suffix: str, *, refund_of: str | None, at: datetime) -> NewSale:
    return msgspec.structs.replace(
        sale, sale_id=f"{sale.sale_id}-{suffix}", kind=SaleKind.refund, occurred_at=at, refund_of=refund_of
    )


def _opened(books: Books, on: date) -> datetime:
    """When the shop opens on a business day, never before that day begins."""
    begins = max(OPENS, calendars.cutoff(books.day_cutoff))
    return (datetime.combine(on, time(), calendars.zone(books.timezone)) + begins).astimezone(UTC)


def _rounded(amount: int, *, coarse: bool) -> int:
    """A price as it stands on a shelf: a multiple of 5, or of 100 where that is meant to look odd."""
    step = 100 if coarse and amount >= 100 else 5 if amount >= 50 else 1  # noqa: PLR2004 - what prices look like
    return max(1, amount // step * step)
