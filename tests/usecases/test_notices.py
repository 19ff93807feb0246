"""Notices follow decisions: one for several cuts, none for what came back, sent in time, on both engines."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.notices import DUE_AFTER, SEND_AFTER, SMALL_SEND_AFTER
from gateway.domain.programmes import INVENTORY
from gateway.usecases import messages, work
from tests import granting, shops, tills
from tests.gateways import NOW
from tests.tills import days_back, refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner
    from tests.shops import Shop
    from tests.tills import Till

pytestmark = pytest.mark.anyio
CONTACT = "owner@corner.example"
A_MOMENT = timedelta(minutes=1)


async def owed(till: Till) -> list[dict[str, Any]]:
    """A shop's notices, oldest first."""
    found: list[dict[str, Any]] = (await till.partner.seen(f"{till.path}/notices"))["data"]
    return found


async def told(gateway: Gateway, till: Till) -> list[Any]:
    """The messages to a shop's contact, oldest first."""
    await work.drain(gateway.world)
    return [one for one in await messages.latest(gateway.world) if one.merchant_id == till.id][::-1]


async def events(partner: Partner, prefix: str = "notice.") -> list[str]:
    data = (await partner.seen("/v1/events", limit=100))["data"]
    return [one["type"].removeprefix(prefix) for one in data if one["type"].startswith(prefix)]


async def count(gateway: Gateway) -> int:
    """How many notices are kept of whomever."""
    ((found,),) = await shops.rows(gateway.world.settings.database_url, "SELECT COUNT(*) FROM notices")
    return int(found)


async def pass_time(gateway: Gateway, time: timedelta) -> None:
    gateway.clock.at += time
    await work.drain(gateway.world)


async def test_several_cuts_make_one_notice_and_one_message(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner, contact_email=CONTACT)
    first = (await till.offer())["limit_amount"]
    assert await owed(till) == []
    one = (await till.push(refund(100_000)))["offer"]
    two = (await till.push(refund(150_000)))["offer"]
    (notice,) = await owed(till)
    assert (notice["state"], notice["kind"]) == ("open", "adverse_action")
    assert notice["decision_ids"] == [one["decision_id"], two["decision_id"]]
    assert (notice["before_amount"], notice["after_amount"]) == (first, two["limit_amount"])
    (reason,) = notice["reasons"]
    assert (reason["code"], reason["amount"]) == ("sales_fell", two["limit_amount"] - first)
    opened_at = datetime.fromisoformat(notice["opened_at"])
    assert datetime.fromisoformat(notice["due_at"]) - opened_at == DUE_AFTER
    assert await told(own_gateway, till) == []
    await pass_time(own_gateway, SEND_AFTER)
    (message,) = await told(own_gateway, till)
    assert (message.kind, message.contact, message.locale) == ("adverse_action", CONTACT, "en")
    for words in ("Corner", "EUR", "Sales of the last 30 days fell"):
        assert words in message.text
    (sent,) = await owed(till)
    assert sent["state"] == "sent"
    assert datetime.fromisoformat(sent["sent_at"]) < datetime.fromisoformat(sent["due_at"])
    assert await partner.seen(f"/v1/notices/{sent['id']}") == sent
    assert await events(partner) == ["created", "sent"]
    await pass_time(own_gateway, SEND_AFTER)
    assert len(await told(own_gateway, till)) == 1


async def test_small_cuts_wait_for_one_another_but_never_past_their_clock(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner(), contact_email=CONTACT)
    await till.push(refund(10_000))
    closed = await till.close(tills.TODAY)  # below 5 %, but it lasts
    (notice,) = await owed(till)
    assert notice["decision_ids"] == [closed["offer"]["decision_id"]]
    opened_at = datetime.fromisoformat(notice["opened_at"])
    assert datetime.fromisoformat(notice["send_at"]) == opened_at + SMALL_SEND_AFTER < opened_at + DUE_AFTER
    own_gateway.clock.at += timedelta(days=1)
    await till.push(row(40_000, own_gateway.clock.at), refund(150_000, at=own_gateway.clock.at))
    (notice,) = await owed(till)
    last_at = datetime.fromisoformat((await till.decisions())[-1]["decided_at"])
    assert abs(datetime.fromisoformat(notice["send_at"]) - last_at - SEND_AFTER) < A_MOMENT
    await pass_time(own_gateway, SEND_AFTER)
    assert len(await told(own_gateway, till)) == 1


async def test_a_cut_after_the_message_opens_the_next_notice(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner(), contact_email=CONTACT)
    await till.push(refund(100_000))
    await pass_time(own_gateway, SEND_AFTER + A_MOMENT)
    assert [one["state"] for one in await owed(till)] == ["sent"]
    await till.push(refund(150_000, at=own_gateway.clock.at))
    assert [one["state"] for one in await owed(till)] == ["sent", "open"]


async def test_cuts_at_once_share_one_notice(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner())
    await asyncio.gather(*(till.push(refund(100_000)) for _ in range(8)))
    (notice,) = await owed(till)
    decisions = await till.decisions()
    assert notice["decision_ids"] == [one["id"] for one in decisions[1:]]
    assert notice["after_amount"] == decisions[-1]["limit_amount"]


async def test_a_limit_that_came_back_in_time_makes_the_notice_needless(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner, contact_email=CONTACT)
    before = (await till.offer())["limit_amount"]
    await till.push(refund(60 * 40_000))  # nothing is left: the offer is taken back
    assert [one["state"] for one in await owed(till)] == ["open"]
    back = (await till.push(row(60 * 40_000)))["offer"]
    assert back["limit_amount"] >= before
    assert [one["state"] for one in await owed(till)] == ["withdrawn"]
    await pass_time(own_gateway, SEND_AFTER + A_MOMENT)
    assert await told(own_gateway, till) == []
    assert (await events(partner))[:2] == ["created", "withdrawn"]


async def test_a_limit_that_came_back_in_part_is_still_told(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner(), contact_email=CONTACT)
    await till.push(refund(60 * 40_000))
    await till.push(row(55 * 40_000))
    (notice,) = await owed(till)
    assert notice["state"] == "open"


async def test_without_a_contact_the_notice_stays_open_until_there_is_one(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner())
    await till.push(refund(100_000))
    await pass_time(own_gateway, SEND_AFTER + A_MOMENT)
    assert [(one["state"], one["sent_at"]) for one in await owed(till)] == [("open", None)]
    assert await told(own_gateway, till) == []


async def test_without_a_messenger_nothing_is_called_sent(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner(), contact_email=CONTACT)
    await till.push(refund(100_000))
    own_gateway.world.notifier, messenger = None, own_gateway.world.notifier
    await pass_time(own_gateway, SEND_AFTER + A_MOMENT)
    assert [one["state"] for one in await owed(till)] == ["open"]
    own_gateway.world.notifier = messenger
    assert len(await told(own_gateway, till)) == 1


async def test_neither_a_first_offer_nor_too_little_history_nor_a_withdrawn_consent_is_an_adverse_action(
    own_gateway: Gateway,
) -> None:
    partner = await own_gateway.partner()
    young, old = await tills.new(partner), await tills.trading(partner)
    await young.push(*days_back(10))
    await young.close()
    assert [one["outcome"] for one in await young.decisions()] == ["declined"]
    assert await owed(young) == await owed(old) == []
    await granting.take_back(own_gateway.world, old.id)
    await work.drain(own_gateway.world)
    assert "created" not in await events(partner)


async def test_a_silent_shop_is_told_that_its_offer_is_on_hold_and_not_when_it_sells_again(
    own_gateway: Gateway,
) -> None:
    till = await tills.trading(await own_gateway.partner(), contact_email=CONTACT)
    await pass_time(own_gateway, timedelta(days=5))
    (notice,) = await owed(till)
    assert [reason["code"] for reason in notice["reasons"]] == ["data_stale"]
    assert notice["after_amount"] == 0
    sold = [row(40_000, own_gateway.clock.at - timedelta(days=back)) for back in range(5)]
    (await till.push(*sold))["offer"]
    (notice,) = await owed(till)
    assert notice["state"] in {"withdrawn", "sent"}


async def test_another_partners_notice_is_not_there(own_gateway: Gateway) -> None:
    partner, stranger = await own_gateway.partner(), await own_gateway.partner()
    till = await tills.trading(partner)
    await tills.trading(stranger)
    await till.push(refund(100_000))
    (notice,) = await owed(till)
    assert (await stranger.get(f"/v1/notices/{notice['id']}")).status_code == 404
    assert (await stranger.get(f"{till.path}/notices")).status_code == 404


async def test_notices_go_with_the_decisions_at_the_end_of_keeping(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner)
    await till.push(refund(100_000))
    await granting.take_back(world, till.id)
    await work.drain(world)
    assert await count(own_gateway) == 1
    own_gateway.clock.at = NOW + timedelta(days=6 * 366)
    await work.drain(world)
    assert await count(own_gateway) == 0


async def test_a_cut_that_was_taken_back_in_part_is_told_as_it_stands(shop: Shop) -> None:
    shop.world.programme = msgspec.structs.replace(INVENTORY, raise_cooldown_hours=0)
    before = (await shop.offer())["limit_amount"]
    await shop.sell(900_000, kind="refund")
    low = (await shop.offer())["limit_amount"]
    await shop.sell(500_000)
    now = (await shop.offer())["limit_amount"]
    assert low < now < before
    (notice,) = (await shop.partner.seen(f"/v1/merchants/{shop.id}/notices"))["data"]
    assert (notice["before_amount"], notice["after_amount"], notice["state"]) == (before, now, "open")
