"""The night's data-quality gate, on both engines: findings are kept, told once, stamped on offers, and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.usecases import events, nights
from tests import tills
from tests.tills import row

if TYPE_CHECKING:
    from typing import Any

    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def night(gateway: Gateway, days: int = 1) -> None:
    """Let days go by, closed without a till, and do each night's pass."""
    for _ in range(days):
        gateway.clock.at += timedelta(days=1)
        while await nights.look(gateway.world):
            pass


async def told(shop: Till) -> list[str]:
    """The events about its sales."""
    data: list[dict[str, Any]] = (await shop.partner.seen("/v1/events", limit=100))["data"]
    return [event["type"] for event in data if event["type"].startswith("sales.")]


async def test_silence_and_its_end_are_told_once(own_gateway: Gateway) -> None:
    shop = await tills.trading(await own_gateway.partner(), 30)
    await night(own_gateway)
    now = own_gateway.world.clock.now
    await shop.close(now().date() + timedelta(days=-1))
    await night(own_gateway, 2)
    await shop.close(now().date() + timedelta(days=-1))
    await night(own_gateway, 2)
    await events.place(own_gateway.world)
    assert await told(shop) == ["sales.stale"]
    status = await shop.partner.seen(f"{shop.path}/data-status")
    assert [one["code"] for one in status["findings"]][-1] == "sales_silent"
    await shop.push(*[row(40_000, now() - timedelta(days=back)) for back in range(1, 5)])
    await night(own_gateway)
    await events.place(own_gateway.world)
    assert await told(shop) == ["sales.stale", "sales.resumed"]


async def test_repeated_days_stop_offers_until_they_are_corrected(own_gateway: Gateway) -> None:
    shop = await tills.new(await own_gateway.partner())
    now = own_gateway.world.clock.now()
    rows = [row(2_000, now - timedelta(days=back)) for back in range(60, 0, -1) for _ in range(12)]
    await shop.push(*rows)
    await shop.close()
    await night(own_gateway)
    await shop.push(row(2_000, own_gateway.world.clock.now()))
    offer = await shop.offer()
    assert offer["available_amount"] == 0
    assert [one["code"] for one in offer["reasons"]] == ["data_implausible"]
    status = await shop.partner.seen(f"{shop.path}/data-status")
    assert [(one["code"], one["weight"]) for one in status["findings"]] == [("days_repeated", "stop")]
