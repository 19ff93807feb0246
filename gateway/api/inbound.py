"""/v1/inbound/{bank_id}: where a bank calls us. Its signature over the raw bytes is its right, and no token is."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.rights import Right
from gateway.usecases import inbound
from gateway.usecases.world import World


class Received(msgspec.Struct, frozen=True):
    """`received` is true once the callback is stored; what it says is looked at afterwards."""

    received: bool


@post("/v1/inbound/{bank_id:str}", opt={"right": Right.public}, status_code=202, tags=["Banks"])
async def callback(request: Request[Any, Any, Any], world: NamedDependency[World], bank_id: FromPath[str]) -> Received:
    """Take a bank's callback.

    The bank signs it as its own interface says, over the bytes as they are sent; anything else is a 401 and is not
    kept. The same callback may come any number of times.
    """
    headers = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in request.scope["headers"])
    await inbound.receive(world, bank_id, headers, await request.body())
    return Received(received=True)


ROUTES = (callback,)
