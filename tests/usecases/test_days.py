"""Closing business days, on both engines."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from gateway.usecases import days, events, positions
from gateway.usecases.days import Closed, Closing
from tests import books, tills
from tests.gateways import NOW
from tests.tills import TODAY, YESTERDAY, days_back, refund, row

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def position_of(gateway: Gateway, till: Till) -> Position:
    found = await positions.current(gateway.world, till.id)
    assert found is not None
    return found


async def closed_through(gateway: Gateway, till: Till) -> date | None:
    history = (await position_of(gateway, till)).history
    return None if history is None else history.through_on


async def test_z_totals_that_agree_close_the_day(gateway: Gateway) -> None:
    till = await tills.new(await gateway.partner())
    await till.push(row(1_000, tax_amount=100, sale_id="a"), row(500), refund(200, of="a"), row(50, kind="void"))
    z = {"sales_amount": 1_400, "refunds_amount": 200, "voids_amount": 50, "net_amount": 1_150, "tickets_count": 2}
    closed = await till.close(TODAY, **z)
    assert {name: closed[name] for name in z} == z
    assert (closed["state"], closed["business_on"], closed["withheld_amount"]) == ("closed", TODAY.isoformat(), 0)
    assert closed["next_7_days"]["fallback"] is True


async def test_z_totals_that_differ_close_nothing_and_say_both_numbers(gateway: Gateway) -> None:
    till = await tills.new(await gateway.partner())
    await till.push(row(1_000), row(500))
    answer = await till.partner.post(f"{till.path}/days/{TODAY}/close", {"net_amount": 1_501, "tickets_count": 3})
    assert (answer.status_code, answer.json()["code"]) == (409, "z_totals_differ")
    assert (answer.json()["received_net_amount"], answer.json()["received_tickets_count"]) == (1_500, 2)
    assert [(e["pointer"], e["detail"]) for e in answer.json()["errors"]] == [
        ("/net_amount", "the till says 1501, the rows received say 1500"),
        ("/tickets_count", "the till says 3, the rows received say 2"),
    ]
    assert await closed_through(gateway, till) is None


async def test_closing_again_or_an_earlier_day_changes_nothing(gateway: Gateway) -> None:
    till = await tills.trading(await gateway.partner(), days=40)
    before = await position_of(gateway, till)
    again = await till.close(YESTERDAY, net_amount=40_000)
    earlier = await till.close(YESTERDAY - timedelta(days=5), net_amount=40_000, tickets_count=1)
    assert (again["net_amount"], earlier["net_amount"], earlier["tickets_count"]) == (40_000, 40_000, 1)
    assert await position_of(gateway, till) == before
    assert len(await till.decisions()) == 1
    answer = await till.partner.post(f"{till.path}/days/{YESTERDAY}/close", {"net_amount": 1})
    assert answer.status_code == 409


async def test_closing_a_day_closes_all_before_it_and_days_without_sales_are_zero(gateway: Gateway) -> None:
    till = await tills.new(await gateway.partner())
    await till.push(row(100, NOW - timedelta(days=9)), row(200, NOW - timedelta(days=4)), row(300))
    closed = await till.close(YESTERDAY)
    assert (closed["net_amount"], closed["tickets_count"]) == (0, 0)
    history = (await position_of(gateway, till)).history
    assert history is not None
    assert list(history.net[-10:]) == [0, 100, 0, 0, 0, 0, 200, 0, 0, 0]
    assert (history.started_on, history.length) == (TODAY - timedelta(days=9), 9)
    await books.check(gateway.world, till.id)


async def test_a_shop_that_never_sold_closes_its_days_without_a_history(gateway: Gateway) -> None:
    till = await tills.new(await gateway.partner())
    closed = await till.close(TODAY - timedelta(days=900))
    assert (closed["net_amount"], closed["offer"]["state"], closed["next_7_days"]) == (0, "none", None)
    await till.push(row(5))
    await till.close(TODAY)
    history = (await position_of(gateway, till)).history
    assert history is not None
    assert history.length == 1
    await books.check(gateway.world, till.id)


async def test_a_day_closed_early_still_takes_late_sales(gateway: Gateway) -> None:
    till = await tills.trading(await gateway.partner(), days=40)
    closed = await till.close(TODAY)
    assert closed["net_amount"] == 0
    late = await till.push(row(90_000))
    assert late["takings_today_amount"] == 90_000
    assert late["offer"]["terms"]["net_closed_amount"] == 29 * 40_000 + 90_000
    assert (await till.close(TODAY, net_amount=90_000))["tickets_count"] == 1
    await books.check(gateway.world, till.id)


@pytest.mark.parametrize(
    ("on", "status", "code"),
    [
        ("2026-03-03", 422, "day_in_the_future"),
        ("9999-12-31", 422, "day_in_the_future"),
        ("0001-01-01", 422, "day_too_old"),
        ("2026-02-30", 404, "not_found"),
        ("2026-W10-1", 404, "not_found"),
        ("20260301", 404, "not_found"),
        ("٢٠٢٦-٠٣-٠١", 404, "not_found"),
    ],
)
async def test_what_is_no_day_to_close_is_refused(gateway: Gateway, on: str, status: int, code: str) -> None:
    till = await tills.new(await gateway.partner())
    answer = await till.partner.post(f"{till.path}/days/{quote(on)}/close", {})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_days_in_the_shops_own_calendar_can_be_closed(gateway: Gateway) -> None:
    till = await tills.new(await gateway.partner(), timezone="Pacific/Auckland")  # 22:00 on the same day
    late = await tills.new(await gateway.partner(), timezone="Pacific/Kiritimati")  # 23:00
    west = await tills.new(await gateway.partner(), timezone="America/Los_Angeles", day_cutoff="04:00")  # 01:00
    for one, on in ((till, TODAY), (late, TODAY), (west, YESTERDAY)):
        assert (await one.push(row(7, NOW)))["takings_today_amount"] == 7
        assert (await one.close(on))["net_amount"] == 7
        answer = await one.partner.post(f"{one.path}/days/{on + timedelta(days=1)}/close", {})
        assert answer.json()["code"] == "day_in_the_future"


async def test_the_gateway_closes_by_itself_after_cutoff_and_grace_and_once(own_gateway: Gateway) -> None:
    world = own_gateway.world
    till = await tills.new(await own_gateway.partner(), timezone="Europe/Amsterdam", day_cutoff="03:00")
    await till.push(row(500))
    own_gateway.clock.at = NOW.replace(day=3, hour=3, minute=59)  # 04:59 there
    assert await days.close_due(world, world.closing) == 0
    assert await closed_through(own_gateway, till) is None
    own_gateway.clock.at = NOW.replace(day=3, hour=4)
    before = (await position_of(own_gateway, till)).version
    await asyncio.gather(*[days.close_due(world, world.closing) for _ in range(3)])
    assert await closed_through(own_gateway, till) == TODAY
    assert (await position_of(own_gateway, till)).version == before + 1
    assert await days.close_due(world, world.closing) == 0
    own_gateway.clock.at = NOW.replace(day=9, hour=4)
    assert await days.close_due(world, world.closing) == 1
    assert await closed_through(own_gateway, till) == date(2026, 3, 8)
    data_at = (await position_of(own_gateway, till)).data_at
    assert data_at is not None
    assert data_at - NOW < timedelta(seconds=1)  # closing by ourselves is no news from the shop
    await books.check(world, till.id)


async def test_silence_freezes_the_offer_and_a_sale_thaws_it(own_gateway: Gateway) -> None:
    world, partner = own_gateway.world, await own_gateway.partner()
    till = await tills.trading(partner, days=40)
    first = await till.offer()
    assert first["state"] == "open"
    own_gateway.clock.at = NOW + timedelta(days=4, hours=20)
    seen = await till.offer()
    assert (seen["state"], seen["limit_amount"], seen["available_amount"]) == ("frozen", 0, 0)
    assert [reason["code"] for reason in seen["reasons"]] == ["data_stale"]
    await days.close_due(world, world.closing)
    assert (await partner.seen(f"/v1/offers/{first['id']}"))["frozen_at"] is not None
    assert (await till.offer())["id"] == first["id"]
    sold = (await till.push(row(200_000, own_gateway.clock.at)))["offer"]
    assert sold["state"] == "open"
    events = [event["type"] for event in await log(own_gateway, partner)]
    assert events.count("offer.frozen") == 1
    assert ("offer.unfrozen" in events) or sold["id"] != first["id"]


async def log(gateway: Gateway, partner: Any) -> list[dict[str, Any]]:
    """The events so far, in order."""
    await events.place(gateway.world)
    data: list[dict[str, Any]] = (await partner.seen("/v1/events", limit=100))["data"]
    return data


async def test_merged_closes_equal_closes_one_by_one(gateway: Gateway) -> None:
    partner, lane = await gateway.partner(), gateway.world.closing
    answers = []
    for merged in (True, False):
        shops = [await tills.new(partner) for _ in range(8)]
        for number, till in enumerate(shops):
            await till.push(*days_back(30 + 5 * number, 30_000 + 1_000 * number), refund(1 + 400 * number))
        wanted = [
            Closing(till.id, await gateway.world.tokens.identify(partner.grants[till.id]), on)
            for on in (YESTERDAY - timedelta(days=2), YESTERDAY, YESTERDAY, TODAY)
            for till in shops
        ]
        calls = [gateway.world.store.merge(lane, closing) for closing in wanted]
        found = await asyncio.gather(*calls) if merged else [await call for call in calls]
        answers.append([_outcome(closed) for closed in found])
        answers[-1] += [[decision["reasons"] for decision in await till.decisions()] for till in shops]
        for till in shops:
            await books.check(gateway.world, till.id)
    assert answers[0] == answers[1]


def _outcome(closed: Closed) -> Any:
    return closed.business_on, closed.totals, closed.withheld_amount, closed.judged.assessment, closed.judged.written
