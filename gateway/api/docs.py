"""Pages and descriptions anybody may read: `/`, `/openapi.json`, `/docs/api`, `/docs/errors` and their style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get

from gateway import __version__
from gateway.api import problems
from gateway.api.pages import errors, reference, sheet, status
from gateway.domain.rights import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_PUBLIC: Mapping[str, object] = {"right": Right.public}


@get("/", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def home(request: Request[Any, Any, Any]) -> Response[str]:
    """What this is, whether it serves, and where to read on; no data of anybody."""
    state = request.app.state
    page = status.page(version=__version__, mode=str(state.world.settings.mode), draining=state.draining)
    return Response(page, headers=_PAGE_HEADERS)


@get("/openapi.json", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def description(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI 3.1 document."""
    body: bytes = request.app.state.description.json
    return Response(body, headers={"Cache-Control": "no-cache"}, media_type="application/json")


@get("/docs/api", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def api_reference(request: Request[Any, Any, Any]) -> Response[str]:
    """The reference for people, made from the same document."""
    return Response(reference.page(request.app.state.description.document), headers=_PAGE_HEADERS)


@get("/docs/errors", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def error_catalogue() -> Response[str]:
    """Every error code: the address in a problem's `type` leads here."""
    return Response(errors.page(problems.catalogue()), headers=_PAGE_HEADERS)


@get("/docs/style.css", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def style() -> Response[str]:
    """The pages' style sheet."""
    headers = {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "max-age=3600"}
    return Response(sheet.css(), headers=headers)


ROUTES = (home, description, api_reference, error_catalogue, style)
