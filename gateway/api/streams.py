"""/widget/v1/stream: what happens to a shop as server-sent events (WHATWG HTML, 9.2), while its token lives."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.params import HeaderParameter
from litestar.response.base import ASGIResponse

from gateway.api import exchange, rights
from gateway.domain import streams as rules
from gateway.domain.events import payload
from gateway.domain.rights import Right
from gateway.usecases import streams

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from litestar.types import Receive, Scope, Send

    from gateway.usecases.streams import Told

KIND = "text/event-stream"
SEND_SECONDS = 20.0
"""How long a reader may take nothing before it is given up: it resumes after what it heard."""
_RETRY_MS = 2_000
_encoder = msgspec.json.Encoder()

LastEventId = Annotated[
    str | None,
    HeaderParameter(name="Last-Event-ID", description="The `id` of the last event you heard: go on after it."),
]


@get(
    "/widget/v1/stream", opt={"right": Right.merchants_read, "checks_merchant": True}, media_type=KIND, tags=["Widget"]
)
async def follow(request: Request[Any, Any, Any], last_event_id: LastEventId = None) -> Response[bytes]:
    """Follow what happens to the session's merchant, as server-sent events.

    `event` is a name of the event catalogue, `data` the payload of its webhook, `id` what to send as Last-Event-ID to
    miss nothing. Only what the token may see is told. It ends with the token: open another one with the next.
    """
    world, scope = request.app.state.world, request.scope
    after = None if last_event_id is None else rules.position(last_event_id)
    told = streams.follow(world, rights.token_of(scope), rights.caller_of(scope), after)  # type: ignore[arg-type]
    return Stream(await anext(told), told)


class Stream(Response[bytes]):
    """An answer that goes on with what is `told` after the `first`."""

    def __init__(self, first: Told, told: AsyncGenerator[Told]) -> None:
        super().__init__(b"")
        self.first, self.told = first, told

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        """See Response."""
        return _Sending(self.first, self.told)


class _Sending(ASGIResponse):
    """Sends each event as it comes, until they end, the reader goes, or takes none for too long."""

    _should_set_content_length = False

    def __init__(self, first: Told, told: AsyncGenerator[Told]) -> None:
        super().__init__(media_type=KIND, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self.first, self.told = first, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        about = exchange.of(scope)  # type: ignore[arg-type]
        if about.limit is not None:
            about.limit.reschedule(None)  # it lasts as long as its token
        async with contextlib.aclosing(self.told):
            await self.start_response(send)
            if about.line.method == "HEAD":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            sending = asyncio.create_task(self._send(send))
            gone = asyncio.create_task(_gone(receive))
            try:
                await asyncio.wait((sending, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                sending.cancel()
                ended = await asyncio.gather(sending, gone, return_exceptions=True)
        if isinstance(ended[0], Exception) and not isinstance(ended[0], TimeoutError):
            raise ended[0]  # one that takes nothing is cut off without a word: it is no fault of ours

    async def _send(self, send: Send) -> None:
        await _bounded(send, f"retry: {_RETRY_MS}\nid: {self.first.position}\n\n".encode())
        async for told in self.told:
            await _bounded(send, _block(told))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _bounded(send: Send, body: bytes) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _block(told: Told) -> bytes:
    """One event, or a comment that keeps the connection open."""
    if told.event is None:
        return b":\n\n"
    data = _encoder.encode(payload(told.event))
    return f"id: {told.position}\nevent: {told.event.type}\ndata: ".encode() + data + b"\n\n"


ROUTES = (follow,)
