"""A new drawdown takes over what is owed of an old one: new money only is paid out, and no fee is charged twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.drawdowns import end_to_end_id

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def requote(shop: Shop, old_id: str, amount: int) -> dict[str, Any]:
    offer = await shop.offer()
    return await shop.partner.done("/v1/quotes", {"offer_id": offer["id"], "amount": amount, "refinances": old_id})


async def running(shop: Shop, days: int) -> str:
    old_id = await shop.draw(200_000)
    await shop.work()
    await shop.live(days)
    return old_id


async def test_a_loan_is_refinanced_and_each_fee_is_charged_once(shop_on_both: Shop) -> None:
    shop = shop_on_both
    old_id = await running(shop, 8)
    old, exposure = await shop.drawdown(old_id), (await shop.offer())["exposure_amount"]
    quote = await requote(shop, old_id, 100_000)
    assert (quote["new_money_amount"], quote["refinances"]) == (100_000, old_id)
    assert quote["amount"] == 100_000 + quote["refinanced_amount"]
    assert quote["refinanced_amount"] + quote["refinanced_fee_amount"] == old["outstanding_amount"]
    assert quote["fee_amount"] - quote["refinanced_fee_amount"] <= 100_000 * 300 // 10_000
    proposed = await shop.propose(quote)
    assert (await shop.confirm(proposed)).is_success
    assert (await shop.offer())["exposure_amount"] == exposure + 100_000
    await shop.work()
    new_id = proposed["id"]
    assert [one.amount for one in await shop.bank.payments() if one.end_to_end_id == end_to_end_id(new_id)] == [100_000]
    after, new = await shop.drawdown(old_id), await shop.drawdown(new_id)
    assert (after["state"], after["outstanding_amount"], new["state"]) == ("refinanced", 0, "active")
    assert (await shop.verify()).problems == ()
    told = [await shop.partner.seen(f"/v1/drawdowns/{one}/statement") for one in (old_id, new_id)]
    moved, taken = (one["totals"] for one in told)
    assert moved["refinanced_amount"] == taken["taken_over_amount"] > 0
    assert (taken["paid_out_amount"], taken["outstanding_amount"]) == (100_000, new["outstanding_amount"])
    await shop.live(3)  # what was under way on the old loan comes, and is the merchant's
    late = [one for one in await shop.repayments(old_id) if one["suspense_amount"] and one["kind"] == "share"]
    back = [one for one in await shop.repayments(old_id) if one["kind"] == "refund"]
    assert sum(one["amount"] for one in back) == sum(one["suspense_amount"] for one in late)
    for _ in range(40):
        if (await shop.drawdown(new_id))["state"] == "repaid":
            break
        await shop.live(1, 400_000)
    done = await shop.drawdown(new_id)
    assert (done["state"], done["outstanding_amount"]) == ("repaid", 0)
    assert (await shop.verify()).problems == ()


async def test_what_cannot_be_taken_over_is_refused_and_nothing_is_borrowed(shop: Shop) -> None:
    old_id = await running(shop, 2)
    first, second = await requote(shop, old_id, 50_000), await requote(shop, old_id, 50_000)
    proposed, other = await shop.propose(first), await shop.propose(second)
    assert (await shop.confirm(proposed)).is_success
    refused = await shop.confirm(other)
    assert (refused.status_code, refused.json()["code"]) == (409, "quote_superseded")
    await shop.work()
    offer = await shop.offer()
    for gone in (old_id, "drw_01jc0000000000000000000000"):
        body = {"offer_id": offer["id"], "amount": 10_000, "refinances": gone}
        answer = await shop.partner.post("/v1/quotes", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_refinanceable")
    assert (await shop.verify()).problems == ()
