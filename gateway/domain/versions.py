"""Versions of the API, by date: what a client is pinned to, and when an old one ends."""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.domain.errors import Invalid

CURRENT = "2026-11-01"
VERSIONS = frozenset({CURRENT})
"""Those that are served."""


class Retirement(msgspec.Struct, frozen=True):
    """Since when a version should not be used any more (RFC 9745), and when it ends (RFC 8594)."""

    deprecated_at: datetime
    sunset_at: datetime


RETIRING: dict[str, Retirement] = {}
"""Those whose end is known."""


class UnknownVersion(Invalid):
    """The version that was asked for is not one that is served (HTTP 400)."""

    code = "unknown_version"
    title = "This version of the API is not served"


def check(version: str) -> str:
    """`version` itself; raises UnknownVersion."""
    if version not in VERSIONS:
        served = sorted(VERSIONS)
        raise UnknownVersion(f"Restock-Version is one of {', '.join(served)}", versions=served)
    return version
