"""Square calls us: HMAC-SHA256 over the notification address and the body, in `x-square-hmacsha256-signature`.

There is no time in what is signed, so an old call is told from a new one by its event's id and by the versions of its
records alone. The address is the one that was entered at Square: the gateway's own, as clients know it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from adapters import payloads
from adapters.sources.square import wire
from gateway.source_ports import PlatformEvent

if TYPE_CHECKING:
    from gateway.source_ports import About, Call, Converted

SIGNATURE = "x-square-hmacsha256-signature"


class Square:
    """See Platform and the module."""

    name: ClassVar[str] = "square"
    reads: ClassVar[frozenset[str]] = wire.KINDS
    account: ClassVar[re.Pattern[str]] = re.compile(r"[0-9A-Z]{6,32}")

    def verify(self, call: Call, secret: str) -> None:
        """See Platform."""
        given = payloads.from_base64(call.headers.get(SIGNATURE))
        payloads.check_mac(secret, call.url.encode() + call.body, given)

    def identify(self, call: Call) -> PlatformEvent:
        """See Platform. Square's sandbox has accounts and secrets of its own, and marks nothing as a test."""
        head = payloads.decode(call.body, wire.Head)
        return PlatformEvent(
            payloads.name(head.event_id, "id"),
            payloads.name(head.type, "type"),
            payloads.name(head.merchant_id, "merchant_id"),
        )

    def convert(self, kind: str, body: bytes, about: About) -> Converted:
        """See Platform."""
        return wire.convert(kind, body, about)
