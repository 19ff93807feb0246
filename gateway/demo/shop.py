"""The default shop: a breakfast counter in Shanghai that does not exist; seeded, so that every demo tells one story.

It is a story, not a model: the training simulator knows nothing of it. Prices are menu prices of 2024 in fen;
weekday shape, drift and noise are round numbers chosen to look like a counter that lives from commuters.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from gateway.demo.receipts import Kind, Receipt, Receipts
from gateway.domain import calendars

NAME = "Morning Lane Breakfast"
CURRENCY = "CNY"
TIMEZONE = "Asia/Shanghai"

_PRICES = (300, 400, 250, 350, 800, 1_000, 1_600)
"""Youtiao, soy milk, tea egg, baozi, congee, jianbing, wonton soup."""
_WEIGHTS = (22, 26, 14, 16, 9, 18, 8)
_WEEKDAYS = (1.08, 1.04, 1.02, 1.05, 1.10, 0.86, 0.72)
_OPENS, _TRADING_MINUTES, _RUSH_MINUTE = time(5, 30), 330, 110


class Shop(msgspec.Struct, frozen=True):
    """What the counter is like. `ticket_count` is an ordinary day's number of receipts."""

    first_on: date = date(2024, 3, 4)
    day_count: int = 300
    ticket_count: int = 98
    growth_bps: int = 1_200
    """Growth of the daily number of receipts over the whole time."""
    noise: float = 0.09
    """Standard deviation of a day's relative number of receipts, half of which carries over to the next day."""
    refund_bps: int = 60
    """Share of receipts that are refunded a few minutes later."""
    closed_every_days: int = 28
    """The counter stays shut on one day in so many."""


def receipts(seed: int = 7, shop: Shop | None = None) -> Receipts:
    """All receipts of the shop in order of time; the same seed and shop give the same receipts everywhere."""
    shop = shop or Shop()
    source = random.Random(seed)  # noqa: S311 - a story, not a secret
    found: list[Receipt] = []
    mood = 0.0
    for index in range(shop.day_count):
        mood = 0.5 * mood + shop.noise * (source.random() + source.random() + source.random() - 1.5) * 2
        if index % shop.closed_every_days == shop.closed_every_days - 1:
            continue
        count = _ticket_count(shop, index, mood)
        found += _day(source, shop, shop.first_on + timedelta(days=index), count)
    found.sort(key=lambda receipt: receipt.occurred_at)
    return Receipts(name=NAME, currency=CURRENCY, timezone=TIMEZONE, day_cutoff="00:00", receipts=tuple(found))


def _ticket_count(shop: Shop, index: int, mood: float) -> int:
    weekday = _WEEKDAYS[(shop.first_on + timedelta(days=index)).weekday()]
    growth = 1 + shop.growth_bps / 10_000 * index / shop.day_count
    return max(1, round(shop.ticket_count * weekday * growth * (1 + mood)))


def _day(source: random.Random, shop: Shop, day: date, count: int) -> list[Receipt]:
    opens = datetime.combine(day, _OPENS, tzinfo=calendars.zone(TIMEZONE))
    found = []
    for number in range(1, count + 1):
        minute = source.triangular(0, _TRADING_MINUTES, _RUSH_MINUTE)
        at = (opens + timedelta(seconds=int(minute * 60))).astimezone(UTC)
        sale = _receipt(f"{day:%Y%m%d}-{number:04}", Kind.sale, at, day, _ticket(source))
        found.append(sale)
        if source.randrange(10_000) < shop.refund_bps:
            later = at + timedelta(minutes=source.randint(2, 9))
            found.append(_receipt(f"{sale.sale_id}-R", Kind.refund, later, day, sale.amount))
    return found


def _ticket(source: random.Random) -> int:
    """One receipt: one to five things from the menu, in fen."""
    items = source.choices((1, 2, 3, 4, 5), weights=(18, 38, 26, 12, 6))[0]
    return sum(source.choices(_PRICES, weights=_WEIGHTS, k=items))


def _receipt(sale_id: str, kind: Kind, at: datetime, day: date, amount: int) -> Receipt:
    return Receipt(sale_id=sale_id, kind=kind, occurred_at=at, business_on=day, amount=amount)
