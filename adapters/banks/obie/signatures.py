"""Signatures of the Read/Write API by `cryptography`: PS256 only (RFC 7518 section 3.5), keys looked up by `kid`.

Two forms. A request or answer carries `x-jws-signature`, a JWS without its payload (RFC 7515 appendix F) over the
body's bytes. An event is a whole signed token (RFC 8417). Banks up to version 3.1.3 sign the body unencoded (`b64`
false, RFC 7797); from 3.1.4 on it is encoded like any JWS, and `b64` does not appear. Both are read; which one is
written is a setting.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_CLAIMS = "http://openbanking.org.uk/"
IAT, ISS, TAN = _CLAIMS + "iat", _CLAIMS + "iss", _CLAIMS + "tan"
_UNDERSTOOD = frozenset({"b64", IAT, ISS, TAN})
_PSS = PSS(mgf=MGF1(SHA256()), salt_length=32)
SKEW_SECONDS = 60
"""How far the bank's clock may be ahead of ours."""
MAX_AGE_SECONDS = 600
"""An answer signed longer ago than this is not an answer to what we just asked."""
KEY_BITS = 2048
_MAX_HEADER = 8_192


class BadKey(Invalid):
    """A key of the settings that cannot sign or prove PS256."""

    code = "obie_key_unusable"
    title = "A key of the bank connection is not usable"


class NotSigned(Invalid):
    """What claims to be the bank's carries no signature of the bank's."""

    code = "obie_signature_invalid"
    title = "The bank's signature does not hold"


class _Header(msgspec.Struct, forbid_unknown_fields=False):
    """The JOSE header's members that decide something."""

    alg: str
    kid: str
    crit: list[str] = []
    b64: bool = True
    typ: str | None = None
    iat: int | None = msgspec.field(default=None, name=IAT)
    iss: str | None = msgspec.field(default=None, name=ISS)
    tan: str | None = msgspec.field(default=None, name=TAN)


class Signer:
    """Signs as us. `encoded` False writes the form of version 3.1.3 and older."""

    def __init__(self, pem: str, *, kid: str, issuer: str, trust_anchor: str, encoded: bool = True) -> None:
        key = _private(pem)
        self._key, self._encoded = key, encoded
        self._header = {"alg": "PS256", "kid": kid, "typ": "JOSE", "cty": "application/json"}
        self._claims = {ISS: issuer, TAN: trust_anchor}

    def detached(self, body: bytes, at: datetime) -> str:
        """The `x-jws-signature` of `body`."""
        critical = [IAT, ISS, TAN] if self._encoded else ["b64", IAT, ISS, TAN]
        unencoded = {} if self._encoded else {"b64": False}
        header = {**self._header, **unencoded, IAT: int(at.timestamp()), **self._claims, "crit": critical}
        head = _to_base64(msgspec.json.encode(header))
        payload = _to_base64(body) if self._encoded else body
        return f"{head.decode()}..{self._sign(head + b'.' + payload)}"

    def _sign(self, signed: bytes) -> str:
        return _to_base64(self._key.sign(signed, _PSS, SHA256())).decode()


class Verifier:
    """Proves what is the bank's, by its public keys: `kid` → PEM."""

    def __init__(self, keys: Mapping[str, str], *, issuer: str, trust_anchor: str) -> None:
        self._keys = {kid: _public(pem) for kid, pem in keys.items()}
        self._issuer, self._trust_anchor = issuer, trust_anchor

    def prove(self, signature: str | None, body: bytes, now: datetime) -> None:
        """Prove the detached `signature` of `body`, made just now. Raises NotSigned."""
        if not signature:
            raise NotSigned("the bank's answer is not signed")
        parts = signature.split(".")
        if len(parts) != 3 or parts[1]:  # noqa: PLR2004 - header, nothing, signature
            raise NotSigned("the signature is not a detached JWS")
        header = _header(parts[0])
        if not {IAT, ISS, TAN} <= set(header.crit):
            raise NotSigned("the signature's header does not bind its issuer and time")
        if (header.iss, header.tan) != (self._issuer, self._trust_anchor):
            raise NotSigned("the signature names another issuer")
        age = now.timestamp() - (header.iat or 0)
        if not -SKEW_SECONDS <= age <= MAX_AGE_SECONDS:
            raise NotSigned("the signature was not made now")
        self._check(header, parts[0].encode() + b"." + (_to_base64(body) if header.b64 else body), parts[2])

    def opened(self, token: str) -> bytes:
        """The payload of a whole signed token; its claims are not looked at. Raises NotSigned."""
        parts = token.split(".")
        if len(parts) != 3 or not parts[1]:  # noqa: PLR2004 - header, payload, signature
            raise NotSigned("the token is not a signed JWT")
        header = _header(parts[0])
        if not header.b64:
            raise NotSigned("a token's payload is always encoded")
        self._check(header, f"{parts[0]}.{parts[1]}".encode(), parts[2])
        return from_base64(parts[1])

    def _check(self, header: _Header, signed: bytes, signature: str) -> None:
        key = self._keys.get(header.kid)
        if key is None:
            raise NotSigned("the signature names a key we do not know")
        try:
            key.verify(from_base64(signature), signed, _PSS, SHA256())
        except InvalidSignature:
            raise NotSigned("the signature is not of these bytes") from None


def from_base64(text: str) -> bytes:
    """Base64url without padding, strictly. Raises NotSigned."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("a part of the signature is not base64url") from None
    if _to_base64(raw).decode() != text:
        raise NotSigned("a part of the signature is not base64url")
    return raw


def _header(part: str) -> _Header:
    if len(part) > _MAX_HEADER:
        raise NotSigned("the signature's header is too long")
    try:
        header = msgspec.json.decode(from_base64(part), type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotSigned("the signature's header cannot be read") from None
    if header.alg != "PS256":
        raise NotSigned("the signature is not PS256")
    if not set(header.crit) <= _UNDERSTOOD or (not header.b64 and "b64" not in header.crit):
        raise NotSigned("the signature's header demands what we do not understand")
    return header


def _private(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        raise BadKey("the signing key is not a private key in PEM") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < KEY_BITS:
        raise BadKey(f"PS256 needs an RSA key of {KEY_BITS} bits or more")
    return key


def _public(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except ValueError:
        raise BadKey("a bank's key is not a public key in PEM") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < KEY_BITS:
        raise BadKey(f"PS256 needs an RSA key of {KEY_BITS} bits or more")
    return key


def _to_base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
