"""The authorization server's endpoints: token and metadata. Errors here are OAuth error JSON (RFC 6749 section 5.2)."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway import log
from gateway.api import exchange, problems
from gateway.domain.rights import GRANTABLE, Right
from gateway.oauth import errors, forms, keys
from gateway.usecases import access
from gateway.usecases.access import TokenAnswer
from gateway.usecases.world import World

MAX_FORM_BYTES = 16 * 1024
_FORM = b"application/x-www-form-urlencoded"
_NEVER_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Metadata(msgspec.Struct, frozen=True):
    """What a client needs to know of this server (RFC 8414 section 2)."""

    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    grant_types_supported: list[str]
    response_types_supported: list[str]
    scopes_supported: list[str]


def on_exception(request: Request[Any, Any, Any], error: Exception) -> Response[errors.Answer]:
    """Every failure of these endpoints as OAuth error JSON; a crash is logged with its frames."""
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    headers = dict(_NEVER_KEPT)
    if isinstance(error, errors.Refusal):
        status, answer = errors.render(error)
    else:
        status, answer = _render_other(error, about.line.request_id)
    if status == HTTPStatus.UNAUTHORIZED and about.authorization is not None:
        headers["WWW-Authenticate"] = 'Basic realm="private_key_jwt only"'  # RFC 6749 section 5.2: its own scheme
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        headers["Retry-After"] = str(problems.RETRY_AFTER_SECONDS)
    about.line.code = answer.error
    return Response(answer, status_code=status, headers=headers, media_type=MediaType.JSON)


@post("/oauth/token", opt={"right": Right.public}, status_code=200, tags=["OAuth"],
      request_max_body_size=MAX_FORM_BYTES, exception_handlers={Exception: on_exception})  # fmt: skip
async def token(
    request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[TokenAnswer]:
    """Exchange a signed client assertion for an access token.

    A form with grant_type=client_credentials, client_assertion_type, client_assertion (RFC 7523: a JWT signed with
    PS256, ES256 or EdDSA by a registered key; iss = sub = client_id, aud = the issuer, exp at most 5 minutes ahead, a
    jti never used before) and, to get fewer rights than the client has, scope.
    """
    about = exchange.of(request.scope)  # type: ignore[arg-type]
    if about.authorization is not None:
        raise errors.invalid_client("Authenticate with private_key_jwt in the form, not with an Authorization header")
    if request.scope["query_string"]:
        raise errors.invalid_request("Send the parameters in the body, never in the address")
    if about.encoded or about.content_type.partition(b";")[0].strip().lower() != _FORM:
        raise errors.invalid_request(f"Send {_FORM.decode()}")
    issued = await access.issue(world, forms.read(await request.body()))
    about.line.client_id = issued.caller.client_id
    return Response(issued.answer, headers=_NEVER_KEPT, media_type=MediaType.JSON)


@get("/.well-known/oauth-authorization-server", opt={"right": Right.public}, tags=["OAuth"], sync_to_thread=False)
def metadata(world: NamedDependency[SkipValidation[World]]) -> Metadata:
    """What a client needs to know to ask for a token (RFC 8414)."""
    issuer = world.settings.issuer
    return Metadata(
        issuer=issuer,
        token_endpoint=f"{issuer.rstrip('/')}/oauth/token",
        token_endpoint_auth_methods_supported=["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=list(keys.ALGORITHMS),
        grant_types_supported=list(forms.GRANT_TYPES),
        response_types_supported=[],
        scopes_supported=[right.value for right in GRANTABLE],
    )


def _render_other(error: Exception, request_id: str) -> tuple[int, errors.Answer]:
    found = problems.understand(error)
    status = problems.status_of(type(found))
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.crash(error, request_id=request_id)
        return status, errors.Answer("server_error", errors.plain(f"{found.detail}: {request_id}"))
    busy = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
    return status, errors.Answer("temporarily_unavailable" if busy else "invalid_request", errors.plain(found.detail))


ROUTES = (token, metadata)
"""What the composition root serves."""

__all__ = ["ROUTES"]
