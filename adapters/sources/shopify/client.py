"""Shopify calls us: HMAC-SHA256 over the body in base64, in `X-Shopify-Hmac-Sha256`, by the app's client secret.

The headers are not signed. The shop's domain in them is compared with the connection's all the same: an event that went
astray is caught by it. There is no time in what is signed, so an old call is told from a new one by its id and by the
versions of its records alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from adapters import payloads
from adapters.sources.shopify import wire
from gateway.source_ports import PlatformEvent, Unreadable

if TYPE_CHECKING:
    from gateway.source_ports import About, Call, Converted

SIGNATURE = "x-shopify-hmac-sha256"
EVENT, TOPIC, SHOP = "x-shopify-webhook-id", "x-shopify-topic", "x-shopify-shop-domain"


class Shopify:
    """See Platform and the module."""

    name: ClassVar[str] = "shopify"
    reads: ClassVar[frozenset[str]] = wire.KINDS
    account: ClassVar[re.Pattern[str]] = re.compile(r"[a-z0-9][a-z0-9-]{0,59}\.myshopify\.com")

    def verify(self, call: Call, secret: str) -> None:
        """See Platform."""
        payloads.check_mac(secret, call.body, payloads.from_base64(call.headers.get(SIGNATURE)))

    def identify(self, call: Call) -> PlatformEvent:
        """See Platform."""
        kind = payloads.name(call.headers.get(TOPIC), TOPIC)
        if not call.body.lstrip().startswith(b"{"):
            raise Unreadable("Not what the platform sends: no JSON object")
        is_test = kind in wire.ORDERS and payloads.decode(call.body, wire.Head).test
        shop = payloads.name(call.headers.get(SHOP), SHOP).lower()
        return PlatformEvent(payloads.name(call.headers.get(EVENT), EVENT), kind, shop, is_test=is_test)

    def convert(self, kind: str, body: bytes, about: About) -> Converted:
        """See Platform."""
        return wire.convert(kind, body, about)
