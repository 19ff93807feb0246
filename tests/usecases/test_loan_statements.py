"""Each cent of a loan is explained by its statement, whose sums are the ledger's."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from gateway.usecases import ledger as books
from tests import arrivals

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def statement(shop: Shop, drawdown_id: str) -> dict[str, Any]:
    return await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/statement")


async def assert_explains(shop: Shop, drawdown_id: str) -> dict[str, Any]:
    """The lines add up to their totals, to their balances and to the books."""
    told = await statement(shop, drawdown_id)
    totals, balance = told["totals"], 0
    for line in told["lines"]:
        balance += line["amount"]
        assert (line["balance_amount"], bool(line["text"])) == (balance, True)
    assert totals["outstanding_amount"] == balance == sum(await books.owed(shop.world.store, drawdown_id))
    assert totals["credit_amount"] == -await books.balance(shop.world.store, f"drawdown:{drawdown_id}:suspense")
    came = totals["paid_out_amount"] + totals["fee_amount"] + totals["taken_over_amount"]
    went = sum(totals[name] for name in ("repaid_amount", "rebate_amount", "written_off_amount", "refinanced_amount"))
    assert came - went == balance
    drawdown = await shop.drawdown(drawdown_id)
    assert (totals["paid_out_amount"], totals["fee_amount"]) == (drawdown["amount"], drawdown["fee_amount"])
    assert totals["rebate_amount"] == drawdown["rebate_amount"]
    return told


async def test_a_shop_that_gives_half_its_sales_back_repays_and_sees_where_each_cent_went(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await shop.draw(20_000)
    await shop.work()
    for _ in range(30):
        await shop.sell(60_000)
        await shop.sell(30_000, "refund")
        await shop.close()
        await shop.pass_days(1)
        if (await shop.drawdown(drawdown_id))["state"] == "repaid":
            break
    assert (await shop.drawdown(drawdown_id))["state"] == "repaid"
    told = await assert_explains(shop, drawdown_id)
    kinds = [line["kind"] for line in told["lines"]]
    assert kinds[:2] == ["paid_out", "fee"]
    assert {"sales", "refunds", "share"} <= set(kinds)
    days = {line["business_on"]: line["told_amount"] for line in told["lines"] if line["kind"] == "refunds"}
    shares = [line for line in told["lines"] if line["kind"] == "share"]
    share_bps = (await shop.drawdown(drawdown_id))["withhold_bps"]
    assert days
    for line in shares:
        assert days[line["business_on"]] == -30_000
        assert -line["amount"] == 30_000 * share_bps // 10_000
    assert (await shop.verify()).problems == ()


async def test_a_returned_debit_an_overpayment_and_a_rebate_have_lines_of_their_own(shop: Shop) -> None:
    drawdown_id = await shop.draw(40_000)
    await shop.work()
    await shop.live(4)
    first = (await shop.repayments(drawdown_id))[0]
    assert first["state"] == "settled"
    await shop.bank.refuse_collection(first["id"].replace("_", "").upper(), "MD06")
    await shop.work()
    there = f"/v1/drawdowns/{drawdown_id}/repayments"
    rest = await shop.partner.done(there, {"payoff": True, "channel": "transfer"})
    assert await arrivals.arrive(shop, rest["transfer_reference"], rest["amount"] + 90_000) is None
    told = await assert_explains(shop, drawdown_id)
    assert {"returned", "overpaid", "rebate", "early"} <= {line["kind"] for line in told["lines"]}
    (returned,) = [line for line in told["lines"] if line["kind"] == "returned"]
    assert (returned["amount"], returned["reason"]) == (first["amount"], "MD06")
    assert (await shop.verify()).problems == ()


async def test_the_same_lines_as_a_file_and_as_a_page_in_both_languages(shop: Shop) -> None:
    drawdown_id = await shop.draw(20_000)
    await shop.work()
    await shop.live(2)
    there, told = f"/v1/drawdowns/{drawdown_id}/statement", await statement(shop, drawdown_id)
    file = await shop.partner.send("GET", there, headers={"accept": "text/csv, application/json;q=.5"})
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    rows = [row for row in csv.DictReader(io.StringIO(file.text)) if row["kind"] != "total"]
    assert [round(float(row["balance"]) * 100) for row in rows] == [line["balance_amount"] for line in told["lines"]]
    page = await shop.partner.send("GET", there, headers={"accept": "text/html", "accept-language": "zh-CN"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "借款对账单" in page.text
    assert "<script" not in page.text
    assert "<style>" in page.text, "a page that is kept or printed has its style inside"
    assert "style.css" not in page.text
    english = await shop.partner.send("GET", f"{there}?locale=en", headers={"accept": "text/html"})
    assert "Statement of your loan" in english.text
