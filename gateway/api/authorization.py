"""Where an authorization begins: a client pushes what it asks for, a browser brings the merchant to decide on it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway import log
from gateway.api import exchange, oauth, problems
from gateway.api.connect import addresses
from gateway.api.pages import refusal
from gateway.domain.rights import Right
from gateway.oauth import errors, forms
from gateway.usecases import authorization
from gateway.usecases.authorization import PushAnswer
from gateway.usecases.world import World

CONSENT_PAGE = addresses.CONSENT
MAX_PUSHED_BYTES = 48 * 1024
"""More than other forms take: the details are JSON inside a form."""

_PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    """A page that says what is wrong. The browser is never sent on to an address nobody vouched for."""
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    if isinstance(error, errors.Refusal):
        status, answer = errors.render(error)
        code, detail = answer.error, answer.error_description or ""
    else:
        found = problems.understand(error)
        status, code, detail = problems.status_of(type(found)), found.code, found.detail
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.crash(error, request_id=about.line.request_id)
    about.line.code = code
    status = HTTPStatus.BAD_REQUEST if status == HTTPStatus.UNPROCESSABLE_ENTITY else status
    return Response(refusal.page(code, detail, about.line.request_id), status_code=status, headers=_PAGE_HEADERS)


@post("/oauth/par", **{**oauth.OPTIONS, "status_code": 201, "request_max_body_size": MAX_PUSHED_BYTES})
async def push(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[PushAnswer]:
    """Push an authorization request (RFC 9126), then send the browser to /oauth/authorize with its request_uri.

    A form with response_type=code, redirect_uri, code_challenge, code_challenge_method=S256, authorization_details
    (RFC 9396), state, and the client's authentication. A DPoP proof, or dpop_jkt, binds the code to a key.
    """
    form, proven = await oauth.authenticated(request, world)
    jkt = await oauth.proof_key(request, world)
    answer = await authorization.push(world, form, proven, jkt)
    return Response(answer, status_code=201, headers=oauth.NEVER_KEPT, media_type=MediaType.JSON)


@get(
    "/oauth/authorize",
    opt={"right": Right.public, "refuses": "page"},
    status_code=303,
    tags=["OAuth"],
    exception_handlers={Exception: on_exception},
)
async def authorize(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[bytes]:
    """Bring a merchant's browser to the consent page of a pushed request.

    `client_id` and `request_uri` count; whatever else comes along does not (RFC 9126 section 4).
    """
    query = forms.read(request.scope["query_string"])
    client_id, request_uri = query.get("client_id"), query.get("request_uri")
    if client_id is None or request_uri is None:
        raise errors.invalid_request("Authorization requests are pushed first (RFC 9126): send client_id, request_uri")
    asked = await authorization.pending(world, request_uri, client_id)
    exchange.line(request).client_id = asked.client_id
    where = urlencode({"client_id": asked.client_id, "request_uri": asked.request_uri})
    return Response(b"", status_code=303, media_type=MediaType.TEXT, headers={"Location": f"{CONSENT_PAGE}?{where}"})


ROUTES = (push, authorize)
