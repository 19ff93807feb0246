"""A partner withholds, reports and pays: the merchant is discharged by the report, the partner by its payment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import remittances
from gateway.domain.programmes import INVENTORY
from gateway.domain.remittances import Line
from gateway.domain.repayments import CollectionMode
from gateway.usecases import alerts
from gateway.usecases import ledger as books
from tests import arrivals, shops

if TYPE_CHECKING:
    from tests.shops import Shop


async def splitting(shop: Shop, amount: int = 20_000) -> str:
    """A loan that the partner collects."""
    shop.world.programme = msgspec.structs.replace(INVENTORY, collection=CollectionMode.partner_split)
    drawdown_id = await shop.draw(amount)
    await shop.work()
    await shop.live(1)
    return drawdown_id


async def owed_by_partner(shop: Shop) -> int:
    return await books.balance(shop.world.store, f"partner:{shop.partner.partner_id}:withheld_receivable")


async def report(shop: Shop, reference: str, *lines: dict[str, Any]) -> dict[str, Any]:
    body = {"reference": reference, "currency": "EUR", "lines": list(lines)}
    return await shop.partner.done("/v1/remittances", body)


@pytest.mark.anyio
async def test_a_split_loan_from_draw_to_repaid_with_one_remittance_paid_short(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await splitting(shop)
    count = 0
    for count in range(30):
        if (await shop.drawdown(drawdown_id))["state"] == "repaid":
            break
        await shop.live(1)
        due = (await shop.repayments(drawdown_id))[-1]
        assert (due["channel"], due["state"]) == ("withheld", "scheduled")
        assert due["amount"] <= 50_000 * INVENTORY.withhold_bps // 10_000
        line = {"drawdown_id": drawdown_id, "business_on": due["business_on"], "withheld_amount": due["amount"]}
        told = await report(shop, f"day-{count}", line)
        assert told["outcomes"][0]["taken"]
        amount = told["amount"]
        assert await owed_by_partner(shop) == amount
        if count == 2:
            assert await arrivals.arrive(shop, told["transfer_reference"], amount - 300, f"E{count}a") is None
            assert (await shop.partner.seen(f"/v1/remittances/{told['id']}"))["state"] == "short"
            assert "remittance_short" in [one.kind for one in await alerts.open_ones(shop.world.store)]
            amount = 300
        assert await arrivals.arrive(shop, told["transfer_reference"], amount + 1, f"E{count}x") is not None
        assert await arrivals.arrive(shop, told["transfer_reference"], amount, f"E{count}") is None
        seen = await shop.partner.seen(f"/v1/remittances/{told['id']}")
        assert (seen["state"], seen["outstanding_amount"]) == ("received", 0)
        assert await owed_by_partner(shop) == 0
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["outstanding_amount"]) == ("repaid", 0)
    earned = drawdown["repaid_amount"] - drawdown["amount"]
    shared = -await books.balance(shop.world.store, f"partner:{shop.partner.partner_id}:revenue_share")
    assert shared == (drawdown["fee_amount"] // 10) * earned // drawdown["fee_amount"]
    assert (await shop.verify()).problems == ()


@pytest.mark.anyio
async def test_less_than_was_due_is_carried_and_more_is_refused_line_by_line(shop: Shop) -> None:
    drawdown_id = await splitting(shop, 40_000)
    await shop.live(2)
    first, second = await shop.repayments(drawdown_id)
    stranger = await shop.gateway.partner()
    theirs = await stranger.post(
        "/v1/remittances",
        {"reference": "x", "currency": "EUR", "lines": [{"repayment_id": first["id"], "withheld_amount": 1}]},
    )
    assert (theirs.status_code, theirs.json()["code"]) == (422, "remittance_nothing_taken")
    told = await report(
        shop, "r-1",
        {"repayment_id": first["id"], "withheld_amount": first["amount"] + 1},
        {"repayment_id": first["id"], "withheld_amount": first["amount"] - 600},
        {"repayment_id": first["id"], "withheld_amount": 5},
        {"repayment_id": second["id"], "withheld_amount": 0},
        {"withheld_amount": 5},
    )  # fmt: skip
    codes = [one["code"] for one in told["outcomes"]]
    assert codes == ["more_than_due", None, "not_due", None, "line_unclear"]
    assert [one["short_amount"] for one in told["outcomes"]] == [0, 600, 0, second["amount"], 0]
    again = await shop.partner.post("/v1/remittances", {"reference": "r-1", "currency": "EUR", "lines": [
        {"repayment_id": second["id"], "withheld_amount": 1}]})  # fmt: skip
    assert (again.status_code, again.json()["code"]) == (409, "remittance_reference_taken")
    await shop.live(1)
    third = (await shop.repayments(drawdown_id))[-1]
    assert third["amount"] == first["amount"] + 600 + second["amount"]
    assert (await shop.verify()).problems == ()


@pytest.mark.anyio
async def test_a_partner_that_neither_reports_nor_pays_is_told_of_until_it_does(shop: Shop) -> None:
    drawdown_id = await splitting(shop, 40_000)
    await shop.live(5)
    kinds = [one.kind for one in await alerts.open_ones(shop.world.store)]
    assert kinds == ["withholding_unreported"]
    due = [one for one in await shop.repayments(drawdown_id) if one["state"] == "scheduled"]
    told = await report(shop, "r", *({"repayment_id": d["id"], "withheld_amount": d["amount"]} for d in due))
    await shop.work()
    assert await alerts.open_ones(shop.world.store) == []
    await shop.pass_days(4)
    assert "remittance_late" in [one.kind for one in await alerts.open_ones(shop.world.store)]
    assert await arrivals.arrive(shop, told["transfer_reference"], told["amount"]) is None
    assert "remittance_late" not in [one.kind for one in await alerts.open_ones(shop.world.store)]


@pytest.mark.anyio
async def test_what_was_changed_of_a_remittance_is_seen(shop: Shop) -> None:
    drawdown_id = await splitting(shop, 40_000)
    await shop.live(2)
    due = await shop.repayments(drawdown_id)
    told = await report(shop, "r", *({"repayment_id": d["id"], "withheld_amount": d["amount"]} for d in due))
    assert await arrivals.arrive(shop, told["transfer_reference"], told["amount"] - 100) is None
    for table, change in (
        ("remittances", "amount = amount {} 1"), ("remittances", "received_amount = received_amount {} 1"),
        ("remittance_lines", "amount = amount {} 1"), ("remittance_lines", "received_amount = received_amount {} 1"),
        ("remittance_pieces", "amount = amount {} 1"),
    ):  # fmt: skip
        for sign in ("+", "-"):
            assert (await shop.verify()).problems == ()
            await shops.execute(shop.world.settings.database_url, f"UPDATE {table} SET {change.format(sign)}")  # noqa: S608
            assert (await shop.verify()).problems != (), change
            back = change.format("-" if sign == "+" else "+")
            await shops.execute(shop.world.settings.database_url, f"UPDATE {table} SET {back}")  # noqa: S608


@pytest.mark.anyio
async def test_a_remittances_payment_told_with_a_name_and_without_is_counted_once(shop: Shop) -> None:
    drawdown_id = await splitting(shop, 40_000)
    await shop.live(1)
    (due,) = await shop.repayments(drawdown_id)
    told = await report(shop, "r", {"repayment_id": due["id"], "withheld_amount": due["amount"]})
    for name in (None, "E1"):
        assert await arrivals.arrive(shop, told["transfer_reference"], 600, name) is None
    assert (await shop.partner.seen(f"/v1/remittances/{told['id']}"))["received_amount"] == 600
    assert (await shop.verify()).problems == ()


@given(amounts=st.lists(st.integers(1, 1_000), min_size=1, max_size=20), share=st.integers(0, 100))
def test_a_payment_is_spread_over_the_lines_to_the_cent(amounts: list[int], share: int) -> None:
    lines = [Line(f"rep_{n}", "drw_1", amount, 0) for n, amount in enumerate(amounts)]
    amount = sum(amounts) * share // 100
    parts = list(remittances.spread(lines, amount))
    assert sum(part for _, part in parts) == amount
    assert all(0 < part <= line.amount for line, part in parts)


@given(short=st.integers(0, 10**9), bps=st.integers(1, 5_000))
def test_what_was_not_withheld_comes_back_with_the_share_of_what_is_carried(short: int, bps: int) -> None:
    assert short <= remittances.carried_net(short, bps) * bps // 10_000 <= short + 1 if short else True
