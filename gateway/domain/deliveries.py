"""A delivery: one event on its way to one endpoint, tried until it is taken or the schedule ends.

All of it is on the system clock, not the business clock that rules what banks are sent: a receiver's outage passes in
real time, its library checks the timestamp against real time, and a sandbox clock that jumps a day must neither fire
every retry at once nor use up the days after which an endpoint is disabled.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

import msgspec

PAUSES = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
"""Before the second attempt, the third …; after the last one the delivery has failed."""
JITTER_BPS = 1_000
"""By how much a pause is longer at most, so that what failed together is not tried together."""
LONGEST_WISH = PAUSES[-1]
"""The longest pause a Retry-After is believed for."""
KEPT = timedelta(days=30)
"""How long a delivery and its attempts are shown once it is over."""
_GONE = 410
PINGED = "webhook.pinged"
"""The type of what a ping sends: no event of the log, for one endpoint alone."""


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    pending = "pending"
    delivered = "delivered"
    failed = "failed"
    canceled = "canceled"
    """The endpoint was disabled or deleted first."""


MOVES = {
    DeliveryState.pending: frozenset({DeliveryState.delivered, DeliveryState.failed, DeliveryState.canceled}),
    DeliveryState.delivered: frozenset[DeliveryState](),
    DeliveryState.failed: frozenset[DeliveryState](),
    DeliveryState.canceled: frozenset[DeliveryState](),
}


class Cause(StrEnum):
    """What a delivery was made for."""

    event = "event"
    replay = "replay"
    ping = "ping"


class Failure(StrEnum):
    """Why an attempt failed."""

    unresolved = "name_not_resolved"
    forbidden = "address_forbidden"
    """The address, or one its name resolves to, is not of the public internet: nothing was sent."""
    unreachable = "not_connected"
    insecure = "tls_failed"
    slow = "timed_out"
    broken = "connection_broken"
    redirected = "redirected"
    refused = "status_refused"
    gone = "gone"


class Heard(msgspec.Struct, frozen=True):
    """What came of one request: a status, or why there is none. `retry_after` is the header's text."""

    status: int | None = None
    failure: Failure | None = None
    retry_after: str | None = None
    duration_ms: int = 0

    @property
    def problem(self) -> Failure | None:
        """Why this was no delivery; None for a status of 200 to 299."""
        if self.status is None:
            return self.failure or Failure.broken
        if self.status == _GONE:
            return Failure.gone
        kinds = {2: None, 3: Failure.redirected}
        return kinds.get(self.status // 100, Failure.refused)


class Delivery(msgspec.Struct, frozen=True):
    """A delivery as it is stored."""

    id: str
    webhook_id: str
    event_id: str
    type: str
    cause: Cause
    state: DeliveryState
    attempts_count: int
    due_at: datetime
    created_at: datetime


class Due(msgspec.Struct, frozen=True):
    """A delivery that is due, with its event; what is sent for a ping is no event of the log."""

    id: str
    event_id: str
    type: str
    attempts_count: int
    created_at: datetime
    sequence: int | None
    merchant_id: str | None
    position: int | None
    data: dict[str, Any] | None
    occurred_at: datetime | None


class Attempt(msgspec.Struct, frozen=True):
    """One attempt as the log of deliveries shows it; `code` says why it failed, null where it did not."""

    delivery_id: str
    number: int
    ended_at: datetime
    duration_ms: int
    status: int | None
    code: Failure | None


class Verdict(msgspec.Struct, frozen=True):
    """Where a delivery goes after an attempt; `due_at` is when it is tried again."""

    state: DeliveryState
    due_at: datetime


def settled(heard: Heard, attempts_count: int, now: datetime, jitter_bps: int) -> Verdict:
    """What becomes of a delivery after its attempt number `attempts_count`; `jitter_bps` is 0 to JITTER_BPS."""
    if heard.problem is None:
        return Verdict(DeliveryState.delivered, now)
    if attempts_count > len(PAUSES):
        return Verdict(DeliveryState.failed, now)
    pause = PAUSES[attempts_count - 1]
    wish = wished(heard.retry_after, now) or timedelta()
    return Verdict(DeliveryState.pending, now + max(pause + pause * jitter_bps // 10_000, wish))


def wished(retry_after: str | None, now: datetime) -> timedelta | None:
    """How long a receiver asks to be left alone (RFC 9110 section 10.2.3), at most LONGEST_WISH; None for no wish."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        seconds = min(int(text[:12]), LONGEST_WISH // timedelta(seconds=1))
        return timedelta(seconds=seconds)
    try:
        until_at = parsedate_to_datetime(text)
    except ValueError:
        return None
    until_at = until_at if until_at.tzinfo is not None else until_at.replace(tzinfo=UTC)
    return min(max(until_at - now, timedelta()), LONGEST_WISH)
