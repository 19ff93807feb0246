"""Talks to a bank that takes ISO 20022 files (`adapters.mailboxes`). Knows no XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.banks.iso20022 import wire
from adapters.banks.iso20022.wire.markup import IDENTIFIER_LENGTH
from adapters.mailboxes import FileMailbox, Place
from gateway.domain.money import EXPONENTS
from gateway.ports import Capabilities

if TYPE_CHECKING:
    from gateway.outbound import Outbound
    from gateway.ports import Ack, BankEvent, Collection, InboundMessage, Payout


class Iso20022Settings(Place, frozen=True):
    """Where the bank is, and the currencies it takes."""

    currencies: frozenset[str] = frozenset(EXPONENTS)


class Iso20022Bank:
    """Implements `gateway.ports.Rail`."""

    def __init__(self, settings: Iso20022Settings, outbound: Outbound) -> None:
        self._mailbox = FileMailbox(settings, outbound)
        self.capabilities = Capabilities(currencies=settings.currencies, reference_length=IDENTIFIER_LENGTH)

    def render_payout(self, payout: Payout) -> bytes:
        """A pain.001.001.09 with one credit transfer."""
        return wire.render_payout(payout)

    def render_collection(self, collection: Collection) -> bytes:
        """A pain.008.001.08 with one direct debit."""
        return wire.render_collection(collection)

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts in one stored message; `wire` says how the same fact shows up twice."""
        return wire.read(body)

    async def submit(self, message: bytes) -> Ack:
        """POST the file. A refusal of the whole file is an answer; `DUPL` in it means the bank has it already."""
        return await self._mailbox.submit(message, "application/xml")

    async def fetch(self) -> list[InboundMessage]:
        """Everything in the mailbox, oldest first, left where it is."""
        return await self._mailbox.fetch()

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Empty the mailbox of what is known; see `FileMailbox`."""
        await self._mailbox.acknowledge(message_ids)
