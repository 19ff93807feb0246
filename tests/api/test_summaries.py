"""One call that says where a shop stands, and what has to be done next."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.rights import Right
from tests import tills
from tests.api import minting

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def summary(shop: Shop) -> dict[str, Any]:
    return await shop.partner.seen(f"/v1/merchants/{shop.id}/summary")


def todo(found: dict[str, Any]) -> list[str]:
    return [action["type"] for action in found["required_actions"]]


async def test_a_new_shop_has_no_past_and_is_told_what_it_lacks(site: Gateway) -> None:
    till = await tills.new(await site.partner())
    found = await till.partner.seen(f"{till.path}/summary")
    assert (found["past"], found["forecast"], found["drawdowns"]) == ([], None, [])
    assert found["offer"]["state"] == "none"


async def test_it_says_what_the_single_calls_say(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await shop.draw()
    await shop.sell(1_234)
    found = await summary(shop)
    assert found["offer"] | {"change": None} == await shop.offer()
    assert found["forecast"] == await shop.partner.seen(f"/v1/merchants/{shop.id}/forecast")
    assert found["drawdowns"] == [await shop.drawdown(drawdown_id)]
    assert found["lender"] == found["drawdowns"][0]["bank"]
    assert found["takings_today_amount"] == 1_234
    days = [day["on"] for day in found["past"]]
    assert (len(days), days) == (28, sorted(days))
    assert days[-1] == str((shop.world.clock.now() - timedelta(days=1)).date())
    assert todo(found) == []
    assert found["offer"]["lender"]["lender_name"] == found["lender"]["name"]
    assert (found["trading_days_count"], found["trading_days_needed_count"]) == (60, 28)
    assert found["payout_account_ending"] == found["drawdowns"][0]["payout_account_ending"]
    assert len(found["payout_account_ending"]) == 4
    (signed,) = (await shop.partner.seen(f"/v1/merchants/{shop.id}/agreements"))["data"]
    page = f"{shop.world.settings.address}/connect/agreements/{signed['id']}"
    assert found["agreement"] == {"version": signed["version"], "url": page}


async def test_the_week_ahead_is_told_by_day_and_adds_up(shop: Shop) -> None:
    forecast = (await summary(shop))["forecast"]
    days, today = forecast["days"], shop.world.clock.now().date()
    assert [day["on"] for day in days] == [str(today + timedelta(days=n)) for n in range(7)]
    assert sum(day["p50_amount"] for day in days) == forecast["forecast_7"]["p50_amount"]
    assert all(day["p10_amount"] <= day["p50_amount"] <= day["p90_amount"] for day in days)


async def test_an_offer_that_replaced_another_says_what_it_changed(shop_on_both: Shop) -> None:
    shop = shop_on_both
    before = (await summary(shop))["offer"]
    assert before["change"] is None
    await shop.sell(400_000, "refund")
    offer = (await summary(shop))["offer"]
    change = offer["change"]
    assert offer["id"] != before["id"]
    assert change["limit_before_amount"] == before["offered_limit_amount"]
    assert change["limit_before_amount"] + change["amount"] == offer["offered_limit_amount"]
    assert change["amount"] < 0
    assert change["at"] == offer["decided_at"]


async def test_a_proposal_waits_for_the_merchant_until_it_is_confirmed(shop: Shop) -> None:
    proposed = await shop.propose()
    (action,) = (await summary(shop))["required_actions"]
    assert (action["type"], action["drawdown_id"]) == ("confirm", proposed["id"])
    assert action["url"] == proposed["confirmation_url"]
    assert (await shop.confirm(proposed)).is_success
    assert todo(await summary(shop)) == []


async def test_an_overdue_loan_says_how_much_since_when_and_that_nothing_can_be_debited(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.pass_days(31)  # nothing was sold: the first minimum is debited
    (minimum,) = await shop.repayments(drawdown_id)
    await shop.bank.refuse_collection(end_to_end_id(minimum["id"]), "AC04")
    await shop.work()
    await shop.pass_days(2)
    found = await summary(shop)
    (loan,) = found["drawdowns"]
    actions = {action["type"]: action for action in found["required_actions"]}
    assert (actions["pay"]["drawdown_id"], actions["pay"]["amount"]) == (drawdown_id, loan["past_due_amount"])
    assert loan["past_due_amount"] == minimum["amount"]
    schedule = await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/schedule")
    assert actions["pay"]["due_on"] == schedule["dues"][0]["due_on"]
    assert (actions["renew_mandate"]["drawdown_id"], actions["renew_mandate"]["why"]) == (drawdown_id, ["AC04"])


async def test_a_token_sees_the_parts_it_has_a_right_to(shop: Shop) -> None:
    await shop.draw()
    for rights, credit, loans in (
        ({Right.merchants_read}, False, False),
        ({Right.merchants_read, Right.offers_read}, True, False),
        ({Right.merchants_read, Right.drawdowns_read}, False, True),
    ):
        narrow = await minting.token(shop.partner, shop.id, rights)
        answer = await shop.partner.send("GET", f"/v1/merchants/{shop.id}/summary", token=narrow)
        found = answer.json()
        assert (found["offer"] is not None, found["drawdowns"] is not None) == (credit, loans)


async def test_ended_drawdowns_leave_the_summary_and_stay_in_the_list(shop: Shop) -> None:
    proposed = await shop.propose()
    await shop.partner.done(f"/v1/drawdowns/{proposed['id']}/cancel")
    drawn = await shop.draw()
    assert [one["id"] for one in (await summary(shop))["drawdowns"]] == [drawn]
    path = f"/v1/merchants/{shop.id}/drawdowns"
    first = await shop.partner.seen(path, limit=1)
    second = await shop.partner.seen(path, limit=1, cursor=first["next_cursor"])
    assert [page["data"][0]["id"] for page in (first, second)] == [proposed["id"], drawn]
    assert second["next_cursor"] is None
