"""The API's description: OpenAPI 3.1 made from the routes' types, with problems, rights and patterns put right."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, get_origin

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin

from gateway import __version__
from gateway.api import event_schemas as webhooks
from gateway.api import idempotency, links, rights, schemas
from gateway.api.request import StrictRequest
from gateway.api.strict_json import MAX_ROWS, Rows
from gateway.domain.grants import OPENED_BY
from gateway.domain.rights import GRANTABLE, OWN, Right

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from litestar._openapi.schema_generation import SchemaCreator
    from litestar.handlers import HTTPRouteHandler
    from litestar.types import ControllerRouterHandler, Method
    from litestar.typing import FieldDefinition

TITLE = "Restock gateway"
INJECTED = ("world", "caller")
"""What handlers are given besides what the request holds; see `gateway.api.app`."""

_SUMMARY = """Lending inside the software a shop already uses: sales in, an offer out, a bank's money behind it.

Amounts are integer minor units of the currency beside them, rates are basis points, instants are RFC 3339 in UTC.
Errors are RFC 9457 problems with a stable `code`. A client gets the version of the API that it was registered with;
`Restock-Version` asks for another one. Each token's requests are counted by client and by merchant: `RateLimit` says
what is left, and a 429 when to come back."""
_PROBLEM = {
    "type": "object",
    "description": "A refusal or a failure (RFC 9457). Facts a program can use stand beside these members.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Where the code is explained."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened this time, for a person."},
        "code": {"type": "string", "description": "Stable, for a program."},
        "request_id": {"type": "string", "description": "Also in the Request-Id header."},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    },
    "examples": [{
        "type": "https://gateway.example/docs/errors#invalid_body", "title": "The body does not have the right shape",
        "status": 422, "detail": "/amount: must be an integer, not a string", "code": "invalid_body",
        "request_id": "req_01jc0000000000000000000000",
        "errors": [{"pointer": "/amount", "code": "wrong_type", "detail": "must be an integer, not a string"}],
    }],
}  # fmt: skip
_FIELD_ERROR = {
    "type": "object",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "RFC 6901 pointer into the body; ?name for a parameter."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_REFUSALS = {None: "Problem", "oauth": "OAuthError", "page": "Page"}
"""How a route refuses, by its `refuses`."""
_OAUTH_ERROR = {
    "application/json": {
        "schema": {
            "type": "object",
            "required": ["error"],
            "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
        }
    }
}
_HEADERS = {
    "Request-Id": "Yours where you sent a safe one, else ours; in our log too.",
    "Restock-Version": "The version of the API that answered: the one you asked for, else your client's own.",
    "RateLimit": "What is left of each quota (draft-ietf-httpapi-ratelimit-headers-10).",
    "RateLimit-Policy": "The quotas: of your client, and of the merchant your token is for.",
    "ETag": "Send it as If-None-Match next time.",
    "Idempotent-Replayed": "`true` where this is the answer to an earlier request with the same Idempotency-Key.",
}
_TAG_PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer you have: 304 without a body if it is still the same.",
    "schema": {"type": "string"},
}
_KEY_PARAMETER = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Any string of 1 to 255 characters, new for each intent; the same key gives the same answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class RowsSchema(OpenAPISchemaPlugin):
    """Describes a batch body: one object or an array of them."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Whether `value` is `Rows[...]`."""
        return get_origin(value) is Rows

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """One row's schema, or an array of it."""
        row = schema_creator.for_field_definition(field_definition.inner_types[0])
        return Schema(one_of=[row, Schema(type=OpenAPIType.ARRAY, items=row, max_items=MAX_ROWS)])


class Description:
    """The description of `routes`, made when it is first asked for and kept."""

    def __init__(self, routes: Sequence[ControllerRouterHandler], issuer: str) -> None:
        """`issuer` is the server address it names."""
        self._routes = routes
        self._issuer = issuer

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document."""
        return describe(self._routes, self._issuer)

    @cached_property
    def json(self) -> bytes:
        """The document as JSON."""
        return msgspec.json.format(msgspec.json.encode(self.document), indent=2)


def describe(routes: Sequence[ControllerRouterHandler], issuer: str) -> dict[str, Any]:
    """The OpenAPI document: addresses and parameters from an application that never serves, types from msgspec."""
    config = OpenAPIConfig(
        title=TITLE, version=__version__, description=_SUMMARY, use_handler_docstrings=True,
        operation_id_creator=_operation_id,
    )  # fmt: skip
    app = Litestar(
        routes, dependencies={name: _never() for name in INJECTED}, logging_config=None, openapi_config=config,
        plugins=[RowsSchema()], request_class=StrictRequest,
    )  # fmt: skip
    document: dict[str, Any] = app.openapi_schema.to_schema()
    operations = list(_operations(app, document))
    types = schemas.Types([handler for _, handler in operations])
    for operation, handler in operations:
        _put_right(operation, handler, types)
        _inline(operation.get("parameters", []), document["components"]["schemas"])
    links.put(document["paths"])
    document["servers"] = [{"url": issuer}]
    document["webhooks"] = webhooks.described()
    document["components"] = {
        "schemas": {**types.components, **webhooks.components(), "Problem": _PROBLEM, "FieldError": _FIELD_ERROR},
        "responses": {
            "Problem": _problem_response("A problem (RFC 9457)", {}),
            "OAuthError": _problem_response("An OAuth error (RFC 6749 section 5.2), or a problem", _OAUTH_ERROR),
            "Page": _problem_response("A page, to the merchant's browser", {"text/html": {}}),
        },
        "headers": {name: {"description": said, "schema": {"type": "string"}} for name, said in _HEADERS.items()},
        "securitySchemes": {"access_token": _security(issuer)},
    }
    tidied: dict[str, Any] = schemas.tidy(document)
    return tidied


def _inline(parameters: list[dict[str, Any]], known: dict[str, Any]) -> None:
    """Put an enumeration a parameter points at into it: the types that stay are those of bodies."""
    for parameter in parameters:
        reference = parameter["schema"].get("$ref", "").removeprefix("#/components/schemas/")
        if reference:
            parameter["schema"] = known[reference]


def _never() -> Provide:
    """Stands where a dependency would be: this application is never served."""
    return Provide(lambda: None, sync_to_thread=False)


def _operation_id(handler: HTTPRouteHandler, _method: Method, _path: list[Any]) -> str:
    return f"{handler.fn.__module__.rpartition('.')[2]}_{handler.fn.__name__}"


def _operations(app: Litestar, document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    for route in app.routes:
        item = document["paths"].get(getattr(route, "path_format", None))
        for handler in getattr(route, "route_handlers", ()) if item else ():
            for method in handler.http_methods:
                if operation := item.get(method.lower()):
                    yield operation, handler


def _put_right(operation: dict[str, Any], handler: Any, types: schemas.Types) -> None:
    """One operation's summary, right, idempotency key, body, answer and problems."""
    first, _, rest = " ".join(operation.pop("description", "").split()).partition(". ")
    operation["summary"] = first.rstrip(".").replace("`", "") or operation["summary"]
    if rest:
        operation["description"] = rest
    right = rights.needed(handler)
    operation["security"] = [] if right is Right.public else [{"access_token": [str(right)]}]
    if right in OPENED_BY:
        # RFC 9396 has no place in OpenAPI yet: any one of these in the token's authorization details opens the route.
        operation["x-authorization-details"] = [{"type": n.kind, "actions": [n.action]} for n in OPENED_BY[right]]
    if (heeds := handler.opt.get(idempotency.OPTION)) is not None:
        wanted = {"required": heeds == idempotency.REQUIRED}
        operation.setdefault("parameters", []).append(_KEY_PARAMETER | wanted)
    if "etag" in handler.opt:
        operation.setdefault("parameters", []).append(_TAG_PARAMETER)
    if (taken := schemas.taken(handler)) is not None:
        operation["requestBody"]["content"] = _content(types.schema(taken), batch=schemas.is_batch(handler))
    _put_answers(operation, handler, types)


def _put_answers(operation: dict[str, Any], handler: Any, types: schemas.Types) -> None:
    given = schemas.given(handler)
    answers = {}
    for status, answer in operation.get("responses", {}).items():
        if status.startswith("2"):
            answer["description"] = HTTPStatus(int(status)).phrase
            if given is not None and "content" in answer:
                answer["content"] = {"application/json": {"schema": types.schema(given)}}
            answers[status] = answer
    if "etag" in handler.opt:
        answers["304"] = {"description": "Not Modified: it is still what If-None-Match names"}
    for answer in answers.values():
        answer["headers"] = {**answer.get("headers", {}), **_headers(handler)}
    refusal = _REFUSALS[handler.opt.get("refuses")]
    operation["responses"] = {**answers, "default": {"$ref": f"#/components/responses/{refusal}"}}


def _headers(handler: Any) -> dict[str, Any]:
    names = ["Request-Id", "Restock-Version"]
    names += [] if rights.needed(handler) is Right.public else ["RateLimit", "RateLimit-Policy"]
    names += ["ETag"] if "etag" in handler.opt else []
    names += ["Idempotent-Replayed"] if idempotency.OPTION in handler.opt else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _content(row: dict[str, Any], *, batch: bool) -> dict[str, Any]:
    if not batch:
        return {"application/json": {"schema": row}}
    either = [row, {"type": "array", "items": row, "maxItems": MAX_ROWS}]
    return {"application/json": {"schema": {"oneOf": either}}, "application/x-ndjson": {"schema": row}}


def _problem_response(said: str, others: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": said,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in ("Request-Id", "Restock-Version")},
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}, **others},
    }


def _security(issuer: str) -> dict[str, Any]:
    said = {right: right.name.replace("_", " ").capitalize() for right in GRANTABLE}
    return {
        "type": "oauth2",
        "description": "FAPI 2.0: private_key_jwt (RFC 7523), pushed requests (RFC 9126), PKCE, every token bound to a "
        "key (DPoP, RFC 9449): Authorization: DPoP, with a proof. A client's own token reaches no merchant's "
        "data; a token of a merchant's consent reaches what that merchant agreed to.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": f"{issuer}/oauth/token",
                "scopes": {str(right): text for right, text in said.items() if right in OWN},
            },
            "authorizationCode": {
                "authorizationUrl": f"{issuer}/oauth/authorize",
                "tokenUrl": f"{issuer}/oauth/token",
                "refreshUrl": f"{issuer}/oauth/token",
                "scopes": {str(right): text for right, text in said.items() if right in OPENED_BY},
            },
        },
    }
