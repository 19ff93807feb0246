"""A rail to a real bank over a line that can lose what is said, with whatever capabilities a test wants it to have."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.bank_ports import BankEvent, BankEventKind, Forged, InboundMessage, PaymentStatus, Unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.bank_ports import Ack, Collection, Payout, Rail, Sent


class Lossy:
    """Implements `gateway.bank_ports.Rail`: all goes to the rail behind; `loses` says what does not come back."""

    def __init__(self, behind: Rail, **capabilities: Any) -> None:
        self.behind = behind
        self.capabilities = msgspec.structs.replace(behind.capabilities, **capabilities)
        self.sent: list[bytes] = []
        self.loses: str | None = None
        """`answers`: the bank has it and we do not hear so; `requests`: the bank never gets it, and nobody can tell."""
        self.deaf = False
        """Nothing is heard from the mailbox."""
        self.known_as: str | None = None
        """What the bank calls a payment whose answer it could not deliver."""

    def render_payout(self, payout: Payout) -> bytes:
        return self.behind.render_payout(payout)

    def render_collection(self, collection: Collection) -> bytes:
        return self.behind.render_collection(collection)

    def read(self, body: bytes) -> list[BankEvent]:
        return self.behind.read(body)

    async def submit(self, message: bytes) -> Ack:
        self.sent.append(message)
        ack = None if self.loses == "requests" else await self.behind.submit(message)
        if ack is None or self.loses is not None:
            raise Unanswered("the line broke", bank_reference=self.known_as)
        return ack

    async def fetch(self) -> list[InboundMessage]:
        return [] if self.deaf else await self.behind.fetch()

    async def acknowledge(self, message_ids: list[str]) -> None:
        if not self.deaf:
            await self.behind.acknowledge(message_ids)


class Askable(Lossy):
    """Implements `gateway.bank_ports.Inquiries` too: the bank can be asked after one payment, its mailbox or not."""

    def __init__(self, behind: Rail, **capabilities: Any) -> None:
        super().__init__(behind, **capabilities)
        self.asked: list[Sent] = []

    async def status(self, sent: Sent) -> list[InboundMessage]:
        self.asked.append(sent)
        reference = sent.end_to_end_id.encode()
        return [told for told in await self.behind.fetch() if b"pain.002" in told.body and reference in told.body]


class Calling(Askable):
    """Implements `gateway.bank_ports.Callbacks` too: what it is called with holds when its HMAC does."""

    SECRET = b"between the bank and us"

    def signature(self, body: bytes) -> str:
        """What the bank sends beside a body."""
        return hmac.new(self.SECRET, body, hashlib.sha256).hexdigest()

    def parse_inbound(self, headers: Mapping[str, str], body: bytes) -> InboundMessage:
        if not hmac.compare_digest(headers.get("x-signature", ""), self.signature(body)):
            raise Forged("the signature does not hold")
        return InboundMessage(f"called-{hashlib.sha256(body).hexdigest()[:16]}", body)

    def read(self, body: bytes) -> list[BankEvent]:
        """A hint names a payment by the bank's own id; everything else is the rail's behind."""
        if not body.startswith(b"hint "):
            return super().read(body)
        known = body.removeprefix(b"hint ").decode()
        return [BankEvent(BankEventKind.status, "hint", None, status=PaymentStatus.PDNG, bank_reference=known)]
