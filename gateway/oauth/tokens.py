"""Opaque access tokens: 256 random bits that mean nothing; we keep their SHA-256, never the token."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32


def mint() -> str:
    """A new token, 43 characters of base64url."""
    return secrets.token_urlsafe(_BYTES)


def digest(token: str) -> str:
    """What is stored and looked up: hex SHA-256. A fast hash is enough, since 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()
