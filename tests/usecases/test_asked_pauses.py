"""A merchant asks for a pause in the widget; officers decide by four eyes, and it hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.arrangements import ArrangementKind, ArrangementState, NotTakenUp, Proposal
from gateway.domain.four_eyes import SamePerson
from gateway.usecases import alerts, hardship
from tests.shops import rows

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def asks(shop: Shop, drawdown_id: str, **more: Any) -> Any:
    return await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/arrangements", {"kind": "pause"} | more)


async def pause(shop: Shop) -> Any:
    summary = await shop.partner.seen(f"/v1/merchants/{shop.id}/summary")
    return summary["drawdowns"][0]["pause"]


async def open_alerts(shop: Shop) -> set[str]:
    return {alert.kind for alert in await alerts.open_ones(shop.world.store)}


async def test_a_pause_that_was_asked_for_is_taken_up_by_one_officer_and_approved_by_another(
    shop_on_both: Shop,
) -> None:
    shop, world = shop_on_both, shop_on_both.world
    drawdown_id = await shop.draw()
    assert (await asks(shop, drawdown_id)).json()["code"] == "illegal_state", "there is no money out yet"
    await shop.work()
    assert await pause(shop) is None
    made = await asks(shop, drawdown_id, reason="the street is closed for works")
    assert made.status_code == 201, made.text
    asked = made.json()
    assert (asked["state"], asked["kind"], asked["days"]) == ("proposed", "pause", None)
    assert await pause(shop) == {"id": asked["id"], "state": "proposed", "created_at": asked["created_at"]}
    assert (await asks(shop, drawdown_id)).json()["code"] == "arrangement_already_asked"
    assert "relief_requested" in await open_alerts(shop)
    assert [one.id for one in await hardship.page(world, ArrangementState.proposed, "", 10)] == [asked["id"]]
    with pytest.raises(NotTakenUp):
        await hardship.approve(world, asked["id"], by="officer-1")
    proposal = Proposal(drawdown_id, ArrangementKind.pause, "officer-1", "works until April", days=14)
    assert (await hardship.propose(world, proposal)).id == asked["id"], "the merchant's own request"
    with pytest.raises(SamePerson):
        await hardship.approve(world, asked["id"], by="officer-1")
    assert "relief_requested" in await open_alerts(shop)
    await hardship.approve(world, asked["id"], by="officer-2")
    assert (await pause(shop))["state"] == "approved"
    assert (await shop.drawdown(drawdown_id))["paused_until_on"] == "2026-03-16"
    assert "relief_requested" not in await open_alerts(shop)
    await shop.work()
    assert await shop.states(asked["id"]) == ["approved"]
    assert (await shop.verify()).problems == ()
    kept = repr(await rows(world.settings.database_url, "SELECT * FROM arrangements"))
    assert "street" not in kept


async def test_one_officer_may_decline_and_the_merchant_hears_of_it_and_may_ask_again(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    await shop.work()
    asked = (await asks(shop, drawdown_id)).json()
    await hardship.decline(shop.world, asked["id"], by="officer-1")
    assert (await pause(shop))["state"] == "declined"
    assert await open_alerts(shop) == set()
    await shop.work()
    assert await shop.states(asked["id"]) == ["declined"]
    assert (await asks(shop, drawdown_id)).status_code == 201


@pytest.mark.parametrize("wrong", [{"kind": "write_off"}, {"reason": ""}, {"reason": "x" * 501}, {"days": 14}])
async def test_a_merchant_asks_for_a_pause_and_nothing_else(shop: Shop, wrong: dict[str, Any]) -> None:
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await asks(shop, drawdown_id, **wrong)).status_code == 422
