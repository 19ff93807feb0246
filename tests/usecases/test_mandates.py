"""Mandates: signed by the click, in force once the bank lends, and nothing debited without one for the account."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.bank_decisions import BankOutcome
from gateway.domain.changes import Change, ChangeKind, ChangeState
from gateway.domain.mandates import MandateState
from gateway.usecases import debiting, drawdowns, mandates, messages
from tests import shops
from tests.lenders import Lender

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.store import Tx
    from tests.shops import Shop

pytestmark = pytest.mark.anyio

OTHER_ACCOUNT = "NL91ABNA0417164300"


async def held(shop: Shop) -> list[dict[str, Any]]:
    """The shop's mandates as its partner sees them."""
    page = await shop.partner.seen(f"/v1/merchants/{shop.id}/mandates")
    found: list[dict[str, Any]] = page["data"]
    return found


async def lent(shop: Shop) -> Drawdown:
    """A draw whose money has arrived."""
    drawdown_id = await shop.draw()
    await shop.work()
    await shop.pass_days(1)
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    return await drawdowns.find(shop.world.store, drawdown_id)


async def sequences(shop: Shop) -> list[str]:
    """What the debits the bank was sent call themselves, in their order."""
    query = "SELECT end_to_end_id, body FROM instructions WHERE kind = 'collection' ORDER BY created_at, end_to_end_id"
    bodies = [shop.world.vault.unseal(body, name) for name, body in await shops.rows(_url(shop), query)]
    return [code for body in bodies for code in re.findall(r"<SeqTp>(\w+)<", body.decode())]


def _url(shop: Shop) -> str:
    return shop.world.settings.database_url


async def test_the_click_signs_a_mandate_that_is_in_force_once_the_bank_lends(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await shop.draw()
    (mandate,) = await held(shop)
    assert (mandate["state"], mandate["scheme"], mandate["signed_by_id"]) == ("pending", "sepa_core", drawdown_id)
    assert re.fullmatch(r"MDT[0-9A-Z]{26}", mandate["reference"])
    await shop.work()
    assert [one["state"] for one in await held(shop)] == ["active"]
    await shop.draw()
    assert len(await held(shop)) == 1, "a second loan of the same bank needs no second one"
    assert await shop.states(mandate["id"]) == ["pending", "active"]


async def test_what_the_bank_does_not_lend_leaves_nothing_to_debit_under(shop: Shop) -> None:
    shop.lender.decision = Lender(BankOutcome.rejected)
    await shop.draw()
    await shop.work()
    assert [one["state"] for one in await held(shop)] == ["pending"]
    assert await mandates.usable(shop.world.store, shop.world, shop.id, shop.lender.id) is None


async def test_debits_go_under_it_the_first_as_first_and_can_be_taken_back_for_eight_weeks(shop_on_both: Shop) -> None:
    shop = shop_on_both
    await lent(shop)
    await shop.live(3)
    assert await sequences(shop) == ["FRST", "RCUR", "RCUR"]
    await shop.pass_days(5)
    (mandate,) = await held(shop)
    assert mandate["uses_count"] == 3
    query = "SELECT SUM(amount) FROM repayments WHERE state = 'settled'"
    ((settled,),) = await shops.rows(_url(shop), query)
    assert mandate["refundable_amount"] == int(settled) > 0
    await shop.world.clock.set(shop.world.store, shop.world.clock.now() + timedelta(days=56))
    assert (await held(shop))[0]["refundable_amount"] == 0
    assert (await shop.verify()).problems == ()


async def test_a_revoked_mandate_leaves_the_debt_and_stops_the_debits(shop: Shop) -> None:
    drawdown = await lent(shop)
    (mandate,) = await held(shop)
    for _ in range(2):
        await shop.world.store.write(lambda tx: debiting.stop(tx, shop.world, mandate["id"], shop.id))
    await shop.live(2)
    assert await sequences(shop) == []
    assert (await shop.drawdown(drawdown.id))["state"] == "active"
    await shop.draw()
    await shop.work()
    assert [one["state"] for one in await held(shop)] == ["revoked", "active"]
    await shop.live(2)
    assert (await sequences(shop))[0] == "FRST", "the next loan signed another, and debits go on under it"


async def test_a_changed_account_is_not_debited_under_the_old_mandate(shop: Shop) -> None:
    await lent(shop)
    await shop.pay_to(OTHER_ACCOUNT)
    await shop.live(2)
    assert await sequences(shop) == []
    assert await mandates.usable(shop.world.store, shop.world, shop.id, shop.lender.id) is None


async def test_a_change_of_the_account_that_its_holder_signed_replaces_the_mandate(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown = await lent(shop)
    await shop.pay_to(OTHER_ACCOUNT)
    await shop.world.store.write(lambda tx: debiting.follow_account(tx, shop.world, signed_change(drawdown)))
    assert [(one["state"], one["account_ending"]) for one in await held(shop)][1:] == [("active", "4300")]
    await shop.live(1)
    assert await sequences(shop) == ["FRST"]


def signed_change(drawdown: Drawdown) -> Change:
    """As `changes.settle` hands it on."""
    approval: Any = object()
    at = drawdown.created_at
    return Change(
        "chg_1", drawdown.merchant_id, drawdown.partner_id, "cli_1", ChangeKind.payout_account, ChangeState.effective,
        "Corner", b"", approval, at, at, at, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "state"), [("AC04", MandateState.suspended), ("MD01", MandateState.revoked), ("MD07", "revoked")]
)
async def test_a_banks_reason_suspends_or_ends_it_and_the_next_loan_cures_it(
    shop: Shop, reason: str, state: str
) -> None:
    drawdown = await lent(shop)

    async def unit(tx: Tx) -> None:
        for _ in range(2):
            await mandates.returned(tx, shop.world, drawdown, reason)

    await shop.world.store.write(unit)
    assert [(one["state"], one["reason"]) for one in await held(shop)] == [(state, reason)]
    await shop.live(1)
    assert await sequences(shop) == []
    await shop.draw()
    await shop.work()
    assert (await held(shop))[-1]["state"] == "active"


async def test_once_a_week_the_debits_are_summed_up(shop: Shop) -> None:
    path, key = f"/v1/merchants/{shop.id}/contact", {"idempotency-key": "contact"}
    assert (await shop.partner.send("PUT", path, json={"email": "a@shop.example"}, headers=key)).is_success
    await lent(shop)
    await shop.live(10)
    told = [message for message in await messages.latest(shop.world) if message.kind.startswith("mandate_")]
    assert sorted(message.kind for message in told) == ["mandate_active", "mandate_summary"]
    summary = next(message.text for message in told if message.kind == "mandate_summary")
    assert "6 debits" in summary or "7 debits" in summary


async def test_a_loan_from_before_mandates_were_kept_is_debited_under_one_for_the_account_in_force(shop: Shop) -> None:
    await lent(shop)
    for statement in (
        "DELETE FROM mandates",
        "UPDATE drawdowns SET evidence_json = json_remove(evidence_json, '$.mandate_id')",
    ):
        await shops.execute(_url(shop), statement)
    await shop.live(1)
    assert [one["state"] for one in await held(shop)] == ["active"]
    assert await sequences(shop) == ["FRST"]
