"""Webhooks from the log to real receivers on loopback."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.deliveries import PAUSES
from gateway.usecases import events
from gateway.usecases.courier import Courier
from tests.receivers import receiving, says

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio
MERCHANT = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "Europe/Amsterdam"}


async def endpoint(partner: Partner, url: str, *types: str) -> dict[str, Any]:
    return await partner.done("/v1/webhooks", {"url": url, "types": list(types or ("*",))})


async def happen(gateway: Gateway, partner: Partner, count: int = 1) -> None:
    """`count` shops are brought: three events each."""
    for _ in range(count):
        await partner.done("/v1/merchants", MERCHANT)
    await events.place(gateway.world)


async def log(partner: Partner, webhook_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await partner.seen(f"/v1/webhooks/{webhook_id}/deliveries", limit=100))["data"]
    return found


async def settle(gateway: Gateway) -> None:
    await Courier(gateway.world).settle()


async def test_every_event_arrives_once_and_the_log_says_so(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    async with receiving() as receiver:
        webhook = await endpoint(partner, receiver.url)
        await happen(own_gateway, partner, 3)
        await settle(own_gateway)
        await settle(own_gateway)
    told = (await partner.seen("/v1/events", limit=100))["data"]
    assert sorted(one.headers["webhook-id"] for one in receiver.heard) == [event["id"] for event in told]
    assert len(told) == 9
    shown = await log(partner, webhook["id"])
    assert [one["event_id"] for one in shown] == [event["id"] for event in reversed(told)]
    assert {(one["state"], one["attempts"][0]["status"], len(one["attempts"])) for one in shown} == {
        ("delivered", 204, 1)
    }


async def test_an_endpoint_is_sent_the_types_it_names_and_nothing_from_before_it_was_there(
    own_gateway: Gateway,
) -> None:
    partner = await own_gateway.partner()
    await happen(own_gateway, partner)
    async with receiving() as all_of_noun, receiving() as one_name, receiving() as nothing:
        await endpoint(partner, all_of_noun.url, "merchant.*")
        await endpoint(partner, one_name.url, "merchant.verified", "offer.*")
        await endpoint(partner, nothing.url, "drawdown.*")
        await happen(own_gateway, partner)
        await settle(own_gateway)
    assert [len(one.heard) for one in (all_of_noun, one_name, nothing)] == [2, 1, 0]


async def test_a_receiver_that_is_down_for_a_day_gets_everything_when_it_is_back(own_gateway: Gateway) -> None:
    partner, clock = await own_gateway.partner(), own_gateway.clock
    async with receiving(says(503)) as receiver:
        webhook = await endpoint(partner, receiver.url, "merchant.created")
        await happen(own_gateway, partner)
        down_since = clock.at
        tries = 0
        while clock.at - down_since < timedelta(days=1):
            await settle(own_gateway)
            tries += 1
            clock.at += PAUSES[tries - 1] * 11 // 10
        tried = len(receiver.heard)
        receiver.answers = [says(200)]
        clock.at += timedelta(days=1)
        await settle(own_gateway)
    assert tried == tries == 7
    (shown,) = await log(partner, webhook["id"])
    assert (shown["state"], len(shown["attempts"])) == ("delivered", tries + 1)
    assert {one.body for one in receiver.heard} == {receiver.heard[0].body}, "byte for byte the same"
    assert (await partner.seen(f"/v1/webhooks/{webhook['id']}"))["failing_since"] is None


async def test_one_dead_endpoint_of_a_hundred_holds_up_no_other(own_gateway: Gateway) -> None:
    partners = [await own_gateway.partner() for _ in range(7)]
    async with receiving() as dead, receiving() as living:
        dead.open.clear()
        for number in range(100):
            await endpoint(partners[number // 15], dead.url if number == 50 else living.url, "merchant.created")
        for partner in partners:
            await happen(own_gateway, partner, 5)
        courier = Courier(own_gateway.world)
        task = asyncio.create_task(courier.run())
        try:
            await living.until(99 * 5)  # the dead one has not answered yet, nor will it before this ends
            assert len(dead.heard) <= 4
        finally:
            dead.open.set()
            courier.stop()
            await task
