"""Form bodies of the OAuth endpoints (RFC 6749 section 3.2 and appendix B) and what the token endpoint reads of one."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import msgspec

from gateway.oauth.errors import invalid_client, invalid_request, plain, unsupported_grant_type

if TYPE_CHECKING:
    from collections.abc import Mapping

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
GRANT_TYPES = ("authorization_code", "refresh_token", "client_credentials")
_MOST_PARAMETERS = 40
_SHOWN = 60


class Credentials(msgspec.Struct, frozen=True):
    """How a client says who it is: a signed JWT and, if it likes, its id beside it (RFC 7523 section 2.2)."""

    assertion: str
    client_id: str | None


def read(body: bytes) -> dict[str, str]:
    """Parameters by name. One that comes twice is refused; one without a value counts as absent."""
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError:
        raise invalid_request("The body is not application/x-www-form-urlencoded in UTF-8") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if name in form:
            raise invalid_request(f"The parameter {plain(name)[:_SHOWN]} may come once")
        form[name] = value
    return {name: value for name, value in form.items() if value}


def grant_type(form: Mapping[str, str]) -> str:
    """The `grant_type` of a token request. Raises Refusal when it is missing or not served."""
    kind = form.get("grant_type")
    if kind is None:
        raise invalid_request(f"grant_type is missing: use one of {', '.join(GRANT_TYPES)}")
    if kind not in GRANT_TYPES:
        raise unsupported_grant_type(f"grant_type {plain(kind)[:_SHOWN]} is not served: use {', '.join(GRANT_TYPES)}")
    return kind


def wanted(form: Mapping[str, str], name: str) -> str:
    """A parameter that must be there. Raises invalid_request."""
    value = form.get(name)
    if value is None:
        raise invalid_request(f"{name} is missing")
    return value


def credentials(form: Mapping[str, str]) -> Credentials:
    """The `private_key_jwt` credentials of a form; a shared secret is never one."""
    kind, assertion = form.get("client_assertion_type"), form.get("client_assertion")
    if "client_secret" in form:
        raise invalid_client("There are no shared secrets here: authenticate with private_key_jwt (RFC 7523)")
    if assertion is None:
        raise invalid_client("client_assertion is missing: authenticate with private_key_jwt (RFC 7523)")
    if kind != ASSERTION_TYPE:
        raise invalid_client(f"client_assertion_type must be {ASSERTION_TYPE}")
    return Credentials(assertion, form.get("client_id"))
