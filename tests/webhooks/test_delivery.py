"""Webhooks from the log to real receivers on loopback, on both engines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.domain.deliveries import PAUSES
from gateway.outbound.guarded import Bounds, Guarded
from gateway.usecases import alerts
from gateway.usecases.courier import Courier
from gateway.worker import Worker
from tests import gateways
from tests.webhooks.receivers import receiving, says
from tests.webhooks.scene import MERCHANT, endpoint, happen, log, settle, shown

if TYPE_CHECKING:
    from pathlib import Path

    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


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
    told_of = await log(partner, webhook)
    assert [one["event_id"] for one in told_of] == [event["id"] for event in reversed(told)]
    assert {(one["state"], one["attempts"][0]["status"], len(one["attempts"])) for one in told_of} == {
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


async def test_a_receiver_that_is_down_for_a_day_gets_everything_when_it_is_back(alone: Gateway) -> None:
    partner, clock = await alone.partner(), alone.clock
    async with receiving(says(503)) as receiver:
        webhook = await endpoint(partner, receiver.url, "merchant.created")
        await happen(alone, partner)
        down_since = clock.at
        tries = 0
        while clock.at - down_since < timedelta(days=1):
            await settle(alone)
            tries += 1
            clock.at += PAUSES[tries - 1] * 11 // 10
        tried = len(receiver.heard)
        receiver.answers = [says(200)]
        clock.at += timedelta(days=1)
        await settle(alone)
    assert tried == tries == 7
    (only,) = await log(partner, webhook)
    assert (only["state"], len(only["attempts"])) == ("delivered", tries + 1)
    assert {one.body for one in receiver.heard} == {receiver.heard[0].body}, "byte for byte the same"
    assert (await shown(partner, webhook))["failing_since"] is None


async def test_one_dead_endpoint_of_a_hundred_holds_up_no_other(own_gateway: Gateway) -> None:
    partners = [await own_gateway.partner() for _ in range(7)]
    async with receiving() as dead, receiving() as living:
        dead.open.clear()
        for number in range(100):
            await endpoint(partners[number // 15], dead.url if number == 50 else living.url, "merchant.created")
        for partner in partners:
            await happen(own_gateway, partner, 2)
        courier = Courier(own_gateway.world)
        task = asyncio.create_task(courier.run())
        try:
            await living.until(99 * 2)  # the dead one has not answered yet, nor will it before this ends
            assert len(dead.heard) <= 2
        finally:
            dead.open.set()
            courier.stop()
            await task


async def test_endpoints_that_were_slow_leave_half_of_the_lanes_to_the_others(alone: Gateway) -> None:
    partner = await alone.partner()
    async with receiving(says(503), says(503), says(503), says(200)) as dead, receiving() as living:
        for url in (dead.url, dead.url, dead.url, living.url):
            await endpoint(partner, url, "merchant.created")
        courier = Courier(alone.world, lanes_count=2)
        await happen(alone, partner)
        await courier.settle()
        dead.open.clear()
        await happen(alone, partner, 3)
        task = asyncio.create_task(courier.run())
        try:
            await living.until(4)
            await dead.until(4)
            assert len(dead.heard) == 4, "of what is known to be slow one lane of the two is all there is"
        finally:
            dead.open.set()
            courier.stop()
            await task


async def test_a_receiver_that_says_nothing_holds_up_no_round_of_work(own_gateway: Gateway) -> None:
    partner, worker = await own_gateway.partner(), Worker(own_gateway.world)
    async with receiving() as dead, receiving() as living:
        await endpoint(partner, dead.url, "merchant.created")
        await endpoint(partner, living.url, "merchant.created")
        dead.open.clear()
        task = asyncio.create_task(worker.run())
        try:
            await partner.done("/v1/merchants", MERCHANT)
            await dead.until(1)
            for count in range(2, 5):  # only a round of work gives an event its place in the log
                await partner.done("/v1/merchants", MERCHANT)
                await living.until(count)
        finally:
            dead.open.set()
            worker.stop()
            await task


# --- what a receiver does wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (says(302, "location: http://127.0.0.1:1/"), 302, "redirected"),
        (says(500), 500, "status_refused"),
        (b"", None, "connection_broken"),
    ],
    ids=["redirects", "fails", "hangs up"],
)
async def test_an_answer_that_is_no_delivery_is_tried_again(
    alone: Gateway, answer: bytes, status: int | None, code: str
) -> None:
    partner = await alone.partner()
    async with receiving(answer, says(200)) as receiver:
        webhook = await endpoint(partner, receiver.url, "merchant.created")
        await happen(alone, partner)
        await settle(alone)
        (waiting,) = await log(partner, webhook)
        assert (waiting["state"], waiting["attempts"][0]["status"], waiting["attempts"][0]["code"]) == (
            "pending", status, code,
        )  # fmt: skip
        assert (await shown(partner, webhook))["failing_since"] is not None
        alone.clock.at += PAUSES[0] * 2
        await settle(alone)
    assert (await log(partner, webhook))[0]["state"] == "delivered"
    assert len({one.headers["webhook-id"] for one in receiver.heard}) == 1 == len(receiver.heard) - 1


async def test_a_slow_receiver_is_given_up_and_asked_again(alone: Gateway) -> None:
    partner, world = await alone.partner(), alone.world
    world.strangers = Guarded(sandbox=True, bounds=Bounds(total_ms=300))
    async with receiving() as receiver:
        webhook = await endpoint(partner, receiver.url, "merchant.created")
        receiver.open.clear()
        await happen(alone, partner)
        await settle(alone)
        receiver.open.set()
        world.strangers = Guarded(sandbox=True)
        alone.clock.at += PAUSES[0] * 2
        await settle(alone)
    assert [one["code"] for one in (await log(partner, webhook))[0]["attempts"]] == ["timed_out", None]


async def test_a_name_that_comes_to_stand_for_a_private_address_is_not_called(alone: Gateway) -> None:
    partner, world = await alone.partner(), alone.world

    async def resolve(name: str, port: int) -> list[str]:
        return ["10.0.0.7"] if port == 443 else ["127.0.0.1"]

    world.strangers = Guarded(sandbox=True, resolve=resolve)
    async with receiving() as inside:
        webhook = await endpoint(partner, "https://hooks.example.com/", "merchant.created")
        port = inside.url.split(":")[2].split("/")[0]
        for refused in (f"https://hooks.example.com:{port}/", "https://10.0.0.7/", "http://hooks.example.com/"):
            answer = await partner.post("/v1/webhooks", {"url": refused})
            assert (answer.status_code, answer.json()["code"]) == (422, "webhook_url_refused")
        await happen(alone, partner)
        await settle(alone)
    assert (await log(partner, webhook))[0]["attempts"][0]["code"] == "address_forbidden"
    assert inside.heard == []


async def test_who_asks_to_be_left_alone_is_left_alone(alone: Gateway) -> None:
    partner, clock = await alone.partner(), alone.clock
    async with receiving(says(429, "retry-after: 3600"), says(200)) as receiver:
        webhook = await endpoint(partner, receiver.url, "merchant.created")
        await happen(alone, partner)
        await settle(alone)
        await happen(alone, partner, 5)
        clock.at += timedelta(minutes=59)
        await settle(alone)
        assert len(receiver.heard) == 1
        clock.at += timedelta(minutes=2)
        await settle(alone)
    assert [one["state"] for one in await log(partner, webhook)] == ["delivered"] * 6


async def test_an_endpoint_that_is_gone_is_disabled_at_once_and_everybody_is_told(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    async with receiving(says(410)) as gone, receiving() as other:
        webhook = await endpoint(partner, gone.url, "merchant.created")
        await endpoint(partner, other.url, "webhook.*")
        await happen(own_gateway, partner, 20)
        await settle(own_gateway)
        now = await shown(partner, webhook)
        assert (now["state"], now["disabled_because"]) == ("disabled", "gone")
        states = {one["state"] for one in await log(partner, webhook)}
        assert states <= {"pending", "canceled"}
        assert len(gone.heard) <= 4
        await happen(own_gateway, partner)
        await settle(own_gateway)
        (told,) = [one.data for one in other.heard]
        assert (told["id"], told["reason"]) == (webhook["id"], "gone")
        assert [(one.kind, one.subject) for one in await alerts.open_ones(world.store)] == [
            ("webhook_disabled", webhook["id"])
        ]
        gone.answers = [says(200)]
        gone.heard.clear()
        await partner.patch(f"/v1/webhooks/{webhook['id']}", {"state": "enabled"})
        assert await alerts.open_ones(world.store) == []
        await happen(own_gateway, partner)
        await settle(own_gateway)
        assert len(gone.heard) == 1, "what happened before is sent again by a replay alone"


async def test_after_five_days_of_failure_an_endpoint_is_disabled(alone: Gateway) -> None:
    partner, clock = await alone.partner(), alone.clock
    async with receiving(says(500)) as receiver:
        webhook = await endpoint(partner, receiver.url, "merchant.created")
        for days in range(6):
            await happen(alone, partner)
            await settle(alone)
            assert (await shown(partner, webhook))["state"] == ("enabled" if days < 5 else "disabled")
            clock.at += DAY
    assert (await shown(partner, webhook))["disabled_because"] == "failing"
    assert {one["state"] for one in await log(partner, webhook)} == {"canceled"}


# --- crashes and replicas --------------------------------------------------------------------------------------------


async def test_who_dies_between_sending_and_noting_it_sends_again(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    async with receiving() as receiver:
        webhook = await endpoint(partner, receiver.url, "merchant.created")
        receiver.open.clear()
        await happen(own_gateway, partner)
        courier = asyncio.create_task(Courier(own_gateway.world).settle())
        await receiver.until(1)
        for task in asyncio.all_tasks():
            if task.get_name() == f"lane {webhook['id']}":
                task.cancel()
        courier.cancel()
        await asyncio.gather(courier, return_exceptions=True)
        receiver.open.set()
        own_gateway.clock.at += timedelta(minutes=2)  # where others share the database its lease ends first
        await settle(own_gateway)
    assert len({one.headers["webhook-id"] for one in receiver.heard}) == 1 == len(receiver.heard) - 1
    assert (await log(partner, webhook))[0]["state"] == "delivered"


async def test_two_processes_share_the_work_and_send_each_event_once(fresh_postgres_url: str, tmp_path: Path) -> None:
    async with (
        gateways.start(fresh_postgres_url, tmp_path) as one,
        gateways.start(fresh_postgres_url, tmp_path) as other,
        receiving() as receiver,
    ):
        partner = await one.partner()
        for _ in range(10):
            await endpoint(partner, receiver.url, "merchant.created")
        await happen(one, partner, 10)
        couriers = [Courier(one.world), Courier(other.world)]
        await asyncio.gather(*(courier.settle() for courier in couriers))
        assert len(receiver.heard) == 100
        assert len({(one.headers["webhook-id"], one.headers["webhook-signature"]) for one in receiver.heard}) == 100


async def test_another_address_starts_with_a_clean_sheet(alone: Gateway) -> None:
    partner = await alone.partner()
    async with receiving(says(429, "retry-after: 3600")) as failing, receiving() as other:
        webhook = await endpoint(partner, failing.url, "merchant.created")
        await happen(alone, partner)
        await settle(alone)
        assert (await shown(partner, webhook))["paused_until"] is not None
        await partner.patch(f"/v1/webhooks/{webhook['id']}", {"url": other.url})
        now = await shown(partner, webhook)
        assert (now["failing_since"], now["paused_until"]) == (None, None)
        alone.clock.at += PAUSES[4]
        await settle(alone)
    assert (len(failing.heard), len(other.heard)) == (1, 1)
