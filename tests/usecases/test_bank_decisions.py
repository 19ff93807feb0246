"""The bank's own decision: every answer kept, none moving a draw twice, a referred draw waiting for its officer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.domain.bank_decisions import ASK_AGAIN, HELD, BankOutcome
from gateway.domain.reviews import ReviewState, Ruling
from gateway.usecases import bank_decisions, reviewing, reviews
from tests import shops
from tests.lenders import Lender

if TYPE_CHECKING:
    from datetime import timedelta

    from gateway.domain.bank_decisions import Application, BankDecision
    from tests.shops import Shop

pytestmark = pytest.mark.anyio

BY = Ruling("officer-1", "looked at the shop's books")
REFERRED_AMOUNT, REJECTED_AMOUNT = 130_000, 99_000
"""1,300 and 990 euros: what the sandbox bank refers and rejects."""


async def answers(shop: Shop, drawdown_id: str) -> list[tuple[str, str]]:
    """(source, outcome) of every answer on a draw."""
    found = await bank_decisions.history(shop.world.store, drawdown_id)
    return [(one.source.value, one.outcome.value) for one in found]


async def referral(shop: Shop) -> str:
    """The id of the one review that waits."""
    (found,) = await reviews.page(shop.world, ReviewState.open, "", 10)
    assert found.kind == "bank_referral"
    return found.id


async def exposures(shop: Shop) -> set[int]:
    """Every exposure row's amount."""
    return {row[0] for row in await shops.rows(shop.world.settings.database_url, "SELECT amount FROM exposures")}


async def later(shop: Shop, after: timedelta) -> None:
    """Let a while pass and do what is due."""
    await shop.world.clock.set(shop.world.store, shop.world.clock.now() + after)
    await shop.work()


async def test_the_bank_sees_the_facts_of_the_loan_and_its_answer_is_shown(shop_on_both: Shop) -> None:
    shop = shop_on_both
    shop.lender.decision = lender = Lender(BankOutcome.approved)
    drawdown_id = await shop.draw()
    assert (await shop.drawdown(drawdown_id))["bank_decision"] is None
    await shop.work()
    (asked,) = lender.asked
    drawdown = await shop.drawdown(drawdown_id)
    assert (asked.drawdown_id, asked.number, asked.amount) == (drawdown_id, 1, drawdown["amount"])
    assert (asked.merchant.legal_name, asked.exposure_amount) == ("Corner Bakery", drawdown["amount"])
    assert asked.limit_amount >= asked.amount
    assert (asked.grade is None, asked.pd is None) == (False, False)
    said = drawdown["bank_decision"]
    assert (said["outcome"], said["source"], said["bank_reference"]) == ("approved", "bank", "ref-1")
    assert drawdown["state"] in {"submitted", "pending", "active"}


async def test_a_referred_draw_waits_and_is_lent_when_the_bank_says_yes_a_day_later(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await shop.draw(REFERRED_AMOUNT)
    await shop.work()
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("reviewing", "bank_referred")
    assert (await shop.verify()).problems == ()
    await shop.pass_days(1)
    assert (await shop.drawdown(drawdown_id))["state"] in {"submitted", "pending", "active"}
    assert (await answers(shop, drawdown_id))[-1] == ("bank", "approved")
    assert await reviews.page(shop.world, ReviewState.open, "", 10) == []
    assert (await shop.verify()).problems == ()


async def test_what_the_bank_rejects_frees_its_room_and_is_told(shop: Shop) -> None:
    drawdown_id = await shop.draw(REJECTED_AMOUNT)
    await shop.work()
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("rejected", "bank_declined")
    assert drawdown["bank_decision"]["reason"] == "policy"
    assert await exposures(shop) == {0}


@pytest.mark.parametrize(("rule", "outcome"), [("approve", "approved"), ("decline", "rejected")])
async def test_an_officer_of_the_bank_decides_a_referred_draw(shop: Shop, rule: str, outcome: str) -> None:
    shop.lender.decision = Lender(BankOutcome.referred)
    drawdown_id = await shop.draw()
    await shop.work()
    await getattr(reviewing, rule)(shop.world, await referral(shop), BY)
    await shop.work()
    assert outcome in await shop.states(drawdown_id)
    assert await answers(shop, drawdown_id) == [("bank", "referred"), ("officer", outcome)]
    assert (await shop.verify()).problems == ()


async def test_a_bank_that_refers_is_asked_again_and_given_up_when_the_terms_are_old(shop_on_both: Shop) -> None:
    shop = shop_on_both
    shop.lender.decision = lender = Lender(BankOutcome.referred)
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.work()
    assert [asked.number for asked in lender.asked] == [1]
    await later(shop, ASK_AGAIN)
    assert [asked.number for asked in lender.asked] == [1, 2]
    lender.outcome = BankOutcome.approved
    await later(shop, HELD)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("rejected", "bank_undecided")
    assert await exposures(shop) == {0}
    assert (await shop.verify()).problems == ()


async def test_an_answer_that_comes_twice_is_kept_twice_and_moves_a_draw_once(shop_on_both: Shop) -> None:
    shop = shop_on_both
    shop.lender.decision = Lender(BankOutcome.rejected, together=2)
    drawdown_id = await shop.draw()
    await asyncio.gather(*(bank_decisions.decide(shop.world, drawdown_id) for _ in range(2)))
    await shop.work()
    assert await shop.states(drawdown_id) == ["awaiting_confirmation", "requested", "rejected"]
    assert await answers(shop, drawdown_id) == [("bank", "rejected")] * 2
    assert await exposures(shop) == {0}


async def test_an_answer_for_a_draw_that_was_taken_back_meanwhile_is_kept_and_moves_nothing(shop: Shop) -> None:
    class Slow(Lender):
        async def decide(self, application: Application) -> BankDecision:
            assert (await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")).is_success
            return await super().decide(application)

    shop.lender.decision = Slow(BankOutcome.approved)
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "canceled"
    assert await answers(shop, drawdown_id) == [("bank", "approved")]
    assert (await shop.verify()).problems == ()


async def test_a_bank_that_cannot_be_reached_is_asked_the_same_question_until_it_answers(shop: Shop) -> None:
    shop.lender.decision = lender = Lender(None)
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "requested"
    lender.outcome = BankOutcome.approved
    await later(shop, ASK_AGAIN)
    assert {asked.number for asked in lender.asked} == {1}
    assert await answers(shop, drawdown_id) == [("bank", "approved")]


async def test_a_draw_whose_offer_went_while_the_officer_looked_is_not_lent(shop: Shop) -> None:
    shop.lender.decision = lender = Lender(BankOutcome.referred)
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.sell(1_500_000, kind="refund")
    lender.outcome = BankOutcome.approved
    await later(shop, ASK_AGAIN)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("rejected", "quote_superseded")
    assert await exposures(shop) == {0}
    assert (await shop.verify()).problems == ()
