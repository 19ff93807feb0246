"""A stream of events to one shop's widget: which of them it may show, and how many of them there may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.domain.errors import Invalid, Overloaded
from gateway.domain.rights import Right

if TYPE_CHECKING:
    from gateway.domain.events import StoredEvent
    from gateway.domain.rights import Caller

TOKEN_COUNT = 2
"""The most streams of one token: the one in use, and the one that takes over from it."""
MERCHANT_COUNT = 32
"""The most streams about one merchant by one process: some tills with a few frames each."""
PROCESS_COUNT = 2_000
RETRY_SECONDS = 5
"""When to ask again where there were too many."""

NEEDED: dict[str, Right] = {
    "merchant": Right.merchants_read,
    "consent": Right.merchants_read,
    "agreement": Right.merchants_read,
    "mandate": Right.merchants_read,
    "authority": Right.merchants_read,
    "change": Right.merchants_read,
    "sales": Right.offers_read,
    "offer": Right.offers_read,
    "notice": Right.offers_read,
    "drawdown": Right.drawdowns_read,
    "repayment": Right.drawdowns_read,
    "health": Right.drawdowns_read,
    "arrangement": Right.drawdowns_read,
}
"""The right it takes to be told of a noun. Nothing is told of others: they are the partner's and the operator's."""

_POSITION = re.compile(r"[0-9]{1,18}", re.ASCII)


class TooManyStreams(Overloaded):
    """The token, the merchant or this process has as many streams open as it may."""

    code = "too_many_streams"
    title = "Too many streams are open; close one or wait"


class BadLastEvent(Invalid):
    """`Last-Event-ID` is not the id of an event that a stream sent."""

    code = "invalid_last_event_id"
    title = "Last-Event-ID is not one of ours"


def position(last_event_id: str) -> int:
    """The position that a `Last-Event-ID` header names. Raises BadLastEvent."""
    if _POSITION.fullmatch(last_event_id) is None:
        raise BadLastEvent("Send the id of the last event that was heard, or none to hear what is new from now on")
    return int(last_event_id)


def needed(event: StoredEvent, caller: Caller) -> Right | None:
    """The right it takes to be told of an event; None where nobody is, as of a consent given to another client."""
    noun = event.type.partition(".")[0]
    if noun == "consent" and event.data.get("id") != caller.grant_id:
        return None
    return NEEDED.get(noun)
