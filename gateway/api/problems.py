"""Problems: every refusal and every crash as RFC 9457 `application/problem+json`.

The domain raises the tree of `gateway.domain.errors`; this module alone says which HTTP status a kind of error has.
Errors that only HTTP can have (a body that is no JSON, a method a route lacks) are the leaves below.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException

from gateway import log
from gateway.api import challenges, exchange
from gateway.domain.errors import (
    Conflict,
    FieldError,
    Forbidden,
    GatewayError,
    Invalid,
    NotFound,
    Overloaded,
    Unauthenticated,
    Upstream,
)
from gateway.domain.versions import UnknownVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litestar import Request

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
NO_BODY = "This needs a JSON body"


class BadRequest(Invalid):
    """The request cannot be read as what it claims to be (HTTP 400)."""

    code = "bad_request"
    title = "The request cannot be read"


class TooLarge(Invalid):
    """The body is larger than this route takes (HTTP 413)."""

    code = "body_too_large"
    title = "The body is too large"


class AddressTooLong(Invalid):
    """The URL is longer than any the gateway has (HTTP 414)."""

    code = "address_too_long"
    title = "The address is too long"


class UnsupportedMedia(Invalid):
    """The body's media type or encoding is not one this route reads (HTTP 415)."""

    code = "unsupported_media_type"
    title = "The media type of the body is not supported"


class HeadersTooLarge(Invalid):
    """The header section is larger than the gateway reads (HTTP 431)."""

    code = "headers_too_large"
    title = "The headers are too large"


class MethodNotAllowed(Invalid):
    """The route exists, but not with this method (HTTP 405)."""

    code = "method_not_allowed"
    title = "The resource does not have this method"


class Unavailable(GatewayError):
    """We cannot serve this just now; nothing is wrong with the request (HTTP 503)."""

    code = "unavailable"
    title = "The gateway cannot serve this right now"


class TimedOut(Unavailable):
    """The request took longer than its time limit. A write it began may still take effect: ask before repeating."""

    code = "timed_out"
    title = "The request took too long"


STATUS: dict[type[GatewayError], int] = {
    BadRequest: 400,
    UnknownVersion: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    TooLarge: 413,
    AddressTooLong: 414,
    UnsupportedMedia: 415,
    Invalid: 422,
    Overloaded: 429,
    HeadersTooLarge: 431,
    Upstream: 502,
    Unavailable: 503,
    GatewayError: 500,
}
"""Kind of error → HTTP status; a leaf has the status of its nearest ancestor here."""

_BY_STATUS: dict[int, type[GatewayError]] = {
    400: BadRequest, 401: Unauthenticated, 403: Forbidden, 404: NotFound, 405: MethodNotAllowed, 413: TooLarge,
    415: UnsupportedMedia, 422: Invalid, 429: Overloaded, 503: Unavailable,
}  # fmt: skip


class Rendered(msgspec.Struct, frozen=True):
    """A problem ready to be sent: `headers` without Content-Type, `body` the JSON bytes."""

    status: int
    code: str
    headers: dict[str, str]
    body: bytes


class CatalogueEntry(msgspec.Struct, frozen=True):
    """One code a client can meet; `meaning` is the first sentence of the error's docstring."""

    code: str
    title: str
    status: int
    meaning: str


def status_of(kind: type[GatewayError]) -> int:
    """The HTTP status of an error class: that of its nearest ancestor in `STATUS`."""
    return next(STATUS[ancestor] for ancestor in kind.__mro__ if ancestor in STATUS)


def render(error: GatewayError, *, request_id: str, issuer: str) -> Rendered:
    """The RFC 9457 answer to `error`; its facts stand beside the standard members."""
    status = status_of(type(error))
    body: dict[str, Any] = {
        "type": f"{issuer}/docs/errors#{error.code}",
        "title": error.title,
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id,
    }
    for name, value in error.facts.items():
        body.setdefault(name, value)
    if error.errors:
        body["errors"] = error.errors
    return Rendered(status, error.code, _headers(error, issuer), msgspec.json.encode(body))


def understand(error: Exception) -> GatewayError:
    """`error` as one of the tree: ours as it is, the framework's translated, any other a crash without internals."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, ValidationException):
        return _invalid_parameters(error)
    if isinstance(error, HTTPException) and error.status_code in _BY_STATUS:
        return _framework(error)
    return GatewayError("The failure was recorded under this request id")


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Litestar's handler for every exception; a crash is logged with its frames."""
    found = understand(error)
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    if status_of(type(found)) == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.crash(error, request_id=about.line.request_id)
    rendered = render(found, request_id=about.line.request_id, issuer=request.app.state.issuer)
    about.line.code = rendered.code
    return Response(rendered.body, status_code=rendered.status, headers=rendered.headers, media_type=CONTENT_TYPE)


def kinds(packages: tuple[str, ...] = ()) -> list[type[GatewayError]]:
    """Every error as imported by now, leaves first; of `packages` alone where some are named."""
    return [kind for kind in _tree(GatewayError) if not packages or kind.__module__.startswith(packages)]


def catalogue(packages: tuple[str, ...] = ()) -> list[CatalogueEntry]:
    """Every code of the error tree as imported by now, ordered by code."""
    entries = {kind.code: kind for kind in kinds(packages)}
    return [
        CatalogueEntry(code, kind.title, status_of(kind), (kind.__doc__ or "").partition("\n")[0])
        for code, kind in sorted(entries.items())
    ]


def _tree(kind: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for child in kind.__subclasses__():
        yield from _tree(child)
    yield kind


def _headers(error: GatewayError, issuer: str) -> dict[str, str]:
    headers = challenges.headers(error, issuer)
    if "allow" in error.facts:
        headers["Allow"] = str(error.facts["allow"])
    if "retry_after" in error.facts or isinstance(error, Overloaded | Unavailable):
        headers["Retry-After"] = str(error.facts.get("retry_after", RETRY_AFTER_SECONDS))
    return headers


def _framework(error: HTTPException) -> GatewayError:
    kind = _BY_STATUS[error.status_code]
    if kind is NotFound:
        return NotFound("There is no such address here")
    if kind is MethodNotAllowed:
        allowed = next((value for name, value in (error.headers or {}).items() if name.lower() == "allow"), "")
        return MethodNotAllowed(f"Use one of {allowed}", allow=allowed)
    return kind(error.detail if kind is BadRequest else kind.title)


def _invalid_parameters(error: ValidationException) -> GatewayError:
    """A path or query parameter of the wrong shape, or a body that is missing altogether."""
    faults = [fault for fault in error.extra or [] if isinstance(fault, dict)]
    if any(fault.get("key", "data") == "data" for fault in faults):
        return BadRequest(NO_BODY)
    names = [str(fault["key"]) for fault in faults]
    errors = tuple(FieldError(f"?{fault['key']}", "invalid_parameter", str(fault["message"])) for fault in faults)
    return Invalid(f"Not a usable value: {', '.join(names)}", errors=errors)
