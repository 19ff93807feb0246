"""A loan that does not go by itself: debits that fail, pauses, plans and losses, as the bank and two officers say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain.arrangements import ArrangementKind, NotAllowed, Proposal
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.four_eyes import BadProposal, SamePerson
from gateway.domain.programmes import INVENTORY
from gateway.domain.repayments import CollectionMode
from gateway.domain.states import IllegalMove
from gateway.usecases import alerts, audit, hardship, messages, servicing
from tests import arrivals, granting, shops

if TYPE_CHECKING:
    from gateway.domain.arrangements import Arrangement
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def borrowing(shop: Shop) -> str:
    """A loan whose money has gone, of a shop whose owner can be written to."""
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.pass_days(1)
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    return drawdown_id


async def pass_until(shop: Shop, drawdown_id: str, field: str, value: Any, most_days: int = 40) -> dict[str, Any]:
    """Let days without sales pass until the drawdown says so."""
    for _ in range(most_days):
        drawdown = await shop.drawdown(drawdown_id)
        if drawdown[field] == value:
            return drawdown
        await shop.pass_days(1)
    raise AssertionError(f"{field} is {drawdown[field]} still: {await shop.repayments(drawdown_id)}")


async def last(shop: Shop, drawdown_id: str) -> dict[str, Any]:
    return (await shop.repayments(drawdown_id))[-1]


async def refuse(shop: Shop, repayment: dict[str, Any], code: str) -> None:
    """The shop's bank says no."""
    await shop.bank.refuse_collection(end_to_end_id(repayment["id"]), code)
    await shop.work()


async def asked(shop: Shop, drawdown_id: str) -> dict[str, Any]:
    """The minimum of the first interval, on its way."""
    for _ in range(40):
        if found := await shop.repayments(drawdown_id):
            return found[-1]
        await shop.pass_days(1)
    raise AssertionError("no minimum was asked for")


async def agree(shop: Shop, drawdown_id: str, kind: ArrangementKind, **terms: int) -> Arrangement:
    """One officer proposes, another approves."""
    proposal = Proposal(drawdown_id, kind, "officer-1", "The street is being dug up", **terms)
    found = await hardship.propose(shop.world, proposal)
    return await hardship.approve(shop.world, found.id, by="officer-2")


async def test_what_a_shop_lacks_is_debited_on_its_due_date_and_tried_again_before_it_is_late(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    first = await asked(shop, drawdown_id)
    before = await shop.drawdown(drawdown_id)
    assert (first["kind"], first["amount"]) == ("minimum", before["interval"]["minimum_amount"])
    assert (before["pending_amount"], before["repaid_amount"], before["past_due_days"]) == (first["amount"], 0, 0)
    await refuse(shop, first, "AM04")
    again = await last(shop, drawdown_id)
    assert (again["retry_of"], again["amount"], again["attempts_count"]) == (first["id"], first["amount"], 2)
    late = await pass_until(shop, drawdown_id, "health", "late")
    assert (late["past_due_amount"], late["past_due_days"]) == (first["amount"], 1)
    assert (await shop.offer())["reasons"][0]["code"] == "arrears"
    assert (await shop.verify()).problems == ()
    cured = await pass_until(shop, drawdown_id, "repaid_amount", first["amount"])
    assert (cured["health"] in {"current", "near_breach"}, cured["past_due_amount"]) == (True, 0)
    assert (await shop.offer())["state"] == "open" or (await shop.offer())["reasons"][0]["code"] != "arrears"
    assert (await shop.verify()).problems == ()


async def test_a_closed_account_is_debited_no_more_until_there_is_another_one(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    await shop.live(3)
    await refuse(shop, (await shop.repayments(drawdown_id))[0], "AC04")
    count = len(await shop.repayments(drawdown_id))
    await shop.live(3)
    assert len(await shop.repayments(drawdown_id)) == count
    assert (await shop.drawdown(drawdown_id))["next_collection"] is None
    await shop.world.store.write(lambda tx: servicing.resume(tx, shop.world, shop.id))
    await shop.live(2)
    assert len(await shop.repayments(drawdown_id)) > count
    assert (await shop.verify()).problems == ()


async def test_a_reason_nobody_knows_is_for_a_person(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    await refuse(shop, await asked(shop, drawdown_id), "RR04")
    found = [(one.kind, one.subject) for one in await alerts.open_ones(shop.world.store)]
    assert ("debit_failed", drawdown_id) in found
    assert len(await shop.repayments(drawdown_id)) == 1


async def test_a_loan_rests_by_the_word_of_two_officers_and_every_later_date_moves(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await borrowing(shop)
    await shop.live(1)
    before = await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/schedule")
    taken = len(await shop.repayments(drawdown_id))
    proposal = Proposal(drawdown_id, ArrangementKind.pause, "officer-1", "The street is dug up", days=20)
    proposed = await hardship.propose(shop.world, proposal)
    with pytest.raises(SamePerson):
        await hardship.approve(shop.world, proposed.id, by="officer-1")
    await hardship.approve(shop.world, proposed.id, by="officer-2")
    with pytest.raises(IllegalMove):
        await hardship.approve(shop.world, proposed.id, by="officer-2")
    after = await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/schedule")
    assert [due["amount"] for due in after["dues"]] == [due["amount"] for due in before["dues"]]
    assert after["dues"][0]["due_on"] == "2026-04-21"
    assert (await shop.drawdown(drawdown_id))["paused_until_on"] == after["pauses"][0]["until_on"]
    await shop.live(5)
    assert len([r for r in await shop.repayments(drawdown_id) if r["state"] != "canceled"]) <= taken
    await shop.pass_days(16)
    await shop.live(2)
    assert len(await shop.repayments(drawdown_id)) > taken
    assert (await shop.verify()).problems == ()
    assert (await audit.verify(shop.world.store)).problems == ()


async def test_a_plan_takes_the_place_of_shares_and_minimums(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    await shop.live(2)
    await shop.work()
    await agree(shop, drawdown_id, ArrangementKind.plan, instalments_count=3, every_days=7)
    await shop.live(6)
    drawdown = await shop.drawdown(drawdown_id)
    for _ in range(30):
        if (await shop.drawdown(drawdown_id))["state"] == "repaid":
            break
        await shop.live(1)
    else:
        raise AssertionError(await shop.repayments(drawdown_id))
    found = [r for r in await shop.repayments(drawdown_id) if r["kind"] == "instalment"]
    assert len(found) == 3
    assert max(r["amount"] for r in found) - min(r["amount"] for r in found) <= drawdown["fee_amount"]
    assert (await shop.verify()).problems == ()


async def test_a_loan_given_up_is_a_loss_and_what_comes_later_is_recovered(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await borrowing(shop)
    await shop.sell()
    await shop.close()
    await shop.work()
    flying = await last(shop, drawdown_id)
    await agree(shop, drawdown_id, ArrangementKind.write_off)
    lost = await shop.drawdown(drawdown_id)
    assert (lost["state"], lost["health"], lost["outstanding_amount"]) == ("charged_off", "charged_off", 0)
    assert (await shop.offer())["exposure_amount"] == 0
    assert (await shop.offer())["reasons"][0]["code"] == "arrears"
    assert lost["past_due_amount"] == lost["total_amount"]
    await shop.live(4)
    assert [r["id"] for r in await shop.repayments(drawdown_id)] == [flying["id"]]
    settled = await last(shop, drawdown_id)
    assert (settled["state"], settled["recovered_amount"]) == ("settled", flying["amount"])
    assert (await shop.verify()).problems == ()
    await agree(shop, drawdown_id, ArrangementKind.plan, instalments_count=2, every_days=5)
    await shop.pass_days(16)
    back = await shop.drawdown(drawdown_id)
    assert (back["state"], back["health"], back["past_due_amount"]) == ("charged_off", "recovered", 0)
    assert sum(r["recovered_amount"] for r in await shop.repayments(drawdown_id)) == lost["total_amount"]
    assert (await shop.offer())["reasons"][0]["code"] != "arrears"
    await refuse(shop, await last(shop, drawdown_id), "MD06")
    assert (await shop.drawdown(drawdown_id))["health"] == "charged_off"
    assert (await shop.verify()).problems == ()


async def test_a_repayment_taken_back_after_the_loss_is_lost_too(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    await shop.live(4)
    paid = (await shop.repayments(drawdown_id))[0]
    assert paid["state"] == "settled"
    await agree(shop, drawdown_id, ArrangementKind.write_off)
    await refuse(shop, paid, "MD06")
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["outstanding_amount"]) == ("charged_off", 0)
    assert (await shop.offer())["exposure_amount"] == 0
    assert (await shop.verify()).problems == ()


async def test_where_a_partner_withholds_the_minimum_is_asked_for_by_transfer(shop: Shop) -> None:
    shop.world.programme = msgspec.structs.replace(INVENTORY, collection=CollectionMode.partner_split)
    drawdown_id = await borrowing(shop)
    first = await asked(shop, drawdown_id)
    drawdown = await shop.drawdown(drawdown_id)
    wanted = drawdown["interval"]["minimum_amount"]
    assert (first["channel"], first["amount"], first["collect_on"]) == ("transfer", wanted, "2026-04-01")
    assert (drawdown["pending_amount"], drawdown["next_collection"]) == (0, None)
    late = await pass_until(shop, drawdown_id, "health", "late")
    assert late["past_due_amount"] == wanted
    assert await arrivals.arrive(shop, first["transfer_reference"], wanted + 5) is None
    cured = await shop.drawdown(drawdown_id)
    assert (cured["health"] != "late", cured["repaid_amount"], cured["past_due_days"]) == (True, wanted + 5, 0)
    assert (await shop.verify()).problems == ()


async def test_what_makes_no_sense_is_refused_and_nothing_changes(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    for terms in ({}, {"days": 0}, {"days": 91}, {"days": 5, "every_days": 5}):
        with pytest.raises(NotAllowed):
            await agree(shop, drawdown_id, ArrangementKind.pause, **terms)
    with pytest.raises(IllegalMove):
        await agree(shop, drawdown_id, ArrangementKind.pause, days=5)
    with pytest.raises(BadProposal):
        await hardship.propose(shop.world, Proposal(drawdown_id, ArrangementKind.write_off, "Somebody Else", "why"))
    found = await hardship.page(shop.world, "proposed", "", 10)  # type: ignore[arg-type]
    assert found == []


async def test_without_any_data_the_minimums_go_on_and_nothing_defaults(shop: Shop) -> None:
    drawdown_id = await borrowing(shop)
    for purpose in (granting.ASSESSING, granting.SERVICING):
        await granting.take_back(shop.world, shop.id, purpose)
        await granting.use(shop.partner, shop.id)
        await shop.work()
    first = await asked(shop, drawdown_id)
    done = await pass_until(shop, drawdown_id, "repaid_amount", first["amount"])
    assert (first["kind"], done["health"], done["past_due_days"]) == ("minimum", "current", 0)
    assert (await shop.verify()).problems == ()


def test_every_message_has_both_languages() -> None:
    assert all(set(words) == {"en", "zh"} for words in messages.texts().values())
    assert shops.TAKINGS_AMOUNT
