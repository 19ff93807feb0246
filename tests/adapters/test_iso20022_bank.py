"""The ISO 20022 adapter against mock-bank, a bank nobody here wrote, in a process of its own."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings
from adapters.banks.iso20022.sandbox import MockBankControls, SandboxRefused
from adapters.mailboxes import HttpPlace
from gateway.bank_ports import BankEvent, BankEventKind, Unanswered, Unreachable, Unreadable
from gateway.demo.bank_process import start_mock_bank
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import Money
from gateway.outbound import Limits, Outbound
from tests.adapters import contract
from tests.adapters.schemas import assert_valid
from tests.adapters.stubborn import answering, nobody

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.demo.bank_process import BankProcess
    from tests.adapters.conftest import MockBankScene


class TestIso20022Bank(contract.BankContract):
    """The contract, with the `scene` of conftest.py."""


@pytest.mark.anyio
async def test_everything_the_bank_sends_is_valid_by_the_published_schemas(scene: MockBankScene, shared: Path) -> None:
    await scene.return_payouts(days=1, reason="AC04")
    for number, payee in enumerate([scene.shop, scene.closed_shop, scene.shop_at_no_bank], start=1):
        await contract.send_payout(scene, await contract.payout(scene, number=number, to=payee))
    await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    await contract.send_collection(scene, await contract.collection(scene))
    await scene.pass_days(3)
    await scene.refuse_collection("REPAYMENT-1", "MD06")
    await scene.pass_days(1)
    kinds = {assert_valid(message.body, shared) for message in await scene.bank.fetch()}
    assert kinds == {"pain.002.001.10", "camt.053.001.08", "camt.054.001.08", "pacs.004.001.09"}


@pytest.mark.anyio
async def test_each_days_statement_goes_on_from_the_day_before_and_its_entries_explain_it(scene: MockBankScene) -> None:
    for number in (1, 2):
        await contract.send_payout(scene, await contract.payout(scene, number=number))
        await contract.send_collection(scene, await contract.collection(scene, number=number))
        await scene.pass_days(1)
    stated, moved = await statements(scene)
    assert [fact.sequence for fact in stated] == list(range(1, len(stated) + 1))
    assert [fact.opening for fact in stated[1:]] == [fact.closing for fact in stated[:-1]]
    assert all(fact.from_on == fact.through_on for fact in stated)
    for fact in stated:
        assert fact.opening is not None
        assert fact.closing == fact.opening + Money(moved.get(fact.statement_id, 0), "EUR")
    assert sum(moved.values()) == -2 * 150_000 + 2_500


@pytest.mark.anyio
async def test_an_entry_a_statement_omits_is_missing_from_what_explains_it(scene: MockBankScene) -> None:
    await scene.leave_a_gap_in_statements()
    await contract.send_payout(scene, await contract.payout(scene))
    await scene.pass_days(1)
    (stated,), moved = await statements(scene)
    assert stated.opening is not None
    assert stated.closing is not None
    assert (stated.closing - stated.opening).amount == -150_000
    assert moved == {}


async def statements(scene: MockBankScene) -> tuple[list[BankEvent], dict[str | None, int]]:
    """The funding account's statements in order, and what the entries on each of them come to, in cents."""
    told = [event for message in await scene.bank.fetch() for event in scene.bank.read(message.body)]
    ours = [e for e in told if e.account is not None and e.account.iban == scene.funding.account.iban]
    moved: dict[str | None, int] = {}
    for event in ours:
        if event.kind is BankEventKind.booked and event.statement_id is not None and event.amount is not None:
            amount = event.amount.amount if event.credit else -event.amount.amount
            moved[event.statement_id] = moved.get(event.statement_id, 0) + amount
    return [event for event in ours if event.kind is BankEventKind.statement], moved


@pytest.mark.anyio
async def test_a_reset_bank_that_counts_from_one_again_is_not_taken_for_the_old_one(scene: MockBankScene) -> None:
    await contract.send_payout(scene, await contract.payout(scene, number=1))
    before = {message.message_id for message in await scene.bank.fetch()}
    await scene.controls.reset()
    await contract.send_payout(scene, await contract.payout(scene, number=2))
    assert not before & {message.message_id for message in await scene.bank.fetch()}


@pytest.mark.anyio
async def test_the_sandbox_bank_is_moved_to_a_date_and_never_past_it_or_back(scene: MockBankScene) -> None:
    start = await scene.now()
    await scene.controls.advance(datetime(2026, 3, 5, 18, 30, tzinfo=UTC))
    assert (await scene.now()).date().isoformat() == "2026-03-05"
    assert await scene.now() < datetime(2026, 3, 5, 18, 30, tzinfo=UTC)
    await scene.controls.advance(start)
    assert (await scene.now()).date().isoformat() == "2026-03-05"
    with pytest.raises(SandboxRefused):
        await scene.controls.advance(start + timedelta(days=10_000))


@pytest.mark.anyio
async def test_a_sandbox_account_is_opened_once_and_then_changed(scene: MockBankScene) -> None:
    iban = sandbox_iban("funding")
    opened = await scene.controls.ensure_account("RESTOCK", name="Restock", iban=iban, balance=Money(500, "KRW"))
    changed = await scene.controls.ensure_account("RESTOCK", name="Restock", iban=iban, balance=Money(700, "KRW"))
    assert (opened.balance, changed.balance, changed.currency) == (500, 700, "KRW")
    assert await scene.controls.account("RESTOCK") == changed
    with pytest.raises(SandboxRefused):
        await scene.controls.account("NOBODY")


@pytest.mark.anyio
async def test_the_banks_own_view_shows_what_it_was_asked(scene: MockBankScene) -> None:
    await contract.send_payout(scene, await contract.payout(scene))
    await contract.send_collection(scene, await contract.collection(scene))
    (payment,) = await scene.controls.payments()
    (debit,) = await scene.controls.collections()
    assert (payment.end_to_end_id, payment.amount, payment.status) == ("DRAWDOWN-1", 150_000, "accepted")
    assert (debit.end_to_end_id, debit.amount, debit.mandate_id) == ("REPAYMENT-1", 2_500, "MANDATE-1")
    assert payment.booked_at is not None
    assert debit.booked_at is None


@pytest.mark.anyio
async def test_a_stopped_bank_is_unreachable(outbound: Outbound) -> None:
    with start_mock_bank("2026-03-02T09:00") as process:
        bank = Iso20022Bank(Iso20022Settings(HttpPlace(process.base_url)), outbound)
        assert await bank.fetch() == []
    with pytest.raises(Unreachable):
        await bank.submit(b"<Document/>")
    with pytest.raises(Unreachable):
        await bank.fetch()


@pytest.mark.anyio
async def test_a_file_the_bank_cannot_read_is_refused_for_good(scene: MockBankScene) -> None:
    ack = await scene.bank.submit(b"<Document/>")
    assert (ack.accepted, ack.reason) == (False, "FF01")


@pytest.mark.anyio
@pytest.mark.parametrize("status", [401, 403, 404, 413, 429])
async def test_a_bank_that_turns_the_request_away_was_not_reached(outbound: Outbound, status: int) -> None:
    async with answering(_head(status)) as url:
        with pytest.raises(Unreachable):
            await Iso20022Bank(Iso20022Settings(HttpPlace(url)), outbound).submit(b"<Document/>")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 202 Acc",
        b"HTTP/1.1 202 Accepted\r\ncontent-length: 50\r\n\r\n{",
        b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 422 No\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 503 Later\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_an_answer_that_proves_nothing_leaves_the_payment_in_doubt(outbound: Outbound, answer: bytes) -> None:
    async with answering(answer) as url:
        with pytest.raises(Unanswered):
            await Iso20022Bank(Iso20022Settings(HttpPlace(url)), outbound).submit(b"<Document/>")


@pytest.mark.anyio
async def test_a_bank_that_says_nothing_leaves_the_payment_in_doubt() -> None:
    async with Outbound(Limits(silence_ms=50)) as outbound, answering(None) as url:
        with pytest.raises(Unanswered):
            await Iso20022Bank(Iso20022Settings(HttpPlace(url)), outbound).submit(b"<Document/>")


@pytest.mark.anyio
async def test_a_conflict_means_the_bank_has_the_file_already(outbound: Outbound) -> None:
    async with answering(_head(409)) as url:
        ack = await Iso20022Bank(Iso20022Settings(HttpPlace(url)), outbound).submit(b"<Document/>")
    assert (ack.accepted, ack.reason) == (False, "DUPL")


@pytest.mark.anyio
async def test_a_mailbox_listing_that_is_not_one_is_unreadable(outbound: Outbound) -> None:
    async with answering(b'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[{"id":1}') as url:
        with pytest.raises(Unreadable):
            await Iso20022Bank(Iso20022Settings(HttpPlace(url)), outbound).fetch()


@pytest.mark.anyio
async def test_a_mailbox_that_fails_is_unreachable(outbound: Outbound) -> None:
    async with answering(_head(503)) as url:
        with pytest.raises(Unreachable):
            await Iso20022Bank(Iso20022Settings(HttpPlace(url)), outbound).fetch()
    with pytest.raises(Unreachable):
        await MockBankControls(nobody(), outbound).now()


@pytest.mark.anyio
async def test_credentials_go_with_every_request(outbound: Outbound) -> None:
    heard: list[bytes] = []
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", heard) as url:
        bank = Iso20022Bank(Iso20022Settings(HttpPlace(url, user="shop", password="geheim")), outbound)
        assert await bank.fetch() == []
    assert b"authorization: basic c2hvcdpnzwhlaw0=" in heard[-1]


def test_a_bank_process_ends_with_its_context(mock_bank: BankProcess) -> None:
    with start_mock_bank("2026-03-02T09:00") as process:
        assert process.base_url != mock_bank.base_url
        os.kill(process.process_id, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process.process_id, 0)


def _head(status: int) -> bytes:
    return f"HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n".encode()
