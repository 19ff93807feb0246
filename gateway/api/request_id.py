"""Request ids: ours unless the caller sent a safe one; in every answer as `Request-Id` and in every log line."""

from __future__ import annotations

import re

HEADER = b"request-id"
_SAFE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.\-]{7,63}")


def accepted(value: bytes) -> str | None:
    """The caller's own request id when it is a safe token of 8 to 64 characters, else None."""
    return value.decode("ascii") if _SAFE.fullmatch(value) else None
