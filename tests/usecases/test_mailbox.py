from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from gateway.bank_ports import BankEvent, BankEventKind, PaymentStatus
from gateway.domain.drawdowns import end_to_end_id
from gateway.usecases import mailbox, reconciling
from gateway.usecases.reconciling import Told
from tests.shops import RAIL

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def active(shop: Shop) -> str:
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    return drawdown_id


def refusal(template: bytes, reason: str) -> bytes:
    """A bank's acceptance turned into its refusal."""
    body = re.sub(rb"<(GrpSts|PmtInfSts|TxSts)>[A-Z]{4}<", rb"<\1>RJCT<", template)
    told = f"</TxSts><StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>".encode()
    return body.replace(b"</TxSts>", told)


async def test_the_booking_told_again_by_the_statement_and_by_any_copy_changes_nothing(shop: Shop) -> None:
    drawdown_id = await active(shop)
    (note,) = await shop.heard(end_to_end_id(drawdown_id), "camt.054")
    before, entries = await shop.drawdown(drawdown_id), (await shop.verify()).entries_count
    await shop.hear(note, "copy-1")
    await shop.hear(note, "copy-2")
    await shop.pass_days(1)
    assert await shop.heard(end_to_end_id(drawdown_id), "camt.053")
    found = await shop.verify()
    assert (found.problems, found.entries_count) == ((), entries)
    assert await shop.drawdown(drawdown_id) == before
    assert await shop.parked() == []


async def test_an_amount_that_is_not_the_instructed_one_to_the_cent_is_parked(shop: Shop) -> None:
    drawdown_id = await active(shop)
    (note,) = await shop.heard(end_to_end_id(drawdown_id), "camt.054")
    other = await shop.draw()
    note = note.replace(end_to_end_id(drawdown_id).encode(), end_to_end_id(other).encode())
    await shop.hear(re.sub(rb"(<Amt Ccy=\"EUR\">\d+)\.\d\d<", rb"\1.99<", note), "one-cent-off")
    assert [problem for problem in await shop.parked() if "instructed" in problem]
    assert await shop.sent(other) == 1
    assert (await shop.verify()).problems == ()


async def test_a_booking_of_a_payment_we_never_sent_is_parked(shop: Shop) -> None:
    drawdown_id = await active(shop)
    (note,) = await shop.heard(end_to_end_id(drawdown_id), "camt.054")
    await shop.hear(note.replace(end_to_end_id(drawdown_id).encode(), b"DRWNOBODYKNOWS"), "unknown")
    assert [problem for problem in await shop.parked() if "never sent" in problem]


async def test_a_status_of_a_payment_we_never_sent_is_parked(shop: Shop) -> None:
    drawdown_id = await active(shop)
    (status,) = await shop.heard(end_to_end_id(drawdown_id), "pain.002")
    await shop.hear(status.replace(end_to_end_id(drawdown_id).encode(), b"DRWNOBODYKNOWS"), "unknown")
    assert [problem for problem in await shop.parked() if "never sent" in problem]


async def test_an_unreadable_message_is_parked_and_does_not_hold_up_the_next(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    await shop.hear(b"<not xml", "0-first")
    await shop.hear(b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", "0-second")
    assert len(await shop.parked()) == 2
    assert (await shop.drawdown(drawdown_id))["state"] == "active"


async def test_a_status_that_comes_after_the_booking_is_ignored(shop: Shop) -> None:
    drawdown_id = await active(shop)
    (status,) = await shop.heard(end_to_end_id(drawdown_id), "pain.002")
    before = await shop.drawdown(drawdown_id)
    await shop.hear(status, "late")
    assert await shop.drawdown(drawdown_id) == before
    assert await shop.parked() == []


async def test_a_refusal_after_the_booking_is_a_contradiction_and_moves_nothing(shop: Shop) -> None:
    drawdown_id = await active(shop)
    (status,) = await shop.heard(end_to_end_id(drawdown_id), "pain.002")
    before = await shop.drawdown(drawdown_id)
    await shop.hear(refusal(status, "AC04"), "contradiction")
    assert await shop.drawdown(drawdown_id) == before
    assert [problem for problem in await shop.parked() if "refused by the bank (AC04) while active" in problem]
    assert (await shop.verify()).problems == ()


async def test_a_booking_after_the_refusal_is_a_contradiction_and_moves_nothing(shop: Shop) -> None:
    first = await active(shop)
    (note,) = await shop.heard(end_to_end_id(first), "camt.054")
    await shop.bank.behave("ACME", "reject-file")
    amount = (await shop.drawdown(first))["amount"]
    second = await shop.draw(amount)
    await shop.work()
    assert (await shop.drawdown(second))["state"] == "failed"
    await shop.hear(note.replace(end_to_end_id(first).encode(), end_to_end_id(second).encode()), "contradiction")
    assert (await shop.drawdown(second))["state"] == "failed"
    assert [problem for problem in await shop.parked() if "cannot go from failed to active" in problem]
    assert (await shop.verify()).problems == ()


async def test_a_duplicate_refusal_never_fails_what_the_bank_has(shop: Shop) -> None:
    drawdown_id = await active(shop)
    (status,) = await shop.heard(end_to_end_id(drawdown_id), "pain.002")
    await shop.hear(refusal(status, "DUPL"), "duplicate")
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert await shop.parked() == []


async def test_an_adapter_that_passes_a_duplicate_refusal_on_changes_nothing_either(shop: Shop) -> None:
    drawdown_id = await active(shop)
    reference = end_to_end_id(drawdown_id)
    said = BankEvent(BankEventKind.status, "any", reference, status=PaymentStatus.RJCT, reason="AM05")
    assert await reconciling.take(shop.world, Told(shop.lender, RAIL, "any"), said) is None
    assert (await shop.drawdown(drawdown_id))["state"] == "active"


async def test_other_account_data_that_a_bank_asks_for_is_parked_for_the_merchant_to_confirm(shop: Shop) -> None:
    drawdown_id = await active(shop)
    before = await shop.drawdown(drawdown_id)
    said = BankEvent(BankEventKind.correction, "any", end_to_end_id(drawdown_id), reason="C01", detail="C01 ends 1614")
    problem = await reconciling.take(shop.world, Told(shop.lender, RAIL, "any"), said)
    assert problem is not None
    assert (problem.alert, problem.reference) == ("bank_corrects_account", end_to_end_id(drawdown_id))
    assert "for the merchant to confirm" in problem.sentence
    assert await shop.drawdown(drawdown_id) == before


async def test_a_payout_that_comes_back_leaves_nothing_owed_however_often_the_bank_says_so(shop: Shop) -> None:
    await shop.bank.behave("ACME", "return-later", days=2, reason="AC04")
    drawdown_id = await active(shop)
    available = (await shop.offer())["available_amount"]
    await shop.pass_days(4)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["outstanding_amount"], drawdown["reason"]) == ("canceled", 0, "AC04")
    assert (await shop.states(drawdown_id))[-3:] == ["active", "returned", "canceled"]
    returns = await shop.heard(end_to_end_id(drawdown_id), "camt.054")
    await shop.hear(returns[-1], "again")
    assert await shop.parked() == []
    assert (await shop.verify()).problems == ()
    assert (await shop.offer())["exposure_amount"] == 0
    assert available >= 0


async def test_a_payout_that_comes_back_cancels_what_was_not_yet_collected(shop: Shop) -> None:
    await shop.bank.behave("ACME", "return-later", days=3, reason="AC04")
    drawdown_id = await active(shop)
    await shop.pass_days(1)
    bank, shop.rail = shop.rail, None  # the line is down: what the close schedules is not sent
    await shop.sell()
    await shop.close()
    await shop.work()
    assert [r["state"] for r in await shop.repayments(drawdown_id)] == ["scheduled"]
    shop.rail = bank
    await shop.bank.advance(shop.world.clock.now().replace(day=6))
    await mailbox.poll(shop.world)
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "canceled"
    assert [r["state"] for r in await shop.repayments(drawdown_id)] == ["canceled"]
    assert await shop.bank.collections() == []
    assert (await shop.verify()).problems == ()


async def test_a_message_half_applied_when_the_process_died_is_applied_to_its_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: object) -> None:
        raise RuntimeError("the process dies before the message is marked")

    drawdown_id = await shop.draw()
    with monkeypatch.context() as patch:
        patch.setattr(mailbox, "_done", die)
        await shop.work()
    assert {row[1] for row in await shop.messages()} == {"stored"}
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    await shop.work()
    assert {row[1] for row in await shop.messages()} == {"applied"}
    assert (await shop.states(drawdown_id))[2:] == ["approved", "submitted", "pending", "active"]
    assert (await shop.verify()).problems == ()


async def test_messages_taken_but_not_acknowledged_are_not_kept_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shop.rail is not None

    async def lost(_: list[str]) -> None:
        raise RuntimeError("the process dies before the bank hears of it")

    drawdown_id = await shop.draw()
    with monkeypatch.context() as patch:
        patch.setattr(shop.rail, "acknowledge", lost, raising=False)
        await shop.work()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    told = [row[0] for row in await shop.messages()]
    assert len(told) == len(set(told))
    assert await shop.sent(drawdown_id) == 1
