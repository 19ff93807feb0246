"""Stripe calls us: HMAC-SHA256 over `t`, a full stop and the body, in hexadecimal as `v1` of `Stripe-Signature`.

While a secret is rolled there are several `v1`, one for each secret; one that fits is enough. A call whose `t` lies
more than five minutes from now is refused: whoever kept an old one cannot use it.
"""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from adapters import payloads
from adapters.sources.stripe import wire
from gateway.source_ports import Forged, PlatformEvent

if TYPE_CHECKING:
    from gateway.source_ports import About, Call, Converted

SIGNATURE = "stripe-signature"
TOLERANCE = timedelta(minutes=5)
_MOST_PARTS = 20
_SECONDS = re.compile(r"[0-9]{1,12}")


class Stripe:
    """See Platform and the module."""

    name: ClassVar[str] = "stripe"
    reads: ClassVar[frozenset[str]] = wire.KINDS
    account: ClassVar[re.Pattern[str]] = re.compile(r"acct_[0-9A-Za-z]{6,40}")

    def verify(self, call: Call, secret: str) -> None:
        """See Platform."""
        parts = [part.strip().partition("=")[::2] for part in call.headers.get(SIGNATURE, "").split(",")]
        times = [value for name, value in parts if name == "t" and _SECONDS.fullmatch(value)]
        given = [value.encode() for name, value in parts if name == "v1"]
        if len(times) != 1 or not 0 < len(given) <= _MOST_PARTS:
            raise Forged("The signature is missing or not of Stripe's form")
        mac = hmac.new(secret.encode(), f"{times[0]}.".encode() + call.body, "sha256").hexdigest().encode()
        fits = [hmac.compare_digest(mac, one) for one in given]
        if not any(fits):
            raise Forged("The signature is not of these bytes")
        if abs(call.received_at.timestamp() - int(times[0])) > TOLERANCE.total_seconds():
            raise Forged("The signature is too old")

    def identify(self, call: Call) -> PlatformEvent:
        """See Platform. An account's own endpoint names no account: its secret is that endpoint's alone."""
        head = payloads.decode(call.body, wire.Head)
        account = None if head.account is None else payloads.name(head.account, "account")
        return PlatformEvent(
            payloads.name(head.id, "id"), payloads.name(head.type, "type"), account, is_test=not head.livemode
        )

    def convert(self, kind: str, body: bytes, about: About) -> Converted:
        """See Platform."""
        return wire.convert(kind, body, about)
