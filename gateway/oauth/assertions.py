"""Client assertions: `private_key_jwt` as FAPI 2.0 narrows it (RFC 7521, RFC 7523, FAPI 2.0 section 5.3.2.1).

First `read` says whose key is needed, then `verify` proves it. That an assertion counts once is kept by whoever
writes what it was for: `claims.jti` until `kept_until`.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gateway.domain import ids
from gateway.oauth import keys
from gateway.oauth.errors import Refusal, invalid_client, plain

LONGEST = 8_192
"""The most characters of an assertion."""
LIFETIME_SECONDS = 300
SKEW_SECONDS = 60
"""How far a client's clock may be ahead of ours; FAPI 2.0 wants at least 10 s and at most 60 s."""

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_JTI = re.compile(r"[\x20-\x7e]{1,128}")
_TYPES = {"jwt", "client-authentication+jwt"}


class Claims(msgspec.Struct, frozen=True):
    """The claims we read; others are ignored. Instants are NumericDate: seconds since 1970, perhaps a fraction."""

    iss: str
    sub: str
    aud: str
    exp: int | float
    jti: str
    iat: int | float | msgspec.UnsetType = msgspec.UNSET
    nbf: int | float | msgspec.UnsetType = msgspec.UNSET


class Header(msgspec.Struct, frozen=True):
    """The header members we read. Keys that an assertion brings along (`jwk`, `jku`, `x5c`) are never looked at."""

    alg: str
    kid: str | None = None
    typ: str | None = None
    crit: Any = msgspec.UNSET
    b64: Any = msgspec.UNSET


class Assertion(msgspec.Struct, frozen=True):
    """An assertion that can be read and names one client; nothing of it is proven yet."""

    text: str
    header: Header
    claims: Claims

    @property
    def client_id(self) -> str:
        """Who it claims to come from."""
        return self.claims.sub

    @property
    def kept_until(self) -> datetime:
        """Until when its `jti` must be remembered; only after `verify`, which bounds `exp`."""
        return datetime.fromtimestamp(self.claims.exp, UTC) + timedelta(seconds=SKEW_SECONDS)


def read(text: str) -> Assertion:
    """Take `text` apart. Raises invalid_client when it is no assertion that any client could make."""
    if len(text) > LONGEST:
        raise invalid_client(f"The client assertion is longer than {LONGEST} characters")
    if not _COMPACT.fullmatch(text):
        raise invalid_client("The client assertion is not a signed JWT in compact form (RFC 7515)")
    header_part, claims_part, _ = text.split(".")
    header = _decoded(header_part, Header, "header")
    _check_header(header)
    claims = _decoded(claims_part, Claims, "claims")
    if claims.iss != claims.sub:
        raise invalid_client("iss and sub of the client assertion must both be the client_id")
    if not ids.PATTERN.match(claims.sub) or not claims.sub.startswith(ids.PREFIXES["client"]):
        raise invalid_client("sub of the client assertion is not a client_id of this gateway")
    return Assertion(text, header, claims)


def claimed(text: str) -> str | None:
    """Who `text` claims to come from, by a failure's count; None when it cannot be an assertion at all."""
    try:
        return read(text).client_id
    except Refusal:
        return None


def verify(assertion: Assertion, registered: keys.KeySet, *, issuer: str, now: datetime) -> None:
    """Prove `assertion` by its client's keys, for `issuer`, at `now`. Raises invalid_client."""
    key = keys.choose(registered, assertion.header.kid, assertion.header.alg)
    if key is None:
        raise invalid_client(
            "No registered key has this kid and fits this alg"
            if assertion.header.kid is not None
            else "The client assertion names no kid, and not exactly one registered key fits its alg"
        )
    from gateway.oauth import jose  # noqa: PLC0415 - see `keys.loaded`

    try:
        jose.verify(assertion.text, keys.loaded(key), keys.ALGORITHMS)
    except (jose.JoseError, ValueError, TypeError):
        raise invalid_client("The signature of the client assertion is not valid") from None
    _check_claims(assertion.claims, issuer, now)


def _check_header(header: Header) -> None:
    if header.alg not in keys.ALGORITHMS:
        raise invalid_client(f"alg {plain(header.alg)[:20]} is not allowed: use {', '.join(keys.ALGORITHMS)}")
    if header.crit is not msgspec.UNSET or header.b64 is not msgspec.UNSET:
        raise invalid_client("The client assertion uses header extensions (crit, b64) that are not supported")
    if header.typ is not None and header.typ.lower().removeprefix("application/") not in _TYPES:
        raise invalid_client("typ of the client assertion must be JWT or client-authentication+jwt, or absent")


def _check_claims(claims: Claims, issuer: str, now: datetime) -> None:
    at = now.timestamp()
    if claims.aud != issuer:
        raise invalid_client(f"aud of the client assertion must be exactly the issuer, {issuer}")
    if claims.exp <= at:
        raise invalid_client("The client assertion has expired: make a new one for every request")
    if claims.exp > at + LIFETIME_SECONDS + SKEW_SECONDS:
        raise invalid_client(f"exp of the client assertion may be at most {LIFETIME_SECONDS} seconds ahead")
    for name in ("iat", "nbf"):
        value = getattr(claims, name)
        if value is not msgspec.UNSET and value > at + SKEW_SECONDS:
            raise invalid_client(f"{name} of the client assertion lies in the future: check your clock")
    if not _JTI.fullmatch(claims.jti):
        raise invalid_client("jti of the client assertion must be 1 to 128 printable ASCII characters")


def _decoded(part: str, kind: type[Any], name: str) -> Any:
    """One part as `kind`. Names that come twice are refused: two readers could understand two things."""
    try:
        raw = urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8")
        found = json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise invalid_client(f"The {name} of the client assertion cannot be read as base64url JSON") from None
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        raise invalid_client(f"The {name} of the client assertion: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
