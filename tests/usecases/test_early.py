"""Paying early: a part or all of it, by debit or by transfer; the rebate is what the cap on all costs leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import pricing
from gateway.domain.drawdowns import end_to_end_id as named
from gateway.domain.payoffs import NewRepayment, PressedElsewhere
from gateway.usecases import early
from gateway.usecases import ledger as books
from tests import arrivals

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def borrowing(shop: Shop, days: int = 0) -> str:
    drawdown_id = await shop.draw(400_000)
    await shop.work()
    await shop.live(days)
    return drawdown_id


async def payoff(shop: Shop, drawdown_id: str) -> dict[str, Any]:
    return await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/payoff")


async def test_paying_all_of_it_off_after_ten_days_by_debit_gives_most_of_the_fee_back(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await borrowing(shop, 10)
    quoted, before = await payoff(shop, drawdown_id), await shop.drawdown(drawdown_id)
    assert quoted["outstanding_amount"] == before["outstanding_amount"]
    parts = quoted["amount"] + quoted["pending_amount"] + quoted["rebate_amount"]
    assert parts == quoted["outstanding_amount"]
    assert 0 < quoted["rebate_amount"] < before["fee_amount"]
    made = await shop.partner.done(f"/v1/drawdowns/{drawdown_id}/repayments", {"payoff": True})
    assert (made["kind"], made["channel"], made["amount"]) == ("early", "debit", quoted["amount"])
    assert (await payoff(shop, drawdown_id))["amount"] == 0
    again = await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/repayments", {"payoff": True})
    assert (again.status_code, again.json()["code"]) == (409, "nothing_to_repay")
    await shop.live(6)
    after = await shop.drawdown(drawdown_id)
    assert (after["state"], after["outstanding_amount"], after["rebate_amount"]) == (
        "repaid", 0, quoted["rebate_amount"]
    )  # fmt: skip
    cost = after["repaid_amount"] - after["amount"]
    assert cost <= pricing.allowed_cost_amount(after["amount"], [], 12, 2_400)
    assert (await shop.verify()).problems == ()


async def test_a_transfer_pays_what_comes_and_one_that_is_too_much_is_the_merchants(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    there = f"/v1/drawdowns/{drawdown_id}/repayments"
    part = await shop.partner.done(there, {"amount": 50_000, "channel": "transfer"})
    assert part["collect_on"] is not None
    assert (await payoff(shop, drawdown_id))["pending_amount"] == 0  # it may never come
    assert await arrivals.arrive(shop, part["transfer_reference"], 40_000) is None
    assert await arrivals.arrive(shop, part["transfer_reference"], 40_000) is None  # told again
    assert (await shop.drawdown(drawdown_id))["repaid_amount"] == 40_000
    rest = await shop.partner.done(there, {"payoff": True, "channel": "transfer"})
    assert await arrivals.arrive(shop, rest["transfer_reference"], rest["amount"] + 700, "ENTRY-2") is None
    after = await shop.drawdown(drawdown_id)
    assert (after["state"], after["outstanding_amount"]) == ("repaid", 0)
    assert sum(one["suspense_amount"] for one in await shop.repayments(drawdown_id) if one["kind"] != "refund") == 700
    await shop.work()
    await shop.pass_days(2)
    back = (await shop.repayments(drawdown_id))[-1]
    assert (back["kind"], back["channel"], back["amount"], back["state"]) == ("refund", "payout", 700, "settled")
    assert [one.amount for one in await shop.bank.payments() if one.end_to_end_id != named(drawdown_id)] == [700]
    assert await books.balance(shop.world.store, f"drawdown:{drawdown_id}:suspense") == 0
    assert await arrivals.arrive(shop, rest["transfer_reference"], 1_000, "ENTRY-3") is None
    assert await arrivals.arrive(shop, rest["transfer_reference"], 1_000, "ENTRY-3") is None  # told again
    assert [one["amount"] for one in await shop.repayments(drawdown_id) if one["kind"] == "refund"] == [700, 1_000]
    assert (await shop.verify()).problems == ()


async def test_what_cannot_be_paid_early_is_refused_and_nothing_is_scheduled(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    there = f"/v1/drawdowns/{drawdown_id}/repayments"
    owed = (await payoff(shop, drawdown_id))["amount"]
    refusals = [
        ({"amount": owed + 1}, "repayment_above_owed"), ({}, "repayment_part_or_all"),
        ({"amount": 5, "payoff": True}, "repayment_part_or_all"), ({"amount": 0}, "invalid_body"),
        ({"payoff": True, "channel": "withheld"}, "invalid_body"),
    ]  # fmt: skip
    for body, code in refusals:
        answer = await shop.partner.post(there, body)
        assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert await shop.repayments(drawdown_id) == []


async def test_a_page_that_is_not_our_frame_cannot_take_money_from_the_merchants_account(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    caller = await shop.world.tokens.identify(shop.partner.grants[shop.id])
    new = NewRepayment(payoff=True)
    page = msgspec.structs.replace(caller, user="bo", page_origin="https://till.example")
    with pytest.raises(PressedElsewhere):
        await shop.world.store.write(lambda tx: early.pay(tx, shop.world, page, drawdown_id, new))
    assert await shop.repayments(drawdown_id) == []
    frame = msgspec.structs.replace(page, page_origin=None)
    made = await shop.world.store.write(lambda tx: early.pay(tx, shop.world, frame, drawdown_id, new))
    assert [one["id"] for one in await shop.repayments(drawdown_id)] == [made.id]
