"""/v1/events: everything that happened to a partner's merchants, in one order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from gateway.api.paging import DEFAULT_LIMIT, Limit
from gateway.domain.errors import Invalid
from gateway.domain.event_catalogue import EVENTS
from gateway.domain.events import payload
from gateway.domain.rights import Caller, Right
from gateway.usecases import events
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.events import StoredEvent

After = Annotated[int, QueryParameter(ge=0, le=2**62, description="The position of the last event you have.")]
OfType = Annotated[
    str | None, QueryParameter(name="type", max_length=60, description="Only events of this name, as `offer.created`.")
]
OfMerchant = Annotated[
    str | None, QueryParameter(name="merchant_id", max_length=30, description="Only events about this merchant.")
]


class UnknownEvent(Invalid):
    """No event has this name."""

    code = "unknown_event"
    title = "There is no event of this name"


class EventView(msgspec.Struct, frozen=True):
    """One event; `position` orders all of them, `sequence` those about one `id`. `data` is that of the webhook."""

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
    *,
    of_type: OfType = None,
    of_merchant: OfMerchant = None,
) -> EventPage:
    """List events after a position, in their order. An empty page means there is nothing newer yet."""
    if of_type is not None and of_type not in EVENTS:
        raise UnknownEvent(f"{of_type!a} is no event; the catalogue is at {world.settings.address}/openapi.json")
    found = await events.page(
        world, caller.partner_id, after, limit, of_type=of_type or "", of_merchant=of_merchant or ""
    )
    return EventPage([_view(event) for event in found], found[-1].position if found else after)


def _view(event: StoredEvent) -> EventView:
    return EventView(**(msgspec.structs.asdict(event) | {"data": payload(event).data}))


ROUTES = (page,)
