"""Loans that do not go by themselves: a shop that sells nothing and has nothing, and one that rests and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.arrangements import ArrangementKind, Proposal
from gateway.domain.drawdowns import end_to_end_id
from gateway.usecases import alerts, hardship
from tests import arrivals, shops

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
        found += [event["type"].split(".")[1] for event in page if event["type"].startswith("health.")]
        after = page[-1]["position"]
    return found


async def without_money(shop: Shop, drawdown_id: str, health: str, most_days: int) -> dict[str, Any]:
    """Let days pass on which the shop sells nothing and its bank refuses every debit, until the loan does so."""
    for _ in range(most_days):
        drawdown = await shop.drawdown(drawdown_id)
        if drawdown["health"] == health:
            return drawdown
        if drawdown["pending_amount"]:
            for one in await shop.repayments(drawdown_id):
                if one["state"] in {"initiated", "pending"} and one["channel"] == "debit":
                    await shop.bank.refuse_collection(end_to_end_id(one["id"]), "AM04")
            await shop.work()
        await shop.pass_days(1)
    raise AssertionError(f"never {health}: {await shop.drawdown(drawdown_id)}")


async def balances(shop: Shop, drawdown_id: str) -> dict[str, int]:
    """Every account the loan touched, by its last word."""
    query = f"""SELECT p.account, CAST(SUM(p.amount) AS BIGINT) FROM postings p JOIN entries e ON e.id = p.entry_id
    WHERE e.drawdown_id = '{drawdown_id}' GROUP BY p.account"""  # noqa: S608 - a test's own id
    return {
        name.rsplit(":", 1)[1]: amount for name, amount in await shops.rows(shop.world.settings.database_url, query)
    }


async def test_a_shop_that_has_nothing_defaults_is_written_off_and_pays_some_of_it_after_all(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    late = await without_money(shop, drawdown_id, "late", 40)
    assert late["past_due_days"] == 1
    defaulted = await without_money(shop, drawdown_id, "defaulted", 100)
    assert defaulted["past_due_days"] == 90
    lost = await without_money(shop, drawdown_id, "charged_off", 100)
    assert (lost["state"], lost["reason"], lost["repaid_amount"]) == ("charged_off", "unpaid", 0)
    told = {one.kind for one in await alerts.open_ones(shop.world.store) if one.subject == drawdown_id}
    assert "loan_charged_off" in told
    assert (await shop.offer())["reasons"][0]["code"] == "arrears"
    held = await balances(shop, drawdown_id)
    assert (held["principal"], held["fee"], held["unearned_fee"]) == (0, 0, 0)
    assert (held["losses"], held["funding"]) == (lost["amount"], -lost["amount"])

    (asked, *_) = [one for one in await shop.repayments(drawdown_id) if one["channel"] == "transfer"]
    assert await arrivals.arrive(shop, asked["transfer_reference"], 10_001) is None
    proposal = Proposal(drawdown_id, ArrangementKind.plan, "officer-1", "It sells again", None, 5, 10)
    await hardship.approve(shop.world, (await hardship.propose(shop.world, proposal)).id, by="officer-2")
    await shop.pass_days(25)
    paid = [one for one in await shop.repayments(drawdown_id) if one["state"] == "settled"]
    part = -(-(lost["total_amount"] - 10_001) // 5)
    assert [one["recovered_amount"] for one in paid] == [10_001, part, part]
    now, held = await shop.drawdown(drawdown_id), await balances(shop, drawdown_id)
    assert now["past_due_amount"] == lost["total_amount"] - 10_001 - 2 * part
    assert (held["losses"], held["recoveries"]) == (lost["amount"], -10_001 - 2 * part)
    assert held["funding"] == 10_001 + 2 * part - lost["amount"]
    told_of = await healths(shop)
    assert told_of[told_of.index("late") :] == ["late", "defaulted", "charged_off"]
    assert (await shop.verify()).problems == ()
    assert sum(held.values()) == 0


async def test_a_shop_that_rests_pays_nothing_meanwhile_and_is_repaid_from_its_sales_after(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    await shop.live(2)
    proposal = Proposal(drawdown_id, ArrangementKind.pause, "officer-1", "The street is dug up", 45)
    await hardship.approve(shop.world, (await hardship.propose(shop.world, proposal)).id, by="officer-2")
    await shop.pass_days(2)
    rested = (await shop.drawdown(drawdown_id))["outstanding_amount"]
    await shop.live(3)
    await shop.pass_days(37)
    resting = await shop.drawdown(drawdown_id)
    assert (resting["outstanding_amount"], resting["past_due_days"]) == (rested, 0)
    assert resting["health"] in {"current", "near_breach"}
    assert resting["paused_until_on"] is not None
    await shop.pass_days(4)
    for _ in range(40):
        await shop.live(1, 8 * shops.TAKINGS_AMOUNT)
        if (await shop.drawdown(drawdown_id))["state"] == "repaid":
            break
    assert (await shop.drawdown(drawdown_id))["state"] == "repaid"
    assert "paused" in await healths(shop)
    assert (await shop.verify()).problems == ()
