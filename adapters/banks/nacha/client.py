"""Talks to a bank that takes ACH files (`adapters.mailboxes`). Knows no records.

A bank may notify bookings in XML beside its BAI2 statements, as the mock bank does: `notices` reads those, and is given
by whoever composes the gateway, because one adapter does not know another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from adapters import mailboxes
from adapters.banks.nacha import wire
from adapters.banks.nacha.wire import names
from gateway.bank_ports import Account, Capabilities
from gateway.domain.mandates import MandateScheme

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.bank_ports import Ack, BankEvent, Collection, InboundMessage, Payout
    from gateway.outbound import Outbound


_IDENTITY = slice(23, 34)
"""Where a file says by which date, time and modifier it is known, and so what its name is made of."""


class NachaSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How files travel and who we are to the bank.

    `aliases` maps an IBAN under which XML notices name one of our accounts to the number the statements name it by.
    `cutoff` and `timezone` are those of the last window in which the bank takes files for the same day.
    """

    transport: mailboxes.Transport
    originator: wire.Originator
    aliases: dict[str, str] = msgspec.field(default_factory=dict)
    reference_in: str = "bank"
    cutoff: str = "16:45"
    timezone: str = "America/New_York"
    calendar: str | None = None


class NachaBank:
    """Implements `gateway.bank_ports.Rail`."""

    def __init__(
        self, settings: NachaSettings, outbound: Outbound, notices: Callable[[bytes], list[BankEvent]] | None = None
    ) -> None:
        self._settings = settings
        self._mailbox = mailboxes.opened(settings.transport, outbound)
        self._notices = notices
        self.capabilities = Capabilities(
            currencies=frozenset({wire.CURRENCY}),
            mandate_schemes={wire.CURRENCY: MandateScheme.ach},
            reference_length=wire.REFERENCE_LENGTH,
            files_per_day=wire.FILES_PER_DAY,
            entry_references=False,
            return_reasons=False,
            returns_unbooked=True,
            cutoff=settings.cutoff,
            timezone=settings.timezone,
            calendar=settings.calendar,
        )

    def render_payout(self, payout: Payout) -> bytes:
        """An ACH file with one credit."""
        return wire.render_payout(self._settings.originator, payout)

    def render_collection(self, collection: Collection) -> bytes:
        """An ACH file with one debit."""
        return wire.render_collection(self._settings.originator, collection)

    def read(self, body: bytes) -> list[BankEvent]:
        """The facts in one stored message; `wire` says how the same fact shows up twice."""
        if self._notices is not None and body.lstrip().startswith(b"<"):
            return [self._own(event) for event in self._notices(body)]
        return wire.read(body, self._settings.reference_in)

    async def submit(self, message: bytes) -> Ack:
        """Hand the file over. Over HTTP a refusal of it whole is an answer; `DUPL` means the bank has it already."""
        return await self._mailbox.submit(message, "text/plain", message[_IDENTITY].decode("ascii", "replace"))

    async def fetch(self) -> list[InboundMessage]:
        """Everything in the mailbox, oldest first, left where it is."""
        return await self._mailbox.fetch()

    async def acknowledge(self, message_ids: list[str]) -> None:
        """Empty the mailbox of what is known; see `adapters.mailboxes`."""
        await self._mailbox.acknowledge(message_ids)

    def _own(self, event: BankEvent) -> BankEvent:
        """A fact from XML in this rail's own names, so that it equals the one the statement tells.

        Its ISO reason is dropped from a booking: each bank has its own idea of which one an R code is, and two words
        for one return would look like two returns. The return file's R code counts.
        """
        number = self._settings.aliases.get(event.account.iban or "") if event.account else None
        named, booked = event.original_message_id, event.booked_on is not None
        return msgspec.structs.replace(
            event,
            account=Account(other_id=number) if number else event.account,
            original_message_id=names.message_id(named) if named else None,
            bank_reference=None if booked else event.bank_reference,
            entry_reference=None,
            reason=None if booked else event.reason,
        )
