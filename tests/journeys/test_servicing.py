"""Loans that do not go by themselves: a shop that sells nothing any more, one that rests, one that comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def borrowing(shop: Shop) -> str:
    """A loan whose money has gone."""
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.pass_days(1)
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    return drawdown_id


async def healths(shop: Shop) -> list[str]:
    """What the events told of the loan's health, in their order."""
    found: list[str] = []
    after = 0
    while page := (await shop.partner.seen("/v1/events", after=after, limit=100))["data"]:
        found += [event["type"] for event in page if event["type"].startswith(("health.", "repayment.short"))]
        after = page[-1]["position"]
    return found


async def by_kind(shop: Shop, drawdown_id: str) -> dict[str, list[dict[str, Any]]]:
    """Repayments by what they are for."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in await shop.repayments(drawdown_id):
        found.setdefault(one["kind"], []).append(one)
    return found


async def test_a_shop_that_sells_nothing_repays_by_its_minimums_alone(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    await shop.pass_days(100)
    drawdown = await shop.drawdown(drawdown_id)
    assert drawdown["state"] == "active"
    assert (await shop.verify()).problems == ()
