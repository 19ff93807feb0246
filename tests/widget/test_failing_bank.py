"""A bank that refuses, and one that says nothing: what the merchant reads after the click, and what the money did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from gateway.usecases import jobs, work

if TYPE_CHECKING:
    from tests.widget.stage import Stage

pytestmark = pytest.mark.anyio


async def click(stage: Stage) -> str:
    """Press what borrows; the drawdown's id."""
    await stage.shows("offer")
    button = stage.frame().get_by_role("button", name="Sandbox Bank")
    await expect(button).to_be_enabled()
    await button.click()
    (confirmed,) = await stage.hears("confirmed")
    drawdown_id: str = confirmed["drawdown_id"]
    return drawdown_id


async def test_a_refused_payout_is_told_as_such_and_nothing_is_owed(own_stage: Stage) -> None:
    stage = own_stage
    await stage.shop.bank.behave("ACME", "reject-file")
    drawdown_id = await click(stage)
    await stage.shop.work()
    await expect(stage.frame().get_by_text("Sandbox Bank could not pay out. You owe nothing")).to_be_visible()
    drawn = await stage.shop.drawdown(drawdown_id)
    assert (drawn["state"], drawn["outstanding_amount"]) == ("failed", 0)
    assert len(await stage.shop.bank.payments()) == 1, "the first loan's, before this"
    await stage.frame().get_by_role("button", name="See today").click()
    await expect(stage.frame().get_by_text("Today you can borrow up to")).to_be_visible()


async def test_a_silent_bank_is_asked_while_the_merchant_is_kept_from_borrowing_again(own_stage: Stage) -> None:
    stage = own_stage
    shop = stage.shop
    await shop.bank.behave("ACME", "silent")
    drawdown_id = await click(stage)
    await jobs.run_due(shop.world, work.HANDLERS)
    bank, shop.rail = shop.rail, None
    await shop.pass_days(2)
    assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
    await expect(stage.frame().get_by_text("It cannot be paid twice")).to_be_visible()
    await expect(stage.frame().get_by_role("button", name="Sandbox Bank")).to_have_count(0)
    shop.rail = bank
    await shop.work()
    await stage.hears("paid")
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert len(await shop.bank.payments()) == 2, "one for each click, the first loan's among them"
