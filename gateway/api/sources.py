"""/v1/sources/{name}/{connection_id}: where a shop's platforms call us. Their signature is their right, no token is."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api import exchange
from gateway.domain.rights import Right
from gateway.usecases import platforms
from gateway.usecases.platforms import Arrival
from gateway.usecases.world import World

MAX_EVENT_BYTES = 1024 * 1024


class Noted(msgspec.Struct, frozen=True):
    """`received` is true once the event is stored, or was known already; what it says is taken in afterwards."""

    received: bool


@post(
    "/v1/sources/{name:str}/{connection_id:str}",
    opt={"right": Right.public},
    status_code=202,
    tags=["Connections"],
    request_max_body_size=MAX_EVENT_BYTES,
)
async def event(
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    name: FromPath[str],
    connection_id: FromPath[str],
) -> Noted:
    """Take an event of a platform.

    The platform signs it over the bytes as they are sent; anything else is a 403 and is not kept. The same event may
    come any number of times, and events in any order.
    """
    headers = [(key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in request.scope["headers"]]
    came = Arrival(headers, await request.body(), exchange.remote_address(request))
    await platforms.receive(world, name, connection_id, came)
    return Noted(received=True)


ROUTES = (event,)
