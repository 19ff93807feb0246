"""What a client needs to know of this server: RFC 8414 for the authorization server, RFC 9728 for the API."""

from __future__ import annotations

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway.api import challenges
from gateway.domain.rights import GRANTABLE, Right
from gateway.oauth import authorization_requests, details, forms, keys
from gateway.usecases.world import World


class Metadata(msgspec.Struct, frozen=True):
    """The authorization server (RFC 8414 section 2, RFC 9126, RFC 9207, RFC 9396, RFC 9449, Grant Management)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    pushed_authorization_request_endpoint: str
    revocation_endpoint: str
    introspection_endpoint: str
    grant_management_endpoint: str
    token_endpoint_auth_methods_supported: list[str]
    token_endpoint_auth_signing_alg_values_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_signing_alg_values_supported: list[str]
    introspection_endpoint_auth_methods_supported: list[str]
    introspection_endpoint_auth_signing_alg_values_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    grant_types_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    scopes_supported: list[str]
    authorization_details_types_supported: list[str]
    code_challenge_methods_supported: list[str]
    grant_management_actions_supported: list[str]
    ui_locales_supported: list[str]
    service_documentation: str
    require_pushed_authorization_requests: bool = True
    authorization_response_iss_parameter_supported: bool = True
    request_parameter_supported: bool = False
    request_uri_parameter_supported: bool = False
    grant_management_action_required: bool = False


class ResourceMetadata(msgspec.Struct, frozen=True):
    """The API as a protected resource (RFC 9728 section 2)."""

    resource: str
    authorization_servers: list[str]
    scopes_supported: list[str]
    bearer_methods_supported: list[str]
    dpop_signing_alg_values_supported: list[str]
    authorization_details_types_supported: list[str]
    resource_name: str
    resource_documentation: str
    dpop_bound_access_tokens_required: bool


@get("/.well-known/oauth-authorization-server", opt={"right": Right.public}, tags=["OAuth"], sync_to_thread=False)
def metadata(world: NamedDependency[SkipValidation[World]]) -> Metadata:
    """What a client needs to know to ask for a token (RFC 8414)."""
    start = world.settings.address
    methods, algorithms = ["private_key_jwt"], list(keys.ALGORITHMS)
    return Metadata(
        issuer=world.settings.issuer,
        authorization_endpoint=f"{start}/oauth/authorize",
        token_endpoint=f"{start}/oauth/token",
        pushed_authorization_request_endpoint=f"{start}/oauth/par",
        revocation_endpoint=f"{start}/oauth/revoke",
        introspection_endpoint=f"{start}/oauth/introspect",
        grant_management_endpoint=f"{start}/v1/grants",
        token_endpoint_auth_methods_supported=methods,
        token_endpoint_auth_signing_alg_values_supported=algorithms,
        revocation_endpoint_auth_methods_supported=methods,
        revocation_endpoint_auth_signing_alg_values_supported=algorithms,
        introspection_endpoint_auth_methods_supported=methods,
        introspection_endpoint_auth_signing_alg_values_supported=algorithms,
        dpop_signing_alg_values_supported=algorithms,
        grant_types_supported=list(forms.GRANT_TYPES),
        response_types_supported=["code"],
        response_modes_supported=["query"],
        scopes_supported=_scopes(world),
        authorization_details_types_supported=list(details.TYPES),
        code_challenge_methods_supported=["S256"],
        grant_management_actions_supported=[*authorization_requests.ACTIONS, "query", "revoke"],
        ui_locales_supported=["zh-CN", "en"],
        service_documentation=f"{start}/docs/api",
    )


@get(challenges.METADATA, opt={"right": Right.public}, tags=["OAuth"], sync_to_thread=False)
def resource(world: NamedDependency[SkipValidation[World]]) -> ResourceMetadata:
    """What a client needs to know to call the API (RFC 9728)."""
    start = world.settings.address
    return ResourceMetadata(
        resource=world.settings.issuer,
        authorization_servers=[world.settings.issuer],
        scopes_supported=_scopes(world),
        bearer_methods_supported=["header"],
        dpop_signing_alg_values_supported=list(keys.ALGORITHMS),
        authorization_details_types_supported=list(details.TYPES),
        resource_name="Restock gateway",
        resource_documentation=f"{start}/docs/api",
        dpop_bound_access_tokens_required=True,
    )


def _scopes(world: World) -> list[str]:
    return [right.value for right in GRANTABLE if world.settings.sandbox or right is not Right.sandbox_write]


ROUTES = (metadata, resource)
