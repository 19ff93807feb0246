"""Refusals of the OAuth endpoints: authlib's error, with descriptions kept to the characters the RFC allows.

A `Refusal` is not of the gateway's own error tree: these endpoints answer in OAuth error JSON, not in problems.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from authlib.oauth2 import OAuth2Error

Refusal = OAuth2Error
"""What every endpoint of the authorization server may raise."""

_FORBIDDEN = re.compile(r"[^\x20\x21\x23-\x5b\x5d-\x7e]")
_LONGEST = 300


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of an error answer (RFC 6749 section 5.2)."""

    error: str
    error_description: str | None = None


def invalid_request(description: str) -> Exception:
    """The request is malformed, misses or repeats a parameter (HTTP 400)."""
    return _made("invalid_request", description)


def invalid_client(description: str) -> Exception:
    """The client did not prove who it is (HTTP 401)."""
    return _made("invalid_client", description, 401)


def invalid_scope(description: str) -> Exception:
    """The scope is malformed or more than the client has (HTTP 400)."""
    return _made("invalid_scope", description)


def invalid_grant(description: str) -> Exception:
    """The code or the refresh token is unknown, expired, used, revoked or another client's (HTTP 400)."""
    return _made("invalid_grant", description)


def invalid_details(description: str) -> Exception:
    """`authorization_details` has an unknown type or field, or a value that cannot be granted (RFC 9396 section 5)."""
    return _made("invalid_authorization_details", description)


def unsupported_response_type(description: str) -> Exception:
    """Only `code` is served (HTTP 400)."""
    return _made("unsupported_response_type", description)


def request_not_supported(description: str) -> Exception:
    """Request objects (RFC 9101) are not taken (HTTP 400)."""
    return _made("request_not_supported", description)


def invalid_proof(code: str, description: str) -> Exception:
    """The DPoP proof is bad (`invalid_dpop_proof`) or lacks our nonce (`use_dpop_nonce`, RFC 9449 sections 5, 8)."""
    return _made(code, description)


def unsupported_grant_type(description: str) -> Exception:
    """The grant type is not one this server knows (HTTP 400)."""
    return _made("unsupported_grant_type", description)


def render(refusal: Any) -> tuple[int, Answer]:
    """HTTP status and body of a Refusal."""
    return refusal.status_code, Answer(refusal.error, refusal.description or None)


def plain(text: str) -> str:
    """`text` within %x20-21 / %x23-5B / %x5D-7E, as `error_description` must be (RFC 6749 section 5.2)."""
    return _FORBIDDEN.sub("?", text.replace('"', "'"))[:_LONGEST]


def _made(error: str, description: str, status: int = 400) -> Exception:
    made: Exception = Refusal(plain(description), error=error, status_code=status)
    return made
