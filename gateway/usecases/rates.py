"""Rates: nobody asks without measure. Each process measures its own share, in memory.

Requests for tokens are measured by client; requests with a token by client and by the merchant the token is for, so
that one shop's loop leaves the partner's other shops their share.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from gateway.domain.errors import Overloaded

if TYPE_CHECKING:
    from gateway.ports import Clock

KNOWN_COUNT = 100_000
"""The most clients or merchants whose requests are measured; the one that asked longest ago is forgotten."""
_MINUTE_SECONDS = 60.0


class TooManyRequests(Overloaded):
    """The client, or those who ask for one merchant, asked for more in a minute than they may."""

    code = "too_many_requests"
    title = "Too many requests; wait before the next"


class Left(NamedTuple):
    """What is left of a quota: that many requests, all of it after `full_seconds`; refused with a wait above 0."""

    requests_count: int
    full_seconds: int
    wait_seconds: int = 0


class Rates:
    """How fast each of many asks, by a token bucket that holds a minute's share and fills evenly."""

    def __init__(self, clock: Clock, per_minute_count: int) -> None:
        self._clock = clock
        self._interval_seconds = _MINUTE_SECONDS / per_minute_count
        self._due: OrderedDict[str, float] = OrderedDict()
        """When, in seconds since 1970, all that somebody asked for so far would have been due, evenly spread."""

    def spend(self, name: str, now: float) -> Left:
        """One request of `name` at `now`, in seconds since 1970; counted unless it is refused."""
        before = self._due.get(name, now)
        if before > now + _MINUTE_SECONDS:  # the clock was set back: nobody waits until it has come round again
            before = now
        due = (before if before > now else now) + self._interval_seconds  # noqa: FURB136  a call is dear here
        free_seconds = _MINUTE_SECONDS - (due - now)
        if free_seconds < 0:
            wait_seconds = math.ceil(-free_seconds)
            return Left(0, wait_seconds, wait_seconds)
        self._due[name] = due
        self._due.move_to_end(name)
        if len(self._due) > KNOWN_COUNT:
            self._due.popitem(last=False)
        return Left(int(free_seconds / self._interval_seconds), math.ceil(due - now))

    def take(self, client_id: str) -> None:
        """One request of a client that proved who it is. Raises TooManyRequests."""
        wait_seconds = self.spend(client_id, self._clock.now().timestamp()).wait_seconds
        if wait_seconds:
            raise refusal(wait_seconds, "client")


class Quota(NamedTuple):
    """The headers of one request, RateLimit-Policy and RateLimit, and why it is refused if it is."""

    policy: bytes
    left: bytes
    refusal: TooManyRequests | None = None


class Quotas:
    """What a token may ask for in a minute (draft-ietf-httpapi-ratelimit-headers-10)."""

    def __init__(self, clock: Clock, client_count: int, merchant_count: int) -> None:
        self._clock = clock
        self._clients, self._merchants = Rates(clock, client_count), Rates(clock, merchant_count)
        self._client_policy = b'"client";q=%d;w=60' % client_count
        self._policy = self._client_policy + b', "merchant";q=%d;w=60' % merchant_count

    def take(self, client_id: str, merchant_id: str | None) -> Quota:
        """One request of a client, for a merchant where its token is for one."""
        now = self._clock.now().timestamp()
        left, full_seconds, wait_seconds = self._clients.spend(client_id, now)
        if wait_seconds or merchant_id is None:
            said = b'"client";r=%d;t=%d' % (left, full_seconds)
            return Quota(self._client_policy, said, refusal(wait_seconds, "client") if wait_seconds else None)
        theirs, their_seconds, wait_seconds = self._merchants.spend(merchant_id, now)
        said = b'"client";r=%d;t=%d, "merchant";r=%d;t=%d' % (left, full_seconds, theirs, their_seconds)
        return Quota(self._policy, said, refusal(wait_seconds, "merchant") if wait_seconds else None)


def refusal(wait_seconds: int, policy: str) -> TooManyRequests:
    """What is told to whoever asked too often; `policy` names the quota that is used up."""
    return TooManyRequests("Ask more slowly", retry_after=wait_seconds, policy=policy)
