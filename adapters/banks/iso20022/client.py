"""Talks to a bank that takes ISO 20022 files (`adapters.mailboxes`). Knows no XML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters import mailboxes
from adapters.banks.iso20022 import wire
from adapters.banks.iso20022.settings import Iso20022Settings
from adapters.banks.iso20022.wire.markup import IDENTIFIER_LENGTH
from gateway.bank_ports import Capabilities

if TYPE_CHECKING:
    from gateway.bank_ports import Ack, BankEvent, Collection, InboundMessage, Payout
    from gateway.outbound import Outbound

__all__ = ["Iso20022Bank", "Iso20022Settings"]


class Iso20022Bank:
    """Implements `gateway.bank_ports.Rail`."""

    def __init__(self, settings: Iso20022Settings, outbound: Outbound) -> None:
        self._mailbox = mailboxes.opened(settings.transport, outbound)
        self._profile = settings.habits()
        self.capabilities = Capabilities(
            currencies=settings.carried(),
            reference_length=IDENTIFIER_LENGTH,
            collects=bool(self._profile.debits),
            mandate_schemes=self._profile.schemes,
            resend_hours=settings.resend_hours,
            cutoff=settings.cutoff,
            timezone=settings.timezone,
            calendar=settings.calendar,
        )

    def render_payout(self, payout: Payout) -> bytes:
        """A pain.001 with one credit transfer, in the bank's version and habits."""
        return wire.render_payout(payout, self._profile)

    def render_collection(self, collection: Collection) -> bytes:
        """A pain.008 with one direct debit, in the bank's version and habits."""
        return wire.render_collection(collection, self._profile)

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts in one stored message; `wire` says how the same fact shows up twice."""
        return wire.read(body)

    async def submit(self, message: bytes) -> Ack:
        """Hand the file over. Over HTTP a refusal of the whole file is an answer; `DUPL` means the bank has it already.

        In a folder there is no answer: accepted is what lies there, and the bank's pain.002 says the rest.
        """
        return await self._mailbox.submit(message, "application/xml", wire.message_id(message))

    async def fetch(self) -> list[InboundMessage]:
        """What waits at the bank, oldest first, left where it is."""
        return await self._mailbox.fetch()

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Give up what is stored here; see `adapters.mailboxes`."""
        await self._mailbox.acknowledge(message_ids)
