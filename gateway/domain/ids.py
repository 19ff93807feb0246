"""Ids: a noun's prefix and a lower-case ULID, `off_01j…`. Secrets are not ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

PREFIXES = {
    "agreement": "agr", "alert": "alr", "arrangement": "arr", "authority": "aut", "bank": "bnk",
    "bank_message": "bms", "change": "chg", "client": "cli", "connection": "con", "decision": "dec",
    "delivery": "dlv", "drawdown": "drw", "entry": "ent", "erasure": "era", "event": "evt", "grant": "grt",
    "import": "imp", "job": "job", "mandate": "mdt", "merchant": "mer", "message": "msg", "notice": "not",
    "offer": "off", "partner": "par", "party": "pty", "passkey": "psk", "programme": "prg", "quote": "quo",
    "refund": "rfd", "remittance": "rem", "repayment": "rep", "request": "req", "review": "rev", "session": "ses",
    "statement_entry": "ste", "token": "tok", "webhook": "whk",
}  # fmt: skip
"""The one prefix table: noun → three letters."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford base 32, lower case
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_TIME_SHIFTS, _ENTROPY_SHIFTS = range(40, -1, -10), range(70, -1, -10)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
PATTERN = re.compile(r"\A[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}\Z")


def milliseconds(at: datetime) -> int:
    """Whole milliseconds from 1970 to the instant `at`."""
    return (at - _EPOCH) // _MILLISECOND


def make(noun: str, millisecond: int, entropy: int) -> str:
    """A new id of `noun`, ordered by time (`milliseconds`); `entropy` is 80 random bits."""
    return f"{PREFIXES[noun]}_{_text(millisecond, entropy)}"


def _text(millisecond: int, entropy: int) -> str:
    """26 lower-case Crockford characters: 48 bits of milliseconds, then 80 bits of `entropy` (ULID spec)."""
    low = "".join([_PAIRS[entropy >> shift & 1023] for shift in _ENTROPY_SHIFTS])
    return f"{_time(millisecond)}{low}"


@lru_cache(maxsize=4)
def _time(millisecond: int) -> str:
    """The first ten characters: one commit makes many ids within a few milliseconds."""
    return "".join([_PAIRS[millisecond >> shift & 1023] for shift in _TIME_SHIFTS])
