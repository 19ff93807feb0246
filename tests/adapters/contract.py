"""What any bank adapter must do, told through its port. An adapter's tests subclass `BankContract` and give a `scene`.

The scene is a bank whose day begins on a business morning, with a funding account that has money in it: in EUR, or in
the one currency the rail has. What a rail cannot do, its capabilities say, and the test asks for what it does instead.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

import pytest

from gateway.bank_ports import BankEvent, BankEventKind, Collection, Party, PaymentStatus, Payout, Sent
from gateway.domain import references
from gateway.domain.errors import Invalid
from gateway.domain.money import Money

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.bank_ports import Rail


class Scene(Protocol):
    """A bank, who takes part, and what can be made to happen."""

    @property
    def bank(self) -> Rail: ...
    @property
    def funding(self) -> Party: ...
    @property
    def poor_funding(self) -> Party: ...
    @property
    def shop(self) -> Party: ...
    @property
    def closed_shop(self) -> Party: ...
    @property
    def shop_at_no_bank(self) -> Party: ...
    @property
    def poor_shop(self) -> Party: ...

    async def now(self) -> datetime: ...
    async def pass_days(self, count: int) -> None: ...
    async def balance_amount(self) -> int: ...
    async def fund_in(self, currency: str) -> None: ...
    async def return_payouts(self, days: int, reason: str) -> None: ...
    async def refuse_files(self) -> None: ...
    async def be_silent(self) -> None: ...
    async def leave_a_gap_in_statements(self) -> None: ...
    async def refuse_collection(self, end_to_end_id: str, reason: str) -> None: ...
    async def mandate_id(self, number: int, debtor: Party) -> str: ...


def money(scene: Scene, amount: int) -> Money:
    """`amount` cents in the scene's currency."""
    currencies = scene.bank.capabilities.currencies
    return Money(amount, "EUR" if "EUR" in currencies else min(currencies))


def message_id(scene: Scene, now: datetime, name: str, number: int) -> str:
    """The name of the `number`th file, or its number of the day where the rail knows no names."""
    numbered = scene.bank.capabilities.files_per_day is not None
    return references.numbered(now.date(), number) if numbered else f"{name}-{number}"


async def payout(
    scene: Scene, *, number: int = 1, amount: Money | None = None, to: Party | None = None, source: Party | None = None
) -> Payout:
    """One payout for the bank's today; skips the test when the rail does not carry the amount's currency."""
    if amount is not None and amount.currency not in scene.bank.capabilities.currencies:
        pytest.skip(f"the rail does not carry {amount.currency}")
    now = await scene.now()
    return Payout(
        end_to_end_id=f"DRAWDOWN-{number}",
        message_id=message_id(scene, now, "FILE", number),
        amount=amount or money(scene, 150_000),
        debtor=source or scene.funding,
        creditor=to or scene.shop,
        execute_on=now.date(),
        created_at=now,
        remittance=f"Restock drawdown {number}",
    )


async def collection(
    scene: Scene, *, number: int = 1, amount: Money | None = None, debtor: Party | None = None
) -> Collection:
    """One collection for the first day the bank can take it: its tomorrow, or its today where it executes at once.

    Skips the test on a rail without debits.
    """
    if not scene.bank.capabilities.collects:
        pytest.skip("the rail does not collect")
    now = await scene.now()
    payer = debtor or scene.shop
    return Collection(
        end_to_end_id=f"REPAYMENT-{number}",
        message_id=message_id(scene, now, "DEBITS", number + 100),
        amount=amount or money(scene, 2_500),
        creditor=scene.funding,
        creditor_scheme_id="NL50ZZZ123456780000",
        debtor=payer,
        mandate_id=await scene.mandate_id(number, payer),
        mandate_signed_on=now.date() - timedelta(days=1),
        sequence="RCUR",
        collect_on=now.date() + timedelta(days=0 if scene.bank.capabilities.instant else 1),
        created_at=now,
        remittance=f"Restock repayment {number}",
    )


async def told(scene: Scene, source: str = "") -> list[BankEvent]:
    """Every fact about a payment in the mailbox, or those from messages whose type starts with `source`."""
    events = [event for message in await scene.bank.fetch() for event in scene.bank.read(message.body)]
    return [e for e in events if e.source.startswith(source) and e.kind is not BankEventKind.statement]


async def told_of(scene: Scene, kind: BankEventKind) -> list[BankEvent]:
    """Every fact of one kind in the mailbox."""
    return [event for event in await told(scene) if event.kind is kind]


async def send_payout(scene: Scene, instruction: Payout) -> None:
    """Submit a payout that the bank is expected to take."""
    ack = await scene.bank.submit(scene.bank.render_payout(instruction))
    assert ack.accepted


async def send_collection(scene: Scene, instruction: Collection) -> None:
    """Submit a collection that the bank is expected to take."""
    ack = await scene.bank.submit(scene.bank.render_collection(instruction))
    assert ack.accepted


def assert_only_announced(scene: Scene, events: list[BankEvent], reason: str) -> None:
    """Nothing, or the same refusal once more as a return that was never booked, where the rail has no other word."""
    assert len(events) <= (1 if scene.bank.capabilities.returns_unbooked else 0)
    for event in events:
        assert (event.kind, event.booked_on, event.account) == (BankEventKind.returned, None, None)
        assert event.reason == reason


def assert_says_why(scene: Scene, returned: list[BankEvent], reason: str) -> None:
    """Every announced return gives the reason, and every booked one where the rail's bookings do."""
    for event in returned:
        may_be_silent = event.booked_on is not None and not scene.bank.capabilities.return_reasons
        assert event.reason == reason or (may_be_silent and event.reason is None)


def needs_statements(scene: Scene) -> None:
    """Skip the test on a rail that never tells what was booked: another rail's statements must."""
    if not scene.bank.capabilities.states:
        pytest.skip("the rail tells no bookings")


@pytest.mark.anyio
class BankContract:
    """The tests every bank adapter passes."""

    reasons: ClassVar[dict[str, str]] = {}
    """ISO 20022 reason → the one of nearly the same meaning that a rail with fewer words has for it."""
    reports_count: ClassVar[int] = 2
    """How many of the bank's reports show one booked entry: a notification and a statement, or only a list."""
    announces: ClassVar[bool] = True
    """A return, and the refusal of a whole file, are also told by a message of their own."""
    settled: ClassVar[PaymentStatus] = PaymentStatus.ACCP
    """The bank's last word on a payout that arrived, a day later."""

    async def test_a_payout_is_accepted_then_booked_then_shown_on_the_statement(self, scene: Scene) -> None:
        instruction = await payout(scene)
        before = await scene.balance_amount()
        await send_payout(scene, instruction)
        await scene.pass_days(1)

        status = (await told_of(scene, BankEventKind.status))[0]
        assert (status.status, status.end_to_end_id) == (self.settled, instruction.end_to_end_id)
        assert status.original_message_id == instruction.message_id
        reports = await told_of(scene, BankEventKind.booked)
        assert len(reports) == self.reports_count
        for booked in reports:
            assert (booked.amount, booked.credit) == (instruction.amount, False)
            assert booked.end_to_end_id == instruction.end_to_end_id
            assert booked.booked_on == instruction.execute_on
        assert await scene.balance_amount() == before - instruction.amount.amount

    async def test_a_booking_told_twice_differs_in_its_source_only(self, scene: Scene) -> None:
        if self.reports_count < 2:
            pytest.skip("the bank has one report, or none")
        await send_payout(scene, await payout(scene))
        await scene.pass_days(1)
        notified, stated = await told_of(scene, BankEventKind.booked)
        assert notified.source != stated.source
        same = ["account", "end_to_end_id", "credit", "amount", "booked_on", "bank_reference", "entry_reference"]
        same.append("original_message_id")
        assert [getattr(notified, name) for name in same] == [getattr(stated, name) for name in same]
        assert (notified.bank_reference is not None) is scene.bank.capabilities.entry_references
        assert notified.account is not None

    @pytest.mark.parametrize(("who", "reason"), [("closed_shop", "AC04"), ("shop_at_no_bank", "RC01")])
    async def test_a_payee_the_bank_cannot_pay_is_rejected_with_the_reason(
        self, scene: Scene, who: str, reason: str
    ) -> None:
        payee: Party = getattr(scene, who)
        await send_payout(scene, await payout(scene, to=payee))
        await scene.pass_days(1)
        event, *later = await told(scene)
        reason = self.reasons.get(reason, reason)
        assert (event.kind, event.status, event.reason) == (BankEventKind.status, PaymentStatus.RJCT, reason)
        assert event.end_to_end_id == "DRAWDOWN-1"
        assert_only_announced(scene, later, reason)

    async def test_a_funding_account_without_money_is_rejected(self, scene: Scene) -> None:
        await send_payout(scene, await payout(scene, source=scene.poor_funding))
        (event,) = await told(scene)
        assert (event.status, event.reason) == (PaymentStatus.RJCT, "AM04")

    async def test_a_payout_that_comes_back_is_announced_and_booked_once_on_each_report(self, scene: Scene) -> None:
        needs_statements(scene)
        await scene.return_payouts(days=2, reason="AC04")
        before = await scene.balance_amount()
        await send_payout(scene, await payout(scene))
        await scene.pass_days(3)
        returned = await told_of(scene, BankEventKind.returned)
        booked = [event for event in returned if event.booked_on]
        announced = [event for event in returned if not event.booked_on]
        assert len(announced) == int(self.announces)
        assert len(booked) == self.reports_count
        assert_says_why(scene, returned, "AC04")
        for event in returned:
            assert event.end_to_end_id == "DRAWDOWN-1"
            assert (event.amount, event.credit) == (money(scene, 150_000), True)
        assert await scene.balance_amount() == before

    async def test_a_rejected_file_is_refused_at_once_and_said_again_without_naming_a_payment(
        self, scene: Scene
    ) -> None:
        await scene.refuse_files()
        instruction = await payout(scene)
        ack = await scene.bank.submit(scene.bank.render_payout(instruction))
        assert (ack.accepted, ack.reason) == (False, "FF01")
        if not self.announces:
            assert await told(scene) == []
            return
        (event,) = await told(scene)
        assert (event.status, event.reason) == (PaymentStatus.RJCT, "FF01")
        assert (event.end_to_end_id, event.original_message_id) == (None, instruction.message_id)

    async def test_the_same_bytes_sent_twice_pay_once_and_the_refusal_is_no_rejection(self, scene: Scene) -> None:
        message = scene.bank.render_payout(await payout(scene))
        before = await scene.balance_amount()
        first = await scene.bank.submit(message)
        assert first.accepted
        again = await scene.bank.submit(message)
        if scene.bank.capabilities.resend_hours is not None and again.accepted:
            assert again.bank_reference == first.bank_reference is not None  # the very payment, answered once more
        else:
            assert (again.accepted, again.reason) == (False, "DUPL")
        await scene.pass_days(1)
        statuses = [event.status for event in await told_of(scene, BankEventKind.status)]
        assert PaymentStatus.RJCT not in statuses
        assert await scene.balance_amount() == before - 150_000

    async def test_a_silent_bank_gives_no_status_but_books(self, scene: Scene) -> None:
        needs_statements(scene)
        await scene.be_silent()
        await send_payout(scene, await payout(scene))
        await scene.pass_days(1)
        assert not await told_of(scene, BankEventKind.status)
        assert {event.end_to_end_id for event in await told_of(scene, BankEventKind.booked)} == {"DRAWDOWN-1"}

    async def test_a_statement_with_a_hole_leaves_the_notification(self, scene: Scene) -> None:
        if self.reports_count < 2:
            pytest.skip("the bank has one report, or none")
        await scene.leave_a_gap_in_statements()
        for number in (1, 2):
            await send_payout(scene, await payout(scene, number=number))
        await scene.pass_days(1)
        booked = [event.end_to_end_id for event in await told_of(scene, BankEventKind.booked)]
        assert sorted(filter(None, booked)) == ["DRAWDOWN-1", "DRAWDOWN-1", "DRAWDOWN-2"]

    async def test_a_collection_is_credited_on_its_day(self, scene: Scene) -> None:
        needs_statements(scene)
        instruction = await collection(scene)
        before = await scene.balance_amount()
        await send_collection(scene, instruction)
        assert await scene.balance_amount() == before
        await scene.pass_days(2)
        booked = await told_of(scene, BankEventKind.booked)
        assert [event.end_to_end_id for event in booked] == [instruction.end_to_end_id] * 2
        assert {(event.amount, event.credit, event.booked_on) for event in booked} == {
            (instruction.amount, True, instruction.collect_on)
        }
        assert await scene.balance_amount() == before + instruction.amount.amount

    async def test_a_debtor_without_money_is_rejected(self, scene: Scene) -> None:
        await send_collection(scene, await collection(scene, debtor=scene.poor_shop))
        (event,) = await told(scene)
        assert (event.status, event.reason) == (PaymentStatus.RJCT, "AM04")
        assert event.end_to_end_id == "REPAYMENT-1"

    async def test_a_debit_refused_before_its_day_is_rejected_and_never_booked(self, scene: Scene) -> None:
        if scene.bank.capabilities.instant:
            pytest.skip("the rail executes at once: there is no before")
        await send_collection(scene, await collection(scene))
        await scene.refuse_collection("REPAYMENT-1", "MD01")
        await scene.pass_days(2)
        first, second = await told(scene)
        assert (first.status, second.reason) == (PaymentStatus.ACCP, "MD01")
        assert second.end_to_end_id == "REPAYMENT-1"
        if scene.bank.capabilities.returns_unbooked:
            assert_only_announced(scene, [second], "MD01")
        else:
            assert second.status is PaymentStatus.RJCT

    async def test_a_debit_refused_after_its_day_is_taken_back(self, scene: Scene) -> None:
        needs_statements(scene)
        before = await scene.balance_amount()
        await send_collection(scene, await collection(scene))
        await scene.pass_days(1)
        await scene.refuse_collection("REPAYMENT-1", "MD06")
        await scene.pass_days(1)
        returned = await told_of(scene, BankEventKind.returned)
        assert len(returned) == 3
        assert_says_why(scene, returned, "MD06")
        for event in returned:
            assert event.end_to_end_id == "REPAYMENT-1"
            assert (event.amount, event.credit) == (money(scene, 2_500), False)
        assert await scene.balance_amount() == before

    async def test_a_currency_without_decimals_goes_both_ways_whole(self, scene: Scene) -> None:
        if "KRW" not in scene.bank.capabilities.currencies:
            with pytest.raises(Invalid):
                scene.bank.render_payout(await payout(scene, amount=Money(1_234_567, "KRW")))
            return
        await scene.fund_in("KRW")
        before = await scene.balance_amount()
        await send_payout(scene, await payout(scene, amount=Money(1_234_567, "KRW")))
        await send_collection(scene, await collection(scene, amount=Money(8_901, "KRW")))
        await scene.pass_days(2)
        booked = {(event.amount, event.credit) for event in await told_of(scene, BankEventKind.booked)}
        assert booked == {(Money(1_234_567, "KRW"), False), (Money(8_901, "KRW"), True)}
        assert await scene.balance_amount() == before - 1_234_567 + 8_901

    async def test_messages_stay_until_they_are_acknowledged(self, scene: Scene) -> None:
        await send_payout(scene, await payout(scene))
        first = await scene.bank.fetch()
        assert first
        assert await scene.bank.fetch() == first
        await scene.bank.acknowledge([message.message_id for message in first])
        assert await scene.bank.fetch() == []

    async def test_a_message_that_was_not_acknowledged_is_never_lost(self, scene: Scene) -> None:
        await send_payout(scene, await payout(scene))
        known = [message.message_id for message in await scene.bank.fetch()]
        await scene.pass_days(1)
        await scene.bank.acknowledge(known)
        left = {message.message_id for message in await scene.bank.fetch()}
        assert left - set(known)
        kind = BankEventKind.booked if scene.bank.capabilities.states else BankEventKind.status
        assert {event.end_to_end_id for event in await told_of(scene, kind)} == {"DRAWDOWN-1"}

    async def test_one_payment_is_always_written_in_the_same_bytes(self, scene: Scene) -> None:
        transfer = await payout(scene)
        assert scene.bank.render_payout(transfer) == scene.bank.render_payout(transfer)

    async def test_one_collection_is_always_written_in_the_same_bytes(self, scene: Scene) -> None:
        debit = await collection(scene)
        assert scene.bank.render_collection(debit) == scene.bank.render_collection(debit)

    async def test_a_rail_that_can_be_asked_tells_the_status_of_what_it_was_sent(self, scene: Scene) -> None:
        ask = getattr(scene.bank, "status", None)
        if ask is None:
            pytest.skip("the rail cannot be asked")
        instruction = await payout(scene)
        message = scene.bank.render_payout(instruction)
        ack = await scene.bank.submit(message)
        said = await ask(Sent(instruction.end_to_end_id, message, ack.bank_reference))
        assert said == await ask(Sent(instruction.end_to_end_id, message, ack.bank_reference))
        events = [event for one in said for event in scene.bank.read(one.body)]
        assert {(event.kind, event.end_to_end_id) for event in events} == {(BankEventKind.status, "DRAWDOWN-1")}
        assert PaymentStatus.RJCT not in {event.status for event in events}
