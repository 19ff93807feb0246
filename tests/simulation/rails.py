"""The line between gateway and bank: a `Rail` port that loses requests and answers, and a language quick to read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import (
    Account,
    Ack,
    BankEvent,
    BankEventKind,
    Capabilities,
    Collection,
    InboundMessage,
    PaymentStatus,
    Payout,
    Sent,
    Unanswered,
    Unreachable,
    Unreadable,
)
from gateway.domain.bank_decisions import Application, BankDecision, BankOutcome
from gateway.domain.money import Money
from tests.simulation.bank import Booking, Order, Statement

if TYPE_CHECKING:
    from gateway.ports import Clock
    from tests.simulation.bank import SimBank
    from tests.simulation.iso import Iso
    from tests.simulation.steps import Steps
    from tests.simulation.tempers import Traits

PATIENCE = timedelta(seconds=30)
"""How long one exchange may take, as a whole."""
FETCHED_COUNT = 20
"""The most messages one look shows."""


class Plain:
    """JSON on both sides: for the mass of the seeds."""

    def __init__(self, own_account: Account) -> None:
        self._account = own_account

    def render_payout(self, payout: Payout) -> bytes:
        """See Rail."""
        return msgspec.json.encode({"payout": payout})

    def render_collection(self, collection: Collection) -> bytes:
        """See Rail."""
        return msgspec.json.encode({"collection": collection})

    def read(self, body: bytes) -> list[BankEvent]:
        """See Rail."""
        try:
            return msgspec.json.decode(body, type=list[BankEvent])
        except msgspec.DecodeError as error:
            raise Unreadable(str(error)) from None

    def orders(self, message: bytes) -> list[Order]:
        """See Language."""
        ((kind, said),) = msgspec.json.decode(message).items()
        debit, party = kind == "collection", said["debtor" if kind == "collection" else "creditor"]["account"]
        amount, currency = said["amount"]["amount"], said["amount"]["currency"]
        account = party["iban"] or party["other_id"]
        return [Order(said["end_to_end_id"], said["message_id"], debit, amount, currency, account)]

    def status(self, order: Order, code: str, reason: str | None) -> bytes:
        """See Language."""
        status = PaymentStatus(code)
        return msgspec.json.encode([
            BankEvent(BankEventKind.status, "pain.002", order.end_to_end_id, order.message_id, status, reason)
        ])  # fmt: skip

    def advice(self, booking: Booking) -> bytes:
        """See Language."""
        return msgspec.json.encode([self._booked(booking, "camt.054", None)])

    def statement(self, said: Statement) -> bytes:
        """See Language."""
        statement_id = f"S{said.sequence}"
        head = BankEvent(
            BankEventKind.statement,
            "camt.053",
            None,
            account=self._account,
            statement_id=statement_id,
            sequence=said.sequence,
            opening=Money(said.opening_amount, said.currency),
            closing=Money(said.closing_amount, said.currency),
            from_on=said.from_on,
            through_on=said.through_on,
        )
        return msgspec.json.encode([head, *(self._booked(one, "camt.053", statement_id) for one in said.bookings)])

    def _booked(self, booking: Booking, source: str, statement_id: str | None) -> BankEvent:
        order = booking.order
        return BankEvent(
            BankEventKind.returned if booking.returned else BankEventKind.booked,
            source,
            order.end_to_end_id,
            reason=booking.reason,
            amount=Money(abs(booking.amount), order.currency),
            credit=booking.amount > 0,
            booked_on=booking.booked_on,
            account=self._account,
            bank_reference=booking.reference,
            entry_reference=booking.reference,
            statement_id=statement_id,
        )


class SimRail:
    """The `Rail` port over a bad line. `words` writes and reads the gateway's side."""

    def __init__(self, bank: SimBank, words: Plain | Iso, steps: Steps, traits: Traits) -> None:
        self.bank, self._steps = bank, steps
        self.acknowledged: list[str] = []
        """Messages that the gateway said it has, since somebody last looked."""
        self.capabilities = Capabilities(
            currencies=frozenset({"EUR"}),
            reference_length=traits.reference_length,
            files_per_day=traits.files_per_day,
            resend_hours=traits.resend_hours,
        )
        self.render_payout = words.render_payout
        self.render_collection = words.render_collection
        self.read = words.read

    async def submit(self, message: bytes) -> Ack:
        """See Rail."""
        bank, temper, began_at = self.bank, self.bank.temper, self.bank.now()
        await self._steps.point("submit")
        if bank.now() - began_at > PATIENCE:  # a client that stood still gives up before it sends
            raise Unanswered("no answer in time")
        if bank.happens(temper.unreachable):
            raise Unreachable("the line is down")
        if bank.happens(temper.lose_request):
            await self._steps.point("the request is lost")
            raise Unanswered("no answer")
        answer = bank.receive(message)
        lost = bank.happens(temper.lose_answer)
        await self._steps.point("the answer is lost" if lost else f"the bank answers {answer.reason or 'yes'}")
        if lost:
            raise Unanswered("no answer")
        return Ack(answer.accepted, answer.reason)

    async def fetch(self) -> list[InboundMessage]:
        """See Rail."""
        await self._steps.point("fetch")
        if self.bank.happens(self.bank.temper.unreachable):
            raise Unreachable("the line is down")
        waiting = list(self.bank.looked_into().items())[:FETCHED_COUNT]
        await self._steps.point(f"fetched {len(waiting)}")
        return [InboundMessage(message_id, body) for message_id, body in waiting]

    async def acknowledge(self, message_ids: list[str]) -> None:
        """See Rail."""
        await self._steps.point("acknowledge")
        self.acknowledged += message_ids
        for message_id in message_ids:
            self.bank.mailbox.pop(message_id, None)
        await self._steps.point("acknowledged")


class AskableRail(SimRail):
    """One that can also be asked after a payment."""

    async def status(self, sent: Sent) -> list[InboundMessage]:
        """See Inquiries."""
        await self._steps.point("ask")
        if self.bank.happens(self.bank.temper.unreachable):
            raise Unreachable("the line is down")
        word = self.bank.word_on(sent.end_to_end_id)
        await self._steps.point("asked in vain" if word is None else "asked")
        return [] if word is None else [InboundMessage(self.bank.new_id(), word)]


class SimDecision:
    """The bank's own credit decision."""

    def __init__(self, bank: SimBank, steps: Steps, clock: Clock) -> None:
        self._bank, self._steps, self._clock = bank, steps, clock
        self._said: dict[tuple[str, int], BankDecision] = {}

    async def decide(self, application: Application) -> BankDecision:
        """See LoanDecision: the same answer however often the same is asked."""
        await self._steps.point("decide")
        if self._bank.happens(self._bank.temper.unreachable):
            raise Unreachable("the line is down")
        asked = application.drawdown_id, application.number
        if asked not in self._said:
            self._said[asked] = BankDecision(self._outcome(), self._clock.now(), "policy", f"D{len(self._said)}")
        await self._steps.point(f"the bank decides: {self._said[asked].outcome}")
        return self._said[asked]

    def _outcome(self) -> BankOutcome:
        if self._bank.happens(self._bank.temper.decline):
            return BankOutcome.rejected
        return BankOutcome.referred if self._bank.happens(self._bank.temper.refer) else BankOutcome.approved
