"""DPoP proofs (RFC 9449): who sends a request holds the private key that its token is bound to.

`verify` is pure: it reads one proof and compares it with the request. That a proof counts once is kept elsewhere, by
`Proof.seen_as` until `Proof.until`.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec

from gateway.domain.errors import Unauthenticated
from gateway.oauth import keys, signatures
from gateway.oauth.errors import plain

AHEAD_SECONDS = 60
"""How far `iat` may lie in the future: 10 s must be taken, more than 60 s must not (FAPI 2.0 section 5.3.2.1)."""
BEHIND_SECONDS = 60

_LONGEST = 8_192
_COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_PORTS = {"https": 443, "http": 80}
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")


class BadProof(Unauthenticated):
    """The DPoP proof is missing, malformed, stale, used before, or not about this request and token."""

    code = "invalid_dpop_proof"
    title = "The DPoP proof is not valid"


class NonceWanted(BadProof):
    """The DPoP proof lacks a nonce of ours that is still good: repeat the request with the one in `DPoP-Nonce`."""

    code = "use_dpop_nonce"
    title = "The DPoP proof needs our nonce"


class _Claims(msgspec.Struct, frozen=True):
    """The claims we read; others are ignored. Instants are seconds since 1970."""

    jti: str
    htm: str
    htu: str
    iat: int | float
    exp: int | float | msgspec.UnsetType = msgspec.UNSET
    nbf: int | float | msgspec.UnsetType = msgspec.UNSET
    ath: str | msgspec.UnsetType = msgspec.UNSET
    nonce: str | msgspec.UnsetType = msgspec.UNSET


class Proof(msgspec.Struct, frozen=True):
    """A proof that fits its request. `jkt` is the SHA-256 thumbprint of its key (RFC 7638)."""

    jkt: str
    nonce: str | None
    seen_as: bytes
    """What must not come twice."""
    until: datetime
    """From when on the proof would be refused anyway."""


class _Signer(msgspec.Struct, frozen=True):
    algorithm: str
    key: Any
    jkt: str


_claims = msgspec.json.Decoder(_Claims)


def verify(proof: bytes, *, method: str, url: str, token: str | None, now: datetime) -> Proof:
    """Check a DPoP header against the request it came with. Raises BadProof.

    `url` is the address as the configured issuer has it, whatever Host said; `token` the access token it presents.
    """
    if len(proof) > _LONGEST or not _COMPACT.fullmatch(proof):
        raise BadProof("The DPoP header must hold one signed JWT in compact form")
    signed, _, signature = proof.rpartition(b".")
    header, _, payload = signed.partition(b".")
    signer = _signer(header)
    if not signatures.valid(signer.algorithm, signer.key, _decoded(signature), signed):
        raise BadProof("The signature of the DPoP proof is not by the key in its jwk")
    try:
        claims = _claims.decode(_decoded(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadProof(f"The claims of the DPoP proof: {plain(str(error))}") from None
    _check_request(claims, method, url, token)
    _check_time(claims, now.timestamp())
    seen_as = hashlib.sha256(f"{signer.jkt} {claims.jti}".encode()).digest()[:20]
    until = datetime.fromtimestamp(claims.iat, UTC) + timedelta(seconds=BEHIND_SECONDS + 1)
    return Proof(signer.jkt, None if claims.nonce is msgspec.UNSET else claims.nonce, seen_as, until)


def hash_of(token: str) -> str:
    """`ath`: base64url of SHA-256 (RFC 9449 section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


@lru_cache(maxsize=4_096)
def _signer(segment: bytes) -> _Signer:
    """The key of a proof's header. A client's header stays the same from proof to proof, so it is parsed once."""
    try:
        header = json.loads(_decoded(segment).decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadProof("The header of the DPoP proof cannot be read as base64url JSON") from None
    if not isinstance(header, dict) or str(header.get("typ")).lower() != "dpop+jwt":
        raise BadProof("typ of the DPoP proof must be dpop+jwt")
    if "crit" in header or "b64" in header:
        raise BadProof("The DPoP proof uses header extensions (crit, b64) that are not supported")
    algorithm = header.get("alg")
    if algorithm not in keys.ALGORITHMS:
        raise BadProof(f"alg of the DPoP proof must be one of {', '.join(keys.ALGORITHMS)}")
    try:
        key, jkt = keys.embedded(header.get("jwk"), algorithm)
    except keys.BadKeys as error:
        raise BadProof(f"The DPoP proof: {plain(error.detail)}") from None
    return _Signer(algorithm, key, jkt)


def _check_request(claims: _Claims, method: str, url: str, token: str | None) -> None:
    if claims.htm != method:
        raise BadProof(f"htm of the DPoP proof is not the method of the request, {method}")
    if claims.htu != url and _normal(claims.htu) != _normal(url):
        raise BadProof(f"htu of the DPoP proof is not the address of the request, {plain(url)}")
    if token is not None and claims.ath != hash_of(token):
        raise BadProof("ath of the DPoP proof is not the hash of the access token")
    if not 1 <= len(claims.jti) <= _LONGEST:
        raise BadProof("jti of the DPoP proof is empty")


def _check_time(claims: _Claims, at: float) -> None:
    if not at - BEHIND_SECONDS <= claims.iat <= at + AHEAD_SECONDS:
        raise BadProof("iat of the DPoP proof is not the present time: make a new proof for every request")
    if claims.nbf is not msgspec.UNSET and claims.nbf > at + AHEAD_SECONDS:
        raise BadProof("nbf of the DPoP proof lies in the future")
    if claims.exp is not msgspec.UNSET and claims.exp <= at:
        raise BadProof("The DPoP proof has expired")


@lru_cache(maxsize=4_096)
def _normal(url: str) -> str | None:
    """`url` after syntax- and scheme-based normalisation (RFC 3986 section 6.2), without query and fragment."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or host is None or parts.username is not None:
        return None
    path = _ENCODED.sub(_plainer, parts.path) or "/"
    return f"{scheme}://{host}:{port or _PORTS[scheme]}{path}"


def _plainer(encoded: re.Match[str]) -> str:
    """A percent-encoded character as itself where it need not be encoded, else in capitals (RFC 3986 6.2.2)."""
    character = chr(int(encoded[1], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else encoded[0].upper()


def _decoded(segment: bytes) -> bytes:
    try:
        return urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    except ValueError:
        raise BadProof("The DPoP proof is not base64url") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice")
    return found
