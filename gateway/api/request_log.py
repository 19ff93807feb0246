"""The edge around the whole application: request id, limits, time limit, HEAD, one log line, metrics.

Pure ASGI, outside of the framework's routing, so that an unknown address and a crash pass through it too.
"""

from __future__ import annotations

import asyncio
import logging
from email.utils import format_datetime
from functools import cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

from gateway import log
from gateway.api import limits, problems
from gateway.api.exchange import KEY, Exchange
from gateway.domain import versions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from gateway.api.metrics import Traffic

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Any]]
    Send = Callable[[Any], Awaitable[None]]

_PROBES = {"/livez", "/readyz", "/metrics"}
_CONSTANT_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_NO_STORE = (b"cache-control", b"no-store")


class Edge:
    """ASGI middleware around everything. `new_id` makes request ids, `issuer` starts problem types."""

    def __init__(self, app: Any, *, new_id: Callable[[str], str], issuer: str, traffic: Traffic) -> None:
        """Wrap the ASGI application `app`."""
        self.app = app
        self.new_id = new_id
        self.issuer = issuer
        self.traffic = traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; anything but HTTP passes through untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = perf_counter()
        about = limits.look_at(scope, self.new_id)
        inner = {**scope, KEY: about}
        if scope["method"] == "HEAD":
            inner["method"] = "GET"
        answer = _Answer(send, about, silent=scope["method"] == "HEAD")
        self.traffic.begin()
        try:
            await self._serve(inner, receive, answer, about)
        finally:
            self._finish(inner, about, perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, answer: _Answer, about: Exchange) -> None:
        try:
            limits.check(scope, about)
            async with asyncio.timeout(limits.REQUEST_SECONDS) as about.limit:
                await self.app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001  the last line of defence: no exception leaves without a problem
            await self._refuse(error, answer, about)

    async def _refuse(self, error: Exception, answer: _Answer, about: Exchange) -> None:
        """Answer with a problem, or, when an answer has begun, only record why it will never end."""
        if isinstance(error, TimeoutError) and about.limit is not None and about.limit.expired():
            error = problems.TimedOut("It may still take effect: repeat it with the same Idempotency-Key")
        found = problems.understand(error)
        if problems.status_of(type(found)) == 500:  # noqa: PLR2004
            log.crash(error, request_id=about.line.request_id)
        if answer.begun:
            return
        await answer.problem(problems.render(found, request_id=about.line.request_id, issuer=self.issuer))

    def _finish(self, scope: Scope, about: Exchange, seconds: float) -> None:
        line = about.line
        line.route = scope.get("path_template") or line.route
        line.duration_ms = round(seconds * 1000, 3)
        if not line.bytes_in:
            line.bytes_in = about.announced_bytes or 0
        self.traffic.end(line.method, line.route, line.status, seconds)
        log.record(logging.DEBUG if line.route in _PROBES else logging.INFO, "request", line)


class _Answer:
    """The `send` of one exchange: adds the edge's headers, counts bytes, drops the body of an answer to HEAD."""

    def __init__(self, send: Send, about: Exchange, *, silent: bool) -> None:
        self.begun = False
        self._send = send
        self._about = about
        self._line = about.line
        self._silent = silent

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            self._line.status = message["status"]
            message["headers"] = self._headers(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if self._silent:
                message = {**message, "body": b""}
            self._line.bytes_out += len(message.get("body", b""))
        await self._send(message)

    async def problem(self, found: problems.Rendered) -> None:
        """Send a problem from outside of the framework."""
        self._line.code = found.code
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in found.headers.items()]
        headers.append((b"content-type", problems.CONTENT_TYPE.encode()))
        headers.append((b"content-length", str(len(found.body)).encode()))
        await self({"type": "http.response.start", "status": found.status, "headers": headers})
        await self({"type": "http.response.body", "body": found.body})

    def _headers(self, given: Any) -> list[tuple[bytes, bytes]]:
        headers = [(name, _with_head(value) if name.lower() == b"allow" else value) for name, value in given]
        headers.append((b"request-id", self._line.request_id.encode("ascii")))
        headers.extend(_CONSTANT_HEADERS)
        headers.extend(_version(self._about.version or versions.CURRENT))
        if (quota := self._about.quota) is not None:
            headers += ((b"ratelimit-policy", quota.policy), (b"ratelimit", quota.left))
        if self._about.nonce is not None:
            headers.append((b"dpop-nonce", self._about.nonce.encode("ascii")))
        if not any(name.lower() == b"cache-control" for name, _ in headers):
            headers.append(_NO_STORE)
        return headers


@cache
def _version(version: str) -> tuple[tuple[bytes, bytes], ...]:
    """The version that answered, and its end where that is known."""
    said = (b"restock-version", version.encode())
    end = versions.RETIRING.get(version)
    if end is None:
        return (said,)
    deprecation = (b"deprecation", b"@%d" % end.deprecated_at.timestamp())
    return said, deprecation, (b"sunset", format_datetime(end.sunset_at, usegmt=True).encode())


def _with_head(allowed: bytes) -> bytes:
    """Whatever has GET has HEAD too, though the routes do not say so."""
    return allowed + b", HEAD" if b"GET" in allowed and b"HEAD" not in allowed else allowed
