"""The request as handlers see it: bodies are read within their limit and decoded strictly into the handler's type."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from litestar import Request

from gateway.api import exchange, limits, strict_json
from gateway.api.problems import BadRequest, UnsupportedMedia

_JSON = b"application/json"
LINES = b"application/x-ndjson"


class StrictRequest(Request[Any, Any, Any]):
    """Litestar's request with a bounded body and strict JSON: what a handler's `data: JSONBody[Kind]` goes through."""

    async def body(self) -> bytes:
        """The whole body, read once; raises TooLarge or BadRequest."""
        about = exchange.of(self.scope)  # type: ignore[arg-type]
        if about.body is None:
            most = self.route_handler.resolve_request_max_body_size() or limits.MAX_BODY_BYTES
            about.body = await limits.read_body(self.receive, about.announced_bytes, most)
            about.line.bytes_in = len(about.body)
        return about.body

    async def json(self) -> Any:
        """The body as the type the handler's `data` is annotated with; raises MalformedBody or InvalidBody."""
        kind = _data_kind(self.route_handler)
        batch = get_origin(kind) is strict_json.Rows
        sent = media_type(exchange.of(self.scope), batch=batch)  # type: ignore[arg-type]
        body = await self.body()
        if batch:
            return strict_json.rows(body, get_args(kind)[0], lines=sent == LINES)
        return strict_json.decode(body, kind)


def _data_kind(handler: Any) -> Any:
    field = handler.parsed_data_field
    if field is None:
        raise BadRequest("This takes no body")
    return field.annotation


def media_type(about: exchange.Exchange, *, batch: bool) -> bytes:
    """The body's media type without parameters; raises UnsupportedMedia. JSON has no charset but UTF-8 (RFC 8259)."""
    kind, _, parameters = about.content_type.partition(b";")
    kind = kind.strip().lower()
    if about.encoded:
        raise UnsupportedMedia("Send the body without a Content-Encoding")
    if parameters and parameters.replace(b" ", b"").replace(b'"', b"").lower() != b"charset=utf-8":
        raise UnsupportedMedia("JSON is UTF-8 and takes no other parameter")
    if kind == _JSON or (batch and kind == LINES):
        return kind
    wanted = "application/json or application/x-ndjson" if batch else "application/json"
    raise UnsupportedMedia(f"Send {wanted}", wanted=wanted)
