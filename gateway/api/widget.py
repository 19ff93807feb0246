"""The widget: a partner's server makes a session, our own frame at the till exchanges its secret for a bound token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import MediaType, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, SkipValidation

from gateway.api import etags, exchange, idempotency, oauth, strict_json
from gateway.api.connect import words
from gateway.api.connect.pages import widget as pages
from gateway.domain.errors import Invalid, NotFound
from gateway.domain.rights import Caller, Right
from gateway.domain.widget_sessions import NewSession, UnknownSession
from gateway.oauth import errors, forms
from gateway.usecases import throttles, widget_sessions
from gateway.usecases.widget_sessions import Made, Opened
from gateway.usecases.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store import Tx

_TAGS = ["Widget"]
_JSON = b"application/json"
_SCRIPT = "text/javascript; charset=utf-8"
_PAGE: dict[str, Any] = {"opt": {"right": Right.public}, "include_in_schema": False}


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the frame brings."""

    client_secret: str


@post("/v1/widget/sessions", opt={"right": Right.sessions_write, "idempotency": "optional"}, tags=_TAGS)
async def create(
    data: JSONBody[NewSession],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[Made]:
    """Vouch for who is at a till, so that the frame can be opened there: once, within 60 seconds.

    Hand `client_secret` to the frame by postMessage, to the origin of `frame_url` alone. The client needs the
    merchant's consent to all that the components do.
    """

    async def unit(tx: Tx) -> Made:
        return await widget_sessions.make(tx, world, caller, data)

    return await idempotency.once(request, world, caller, unit, lambda made: made, secret=True)


@delete("/v1/widget/sessions/{session_id:str}", opt={"right": Right.sessions_write}, tags=_TAGS)
async def end(session_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> None:
    """End a session and the frame's token at once: the person left the till."""
    await world.store.write(lambda tx: widget_sessions.end(tx, world, caller, session_id))


@post("/widget/v1/token", **{**oauth.OPTIONS, "tags": _TAGS})
async def token(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Opened]:
    """Exchange a session's client secret for the frame's token.

    For the gateway's own frame: client_secret as JSON or a form, and a DPoP proof by the key that the token shall be
    bound to (RFC 9449).
    """
    secret = await _secret(request)
    door = throttles.widget(exchange.remote_address(request))
    async with throttles.guarding(world, door, oauth.is_refusal("invalid_grant")):
        key = await oauth.proof_key(request, world)
        opened = await widget_sessions.exchange(world, secret, key, _foreign(request, world))
    return Response(opened, headers=oauth.NEVER_KEPT, media_type=MediaType.JSON)


@get("/widget/v1/frame", **_PAGE)
async def frame(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[str]:
    """The frame itself, for one `component` of the session's and for the pages that it names, no others."""
    said = words.Words(words.language(request.query_params.get("lang"), request.headers.get("accept-language", "")))
    try:
        session = await widget_sessions.framed(world, request.query_params.get("session", ""))
    except UnknownSession:
        return Response(pages.refusal(said), status_code=404, headers=_headers(()))
    issuer = world.settings.address
    wanted = request.query_params.get("component", "")
    component = wanted if wanted in session.components else session.components[0]
    page = pages.page(said, issuer, session.origins, world.system_clock.now(), component)
    return Response(page, headers=_headers(session.origins))


@get("/widget/v1/frame.css", **_PAGE, sync_to_thread=False)
def sheet() -> Response[str]:
    """The frame's page around what its script draws."""
    return _file("frame.css", "text/css")


@get("/widget/v1/parts/{name:str}", **_PAGE, sync_to_thread=False)
def part(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """A component's script, or its words in one language. Made together, so a browser asks whether it has these."""
    if name not in pages.parts():
        raise NotFound("The frame has no such part")
    return etags.kept(request, pages.built(f"parts/{name}"), _SCRIPT)


@get("/widget/v1/restock.js", **_PAGE, sync_to_thread=False)
def tag() -> Response[str]:
    """The script of a partner's page: the elements around the frame."""
    return _file("restock.js", "text/javascript")


def _file(name: str, kind: str) -> Response[str]:
    headers = {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "max-age=3600"}
    return Response(pages.built(name), headers=headers)


async def _secret(request: Request[Any, Any, Any]) -> str:
    """The client secret in a request's body. Raises Refusal."""
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    if about.content_type.partition(b";")[0].strip().lower() != _JSON:
        return forms.wanted(await oauth.read_form(request), "client_secret")
    try:
        found: Secret = strict_json.decode(await request.body(), Secret)
    except Invalid as error:
        raise errors.invalid_request(error.detail) from None
    return found.client_secret


def _foreign(request: Request[Any, Any, Any], world: World) -> str | None:
    """The page that asks, where it is not one of ours: browsers say it with each POST, other programs do not."""
    origin = request.headers.get("origin")
    return None if origin in {None, world.settings.origin} else origin


def _headers(origins: Sequence[str]) -> dict[str, str]:
    """Our script and style sheet are loaded, our own address is called, `origins` may frame us, nothing else goes."""
    parents = " ".join(origins) or "'none'"
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types lit-html; "
        f"frame-ancestors {parents}",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }


ROUTES = (create, end, token, frame, sheet, part, tag)
