"""Cross-origin calls (WHATWG Fetch, 3.2): a partner's own page may do what a widget's token may, and nothing else.

No cookies, no credentials; other addresses, and pages of other origins, get no such header at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.domain.rights import Right
from gateway.domain.widget_sessions import NEEDED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Send = Callable[[Any], Awaitable[None]]

TOKEN = "/widget/v1/token"  # noqa: S105 - an address
_WIDGETS = frozenset[Right]().union(*NEEDED.values())
_PARAMETER = re.compile(r"\{[^}]*\}")
_SENT = b"Authorization, Content-Type, DPoP, Idempotency-Key, Last-Event-ID"
_READ = b"DPoP-Nonce, Idempotent-Replayed, Request-Id, Retry-After"
_KEPT_SECONDS = b"600"


async def nobody(_origin: str) -> bool:
    """For an application that no page may call."""
    return False


class Cors:
    """ASGI around the routes. `own` is the gateway's origin, whose pages need none of this."""

    def __init__(self, app: Any, routes: Iterable[Any], own: str, may_call: Callable[[str], Awaitable[bool]]) -> None:
        self._app = app
        self._own = own.encode("latin-1")
        self._may_call = may_call
        self._open = list(_open(routes))

    async def __call__(self, scope: Scope, receive: Any, send: Send) -> None:
        """Answer a preflight, or let the answer be read."""
        headers = scope["headers"]
        origin = next((value for name, value in headers if name == b"origin"), None)
        methods = set[str]() if origin in {None, self._own} else self.methods(scope["path"])
        if origin is None or not methods or not await self._may_call(origin.decode("latin-1")):
            await self._app(scope, receive, send)
            return
        asked = next((value for name, value in headers if name == b"access-control-request-method"), None)
        if scope["method"] == "OPTIONS" and asked is not None:
            await _preflight(send, origin, methods)
            return
        await self._app(scope, receive, _Readable(send, origin))

    def methods(self, path: str) -> set[str]:
        """What pages may do at an address."""
        return {method for address, method in self._open if address.fullmatch(path)}


def _open(routes: Iterable[Any]) -> Iterable[tuple[re.Pattern[str], str]]:
    """The addresses and methods that a widget's token may call, and where it gets that token."""
    for route in routes:
        for handler in getattr(route, "route_handlers", ()):
            right = handler.opt.get("right")  # one without any serves nobody, which is found elsewhere
            about_one = "{merchant_id" in route.path_format or "checks_merchant" in handler.opt
            if (right in _WIDGETS and about_one) or route.path_format == TOKEN:
                address = re.compile("[^/]+".join(map(re.escape, _PARAMETER.split(route.path_format))))
                for method in handler.http_methods:
                    if method != "OPTIONS":
                        yield address, str(method)


async def _preflight(send: Send, origin: bytes, methods: set[str]) -> None:
    headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-methods", ", ".join(sorted(methods)).encode()),
        (b"access-control-allow-headers", _SENT),
        (b"access-control-max-age", _KEPT_SECONDS),
        (b"vary", b"Origin"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class _Readable:
    """The `send` of an answer that a page may read."""

    def __init__(self, send: Send, origin: bytes) -> None:
        self._send, self._origin = send, origin

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            more = [
                (b"access-control-allow-origin", self._origin),
                (b"access-control-expose-headers", _READ),
                (b"vary", b"Origin"),
            ]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await self._send(message)
