"""One SQLite file that every subject starts from: merchants with a year of history, closed, scored and offered.

Days and receipts go in through the store; the last day is closed by the gateway's own closing lane, so scores,
decisions and offers are real ones.
"""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import calendars, details, histories
from gateway.domain.consents import Evidence
from gateway.domain.details import Details
from gateway.domain.histories import DAYS
from gateway.domain.merchants import NewMerchant
from gateway.domain.rights import Right
from gateway.domain.sales import Totals
from gateway.main import open_world
from gateway.settings import Settings
from gateway.store import sql
from gateway.usecases import access, clients, consents, days, merchants, positions, work
from gateway.usecases.access import KnownToken
from tests.bench import flows
from tests.bench.keys import Key

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.domain.positions import Position
    from gateway.store import Tx
    from gateway.usecases.clients import Client
    from gateway.usecases.world import World

CURRENCY, TIMEZONE = "CNY", "Asia/Shanghai"
_CHUNK = 50
_SATURDAY = 5
_RIGHTS = frozenset({Right.merchants_read, Right.offers_read, Right.sales_write})
_EVIDENCE = Evidence("bench", "one_time_code", "127.0.0.1", "en", "bench")
_NEW = NewMerchant(legal_name="A shop", country="CN", currency=CURRENCY, timezone=TIMEZONE, mcc="5462")


class Book:
    """The seeded merchants' access tokens, good for a day and bound to `key`, which is the client's own key too."""

    def __init__(self, tokens: dict[str, str], client_id: str, key: Key) -> None:
        self.tokens, self.client_id, self.key = tokens, client_id, key
        self.merchant_ids = list(tokens)


def address(merchant_id: str) -> str:
    """Where a merchant's sales go."""
    return f"/v1/merchants/{merchant_id}/sales"


def settings(path: Path) -> Settings:
    """Settings of a gateway on the file at `path`."""
    return Settings(database_url=f"sqlite:///{path}", data_dir=path.with_suffix(".keys"))


def make(path: Path, merchants_count: int) -> Book:
    """Write the file; deterministic but for ids and the present day."""
    return asyncio.run(_make(path, merchants_count))


async def _make(path: Path, merchants_count: int) -> Book:
    async with open_world(settings(path)) as world:
        now, key = world.clock.now(), Key()
        yesterday = now.astimezone(calendars.zone(TIMEZONE)).date() - timedelta(days=1)
        client = await clients.create(
            world, name="Bench", jwks=json.dumps({"keys": [{**key.jwk, "kid": "main"}]}).encode()
        )
        opened: dict[str, str] = {}
        randomness = random.Random(7)
        for _ in range(0, merchants_count, _CHUNK):
            count = min(_CHUNK, merchants_count - len(opened))
            shops = [_Shop(randomness, yesterday) for _ in range(count)]
            unit = partial(_insert, world=world, partner_id=client.partner_id, shops=shops)
            merchant_ids = await world.store.write(unit)
            opened |= await world.store.write(
                partial(_open, world=world, client=client, jkt=key.thumbprint, merchant_ids=merchant_ids)
            )
        await close(world, list(opened), yesterday)
        await work.drain(world)
        return Book(opened, client.id, key)


class _Asked(msgspec.Struct, frozen=True):
    client_id: str
    partner_id: str
    merchant_id: str
    details: Details
    grant_id: str | None = None


class _Shop:
    """What each day of a shop's year took: a level of its own, weekends better, some noise."""

    def __init__(self, randomness: random.Random, last_on: date) -> None:
        level = randomness.randrange(100_000, 900_000)
        self.started_on = last_on - timedelta(days=DAYS - 1)
        self.days: dict[date, Totals] = {}
        for back in range(DAYS):
            on = last_on - timedelta(days=back)
            amount = level * (130 if on.weekday() >= _SATURDAY else 90) // 100 + randomness.randrange(level // 3)
            self.days[on] = Totals(sales_amount=amount, tickets_count=1)


async def close(world: World, merchant_ids: list[str], on: date) -> None:
    """Close `on` for everybody, through the closing lane."""
    closings = [days.Closing(merchant_id, None, on) for merchant_id in merchant_ids]
    await asyncio.gather(*(world.store.merge(world.closing, one) for one in closings))


async def _open(tx: Tx, world: World, client: Client, jkt: str, merchant_ids: list[str]) -> dict[str, str]:
    """Each merchant agrees to what the client asks; an access token for each."""
    now, opened = world.system_clock.now(), {}
    until = now + timedelta(days=1)
    for merchant_id in merchant_ids:
        wanted = details.parse(json.dumps(flows.details(merchant_id)), now.date())
        asked = _Asked(client.id, client.partner_id, merchant_id, wanted)
        grant_id = await consents.grant(tx, world, asked, wanted, _EVIDENCE)
        known = KnownToken(client.id, client.partner_id, _RIGHTS, until, grant_id, merchant_id, jkt)
        opened[merchant_id] = (await access.mint(tx, world, known, details=wanted)).answer.access_token
    return opened


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
