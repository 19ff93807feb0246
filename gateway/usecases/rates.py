"""Rates: no client asks for tokens without measure. Each process measures its own share, in memory."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import TYPE_CHECKING

from gateway.domain.errors import Overloaded

if TYPE_CHECKING:
    from gateway.ports import Clock

KNOWN_COUNT = 10_000
"""The most clients whose requests are measured; the one that asked longest ago is forgotten."""
_MINUTE_SECONDS = 60.0


class TooManyRequests(Overloaded):
    """The client asked for more in a minute than it may: wait for `retry_after` seconds."""

    code = "too_many_requests"
    title = "The client asks too often; wait before the next"


class Rates:
    """How fast each client asks, by a token bucket that holds a minute's share and fills evenly."""

    def __init__(self, clock: Clock, per_minute_count: int) -> None:
        self._clock = clock
        self._interval_seconds = _MINUTE_SECONDS / per_minute_count
        self._due: OrderedDict[str, float] = OrderedDict()
        """When, in seconds since 1970, all that the client asked for so far would have been due, evenly spread."""

    def take(self, client_id: str) -> None:
        """One request of a client that proved who it is. Raises TooManyRequests."""
        now = self._clock.now().timestamp()
        due = max(now, self._due.get(client_id, now)) + self._interval_seconds
        ahead_seconds = due - now - _MINUTE_SECONDS
        if ahead_seconds > 0:
            raise TooManyRequests("Ask more slowly", retry_after=math.ceil(ahead_seconds))
        self._due[client_id] = due
        self._due.move_to_end(client_id)
        if len(self._due) > KNOWN_COUNT:
            self._due.popitem(last=False)
