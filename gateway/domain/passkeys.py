"""Passkeys: what a shop's holder proves to be there with, and the intents it signs with one.

An intent is a flat set of facts. Its canonical JSON's SHA-256 is the challenge that the passkey signs, so that a
signature is worth these facts and nothing else.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME_LENGTH = 40
"""The longest name a passkey is given, in characters."""


class PasskeyState(StrEnum):
    """Whether a passkey proves anything."""

    active = "active"
    locked = "locked"  # its counter went back: there may be a copy of it
    removed = "removed"


MOVES = {
    PasskeyState.active: frozenset({PasskeyState.locked, PasskeyState.removed}),
    PasskeyState.locked: frozenset({PasskeyState.removed}),
    PasskeyState.removed: frozenset[PasskeyState](),
}


class Passkey(msgspec.Struct, frozen=True):
    """A passkey of a merchant's: the public half. `credential_id` is base64url, `public_key` a COSE key (RFC 9052)."""

    id: str
    merchant_id: str
    credential_id: str
    public_key: bytes
    sign_count: int
    name: str
    state: PasskeyState
    created_at: datetime
    last_used_at: datetime | None = None


class PasskeyRefused(Forbidden):
    """What was answered proves nothing: another browser, shop, intent, site or key, out of time, or used before."""

    code = "passkey_refused"
    title = "The passkey's answer cannot be used"


class PasskeyCopied(PasskeyRefused):
    """A right signature whose counter did not go up: another device may hold a copy. The passkey is locked."""

    code = "passkey_copied"
    title = "The passkey may have been copied"

    def __init__(self, passkey: Passkey) -> None:
        super().__init__("The passkey's counter did not go up")
        self.passkey = passkey


class PasskeyNeeded(Conflict):
    """This shop has passkeys: only one of them can let another one in, never a one-time code."""

    code = "passkey_needed"
    title = "Prove one of the shop's passkeys first"


class PasskeyKnown(Conflict):
    """This passkey is kept already."""

    code = "passkey_known"
    title = "The passkey is known already"


class LastPasskey(Conflict):
    """The only passkey of a shop stays: without it nobody could confirm anything."""

    code = "last_passkey"
    title = "The last passkey cannot be removed"


class UnknownPasskey(NotFound):
    """No such passkey of this shop."""

    code = "passkey_not_found"
    title = "No such passkey"


def canonical(facts: Mapping[str, str | int]) -> bytes:
    """The one way to write `facts`: JSON with sorted keys, no spaces, UTF-8."""
    return msgspec.json.encode(dict(facts), order="sorted")


def digest(text: bytes) -> bytes:
    """The challenge that stands for a canonical intent."""
    return hashlib.sha256(text).digest()
