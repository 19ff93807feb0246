"""DPoP nonces (RFC 9449 section 8): the second they were made, signed with a key replicas share; none is stored."""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LIFETIME_SECONDS = 300
"""How long a nonce may be used."""
RENEWED_SECONDS = 120
"""From which age on an answer brings a new one."""

_AT_BYTES, _MAC_BYTES = 6, 18
_LENGTH = (_AT_BYTES + _MAC_BYTES) * 4 // 3


class Nonces:
    """Makes nonces and tells their age. `key` is secret; whoever has the same one believes the same nonces."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._made_at = lru_cache(maxsize=1_024)(self._read)

    def make(self, now: datetime) -> str:
        """A nonce of this second."""
        at = int(now.timestamp()).to_bytes(_AT_BYTES)
        return urlsafe_b64encode(at + self._mac(at)).decode()

    def age(self, nonce: str, now: datetime) -> int | None:
        """Seconds since `nonce` was made here; None when it was not, or is too old, or from the future."""
        made_at = self._made_at(nonce)
        if made_at is None:
            return None
        age = int(now.timestamp()) - made_at
        return age if -1 <= age <= LIFETIME_SECONDS else None

    def _read(self, nonce: str) -> int | None:
        if len(nonce) != _LENGTH or not nonce.isascii():
            return None
        try:
            raw = urlsafe_b64decode(nonce)
        except (binascii.Error, ValueError):
            return None
        at, mac = raw[:_AT_BYTES], raw[_AT_BYTES:]
        return int.from_bytes(at) if hmac.compare_digest(mac, self._mac(at)) else None

    def _mac(self, at: bytes) -> bytes:
        return hmac.digest(self._key, at, "sha256")[:_MAC_BYTES]
