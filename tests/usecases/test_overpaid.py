"""Merchants who try to pay less, or to get back more, than they owe; and banks that tell of the same money twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.money import Money
from gateway.usecases import alerts, reconciling
from gateway.usecases import ledger as books
from gateway.usecases.reconciling import Told
from tests.shops import RAIL

if TYPE_CHECKING:
    from gateway.usecases.statuses import Problem
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def borrowing(shop: Shop, days: int = 0) -> str:
    drawdown_id = await shop.draw(400_000)
    await shop.work()
    await shop.live(days)
    return drawdown_id


async def pay(shop: Shop, drawdown_id: str, **wanted: Any) -> dict[str, Any]:
    return await shop.partner.done(f"/v1/drawdowns/{drawdown_id}/repayments", wanted)


async def tell(
    shop: Shop, reference: str, amount: int, entry: str | None, *, message: str = "m-1", back: str | None = None
) -> Problem | None:
    """An entry of today on the bank's account: money that came or, for the reason `back`, was taken back."""
    fact = BankEvent(
        BankEventKind.booked if back is None else BankEventKind.returned, "camt.053", reference,
        amount=Money(amount, "EUR"), credit=back is None, booked_on=shop.world.clock.now().date(),
        account=shop.lender.account, entry_reference=entry, reason=back,
    )  # fmt: skip
    return await reconciling.take(shop.world, Told(shop.lender, RAIL, message), fact)


async def kept_amount(shop: Shop, drawdown_id: str) -> int:
    """What is kept for the merchant; below zero, what it was given back wrongly."""
    return -await books.balance(shop.world.store, f"drawdown:{drawdown_id}:suspense")


async def test_a_cent_under_a_payoffs_reference_gives_nothing_up(shop: Shop) -> None:
    drawdown_id = await borrowing(shop, 2)
    before = await shop.drawdown(drawdown_id)
    asked = [await pay(shop, drawdown_id, payoff=True, channel="transfer") for _ in range(3)]
    assert asked[0]["rebate_amount"] > 0
    for n, one in enumerate(asked):
        assert await tell(shop, one["transfer_reference"], 1, f"E{n}") is None
    after = await shop.drawdown(drawdown_id)
    assert (after["rebate_amount"], after["outstanding_amount"]) == (0, before["outstanding_amount"] - 3)
    assert (await shop.verify()).problems == ()


async def test_a_payoff_beside_a_debit_that_fails_is_given_no_more_than_its_part_of_the_rebate(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    debit = await pay(shop, drawdown_id, amount=300_000)
    await shop.work()
    rest = await pay(shop, drawdown_id, payoff=True, channel="transfer")
    assert await tell(shop, rest["transfer_reference"], rest["amount"], "E1") is None
    await shop.bank.refuse_collection(end_to_end_id(debit["id"]), "AM04")
    await shop.pass_days(1)
    after = await shop.drawdown(drawdown_id)
    assert 0 < after["rebate_amount"] <= after["fee_amount"] * rest["amount"] // 390_000
    assert after["outstanding_amount"] == 300_000
    assert (await shop.verify()).problems == ()


@pytest.mark.parametrize("names", [(None, "E1"), ("E1", None)], ids=["named_later", "named_first"])
async def test_a_transfer_told_with_a_name_and_without_is_counted_once(
    shop: Shop, names: tuple[str | None, str | None]
) -> None:
    drawdown_id = await borrowing(shop)
    asked = await pay(shop, drawdown_id, amount=100_000, channel="transfer")
    for n, name in enumerate(names):
        assert await tell(shop, asked["transfer_reference"], 90_000, name, message=f"m-{n}") is None
    assert (await shop.drawdown(drawdown_id))["repaid_amount"] == 90_000
    assert await tell(shop, asked["transfer_reference"], 10_000, "E2") is None
    assert (await shop.drawdown(drawdown_id))["repaid_amount"] == 100_000
    assert (await shop.verify()).problems == ()


async def test_what_was_given_back_and_then_taken_back_is_owed_before_all_else(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await borrowing(shop)
    debit = await pay(shop, drawdown_id, amount=300_000)
    await shop.work()  # the bank has it
    transfer = await pay(shop, drawdown_id, amount=100_000, channel="transfer")
    assert await tell(shop, transfer["transfer_reference"], 200_000, "E1") is None
    await shop.pass_days(3)
    repaid = await shop.drawdown(drawdown_id)
    assert repaid["state"] == "repaid"
    back = (await shop.repayments(drawdown_id))[-1]
    assert (back["kind"], back["state"]) == ("refund", "settled")
    assert await tell(shop, end_to_end_id(debit["id"]), 300_000, "E2", back="AM04") is None
    assert await kept_amount(shop, drawdown_id) == -back["amount"]
    assert ("refund_uncovered", drawdown_id) in [(one.kind, one.subject) for one in await alerts.open_ones(
        shop.world.store)]  # fmt: skip
    again = await shop.drawdown(drawdown_id)
    assert again["state"] == "active"
    owed = again["outstanding_amount"]
    rest = await pay(shop, drawdown_id, amount=50_000, channel="transfer")
    assert await tell(shop, rest["transfer_reference"], back["amount"] + 1_000, "E3") is None
    assert await kept_amount(shop, drawdown_id) == 0
    assert (await shop.drawdown(drawdown_id))["outstanding_amount"] == owed - 1_000
    assert "refund_uncovered" not in [one.kind for one in await alerts.open_ones(shop.world.store)]
    assert len([one for one in await shop.repayments(drawdown_id) if one["kind"] == "refund"]) == 1
    assert (await shop.verify()).problems == ()


async def test_what_is_taken_back_before_it_was_given_back_is_not_given_back(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    debit = await pay(shop, drawdown_id, amount=300_000)
    await shop.work()
    transfer = await pay(shop, drawdown_id, amount=100_000, channel="transfer")
    assert await tell(shop, transfer["transfer_reference"], 200_000, "E1") is None
    assert await tell(shop, end_to_end_id(debit["id"]), 300_000, "E2") is None  # nobody works: not given back yet
    assert await kept_amount(shop, drawdown_id) > 90_000
    assert await tell(shop, end_to_end_id(debit["id"]), 300_000, "E3", back="AM04") is None
    await shop.work()
    assert await kept_amount(shop, drawdown_id) == 0
    refund = next(one for one in await shop.repayments(drawdown_id) if one["kind"] == "refund")
    assert (refund["state"], refund["reason"]) == ("canceled", "taken_back")
    assert (await shop.verify()).problems == ()


async def test_a_debit_of_what_was_paid_otherwise_is_not_sent(shop: Shop) -> None:
    drawdown_id = await borrowing(shop, 1)
    await shop.sell()
    await shop.close()
    early = await pay(shop, drawdown_id, amount=300_000)
    transfer = await pay(shop, drawdown_id, amount=50_000, channel="transfer")
    assert await tell(shop, transfer["transfer_reference"], 150_000, "E1") is None
    found = {one["id"]: one for one in await shop.repayments(drawdown_id)}
    assert (found[early["id"]]["state"], found[early["id"]]["reason"]) == ("canceled", "paid_otherwise")
    assert (await shop.drawdown(drawdown_id))["pending_amount"] == 7_000
    assert await tell(shop, transfer["transfer_reference"], 300_000, "E2") is None
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "repaid"
    assert await shop.bank.collections() == []
    assert (await shop.verify()).problems == ()
