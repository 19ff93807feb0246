"""The fast lane: one raw ASGI entry in front of the framework for the one route that carries nearly all traffic.

It does what `sales.push` does behind the framework, by the same functions, and gives the same bytes; whatever is not
plainly a push of sales goes on to the framework. Routing, injecting and shaping one request cost the framework more
than taking the sale does: `make bench` measures both. Faults are raised to the edge, which answers with the problem.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.api import exchange, limits, problems, rights, sales, strict_json
from gateway.api.request import LINES, media_type
from gateway.domain.rights import Right
from gateway.domain.sales import NewSale

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from gateway.usecases.world import World

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Any]]

_PATH = re.compile(r"/v1/merchants/(mer_[0-9a-hjkmnp-tv-z]{26})/sales")
_JSON = (b"content-type", b"application/json")
_encoder = msgspec.json.Encoder()


class FastLane:
    """ASGI: pushes of sales are answered here, everything else by `app`."""

    def __init__(self, app: Any, world: World) -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Callable[[Any], Awaitable[None]]) -> None:
        """Serve one request that passed the edge."""
        plain = scope["type"] == "http" and scope["method"] == "POST" and not scope["query_string"]
        found = _PATH.fullmatch(scope["path"]) if plain else None
        if found is None:
            await self._app(scope, receive, send)
            return
        body = _encoder.encode(await self._taken(found[1], scope, receive))
        headers = [_JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    async def _taken(self, merchant_id: str, scope: Scope, receive: Receive) -> sales.Taken:
        about = exchange.of(scope)
        about.line.route = sales.PUSH
        caller = await rights.admit(scope, Right.sales_write, self._world)
        rights.check_merchant(caller, merchant_id)
        about.line.merchant_id = merchant_id
        body = await limits.read_body(receive, about.announced_bytes, limits.MAX_BATCH_BYTES)
        about.line.bytes_in = len(body)
        if not body:
            raise problems.BadRequest(problems.NO_BODY)
        lines = media_type(about, batch=True) == LINES
        rows = strict_json.rows(body, NewSale, lines=lines)
        about.line.rows_count = rows.count
        await self._world.refresh()
        return await sales.take(self._world, caller, merchant_id, rows)
