"""A client's signing key: how it proves itself to the gateway, and that a request is its own."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

_COORDINATE_BYTES = 32
_LIFETIME_SECONDS = 60


class Key:
    """An ES256 key (P-256; RFC 7518, section 3.4). Its public half is registered with the gateway."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        """Use a key that was loaded elsewhere; raises ValueError for any other curve."""
        if not isinstance(private.curve, ec.SECP256R1):
            raise ValueError("a client's key is on the curve P-256")  # noqa: TRY004 - a key, but of the wrong kind
        self._private = private
        self.id = sha256(_json(self.jwk()))
        """Its thumbprint (RFC 7638), used as `kid`."""

    @classmethod
    def new(cls) -> Key:
        """A fresh key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: str | bytes, password: bytes | None = None) -> Key:
        """The key of a PEM file; raises ValueError where it holds another kind."""
        found = serialization.load_pem_private_key(pem.encode() if isinstance(pem, str) else pem, password)
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise ValueError("the PEM file holds no elliptic-curve key")  # noqa: TRY004 - its content is wrong
        return cls(found)

    def pem(self) -> bytes:
        """The private key as unencrypted PKCS #8: keep it where only the server can read it."""
        plain = serialization.NoEncryption()
        return self._private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)

    def jwk(self) -> dict[str, str]:
        """The public half (RFC 7517), with the members a thumbprint is made of."""
        point = self._private.public_key().public_numbers()
        x, y = (base64url(number.to_bytes(_COORDINATE_BYTES, "big")) for number in (point.x, point.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    def jwks(self) -> dict[str, Any]:
        """The set to register with the gateway: `gateway client create --jwks FILE`."""
        return {"keys": [self.jwk() | {"alg": "ES256", "use": "sig", "kid": self.id}]}

    def assertion(self, client_id: str, audience: str, now: float) -> str:
        """A JWT by which `client_id` proves itself once (RFC 7523); `now` in seconds since 1970."""
        claims = {"iss": client_id, "sub": client_id, "aud": audience, "jti": secrets.token_urlsafe(16)}
        times = {"iat": int(now), "exp": int(now) + _LIFETIME_SECONDS}
        return self._signed({"alg": "ES256", "kid": self.id, "typ": "JWT"}, claims | times)

    def proof(self, method: str, url: str, now: float, *, nonce: str | None = None, token: str | None = None) -> str:
        """A JWT that ties one request to this key (RFC 9449, section 4.2); `url` without query."""
        claims: dict[str, Any] = {"htm": method, "htu": url, "iat": int(now), "jti": secrets.token_urlsafe(16)}
        claims |= {} if nonce is None else {"nonce": nonce}
        claims |= {} if token is None else {"ath": sha256(token.encode())}
        return self._signed({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()}, claims)

    def _signed(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        signed = f"{base64url(_json(header))}.{base64url(_json(claims))}"
        r, s = decode_dss_signature(self._private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{base64url(b''.join(part.to_bytes(_COORDINATE_BYTES, 'big') for part in (r, s)))}"


def sha256(data: bytes) -> str:
    """SHA-256 in base64url: what thumbprints, `ath` and PKCE want."""
    return base64url(hashlib.sha256(data).digest())


def base64url(data: bytes) -> str:
    """Without padding (RFC 7515, section 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
