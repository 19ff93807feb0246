"""One HTTP exchange: what the edge notes about a request once, and the one line it logs about it.

`Line` is the allow-list itself: what has no field here cannot be logged. It never holds a body, a header value, a
name, an account, a token or a query string.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.usecases.rates import Quota

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from litestar.connection import ASGIConnection

KEY = "restock.exchange"


class Line(msgspec.Struct, omit_defaults=True):
    """The canonical log line of one request: ids, counts and codes only."""

    request_id: str
    method: str
    route: str
    """The route's template, `/v1/merchants/{merchant_id}`; `(none)` when nothing matched."""
    status: int = 0
    duration_ms: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    client_id: str | None = None
    merchant_id: str | None = None
    code: str | None = None
    """The problem's code when the answer is a problem."""
    replayed: bool = False
    """Whether the answer is the stored one of an earlier request with the same idempotency key."""
    rows_count: int | None = None


class Exchange(msgspec.Struct):
    """What one pass over a request's headers found, and where the rest of the edge leaves its notes."""

    line: Line
    content_type: bytes = b""
    encoded: bool = False
    """Whether the body carries a Content-Encoding."""
    announced_bytes: int | None = None
    authorization: bytes | None = None
    proof: bytes | None = None
    """The DPoP header; two of them joined by a comma, which no proof can hold."""
    nonce: str | None = None
    """The DPoP nonce to hand out with the answer."""
    asked_version: bytes | None = None
    """The Restock-Version header."""
    version: str | None = None
    """The version of the API that answers: the one that was asked for, else the client's own."""
    quota: Quota | None = None
    """What is left of the caller's share; None where nobody known asks."""
    repeated: str | None = None
    """The first header that may come once and came twice."""
    limit: asyncio.Timeout | None = None
    body: bytes | None = None


def of(scope: MutableMapping[str, Any]) -> Exchange:
    """The exchange of an ASGI scope that passed the edge."""
    found: Exchange = scope[KEY]
    return found


def line(connection: ASGIConnection[Any, Any, Any, Any]) -> Line:
    """The canonical line of a handler's request: `exchange.line(request).rows_count = 3`."""
    return of(connection.scope).line  # type: ignore[arg-type]


def remote_address(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Where a request comes from, as the server sees it; "" when it cannot tell."""
    return "" if connection.client is None else connection.client.host
