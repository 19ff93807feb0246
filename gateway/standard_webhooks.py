"""Standard Webhooks (version 1.0.0) as plain values: secrets, keys and the headers that prove who sent a body.

`v1` is HMAC-SHA256 under a secret both sides know, `v1a` Ed25519 under a key of which the receiver has the public half.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

SECRET_BYTES = 32
_SECRET, _PUBLIC = "whsec_", "whpk_"


class KeyPair(msgspec.Struct, frozen=True):
    """An Ed25519 pair: the private key's 32 bytes, and the public key as it is shown."""

    private: bytes
    public: str


def new_secret() -> bytes:
    """A new secret's bytes."""
    return secrets.token_bytes(SECRET_BYTES)


def new_pair() -> KeyPair:
    """A new pair of keys."""
    key = Ed25519PrivateKey.generate()
    return KeyPair(key.private_bytes_raw(), _PUBLIC + _text(key.public_key().public_bytes_raw()))


def shown(secret: bytes) -> str:
    """A secret as a receiver's library takes it."""
    return _SECRET + _text(secret)


def headers(message_id: str, at: datetime, body: bytes, by: Iterable[bytes], private: bytes) -> dict[str, str]:
    """The three headers of `body` sent at `at`: a `v1` for each active secret, newest first, then the `v1a`."""
    timestamp = str(int(at.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [f"v1,{_text(hmac.digest(secret, content, hashlib.sha256))}" for secret in by]
    signatures.append(f"v1a,{_text(Ed25519PrivateKey.from_private_bytes(private).sign(content))}")
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
