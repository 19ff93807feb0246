"""ETag and If-None-Match (RFC 9110 section 13): whoever has the answer already gets 304 and no body."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Response

if TYPE_CHECKING:
    from litestar import Request

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_ASK_EACH_TIME = "private, no-cache"


def tagged(request: Request[Any, Any, Any], view: msgspec.Struct) -> Response[Any]:
    """`view` with its tag, or 304 where the request names that tag. Routes say `opt={"etag": True}`."""
    return kept(request, msgspec.json.encode(view), "application/json")


def kept(request: Request[Any, Any, Any], body: bytes | str, media_type: str) -> Response[Any]:
    """`body` with its tag, or 304."""
    body = body if isinstance(body, bytes) else body.encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": _ASK_EACH_TIME}
    if _names(request.headers.get("if-none-match", ""), tag):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, headers=headers, media_type=media_type)


def _names(condition: str, tag: str) -> bool:
    """Whether `*` or a list of tags names `tag`; weak and strong ones compare alike here."""
    return condition.strip() == "*" or tag in _TAG.findall(condition)
