from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings
from adapters.mailboxes import HttpPlace
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.money import Money
from gateway.outbound import Outbound
from gateway.usecases import jobs, mailbox, payments, work
from tests import shops
from tests.adapters import stubborn
from tests.banks import CLOSED, line_to

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from gateway.bank_ports import Ack
    from gateway.store import Tx
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
PAUSE = timedelta(seconds=5)
"""Longer than the wait before a second try."""


async def drawn(shop: Shop) -> str:
    drawdown_id = await shop.draw()
    await shop.work()
    return drawdown_id


async def test_a_closed_account_ends_the_drawdown_and_frees_its_room(shop: Shop) -> None:
    await shop.pay_to(CLOSED)
    before = (await shop.offer())["available_amount"]
    drawdown_id = await drawn(shop)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"], drawdown["outstanding_amount"]) == ("failed", "AC04", 0)
    assert (await shop.offer())["available_amount"] == before
    assert (await shop.verify()).problems == ()


async def test_a_bank_without_money_ends_the_drawdown(shop: Shop) -> None:
    await shop.bank.behave("ACME", "insufficient-funds")
    await shop.bank.set_balance("ACME", Money(0, "EUR"))
    drawdown_id = await drawn(shop)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("failed", "AM04")
    assert (await shop.verify()).problems == ()


async def test_a_refused_file_ends_the_drawdown_and_a_new_quote_can_be_drawn(shop: Shop) -> None:
    await shop.bank.behave("ACME", "reject-file")
    refused = await drawn(shop)
    assert (await shop.drawdown(refused))["state"] == "failed"
    await shop.bank.behave("ACME", "accept")
    assert (await shop.drawdown(await drawn(shop)))["state"] == "active"
    assert (await shop.verify()).problems == ()


class Stalling:
    """The store, and after one unit that says so the process stands still for two days, as a machine asleep."""

    def __init__(self, shop: Shop, after: str) -> None:
        self._store, self._shop, self._after = shop.world.store, shop, after
        self.stood_still = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, unit: Callable[[Tx], Awaitable[Any]]) -> Any:
        done = await self._store.write(unit)
        if done == self._after and not self.stood_still:
            self.stood_still = True
            self._shop.gateway.clock.at += timedelta(days=2)
        return done


async def test_a_process_that_stood_still_before_it_sent_asks_anew_whether_it_may(shop: Shop) -> None:
    stalling = Stalling(shop, payments.Attempt.first)
    shop.world.store = stalling
    drawdown_id = await drawn(shop)
    assert stalling.stood_still
    assert await shops.rows(shop.world.settings.database_url, "SELECT sent_at FROM instructions") == [(None,)]
    assert await shop.sent(drawdown_id) == 0
    shop.gateway.clock.at += PAUSE
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] in {"pending", "active"}
    assert await shop.sent(drawdown_id) == 1


async def test_a_silent_bank_leaves_a_doubt_that_the_booked_entry_resolves_and_nothing_is_sent_again(
    shop: Shop,
) -> None:
    await shop.bank.behave("ACME", "silent")
    bank, drawdown_id = shop.rail, await shop.draw()
    assert bank is not None
    await jobs_only(shop)
    assert (await shop.drawdown(drawdown_id))["state"] == "submitted"
    shop.rail = None  # nothing more is heard for two days
    await shop.pass_days(2)
    assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
    shop.rail = bank
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    states = ["awaiting_confirmation", "requested", "approved", "submitted", "in_doubt", "active"]
    assert await shop.states(drawdown_id) == states
    assert await shop.sent(drawdown_id) == 1
    assert (await shop.verify()).problems == ()


async def test_an_accepted_payout_that_no_statement_shows_becomes_a_doubt(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    bank = shop.rail
    assert bank is not None
    await jobs_only(shop)
    (status, *_) = [m for m in await bank.fetch() if b"pain.002" in m.body]
    await mailbox.keep(shop.world, shop.lender, shops.RAIL, [status])
    await mailbox.apply_stored(shop.world, shop.lender)
    shop.rail, real = None, bank
    assert (await shop.drawdown(drawdown_id))["state"] == "pending"
    await shop.pass_days(6)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("in_doubt", "not_on_statement")
    shop.rail = real
    await shop.work()
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("active", None)
    assert await shop.sent(drawdown_id) == 1


async def test_a_gap_in_the_daily_statement_loses_no_booking_the_notification_told(shop: Shop) -> None:
    await shop.bank.behave("ACME", "statement-gap")
    drawdown_id = await drawn(shop)
    await shop.pass_days(2)
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert (await shop.verify()).problems == ()


async def test_a_lost_answer_is_a_doubt_and_only_the_identical_bytes_go_again(tmp_path: Path, bank_url: str) -> None:
    async with (
        line_to(bank_url) as line,
        shops.opened(f"sqlite:///{tmp_path / 'x.db'}", tmp_path, bank_url, at=line.url) as shop,
    ):
        line.loses_answers = True
        drawdown_id = await shop.draw()
        await jobs_only(shop)
        drawdown = await shop.drawdown(drawdown_id)
        assert (drawdown["state"], drawdown["reason"]) == ("in_doubt", "bank_unanswered")
        line.loses_answers = False
        shop.gateway.clock.at += PAUSE
        await jobs_only(shop)
        assert (await shop.drawdown(drawdown_id))["state"] == "pending"  # DUPL: the bank has it
        await shop.work()
        assert (await shop.drawdown(drawdown_id))["state"] == "active"
        assert len(line.payments) == 2
        assert line.payments[0] == line.payments[1]
        assert await shop.sent(drawdown_id) == 1
        assert (await shop.verify()).problems == ()


async def test_a_server_error_is_a_doubt_not_a_failure(tmp_path: Path, bank_url: str) -> None:
    error = b"HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    async with (
        stubborn.answering(error) as broken,
        shops.opened(f"sqlite:///{tmp_path / 'x.db'}", tmp_path, bank_url, at=broken) as shop,
    ):
        drawdown_id = await drawn(shop)
        assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
        assert (await shop.verify()).problems == ()


async def test_a_bank_that_cannot_be_reached_leaves_the_drawdown_approved_and_unsent(
    tmp_path: Path, bank_url: str
) -> None:
    async with shops.opened(f"sqlite:///{tmp_path / 'x.db'}", tmp_path, bank_url, at=stubborn.nobody()) as shop:
        drawdown_id = await drawn(shop)
        drawdown = await shop.drawdown(drawdown_id)
        assert (drawdown["state"], drawdown["reason"]) == ("approved", None)
        assert (await shops.rows(shop.world.settings.database_url, "SELECT sent_at FROM instructions")) == [(None,)]


async def test_the_refusal_of_a_copy_does_not_fail_what_the_first_may_have_done(tmp_path: Path, bank_url: str) -> None:
    """The bank took the first file and we never heard; by the second one its account is empty and it says no."""
    async with (
        line_to(bank_url) as line,
        shops.opened(f"sqlite:///{tmp_path / 'x.db'}", tmp_path, bank_url, at=line.url) as shop,
    ):
        line.loses_answers = True
        drawdown_id = await shop.draw()
        await jobs_only(shop)
        refusal = b'{"status":"RJCT","reason":"AM04"}'
        head = b"HTTP/1.1 422 No\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        shop.gateway.clock.at += PAUSE
        bank = shop.rail
        async with stubborn.answering(head % len(refusal) + refusal) as refusing, Outbound() as outbound:
            shop.rail = Iso20022Bank(Iso20022Settings(HttpPlace(refusing)), outbound)
            await jobs_only(shop)
        assert (await shop.drawdown(drawdown_id))["state"] == "in_doubt"
        shop.rail = bank
        await shop.work()
        assert (await shop.drawdown(drawdown_id))["state"] == "active"
        assert await shop.sent(drawdown_id) == 1


@pytest.mark.parametrize("dies", ["before sending", "after sending"])
async def test_a_sender_that_dies_around_the_sending_sends_one_instruction(
    shop_on_both: Shop, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled between storing, sending and recording, then started again: the bank has one payout."""
    shop, died, bank = shop_on_both, asyncio.Event(), shop_on_both.rail
    assert bank is not None
    drawdown_id, submit = await shop.draw(), bank.submit

    async def die(message: bytes) -> Ack:
        if dies == "after sending":
            await submit(message)
        died.set()
        await asyncio.Event().wait()
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(bank, "submit", die, raising=False)
        task = asyncio.create_task(shop.work())
        await died.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await shop.work()
    shop.gateway.clock.at += timedelta(minutes=2)  # the dead one's lease is over
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert await shop.sent(drawdown_id) == 1
    references = await shops.rows(shop.world.settings.database_url, "SELECT end_to_end_id FROM instructions")
    assert references == [(end_to_end_id(drawdown_id),)]
    assert (await shop.verify()).problems == ()


async def test_a_refused_collection_leaves_its_amount_owed_and_the_drawdown_still_ends_repaid(shop: Shop) -> None:
    drawdown_id = await drawn(shop)
    await shop.pass_days(1)
    await shop.sell()
    await shop.close()
    await shop.work()
    (first,) = await shop.repayments(drawdown_id)
    await shop.bank.refuse_collection(end_to_end_id(first["id"]), "AM04")
    await shop.work()
    first, again = await shop.repayments(drawdown_id)
    assert (first["state"], first["reason"]) == ("failed", "AM04")
    assert (again["retry_of"], again["amount"], again["state"]) == (first["id"], first["amount"], "scheduled")
    assert (await shop.drawdown(drawdown_id))["outstanding_amount"] == (await shop.drawdown(drawdown_id))[
        "total_amount"
    ]
    await until_repaid(shop, drawdown_id)


async def test_a_collection_taken_back_is_owed_again_and_the_drawdown_still_ends_repaid(shop: Shop) -> None:
    drawdown_id = await drawn(shop)
    await shop.live(4)
    first = (await shop.repayments(drawdown_id))[0]
    assert first["state"] == "settled"
    owed = (await shop.drawdown(drawdown_id))["outstanding_amount"]
    await shop.bank.refuse_collection(end_to_end_id(first["id"]), "AM04")
    await shop.work()
    assert (await shop.repayments(drawdown_id))[0]["state"] == "returned"
    assert (await shop.drawdown(drawdown_id))["outstanding_amount"] == owed + first["amount"]
    assert (await shop.verify()).problems == ()
    await until_repaid(shop, drawdown_id)


async def test_the_last_collection_taken_back_after_the_end_opens_the_drawdown_again(shop: Shop) -> None:
    drawdown_id = await drawn(shop)
    await until_repaid(shop, drawdown_id)
    last = (await shop.repayments(drawdown_id))[-1]
    await shop.bank.refuse_collection(end_to_end_id(last["id"]), "AM04")
    await shop.work()
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["outstanding_amount"]) == ("active", last["amount"] + last["rebate_amount"])
    assert (await shop.offer())["exposure_amount"] == last["principal_amount"]
    assert (await shop.verify()).problems == ()
    await until_repaid(shop, drawdown_id)


async def test_days_that_closed_before_we_heard_of_the_payout_are_withheld_from_later(shop: Shop) -> None:
    bank, drawdown_id = shop.rail, await shop.draw()
    await jobs_only(shop)
    shop.rail = None
    await shop.live(3)
    shop.rail = bank
    await shop.work()
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["active_on"]) == ("active", "2026-03-02")
    await shop.live(1)
    (first,) = await shop.repayments(drawdown_id)
    assert first["amount"] == shops.TAKINGS_AMOUNT * 3 * drawdown["withhold_bps"] // 10_000


async def test_all_drawdowns_together_take_no_more_of_a_day_than_the_programmes_share(shop: Shop) -> None:
    offer = await shop.offer()
    step = offer["step_amount"]
    drawn_ids = [await shop.draw(offer["available_amount"] // 3 // step * step) for _ in range(3)]
    await shop.work()
    shares = [(await shop.drawdown(drawdown_id))["withhold_bps"] for drawdown_id in drawn_ids]
    assert sum(shares) > shop.world.programme.withhold_bps
    await shop.pass_days(1)
    await shop.sell()
    closed = await shop.close()
    assert closed["withheld_amount"] <= shops.TAKINGS_AMOUNT * shop.world.programme.withhold_bps // 10_000
    assert closed["withheld_amount"] > 0
    first = await shop.repayments(drawn_ids[0])
    assert first[0]["amount"] == shops.TAKINGS_AMOUNT * shares[0] // 10_000


# --- helpers --------------------------------------------------------------------------------------------------------


async def jobs_only(shop: Shop) -> None:
    """Run what is due and do not listen to the bank."""
    await jobs.run_due(shop.world, work.HANDLERS)


async def until_repaid(shop: Shop, drawdown_id: str) -> None:
    for _ in range(90):
        if (await shop.drawdown(drawdown_id))["state"] == "repaid":
            break
        await shop.live(1, 8 * shops.TAKINGS_AMOUNT)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["outstanding_amount"]) == ("repaid", 0)
    assert drawdown["repaid_amount"] + drawdown["rebate_amount"] == drawdown["total_amount"]
    assert (await shop.offer())["exposure_amount"] == 0
    assert (await shop.verify()).problems == ()
