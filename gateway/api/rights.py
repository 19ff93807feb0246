"""Rights at the edge: every route declares one, `opt={"right": Right.sales_write}`, and `authorize` enforces it.

A token counts only in the Authorization header, as `DPoP` with a proof of the key it is bound to (RFC 9449 section
7.1); never as `Bearer`, in a query or in a form. What a right needs of a merchant's consent: `domain.grants.OPENED_BY`.
"""

from __future__ import annotations

import asyncio
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from litestar import Response
from litestar.enums import ParamType
from litestar.params import ParameterKwarg

from gateway.api import exchange, idempotency
from gateway.api.problems import BadRequest
from gateway.domain import ids
from gateway.domain.consents import ConsentRequired
from gateway.domain.errors import FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from gateway.domain.grants import OPENED_BY
from gateway.domain.rights import OWN, Caller, Right, Tokens
from gateway.usecases import positions

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from litestar import Litestar, Request
    from litestar.handlers import BaseRouteHandler

    from gateway.usecases.rates import Quotas
    from gateway.usecases.world import World

_CREDENTIALS = re.compile(rb"(?i:(bearer)|dpop) +([A-Za-z0-9\-._~+/]{1,512}=*)")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")
"""The framework takes `5.0` and `5e0` for an integer; nobody means that."""
_CALLER = "restock.caller"


class UnknownParameter(Invalid):
    """A query parameter this route does not have: a typing error must not be a silent default."""

    code = "unknown_parameter"
    title = "The query has a parameter this does not know"


async def authorize(request: Request[Any, Any, Any]) -> Response[None] | None:
    """Before every route, its body unread: who asks, whether they may, and whether the address can exist at all.

    OPTIONS is answered here: the framework names the methods of the first handler of an address alone. A
    `before_request` hook and no guard: the framework copies the whole handler for each guarded request.
    """
    handler = request.route_handler
    scope: MutableMapping[str, Any] = request.scope  # type: ignore[assignment]
    about = exchange.of(scope)
    seconds = handler.opt.get("seconds")
    if seconds is not None and about.limit is not None:
        about.limit.reschedule(asyncio.get_running_loop().time() + seconds)
    right = needed(handler)
    if right is Right.public:
        return _methods(request) if scope["method"] == "OPTIONS" else None
    caller = await admit(scope, right, request.app.state.world)
    if idempotency.OPTION in handler.opt:
        idempotency.key(request)
    _check_ids(request.path_params, about)
    if caller.merchant_id is not None and "checks_merchant" not in handler.opt:
        check_merchant(caller, request.path_params.get("merchant_id"))
    if scope["query_string"]:
        _check_query(request)
    return None


def _methods(request: Request[Any, Any, Any]) -> Response[None]:
    """Answers OPTIONS; the edge adds HEAD."""
    template = request.scope["path_template"]
    route = next(route for route in request.app.routes if route.path_format == template)
    return Response(None, status_code=204, headers={"Allow": ", ".join(sorted(route.methods))})


class Gate(Protocol):
    """What it takes to let somebody in."""

    @property
    def tokens(self) -> Tokens:
        """Knows whose token a string is."""

    @property
    def quotas(self) -> Quotas:
        """How often they may ask."""


async def admit(scope: MutableMapping[str, Any], right: Right, gate: Gate) -> Caller:
    """The caller of an ASGI scope that passed the edge, when it has `right`.

    Raises Unauthenticated, TooManyRequests or Forbidden.
    """
    tokens = gate.tokens
    about = exchange.of(scope)
    token = _credentials(about)
    caller = await tokens.identify(token)
    if caller.jkt is None:
        raise Unauthenticated("The access token is not bound to a key: ask for one with a DPoP proof (RFC 9449)")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    about.nonce = await tokens.prove(about.proof, about.line.method, path, token, caller.jkt)
    about.line.client_id = caller.client_id
    about.version = about.version or caller.version
    about.quota = gate.quotas.take(caller.client_id, caller.merchant_id)
    if about.quota.refusal is not None:
        raise about.quota.refusal
    if right not in caller.rights:
        raise _not_allowed(caller, right)
    scope[_CALLER] = caller
    return caller


def _not_allowed(caller: Caller, right: Right) -> Forbidden:
    """What to ask for instead: another scope, or the merchant's consent to an action (RFC 9396)."""
    needs = OPENED_BY.get(right, ())
    if caller.grant_id is None and right not in OWN:
        said = f"This needs a token of the merchant's consent, with the right {right}: ask for it at /oauth/par"
        return ConsentRequired(said, right=str(right), kind=needs[0].kind, action=needs[0].action)
    if needs:
        said = f"The merchant's consent behind this token does not open {right}"
        return Forbidden(said, right=str(right), kind=needs[0].kind, action=needs[0].action)
    return Forbidden(f"This needs the right {right}", right=str(right))


def check_merchant(caller: Caller, merchant_id: str | None) -> None:
    """Raise unless a token of a merchant's grant is used for that merchant.

    A route without a merchant in its address takes such tokens only when it declares `opt={"checks_merchant": True}`.
    """
    if caller.merchant_id is None or caller.merchant_id == merchant_id:
        return
    if merchant_id is not None:
        raise NotFound("There is no such merchant")
    raise Forbidden("A token of a merchant's grant is for addresses of that merchant alone")


async def check_consent(world: World, caller: Caller, right: Right, merchant_id: str, noun: str = "merchant") -> None:
    """Ask the consent behind a token again: it may have run out since. `noun` is what the caller named.

    Raises NotFound, in the words for a `noun` that does not exist, or ConsentRequired.
    """
    position = await positions.current(world, merchant_id) if caller.reaches(merchant_id) else None
    if position is None or position.partner_id != caller.partner_id:
        raise NotFound(f"There is no such {noun}")
    positions.permit_right(position, caller, right, world.clock.now())


async def may(world: World, caller: Caller, right: Right, merchant_id: str) -> bool:
    """Whether a token has a right, and the consent behind it still opens it."""
    if right not in caller.rights:
        return False
    try:
        await check_consent(world, caller, right, merchant_id)
    except ConsentRequired:
        return False
    return True


def needed(handler: BaseRouteHandler) -> Right:
    """The right a route declares; the framework's own OPTIONS answers are public. Raises KeyError for none."""
    if getattr(handler, "http_methods", None) == {"OPTIONS"}:
        return Right.public
    right: Right = handler.opt["right"]
    return right


def undeclared(app: Litestar) -> list[str]:
    """Routes that declare no right, as `METHOD /path`: must be empty."""
    found = []
    for route in app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            methods = getattr(handler, "http_methods", {"ASGI"})
            if methods != {"OPTIONS"} and not isinstance(handler.opt.get("right"), Right):
                found.append(f"{','.join(sorted(map(str, methods)))} {route.path}")
    return sorted(found)


def caller_of(scope: MutableMapping[str, Any]) -> Caller:
    """The caller of an authorized request's ASGI scope."""
    caller: Caller = scope[_CALLER]
    return caller


def token_of(scope: MutableMapping[str, Any]) -> str:
    """The access token of an authorized request's ASGI scope."""
    return _credentials(exchange.of(scope))


def _credentials(about: exchange.Exchange) -> str:
    if about.authorization is None:
        raise Unauthenticated("Send an access token: Authorization: DPoP …, and a proof", token="absent")  # noqa: S106
    match = _CREDENTIALS.fullmatch(about.authorization.strip())
    if match is None:
        raise Unauthenticated("The Authorization header does not hold one DPoP token")
    if match[1] is not None:
        raise Unauthenticated("Every access token is bound to a key: send it as DPoP, with a proof (RFC 9449)")
    return match[2].decode("ascii")


def _check_ids(path_params: Mapping[str, Any], about: exchange.Exchange) -> None:
    """Raise NotFound for an id in the path that does not look like one: nothing can be there."""
    for name, value in path_params.items():
        if not name.endswith("_id"):
            continue
        noun = name[:-3]
        if ids.PATTERN.match(value) is None or not value.startswith(ids.PREFIXES.get(noun, value[:3])):
            raise NotFound(f"There is no such {noun.replace('_', ' ')}")
        if name == "merchant_id":
            about.line.merchant_id = value


def _check_query(request: Request[Any, Any, Any]) -> None:
    """Raise for a query parameter the route does not have, or has twice."""
    known = _query_kinds(request.route_handler)
    for name, values in request.query_params.dict().items():
        if name not in known:
            raise UnknownParameter(f"{name[:60]!a} is not a parameter of this", parameters=",".join(sorted(known)))
        if len(values) > 1:
            raise BadRequest(f"{name} may come once", parameter=name)
        if known[name] is int and _WHOLE.fullmatch(values[0]) is None:
            fault = FieldError(f"?{name}", "invalid_parameter", "must be a whole number, in digits")
            raise Invalid(f"Not a usable value: {name}", errors=(fault,))


@lru_cache(maxsize=512)
def _query_kinds(handler: BaseRouteHandler) -> dict[str, Any]:
    """Name → type of each query parameter."""
    kinds = {}
    for name, field in handler.parsed_fn_signature.parameters.items():
        about = field.kwarg_definition
        if isinstance(about, ParameterKwarg) and about.param_type is ParamType.QUERY:
            called = getattr(about, "name", None) or getattr(about, "query", None) or name
            kinds[called] = field.annotation
    return kinds
