"""Webhooks: who sent a body, and when (Standard Webhooks 1.0.0; `v1` under a secret, `v1a` under a public key)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from restock.problems import RestockError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE_SECONDS = 300
"""How far a message's time may be from ours: an older one was recorded and sent again."""
_SECRET, _PUBLIC = "whsec_", "whpk_"


class BadWebhook(RestockError):
    """The message is not the gateway's, was changed, or is old: answer 400 and believe nothing of it."""


def verify(body: bytes, headers: Mapping[str, str], *keys: str, now: float | None = None) -> dict[str, Any]:
    """The event of a webhook's raw `body`, once one of `keys` (`whsec_…` or `whpk_…`) says it is the gateway's.

    Give both secrets while one is being rotated. A message can come twice: its `webhook-id` header is the same then.
    Raises BadWebhook.
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        message_id, at, signatures = (found[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
        sent_at = int(at)
    except (KeyError, ValueError):
        raise BadWebhook("the headers webhook-id, webhook-timestamp and webhook-signature are needed") from None
    if abs((time.time() if now is None else now) - sent_at) > TOLERANCE_SECONDS:
        raise BadWebhook("the message was signed too long ago, or the clock here is wrong")
    content = f"{message_id}.{at}.".encode() + body
    if not any(_signed(content, key, _by_kind(signatures)) for key in keys):
        raise BadWebhook("no signature of the message fits the keys")
    try:
        event: dict[str, Any] = json.loads(body)
    except ValueError:
        raise BadWebhook("the body is no JSON") from None
    return event


def _by_kind(signatures: str) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for part in signatures.split():
        kind, _, text = part.partition(",")
        found.setdefault(kind, []).append(_bytes(text))
    return found


def _signed(content: bytes, key: str, given: dict[str, list[bytes]]) -> bool:
    if key.startswith(_PUBLIC):
        return any(_verifies(_bytes(key.removeprefix(_PUBLIC)), one, content) for one in given.get("v1a", []))
    wanted = hmac.digest(_bytes(key.removeprefix(_SECRET)), content, hashlib.sha256)
    return any(hmac.compare_digest(wanted, one) for one in given.get("v1", []))


def _verifies(public: bytes, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""
