"""Authorization requests as FAPI 2.0 narrows them: what a client may push (RFC 9126) and how it is answered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
from authlib.common.urls import add_params_to_uri

from gateway.domain import ids
from gateway.oauth import pkce
from gateway.oauth.errors import invalid_request, plain, request_not_supported, unsupported_response_type

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "urn:ietf:params:oauth:request_uri:"
LIFETIME_SECONDS = 590
"""Of a pushed request; FAPI 2.0 section 5.3.2.2 wants less than 600."""
CODE_SECONDS = 60
"""Of a code, the most FAPI 2.0 section 5.3.2.1 lets it live."""
ACTIONS = ("create", "replace")
"""What a request can do to a grant (Grant Management for OAuth 2.0); querying and revoking have their own address."""

_LONGEST_URI = 2_000
_LONGEST_STATE = 4_096
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_LOOPBACK = {"127.0.0.1", "::1"}
_SHOWN = 60


class Asked(msgspec.Struct, frozen=True):
    """What a client asks for, checked for form; the details and the merchant are still as they came."""

    redirect_uri: str
    state: str | None
    code_challenge: str
    scope: str | None
    details: str | None
    login_hint: str | None
    dpop_jkt: str | None
    grant_id: str | None


def read(form: Mapping[str, str]) -> Asked:
    """A pushed form. Raises Refusal; parameters we do not know are ignored (RFC 6749 section 3.1)."""
    if "request_uri" in form:
        raise invalid_request("request_uri cannot be pushed (RFC 9126 section 2.1)")
    if "request" in form:
        raise request_not_supported("Send the parameters themselves: request objects are not taken")
    kind = form.get("response_type")
    if kind is None:
        raise invalid_request("response_type is missing: use code")
    if kind != "code":
        raise unsupported_response_type(f"response_type {plain(kind)[:_SHOWN]} is not served: use code")
    if form.get("response_mode", "query") != "query":
        raise invalid_request("response_mode must be query, or absent")
    return Asked(
        redirect_uri=_redirect_uri(form.get("redirect_uri")),
        state=_matching(form, "state", _PRINTABLE, _LONGEST_STATE),
        code_challenge=pkce.check_challenge(form.get("code_challenge"), form.get("code_challenge_method")),
        scope=form.get("scope"),
        details=form.get("authorization_details"),
        login_hint=_id(form, "login_hint", "merchant"),
        dpop_jkt=_matching(form, "dpop_jkt", _THUMBPRINT),
        grant_id=_grant_id(form),
    )


def address(redirect_uri: str, issuer: str, state: str | None, **answer: str) -> str:
    """Where the browser goes with the answer: what the client asked for, with `iss` (RFC 9207) and its own state."""
    parameters = [*answer.items(), *([("state", state)] if state is not None else []), ("iss", issuer)]
    made: str = add_params_to_uri(redirect_uri, parameters)
    return made


def _redirect_uri(uri: str | None) -> str:
    """Https anywhere, since the client proved who it is; http only to its own device (RFC 8252 section 7.3)."""
    if uri is None:
        raise invalid_request("redirect_uri is missing")
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not _PRINTABLE.fullmatch(uri) or len(uri) > _LONGEST_URI or set(uri) & set(' "<>\\^`{|}#'):
        raise invalid_request("redirect_uri is not an absolute URI without a fragment")
    native = parts.scheme == "http" and host in _LOOPBACK
    if (parts.scheme != "https" and not native) or parts.username is not None:
        raise invalid_request("redirect_uri must be https, or http to the loopback address of a native app")
    return uri


def _matching(form: Mapping[str, str], name: str, pattern: re.Pattern[str], longest: int = 100) -> str | None:
    value = form.get(name)
    if value is not None and (len(value) > longest or not pattern.fullmatch(value)):
        raise invalid_request(f"{name} is too long or has characters it cannot have")
    return value


def _id(form: Mapping[str, str], name: str, noun: str) -> str | None:
    value = form.get(name)
    if value is not None and not (ids.PATTERN.match(value) and value.startswith(ids.PREFIXES[noun])):
        raise invalid_request(f"{name} is not the id of a {noun}")
    return value


def _grant_id(form: Mapping[str, str]) -> str | None:
    """The grant to renew (Grant Management section 5)."""
    action, grant_id = form.get("grant_management_action", "create"), _id(form, "grant_id", "grant")
    if action not in ACTIONS:
        raise invalid_request(f"grant_management_action must be one of {', '.join(ACTIONS)}")
    if (action == "replace") != (grant_id is not None):
        raise invalid_request("grant_id comes with grant_management_action=replace, and only with it")
    return grant_id
