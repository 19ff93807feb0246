"""Webhooks as a partner receives them: checked before they are read, each kept once, forged ones refused and shown.

The check is Standard Webhooks' own (docs/webhooks.md), written out with the standard library.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

FRESH_SECONDS = 300
KEPT_COUNT = 400
_NAMES = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Hook(msgspec.Struct, frozen=True):
    """One message. `verified`: its signature is the gateway's; of others nothing is believed, and `body` is as sent."""

    id: str
    type: str
    verified: bool
    received_at: datetime
    body: Any


class Inbox:
    """What came, newest first."""

    def __init__(self) -> None:
        self.hooks: deque[Hook] = deque(maxlen=KEPT_COUNT)
        self._seen: deque[str] = deque(maxlen=10 * KEPT_COUNT)

    def take(self, secret: str | None, headers: Mapping[str, str], body: bytes) -> Hook | None:
        """One message as it came; None for one that is here already."""
        verified = secret is not None and is_ours(secret, headers, body)
        name = headers.get("webhook-id", "")[:80]
        if verified and name in self._seen:
            return None
        read = _read(body)
        kind = read.get("type") if isinstance(read, dict) else None
        hook = Hook(name, str(kind or "?")[:80], verified, datetime.now(UTC), read)
        if verified:
            self._seen.append(name)
        self.hooks.appendleft(hook)
        return hook


def is_ours(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether whoever sent this knows the secret, within five minutes of saying so."""
    message_id, timestamp, signatures = (headers.get(name, "") for name in _NAMES)
    try:
        fresh = abs(time.time() - int(timestamp)) <= FRESH_SECONDS
        key = base64.b64decode(secret.removeprefix("whsec_"))
    except (ValueError, binascii.Error):
        return False
    said = f"{message_id}.{timestamp}.".encode() + body
    wanted = b"v1," + base64.b64encode(hmac.digest(key, said, hashlib.sha256))
    return fresh and any(hmac.compare_digest(wanted, one.encode()) for one in signatures.split(" "))


def _read(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body[:400].decode(errors="replace")
