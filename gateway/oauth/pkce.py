"""PKCE (RFC 7636), S256 alone: whoever redeems a code is whoever asked for it."""

from __future__ import annotations

import hmac
import re

from authlib.oauth2.rfc7636 import create_s256_code_challenge

from gateway.oauth.errors import invalid_grant, invalid_request

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def check_challenge(challenge: str | None, method: str | None) -> str:
    """The code challenge of an authorization request. Raises invalid_request."""
    if challenge is None:
        raise invalid_request("code_challenge is missing: PKCE is required (RFC 7636)")
    if method != "S256":
        raise invalid_request("code_challenge_method must be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise invalid_request("code_challenge is not a base64url SHA-256")
    return challenge


def check_verifier(verifier: str | None, challenge: str) -> None:
    """Raise invalid_grant unless `verifier` belongs to `challenge`."""
    if verifier is None:
        raise invalid_grant("code_verifier is missing (RFC 7636)")
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(create_s256_code_challenge(verifier), challenge):
        raise invalid_grant("code_verifier is not the one of the authorization request")
