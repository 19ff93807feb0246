"""Ids: a noun's prefix and a lower-case ULID, `off_01j…`. Secrets are not ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

PREFIXES = {
    "bank": "bnk", "bank_message": "bms", "client": "cli", "decision": "dec", "drawdown": "drw", "entry": "ent",
    "event": "evt", "job": "job", "merchant": "mer", "offer": "off", "partner": "par", "programme": "prg",
    "quote": "quo", "repayment": "rep", "request": "req", "token": "tok",
}  # fmt: skip
"""The one prefix table: noun → three letters."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case
_ULID_LENGTH = 26
PATTERN = re.compile(r"\A[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}\Z")


def ulid(at: datetime, entropy: int) -> str:
    """26 lower-case Crockford characters: 48 bits of milliseconds, then 80 bits of `entropy` (ULID spec)."""
    value = (int(at.timestamp() * 1000) << 80) | (entropy & ((1 << 80) - 1))
    characters = []
    for _ in range(_ULID_LENGTH):
        characters.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(characters))


def make(noun: str, at: datetime, entropy: int) -> str:
    """A new id of `noun`, ordered by time; `entropy` is 80 random bits."""
    return f"{PREFIXES[noun]}_{ulid(at, entropy)}"
