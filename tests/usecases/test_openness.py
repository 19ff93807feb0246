"""A bank that is stopped, and one that does not answer: what waits, what goes on, and what is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings
from adapters.mailboxes import HttpPlace
from gateway.bank_ports import NotYet, Unanswered
from gateway.domain import banks as rules
from gateway.domain.banks import BankClosed, Health, Stopped, Way
from gateway.domain.programmes import INVENTORY
from gateway.outbound import Outbound
from gateway.usecases import alerts, banks, mailbox, openness
from gateway.usecases.world import FOLLOW_EVERY
from tests import gateways, shops

if TYPE_CHECKING:
    from pathlib import Path

    from tests.shops import Shop

pytestmark = pytest.mark.anyio

NOBODY = "http://127.0.0.1:9"
"""A port where nothing listens."""


async def stop(shop: Shop, stopped: Stopped) -> openness.Listed:
    return await openness.switch(shop.world, shop.lender.id, stopped, by="officer-1", reason="A rumour")


async def jobs(shop: Shop) -> list[tuple[str, str | None]]:
    query = "SELECT kind, problem FROM jobs WHERE kind IN ('drawdown.decide', 'instruction.send') ORDER BY kind"
    return [(kind, problem) for kind, problem in await shops.rows(shop.world.settings.database_url, query)]


async def test_a_stopped_bank_lends_nothing_and_what_waits_goes_when_it_is_resumed(shop_on_both: Shop) -> None:
    shop = shop_on_both
    quote = await shop.quote()
    waiting = await shop.propose(await shop.quote())
    clicked = await shop.draw()
    told = await stop(shop, Stopped.lending)
    assert (told.health, told.stopped) == (Health.stopped, Stopped.lending)
    assert not banks.is_open(shop.world, shop.lender.id)
    body = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
    refused = [await shop.partner.post("/v1/drawdowns", body), await shop.confirm(waiting)]
    assert [(one.status_code, one.json()["code"]) for one in refused] == [(409, "bank_unavailable")] * 2
    assert (await shop.gateway.http.get("/readyz")).json()["banks"] == {shop.lender.id: "stopped"}
    assert f'restock_bank_open{{bank="{shop.lender.id}"}} 0\n' in (await shop.gateway.http.get("/metrics")).text
    await shop.work()
    assert (await shop.drawdown(clicked))["state"] == "requested"
    assert await shop.sent(clicked) == 0
    assert await jobs(shop) == [("drawdown.decide", "bank_closed")]
    await stop(shop, Stopped.nothing)
    await shop.work()
    assert (await shop.drawdown(clicked))["state"] == "active"
    assert await shop.sent(clicked) == 1
    assert await jobs(shop) == []


async def test_an_instruction_that_is_stored_waits_and_debits_go_on_unless_they_are_stopped_too(shop: Shop) -> None:
    clicked = await shop.draw()
    await shop.work()
    await shop.pass_days(2)
    assert (await shop.drawdown(clicked))["state"] == "active"
    await stop(shop, Stopped.lending)
    await shop.live(2)
    assert {one["state"] for one in await shop.repayments(clicked)} >= {"settled"}
    await stop(shop, Stopped.everything)
    before = len(await shop.bank.payments())
    await shop.live(2)
    held = [one["state"] for one in await shop.repayments(clicked)]
    assert "scheduled" in held
    assert len(await shop.bank.payments()) == before
    await stop(shop, Stopped.nothing)
    await shop.pass_days(3)
    assert "scheduled" not in [one["state"] for one in await shop.repayments(clicked)]
    assert (await shop.verify()).balanced


async def test_a_bank_that_does_not_answer_is_left_alone_tried_once_a_pause_and_taken_up_again(
    shop_on_both: Shop,
) -> None:
    shop, world = shop_on_both, shop_on_both.world
    good = shop.rail
    async with Outbound() as outbound:
        shop.rail = Iso20022Bank(Iso20022Settings(HttpPlace(NOBODY)), outbound)
        for _ in range(rules.FAILURES_COUNT):
            await mailbox.poll(world)
        assert banks.health(world, shop.lender) is Health.unanswering
        (alert,) = await alerts.open_ones(world.store)
        assert (alert.kind, alert.subject) == ("bank_unanswering", f"{shop.lender.id}.iso20022.fetch")
        (told,) = await openness.listed(world)
        assert [(one.way, one.failures_count) for one in told.waits] == [(Way.fetch, rules.FAILURES_COUNT)]
        quote = await shop.quote()
        body = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
        refused = (await shop.partner.post("/v1/drawdowns", body)).json()
        assert (refused["code"], refused["health"]) == ("bank_unavailable", "unanswering")
        with pytest.raises(BankClosed):
            await openness.admit(world, shop.lender.id, shops.RAIL, Way.fetch)
        await world.clock.set(world.store, world.clock.now() + rules.PAUSES[0])
        await mailbox.poll(world)  # one attempt, which fails
        assert banks.health(world, shop.lender) is Health.unanswering
        shop.lender.standing = rules.Standing()
        await openness.load(world)  # as a process that has just started
        assert banks.health(world, shop.lender) is Health.unanswering
    shop.rail = good
    await mailbox.poll(world)
    assert banks.health(world, shop.lender) is Health.unanswering
    await world.clock.set(world.store, world.clock.now() + rules.PAUSES[1])
    await mailbox.poll(world)
    assert banks.health(world, shop.lender) is Health.open
    assert await alerts.open_ones(world.store) == []
    assert (await openness.listed(world))[0].waits == []


async def test_jobs_wait_for_an_open_breaker_without_being_sent_and_go_when_it_closes(shop: Shop) -> None:
    good, clicked, world = shop.rail, await shop.draw(), shop.world
    async with Outbound() as outbound:
        shop.rail = Iso20022Bank(Iso20022Settings(HttpPlace(NOBODY)), outbound)
        for _ in range(8):
            await shop.work()
            await world.clock.set(world.store, world.clock.now() + timedelta(minutes=31))
        assert (await shop.drawdown(clicked))["state"] == "approved"
        assert Way.send in {one.way for one in (await openness.listed(world))[0].waits}
    shop.rail = good
    await world.clock.set(world.store, world.clock.now() + rules.PAUSES[-1])
    await shop.work()
    assert (await shop.drawdown(clicked))["state"] == "active"
    assert await shop.sent(clicked) == 1


async def test_every_replica_takes_a_switch_over_and_one_only_tries_after_a_pause(
    fresh_postgres_url: str, tmp_path: Path
) -> None:
    async with (
        gateways.start(fresh_postgres_url, tmp_path) as one,
        gateways.start(fresh_postgres_url, tmp_path) as other,
    ):
        bank = INVENTORY.bank_id
        await openness.switch(one.world, bank, Stopped.everything, by="officer-1", reason="A rumour")
        other.clock.at += FOLLOW_EVERY
        assert (await other.http.get("/readyz")).json()["banks"] == {bank: "stopped"}
        with pytest.raises(BankClosed):
            await openness.admit(other.world, bank, shops.RAIL, Way.send, collects=True)
        await openness.switch(other.world, bank, Stopped.nothing, by="officer-1", reason="It was none")

        async def silence() -> None:
            raise Unanswered("no answer")

        for world in (one.world, other.world, one.world, other.world, other.world):
            with pytest.raises(Unanswered):
                await openness.heard(world, bank, shops.RAIL, Way.send, silence())
        for gateway in (one, other):
            gateway.clock.at += rules.PAUSES[0] + 2 * FOLLOW_EVERY
            await openness.load(gateway.world)
        await openness.admit(one.world, bank, shops.RAIL, Way.send)
        with pytest.raises(BankClosed):
            await openness.admit(other.world, bank, shops.RAIL, Way.send)


async def test_a_mailbox_is_read_no_more_often_than_its_bank_wants(shop: Shop) -> None:
    shop.lender.polls = {shops.RAIL: timedelta(minutes=5)}
    await mailbox.poll(shop.world)
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "submitted"
    assert await shop.messages() == []
    shop.gateway.clock.at += timedelta(minutes=5)
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"


async def test_what_cannot_go_yet_is_no_failure_of_the_bank(shop: Shop) -> None:
    async def nobody_agreed() -> None:
        raise NotYet("nobody has authorised the consent yet")

    for _ in range(rules.FAILURES_COUNT):
        with pytest.raises(NotYet):
            await openness.heard(shop.world, shop.lender.id, shops.RAIL, Way.send, nobody_agreed())
    assert banks.health(shop.world, shop.lender) is Health.open
