"""/v1/events: everything that happened to a partner's merchants, in one order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.api.paging import DEFAULT_LIMIT, Limit
from gateway.domain.rights import Caller, Right
from gateway.usecases import events
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.events import StoredEvent

After = Annotated[int, QueryParameter(ge=0, le=2**62, description="The position of the last event you have.")]


class EventView(msgspec.Struct, frozen=True):
    """One event; `position` orders all of them, `sequence` those of one noun."""

    id: str
    type: str
    merchant_id: str
    sequence: int
    position: int
    data: dict[str, Any]
    occurred_at: datetime


class EventPage(msgspec.Struct, frozen=True):
    """Events after a position; read on with `after=next_after`."""

    data: list[EventView]
    next_after: int


@get("/v1/events", opt={"right": Right.events_read}, tags=["Events"])
async def page(
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    after: After = 0,
    limit: Limit = DEFAULT_LIMIT,
) -> EventPage:
    """List events after a position, in their order. An empty page means there is nothing newer yet."""
    found = await events.page(world, caller.partner_id, after, limit)
    return EventPage([_view(event) for event in found], found[-1].position if found else after)


def _view(event: StoredEvent) -> EventView:
    return EventView(**msgspec.structs.asdict(event))


ROUTES = (page,)
