"""One SQLite file that every subject starts from: merchants with a year of history, closed, scored and offered.

Days and receipts go in through the store; the last day is closed by the gateway's own closing lane, so scores,
decisions and offers are real ones.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import calendars, histories
from gateway.domain.histories import DAYS
from gateway.domain.merchants import NewMerchant
from gateway.domain.rights import GRANTABLE
from gateway.domain.sales import Totals
from gateway.main import open_world
from gateway.oauth import tokens
from gateway.settings import Settings
from gateway.store import sql
from gateway.usecases import days, merchants, positions, work

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.domain.positions import Position
    from gateway.store import Tx
    from gateway.usecases.world import World

CURRENCY, TIMEZONE = "CNY", "Asia/Shanghai"
TOKEN = tokens.mint()
"""The partner's access token, good for a day."""
_CHUNK = 50
_SATURDAY = 5
_NEW = NewMerchant(legal_name="A shop", country="CN", currency=CURRENCY, timezone=TIMEZONE, mcc="5462")


class Book:
    """The seeded merchants: their ids, and the last day that is closed."""

    def __init__(self, merchant_ids: list[str], closed_on: date) -> None:
        self.merchant_ids, self.closed_on = merchant_ids, closed_on


def settings(path: Path) -> Settings:
    """Settings of a gateway on the file at `path`."""
    return Settings(database_url=f"sqlite:///{path}", data_dir=path.with_suffix(".keys"))


def make(path: Path, merchants_count: int) -> Book:
    """Write the file; deterministic but for ids and the present day."""
    return asyncio.run(_make(path, merchants_count))


async def _make(path: Path, merchants_count: int) -> Book:
    async with open_world(settings(path)) as world:
        now = world.clock.now()
        yesterday = now.astimezone(calendars.zone(TIMEZONE)).date() - timedelta(days=1)
        partner_id, client_id = world.ids.new("partner"), world.ids.new("client")
        await world.store.write(lambda tx: _partner(tx, partner_id, client_id, world.system_clock.now()))
        merchant_ids: list[str] = []
        randomness = random.Random(7)
        for _ in range(0, merchants_count, _CHUNK):
            count = min(_CHUNK, merchants_count - len(merchant_ids))
            shops = [_Shop(randomness, yesterday) for _ in range(count)]
            merchant_ids += await world.store.write(partial(_insert, world=world, partner_id=partner_id, shops=shops))
        await close(world, merchant_ids, yesterday)
        await work.drain(world)
        return Book(merchant_ids, yesterday)


class _Shop:
    """What each day of a shop's year took: a level of its own, weekends better, some noise."""

    def __init__(self, randomness: random.Random, last_on: date) -> None:
        level = randomness.randrange(100_000, 900_000)
        self.started_on = last_on - timedelta(days=DAYS - 1)
        self.days: dict[date, Totals] = {}
        for back in range(DAYS):
            on = last_on - timedelta(days=back)
            amount = level * (130 if on.weekday() >= _SATURDAY else 90) // 100 + randomness.randrange(level // 3)
            self.days[on] = Totals(sales_amount=amount, tickets_count=1 + amount // 5_000)


async def close(world: World, merchant_ids: list[str], on: date) -> None:
    """Close `on` for everybody, through the closing lane."""
    closings = [days.Closing(merchant_id, None, on) for merchant_id in merchant_ids]
    await asyncio.gather(*(world.store.merge(world.closing, one) for one in closings))


async def _partner(tx: Tx, partner_id: str, client_id: str, now: datetime) -> None:
    rights = list(GRANTABLE)
    await tx.run(sql.clients.add_partner, id=partner_id, name="Bench", created_at=now)
    await tx.run(
        sql.clients.add, id=client_id, partner_id=partner_id, name="Bench", jwks_json={"keys": []}, rights_json=rights,
        created_at=now,
    )  # fmt: skip
    await tx.run(
        sql.tokens.add, hash=tokens.digest(TOKEN), client_id=client_id, partner_id=partner_id, rights_json=rights,
        issued_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip


async def _insert(tx: Tx, world: World, partner_id: str, shops: list[_Shop]) -> list[str]:
    """The shops with their days, a receipt a day, and a position that has all but the last day closed."""
    merchant_ids = [(await merchants.add(tx, world, partner_id, _NEW)).id for _ in shops]
    rows = [(m, on, totals) for m, shop in zip(merchant_ids, shops, strict=True) for on, totals in shop.days.items()]
    await tx.many(sql.days.add, [_day(*row) for row in rows])
    await tx.many(sql.sales.insert, [_sale(*row) for row in rows])
    fresh = await positions.load(tx, world, merchant_ids)
    closed = [_closed(fresh[m], shop, world.clock.now()) for m, shop in zip(merchant_ids, shops, strict=True)]
    await positions.save(tx, world, [], closed)
    return merchant_ids


def _closed(position: Position, shop: _Shop, now: datetime) -> Position:
    last_on = max(shop.days)
    history = histories.build(shop.started_on, last_on - timedelta(days=1), shop.days)
    return msgspec.structs.replace(position, history=history, open_days={last_on: shop.days[last_on]}, data_at=now)


def _day(merchant_id: str, on: date, totals: Totals) -> dict[str, Any]:
    return {
        "merchant_id": merchant_id, "business_on": on, "sales_amount": totals.sales_amount, "refunds_amount": 0,
        "voids_amount": 0, "net_amount": totals.net_amount, "tickets_count": totals.tickets_count,
    }  # fmt: skip


def _sale(merchant_id: str, on: date, totals: Totals) -> dict[str, Any]:
    """One receipt a day stands for the day's receipts: the index is deep, the file stays small."""
    at = datetime(on.year, on.month, on.day, 4, tzinfo=UTC)
    return {
        "merchant_id": merchant_id, "source": "partner", "sale_id": f"history-{on}", "version": 1, "row_id": "seed",
        "kind": "sale", "business_on": on, "occurred_at": at, "amount": totals.net_amount,
        "net_amount": totals.net_amount, "refund_of": None, "detail_json": {}, "received_at": at,
    }  # fmt: skip
