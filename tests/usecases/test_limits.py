"""Decisions and offers over a shop's life, on both engines: written when it matters, linked, and never changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.usecases import days, events, offers
from tests import tills
from tests.gateways import NOW
from tests.tills import days_back, refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio

FIXED = (
    "limit_amount",
    "terms",
    "price",
    "reasons",
    "programme",
    "data_as_of",
    "created_at",
    "expires_at",
    "decision_id",
)


async def shown(partner: Partner, offer_id: str) -> dict[str, Any]:
    return await partner.seen(f"/v1/offers/{offer_id}")


async def log(gateway: Gateway, partner: Partner, prefix: str) -> list[tuple[str, str]]:
    """(type, id) of the events so far, in order."""
    await events.place(gateway.world)
    data = (await partner.seen("/v1/events", limit=100))["data"]
    return [(one["type"].removeprefix(prefix), one["data"]["id"]) for one in data if one["type"].startswith(prefix)]


async def test_only_a_material_change_is_written_and_both_offers_name_each_other(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner)
    first = await till.offer()
    before = await shown(partner, first["id"])
    small = (await till.push(refund(first["terms"]["net_closed_amount"] // 25)))["offer"]  # 4 %
    assert (small["id"], small["offered_limit_amount"]) == (first["id"], first["limit_amount"])
    assert small["limit_amount"] < first["limit_amount"]
    assert len(await till.decisions()) == 1
    large = (await till.push(refund(first["terms"]["net_closed_amount"] // 50)))["offer"]  # 6 % in all
    assert large["id"] != first["id"]
    assert large["offered_limit_amount"] == large["limit_amount"]
    assert large["reasons"][0]["code"] == "sales_fell"
    old, new = await shown(partner, first["id"]), await shown(partner, large["id"])
    assert (old["state"], old["replaced_by"], new["replaces"], new["state"]) == (
        "replaced", new["id"], old["id"], "undelivered",
    )  # fmt: skip
    assert {name: old[name] for name in FIXED} == {name: before[name] for name in FIXED}
    assert [one["id"] for one in await till.decisions()] == [old["decision_id"], new["decision_id"]]
    assert await log(own_gateway, partner, "offer.") == [
        ("created", old["id"]), ("replaced", old["id"]), ("created", new["id"]),
    ]  # fmt: skip
    answer = await partner.post(f"/v1/offers/{old['id']}/deliver")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_state")


async def test_a_raise_waits_for_its_cool_down_but_the_fresh_limit_does_not(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner())
    first = await till.offer()
    raised = (await till.push(row(600_000)))["offer"]
    assert (raised["id"], raised["offered_limit_amount"]) == (first["id"], first["limit_amount"])
    assert raised["limit_amount"] > first["limit_amount"] * 1.2
    assert raised["available_amount"] > first["available_amount"]
    assert raised["reasons"][0]["code"] == "sales_rose"
    cut = (await till.push(refund(1_000_000)))["offer"]
    assert cut["id"] != first["id"]
    again = (await till.push(refund(1_000)))["offer"]
    assert again["limit_amount"] < cut["limit_amount"]
    assert len(await till.decisions()) == 2  # a cut below 5 % waits for the day's close
    own_gateway.clock.at = NOW + timedelta(hours=24, minutes=1)
    late = (await till.push(row(2_000_000, own_gateway.clock.at)))["offer"]
    assert late["offered_limit_amount"] == late["limit_amount"] > first["limit_amount"]


async def test_any_lasting_cut_becomes_the_offer_when_its_day_closes(own_gateway: Gateway) -> None:
    till = await tills.trading(await own_gateway.partner())
    first = await till.offer()
    await till.push(row(39_000))  # a little less than the day that leaves the window
    closed = await till.close(tills.TODAY)
    if closed["offer"]["limit_amount"] < first["limit_amount"]:
        assert closed["offer"]["id"] != first["id"]
    assert closed["offer"]["offered_limit_amount"] <= first["offered_limit_amount"] * 105 // 100
    assert closed["offer"]["offered_limit_amount"] <= closed["offer"]["limit_amount"]


async def test_a_declined_shop_is_told_why_and_its_offer_is_taken_back(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner)
    first = await till.offer()
    gone = (await till.push(refund(60 * 40_000)))["offer"]
    assert (gone["state"], gone["id"], gone["limit_amount"], gone["available_amount"]) == ("none", None, 0, 0)
    assert [one["code"] for one in gone["reasons"]] == ["no_sales"]
    assert (await shown(partner, first["id"]))["state"] == "canceled"
    outcomes = [one["outcome"] for one in await till.decisions()]
    assert outcomes == ["offered", "declined"]
    assert await log(own_gateway, partner, "offer.") == [("created", first["id"]), ("canceled", first["id"])]
    back = (await till.push(row(60 * 40_000)))["offer"]
    assert back["state"] == "open"
    assert (await shown(partner, back["id"]))["replaces"] is None


async def test_thin_history_is_declined_once_with_its_reason_until_28_days_are_known(own_gateway: Gateway) -> None:
    till = await tills.new(await own_gateway.partner())
    await till.push(*days_back(29))
    new = await till.offer()
    assert (new["state"], [one["code"] for one in new["reasons"]]) == ("none", ["no_closed_day"])
    for back in range(5, 2, -1):
        closed = await till.close(tills.TODAY - timedelta(days=back))
        assert (closed["offer"]["state"], closed["offer"]["limit_amount"]) == ("none", 0)
        assert [one["code"] for one in closed["offer"]["reasons"]] == ["thin_history"]
    assert [one["outcome"] for one in await till.decisions()] == ["declined"]
    assert (await till.close(tills.TODAY - timedelta(days=2)))["offer"]["state"] == "open"


async def test_an_expired_offer_ends_by_itself_and_the_next_one_stands_alone(own_gateway: Gateway) -> None:
    world, partner = own_gateway.world, await own_gateway.partner()
    till = await tills.trading(partner)
    first = await till.offer()
    for day in range(1, 31):  # as it always sold: the offer never changes materially, or its successors are followed
        own_gateway.clock.at = NOW + timedelta(days=day)
        await till.push(row(40_000, own_gateway.clock.at))
        await days.close_due(world, world.closing)
    last = await till.offer()
    expires_at = (await shown(partner, last["id"]))["expires_at"] if last["id"] else None
    assert first["id"]
    own_gateway.clock.at = NOW + timedelta(days=62)
    seen = await till.offer()
    assert (seen["id"], seen["state"], seen["offered_limit_amount"]) == (None, "none", None)
    assert expires_at is not None
    assert await offers.expire(world) == 1
    assert await offers.expire(world) == 0
    assert (await shown(partner, last["id"]))["state"] == "expired"
    for back in range(30, 0, -1):
        await till.push(row(40_000, own_gateway.clock.at - timedelta(days=back)))
    sold = (await till.push(row(40_000, own_gateway.clock.at)))["offer"]
    new = await shown(partner, sold["id"])
    assert (sold["state"], new["replaces"]) == ("open", None)
    old = await shown(partner, last["id"])
    assert (old["state"], old["replaced_by"]) == ("expired", None)
    told = await log(own_gateway, partner, "offer.")
    assert [name for name, offer_id in told if offer_id == last["id"]][-1] == "expired"


async def test_an_offer_is_delivered_once(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.trading(partner)
    offer_id = (await till.offer())["id"]
    first = await partner.done(f"/v1/offers/{offer_id}/deliver")
    assert (first["state"], await partner.done(f"/v1/offers/{offer_id}/deliver")) == ("delivered", first)
    assert await log(own_gateway, partner, "offer.") == [("created", offer_id), ("delivered", offer_id)]


async def test_at_the_opening_the_base_is_80_percent_of_the_30_calendar_days_before(own_gateway: Gateway) -> None:
    till = await tills.new(await own_gateway.partner(), timezone="Asia/Seoul")
    midnight = NOW.replace(hour=15) - timedelta(days=1)  # 00:00 in Seoul
    own_gateway.clock.at = midnight
    rows = [row(1_000 * back + 7, midnight - timedelta(hours=24 * back - 1)) for back in range(1, 90)]
    await till.push(*rows)
    closed = await till.close(tills.YESTERDAY)
    assert closed["offer"]["terms"]["base_amount"] == sum(1_000 * back + 7 for back in range(1, 31)) * 8_000 // 10_000
