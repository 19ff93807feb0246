"""Limits: how large and how slow a request may be; how often is measured in `gateway.usecases.rates`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.api import request_id
from gateway.api.exchange import Exchange, Line
from gateway.api.problems import AddressTooLong, BadRequest, HeadersTooLarge, TooLarge
from gateway.domain import versions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

MAX_BODY_BYTES = 64 * 1024
MAX_BATCH_BYTES = 5 * 1024 * 1024
MAX_ADDRESS_BYTES = 4 * 1024
MAX_HEADER_BYTES = 32 * 1024
MAX_HEADERS = 100
REQUEST_SECONDS = 30
"""How long a request may take. A route with more to do says so: `opt={"seconds": 300}`."""

_ONCE = {b"authorization", b"content-type", b"content-length", b"content-encoding", b"idempotency-key", b"host",
         b"restock-version"}  # fmt: skip


def look_at(scope: MutableMapping[str, Any], new_id: Callable[[str], str]) -> Exchange:
    """One pass over the headers: the few the edge needs, and which came twice. `new_id` makes a request id."""
    about = Exchange(Line("", scope["method"], "(none)"))
    once: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in _ONCE:
            if name in once:
                about.repeated = name.decode("ascii")
            once[name] = value
        elif name == b"dpop":
            about.proof = value if about.proof is None else about.proof + b"," + value
        elif name == request_id.HEADER:
            about.line.request_id = request_id.accepted(value) or ""
    about.authorization = once.get(b"authorization")
    about.content_type = once.get(b"content-type", b"")
    about.encoded = b"content-encoding" in once
    if (length := once.get(b"content-length", b"")).isdigit():
        about.announced_bytes = int(length[:18])
    about.asked_version = once.get(b"restock-version")
    about.line.request_id = about.line.request_id or new_id("request")
    return about


def check(scope: MutableMapping[str, Any], about: Exchange) -> None:
    """Raise the problem of a request whose address or headers are too large, or whose headers contradict."""
    if len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"]) > MAX_ADDRESS_BYTES:
        raise AddressTooLong(f"An address here has at most {MAX_ADDRESS_BYTES} bytes")
    headers = scope["headers"]
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        raise HeadersTooLarge(f"At most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes of them are read")
    if about.asked_version is not None:
        about.version = versions.check(about.asked_version.decode("latin-1"))
    if about.repeated is not None:
        raise BadRequest(f"The header {about.repeated} may come once", header=about.repeated)


async def read_body(receive: Callable[[], Awaitable[Any]], announced: int | None, most: int) -> bytes:
    """The whole body of at most `most` bytes; raises TooLarge, or BadRequest when the client went away."""
    if announced is not None and announced > most:
        raise TooLarge(f"A body here has at most {most} bytes", bytes_limit=most)
    pieces = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The body ended before it was complete")
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise TooLarge(f"A body here has at most {most} bytes", bytes_limit=most)
        pieces.append(piece)
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
