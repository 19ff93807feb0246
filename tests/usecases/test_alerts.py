"""Alerts, on both engines: one open a kind and subject, told once when it opens and once when it closes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.domain.alerts import AlertState, Severity
from gateway.usecases import alerts, audit, positions, work
from tests import shops, tills

if TYPE_CHECKING:
    from gateway.domain.alerts import Alert
    from gateway.usecases.world import World
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


async def start(world: World, kind: str, subject: str, merchant_id: str | None = None) -> Alert | None:
    about = None if merchant_id is None else await positions.current(world, merchant_id)
    seen = {"value_bps": 7}
    return await world.store.write(
        lambda tx: alerts.start(tx, world, kind, subject, severity=Severity.warning, evidence=seen, about=about)
    )


async def close(world: World, kind: str, subject: str) -> bool:
    return await world.store.write(lambda tx: alerts.close(tx, world, kind, subject))


async def test_an_alert_opens_once_closes_once_and_may_open_again(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    shop = await tills.new(partner)
    first = await start(world, "odd", shop.id, shop.id)
    assert first is not None
    assert (first.state, first.merchant_id, first.partner_id) == (AlertState.open, shop.id, partner.partner_id)
    assert await start(world, "odd", shop.id, shop.id) is None
    assert await start(world, "strange", shop.id, shop.id) is not None
    assert [await close(world, "odd", shop.id) for _ in range(2)] == [True, False]
    again = await start(world, "odd", shop.id, shop.id)
    assert again is not None
    assert again.id != first.id
    await work.drain(world)
    told = [(event["type"], event["data"]["id"]) for event in (await partner.seen("/v1/events", limit=100))["data"]]
    assert [kind for kind, _ in told if kind.startswith("alert.")] == ["alert.opened"] * 2 + [
        "alert.closed",
        "alert.opened",
    ]
    assert [kind for kind, noun_id in told if noun_id == first.id] == ["alert.opened", "alert.closed"]
    entries = [entry.action for page in [page async for page in audit.pages(world.store)] for entry in page]
    assert (entries.count("alert.opened"), entries.count("alert.closed")) == (3, 1)


async def test_an_alert_about_a_model_is_in_no_partners_events(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    made = await start(world, "psi", "pd.revenue_cv_26w")
    assert await alerts.open_ones(world.store) == [made]
    await close(world, "psi", "pd.revenue_cv_26w")
    await work.drain(world)
    assert await alerts.open_ones(world.store) == []
    assert (await partner.seen("/v1/events", limit=100))["data"] == []
    kept = await shops.rows(world.settings.database_url, "SELECT type, position FROM events ORDER BY position")
    assert [kind for kind, _ in kept] == ["alert.opened", "alert.closed"]


async def test_many_who_see_the_same_at_once_open_one(own_gateway: Gateway) -> None:
    world = own_gateway.world
    made = await asyncio.gather(*(start(world, "psi", "pd") for _ in range(20)))
    assert sum(one is not None for one in made) == 1
    closed = await asyncio.gather(*(close(world, "psi", "pd") for _ in range(20)))
    assert sum(closed) == 1
