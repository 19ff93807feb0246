"""A shop's till talks to the gateway for a week, and every number can be found again in what it sent."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.usecases import days, decisions
from tests import books, tills
from tests.gateways import NOW
from tests.tills import YESTERDAY, days_back, refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


async def test_the_owner_closes_the_till_and_sees_what_she_can_restock_with(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    till = await tills.new(partner, timezone="Asia/Shanghai", day_cutoff="03:00", currency="CNY")
    past = [
        sale | {"currency": "CNY", "sale_id": f"{sale['sale_id']}-{n}"}
        for sale in days_back(90, 10_000)
        for n in range(12)
    ]
    missing = past[-12:]
    past = past[:-12]
    assert (await till.push(*past))["offer"]["reasons"][0]["code"] == "no_closed_day"

    # The till's own total says that a row never came; with it the day closes, and there is an offer.
    answer = await partner.post(f"{till.path}/days/{YESTERDAY}/close", {"net_amount": 120_000})
    assert (answer.status_code, answer.json()["received_net_amount"]) == (409, 0)
    await till.push(*missing)
    closed = await till.close(YESTERDAY, net_amount=120_000, tickets_count=12)
    opening = closed["offer"]
    assert opening["terms"]["base_amount"] == 30 * 120_000 * 8 // 10
    assert opening["available_amount"] > 0
    assert closed["next_7_days"]["p50_amount"] > 0

    # A good day raises what is available in each answer, a refund lowers it in its own.
    seen = [opening["available_amount"]]
    for hour in range(4):
        at = NOW + timedelta(hours=hour - 4)
        seen.append(
            (await till.push(row(90_000, at, currency="CNY", sale_id=f"big{hour}")))["offer"]["available_amount"]
        )
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]
    lowered = (await till.push(refund(90_000, of="big0", currency="CNY")))["offer"]["available_amount"]
    assert lowered < seen[-1]

    # Nights pass: the gateway closes what nobody closed. Then a bad week lowers the limit at once and says why.
    world = own_gateway.world
    for day in range(1, 8):
        own_gateway.clock.at = NOW + timedelta(days=day)
        assert await days.close_due(world, world.closing) == 1
        said = (await till.push(row(9_000, own_gateway.clock.at, currency="CNY")))["offer"]
    assert said["limit_amount"] < opening["limit_amount"]
    assert said["id"] != opening["id"]
    assert "sales_fell" in [reason["code"] for reason in said["reasons"]]

    made = await till.decisions()
    assert len(made) > 2
    for decision in made:
        assert (await decisions.replay(world.store, world.scorer, world.programme, decision["id"])).agrees
    await books.check(world, till.id)
