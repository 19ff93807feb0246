"""The rail to the built-in bank, whose books lie wherever its `Desk` keeps them. In live mode there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

import msgspec

from adapters.banks.sandbox import machine, wire
from adapters.banks.sandbox.machine import Books
from adapters.banks.sandbox.wire import Order
from gateway.bank_ports import Capabilities, InboundMessage
from gateway.domain.money import EXPONENTS
from gateway.domain.sandbox_banks import BankBehaviour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.bank_ports import Ack, BankEvent, Collection, Payout
    from gateway.ports import Clock

_Found = TypeVar("_Found")
_ID = "sandbox-"


class Desk(Protocol):
    """Where the books lie, and how each shop is to be treated."""

    async def read(self) -> str | None:
        """The books; None = there are none yet."""

    async def change(self, edit: Callable[[str | None], str]) -> None:
        """Replace the books whole by what `edit` makes of them; it may be called again."""

    async def behaviours(self, references: list[str]) -> Mapping[str, BankBehaviour]:
        """How the shops behind these payments are treated, where not by default."""


class SandboxBank:
    """Implements `gateway.bank_ports.Rail`. It works when it is looked at: its day is the business clock's, in UTC."""

    def __init__(self, desk: Desk, clock: Clock) -> None:
        self._desk, self._clock = desk, clock
        self.capabilities = Capabilities(
            currencies=frozenset(EXPONENTS),
            reference_length=35,
            resend_hours=int(machine.KNOWN.total_seconds()) // 3_600 - 1,
        )

    def render_payout(self, payout: Payout) -> bytes:
        """The order to pay."""
        return wire.write(Order(payout.end_to_end_id, payout.amount, payout.execute_on, debit=False))

    def render_collection(self, collection: Collection) -> bytes:
        """The order to collect."""
        return wire.write(Order(collection.end_to_end_id, collection.amount, collection.collect_on, debit=True))

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts of a message."""
        return wire.read(body)

    async def submit(self, message: bytes) -> Ack:
        """Hand an order over."""
        order, now = wire.order(message), self._clock.now()
        behaviours = await self._desk.behaviours([order.reference])
        behaviour = behaviours.get(order.reference, BankBehaviour())
        return await self._change(lambda books: machine.take(books, order, behaviour, now))

    async def fetch(self) -> list[InboundMessage]:
        """Let the bank catch up with the clock; what it says then."""
        text = await self._desk.read()
        if text is None:
            return []
        books, now = _books(text), self._clock.now()
        references = books.references()
        if references:
            behaviours = await self._desk.behaviours(references)
            machine.live(books, behaviours, now)
            if _text(books) != text:
                await self._change(lambda books: machine.live(books, behaviours, now))
        return [InboundMessage(f"{_ID}{one.number}", one.body()) for one in books.mailbox]

    async def acknowledge(self, message_ids: list[str]) -> None:
        """These were stored."""
        numbers = [int(one.removeprefix(_ID)) for one in message_ids]
        await self._change(lambda books: machine.acknowledge(books, numbers))

    async def _change(self, act: Callable[[Books], _Found]) -> _Found:
        found: list[_Found] = []

        def edit(text: str | None) -> str:
            books = Books() if text is None else _books(text)
            found[:] = [act(books)]
            return _text(books)

        await self._desk.change(edit)
        return found[0]


def _books(text: str) -> Books:
    return msgspec.json.decode(text, type=Books)


def _text(books: Books) -> str:
    return msgspec.json.encode(books).decode()
