"""The authorization server's token endpoints. Errors here are OAuth error JSON (RFC 6749 section 5.2)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from litestar import MediaType, Request, Response, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway import log
from gateway.api import discovery, exchange, problems
from gateway.domain.rights import Right
from gateway.oauth import assertions, errors, forms
from gateway.oauth.dpop import BadProof, NonceWanted
from gateway.usecases import access, grant_tokens, throttles, token_status
from gateway.usecases.access import TokenAnswer
from gateway.usecases.token_status import Introspection
from gateway.usecases.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.usecases.access import Authenticated

MAX_FORM_BYTES = 16 * 1024
NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM = b"application/x-www-form-urlencoded"
_GRANTS = {"authorization_code": grant_tokens.redeem, "refresh_token": grant_tokens.refresh}
"""The grant types that bring a secret besides the client's assertion."""


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[errors.Answer]:
    """Every failure of these endpoints as OAuth error JSON; a crash is logged with its frames."""
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    headers = dict(NEVER_KEPT)
    if isinstance(error, errors.Refusal):
        status, answer = errors.render(error)
    else:
        status, answer = _render_other(error, about.line.request_id)
    if isinstance(error, NonceWanted):
        headers["DPoP-Nonce"] = str(error.facts["nonce"])
    if status == HTTPStatus.UNAUTHORIZED and about.authorization is not None:
        headers["WWW-Authenticate"] = 'Basic realm="private_key_jwt only"'  # RFC 6749 section 5.2: its own scheme
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        facts = getattr(error, "facts", {})
        headers["Retry-After"] = str(facts.get("retry_after", problems.RETRY_AFTER_SECONDS))
    about.line.code = answer.error
    return Response(answer, status_code=status, headers=headers, media_type=MediaType.JSON)


OPTIONS: dict[str, Any] = {
    "opt": {"right": Right.public, "refuses": "oauth"},
    "status_code": 200,
    "tags": ["OAuth"],
    "request_max_body_size": MAX_FORM_BYTES,
    "exception_handlers": {Exception: on_exception},
}
"""Of every endpoint that takes a form."""


@post("/oauth/token", **OPTIONS)
async def token(
    request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[TokenAnswer]:
    """Exchange a code, a refresh token or nothing but the client's own word for an access token.

    A form with grant_type (authorization_code with code, redirect_uri and code_verifier; refresh_token with
    refresh_token; client_credentials), client_assertion_type, client_assertion (RFC 7523: a JWT signed with PS256,
    ES256 or EdDSA by a registered key; iss = sub = client_id, aud = the issuer, exp at most 5 minutes ahead, a jti
    never used before) and, to get fewer rights, scope. A DPoP proof binds the token to its key (RFC 9449).
    """
    form = await read_form(request)
    grant_type = forms.grant_type(form)
    if "authorization_details" in form:
        raise errors.invalid_details("Details are agreed with the merchant: narrow a token by its scope instead")
    proven = await _authenticate(request, world, form)
    jkt = await proof_key(request, world)
    if grant_type == "client_credentials":
        issued = await access.issue(world, form, proven, jkt)
    else:
        door = throttles.grant(proven.client.id, exchange.remote_address(request))
        async with throttles.guarding(world, door, is_refusal("invalid_grant")):
            issued = await _GRANTS[grant_type](world, form, proven, jkt)
    return Response(issued.answer, headers=NEVER_KEPT, media_type=MediaType.JSON)


@post("/oauth/revoke", **OPTIONS)
async def revoke(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[bytes]:
    """End an access token or a refresh token (RFC 7009).

    A form with token and the client's authentication. A token that is not there is ended already.
    """
    form, proven = await authenticated(request, world)
    await token_status.revoke(world, form, proven)
    return Response(b"", headers=NEVER_KEPT, media_type=MediaType.JSON)


@post("/oauth/introspect", **OPTIONS)
async def introspect(
    request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Introspection]:
    """Ask what one of your own tokens is (RFC 7662).

    A form with token and the client's authentication.
    """
    form, proven = await authenticated(request, world)
    return Response(await token_status.introspect(world, form, proven), headers=NEVER_KEPT, media_type=MediaType.JSON)


async def authenticated(request: Request[Any, Any, Any], world: World) -> tuple[dict[str, str], Authenticated]:
    """The form of a request and the client that sent it, whose assertion is yet to be spent. Raises Refusal."""
    form = await read_form(request)
    return form, await _authenticate(request, world, form)


async def _authenticate(request: Request[Any, Any, Any], world: World, form: dict[str, str]) -> Authenticated:
    """The client, unless it or its address failed too often, or it asks too fast. Raises Refusal or Overloaded."""
    claimed = assertions.claimed(form.get("client_assertion", ""))
    door = throttles.assertion(claimed, exchange.remote_address(request))
    async with throttles.guarding(world, door, is_refusal("invalid_client")):
        proven = await access.authenticate(world, form)
    exchange.line(request).client_id = proven.client.id
    world.rates.take(proven.client.id)
    return proven


def is_refusal(code: str) -> Callable[[Exception], bool]:
    """Whether an exception is the OAuth error `code`: a failed attempt, to `throttles.guarding`."""
    return lambda error: isinstance(error, errors.Refusal) and error.error == code


async def read_form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The form in a request's body. Raises Refusal."""
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    if about.authorization is not None:
        raise errors.invalid_client("Authenticate with private_key_jwt in the form, not with an Authorization header")
    if request.scope["query_string"]:
        raise errors.invalid_request("Send the parameters in the body, never in the address")
    if about.encoded or about.content_type.partition(b";")[0].strip().lower() != _FORM:
        raise errors.invalid_request(f"Send {_FORM.decode()}")
    return forms.read(await request.body())


async def proof_key(request: Request[Any, Any, Any], world: World) -> str | None:
    """The thumbprint of the key that signed the request's DPoP proof; None when there is no proof. Raises BadProof."""
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    if about.proof is None:
        return None
    jkt, about.nonce = await world.tokens.proofs.check(about.proof, about.line.method, request.scope["path"])
    return str(jkt)


def _render_other(error: Exception, request_id: str) -> tuple[int, errors.Answer]:
    if isinstance(error, BadProof):
        return HTTPStatus.BAD_REQUEST, errors.Answer(error.code, errors.plain(error.detail))
    found = problems.understand(error)
    status = problems.status_of(type(found))
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.crash(error, request_id=request_id)
        return status, errors.Answer("server_error", errors.plain(f"{found.detail}: {request_id}"))
    busy = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    return status, errors.Answer("temporarily_unavailable" if busy else "invalid_request", errors.plain(found.detail))


ROUTES = (token, revoke, introspect, *discovery.ROUTES)
