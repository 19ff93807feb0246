"""Events: what happened, named `noun.past_verb`, one per state of each MOVES table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec


class Event(msgspec.Struct, frozen=True):
    """One thing that happened to one noun; `data` carries ids and amounts, never bank or personal data."""

    noun: str
    noun_id: str
    type: str
    merchant_id: str
    partner_id: str
    data: dict[str, Any]
    occurred_at: datetime


class StoredEvent(msgspec.Struct, frozen=True):
    """An event in the log: `sequence` counts within its noun, `position` in the whole log (given after commit)."""

    id: str
    type: str
    merchant_id: str
    sequence: int
    position: int
    data: dict[str, Any]
    occurred_at: datetime


class Payload(msgspec.Struct, frozen=True):
    """An event as it is told to a partner, in a webhook and in the log alike."""

    type: str
    timestamp: datetime
    data: dict[str, Any]


def payload(event: StoredEvent) -> Payload:
    """What a receiver gets of `event`; its `data` has the shape of `gateway.domain.event_catalogue`."""
    return Payload(event.type, event.occurred_at, event.data | {"sequence": event.sequence})
