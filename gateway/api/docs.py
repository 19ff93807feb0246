"""Pages and descriptions anybody may read: `/`, `/openapi.json`, `/llms.txt`, the guides under `/docs`, their style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from gateway import __version__
from gateway.api import problems
from gateway.api.pages import errors, guides, reference, sheet, status
from gateway.domain.rights import Right

if TYPE_CHECKING:
    from collections.abc import Mapping

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_PICTURE_HEADERS = {
    "Content-Type": "image/svg+xml",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
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


@get("/docs", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def guides_index() -> Response[str]:
    """Every guide by its group."""
    return _guide(guides.INDEX)


@get("/docs/{name:str}", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def guide(name: FromPath[str]) -> Response[Any]:
    """A guide; with `.md` at its end the Markdown that it is made from, with `.svg` a picture."""
    if name.endswith(".svg"):
        return _picture(name)
    if not name.endswith(".md"):
        return _guide(name)
    text = guides.raw(name.removesuffix(".md"))
    if text is None:
        raise NotFoundException
    return Response(text, headers={"Content-Type": "text/markdown; charset=utf-8", "Cache-Control": "no-cache"})


@get("/docs/states/{name:str}", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def state_diagram(name: FromPath[str]) -> Response[bytes]:
    """The states of a noun, drawn."""
    return _picture(f"states/{name}")


@get("/llms.txt", opt=_PUBLIC, include_in_schema=False, sync_to_thread=False)
def llms(request: Request[Any, Any, Any]) -> Response[str]:
    """The guides for programs that read (llmstxt.org)."""
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-cache"}
    return Response(guides.llms(request.app.state.issuer), headers=headers)


def _guide(name: str) -> Response[str]:
    page = guides.page(name)
    if page is None:
        raise NotFoundException
    return Response(page, headers=_PAGE_HEADERS)


def _picture(path: str) -> Response[bytes]:
    drawn = guides.picture(path)
    if drawn is None:
        raise NotFoundException
    return Response(drawn, headers=_PICTURE_HEADERS)


ROUTES = (
    home, description, api_reference, error_catalogue, style, guides_index, guide, state_diagram, llms,
)  # fmt: skip
