"""Velocity caps: how much may be confirmed in any 24 hours, so that a stolen till or partner cannot drain a limit.

They bound a merchant and a partner, count draws and add up amounts, and no passkey lifts them.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.domain.errors import Conflict

WINDOW = timedelta(hours=24)
"""Slides: a cap holds over any 24 hours of the business clock."""


class Cap(msgspec.Struct, frozen=True):
    """The most draws, and the most money in one currency, within the window; `scope` is whose they are."""

    scope: str
    draws_count: int
    amount: int


class Confirmed(msgspec.Struct, frozen=True):
    """What was confirmed within the window already; `oldest_at` is when the first of it was, None when nothing was."""

    draws_count: int
    amount: int
    oldest_at: datetime | None


NOTHING = Confirmed(0, 0, None)


class VelocityExceeded(Conflict):
    """Too many draws, or too much money, were confirmed in 24 hours; nothing was borrowed. Ask again at `frees_at`."""

    code = "velocity_exceeded"
    title = "Too much was confirmed within 24 hours"


def check(cap: Cap, confirmed: Confirmed, amount: int, now: datetime) -> None:
    """Raise VelocityExceeded unless one more draw of `amount` stays within `cap`."""
    if confirmed.draws_count + 1 > cap.draws_count:
        raise _exceeded(cap, confirmed, "count", cap.draws_count, now)
    if confirmed.amount + amount > cap.amount:
        raise _exceeded(cap, confirmed, "amount", cap.amount, now)


def _exceeded(cap: Cap, confirmed: Confirmed, what: str, most: int, now: datetime) -> VelocityExceeded:
    """With when the oldest draw leaves the window; without it when this draw alone is too large."""
    facts: dict[str, Any] = {"scope": cap.scope, "what": what, "most": most}
    if confirmed.oldest_at is not None:
        frees_at = confirmed.oldest_at + WINDOW
        facts |= {"frees_at": frees_at.isoformat(), "retry_after": max(1, -((now - frees_at) // timedelta(seconds=1)))}
    return VelocityExceeded(f"At most {most} ({what}) for one {cap.scope} in 24 hours; nothing was borrowed", **facts)
