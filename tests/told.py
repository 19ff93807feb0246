"""Whether everything a gateway told is in the catalogue of events, and shaped as that says. Asked of every test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain.event_catalogue import EVENTS
from gateway.domain.events import StoredEvent, payload
from gateway.store.queries import Query, Text

if TYPE_CHECKING:
    from gateway.usecases.world import World

_TEXT = Text(
    "SELECT id, type, merchant_id, sequence, COALESCE(position, 0) AS position, data_json, occurred_at FROM events", ()
)
_ALL = Query("told", _TEXT, _TEXT)


async def check(world: World) -> None:
    """Raise for the first event that is unknown or of another shape."""
    for event in await world.store.all(_ALL, StoredEvent):
        assert event.type in EVENTS, f"{event.type} is not in gateway/domain/event_catalogue.py"
        data = payload(event).data
        try:
            msgspec.convert(data, EVENTS[event.type].data)
        except msgspec.ValidationError as error:
            raise AssertionError(f"{event.type} does not have the shape of its catalogue: {error}: {data}") from error
        assert data.get("merchant_id", "") == event.merchant_id
