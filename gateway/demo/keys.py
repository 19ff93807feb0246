"""A partner's signing key: client assertions (RFC 7523; OpenID Connect Core, section 9) and DPoP proofs (RFC 9449)."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

_COORDINATE_BYTES = 32
_LIFETIME_SECONDS = 60


class Exported(msgspec.Struct, frozen=True):
    """A private key with the id it is registered under, as PKCS #8 in PEM."""

    key_id: str
    pem: str


class SigningKey:
    """An ES256 key (P-256, RFC 7518 section 3.4): a new one, or one that another process handed over."""

    def __init__(self, exported: Exported | None = None) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1()) if exported is None else _read(exported.pem)
        self.key_id = secrets.token_hex(8) if exported is None else exported.key_id

    def export(self) -> Exported:
        """The private half, for the process that is to be this client: keep the file to its owner."""
        pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Exported(self.key_id, pem.decode())

    def jwk(self) -> dict[str, str]:
        """The public half as a JSON Web Key (RFC 7517), with only the members a thumbprint is made of (RFC 7638)."""
        point = self._private.public_key().public_numbers()
        x, y = (_encode(number.to_bytes(_COORDINATE_BYTES)) for number in (point.x, point.y))
        return {"crv": "P-256", "kty": "EC", "x": x, "y": y}

    def thumbprint(self) -> str:
        """SHA-256 of the public key (RFC 7638)."""
        return hashed(msgspec.json.encode(self.jwk()))

    def jwks(self) -> bytes:
        """The public half as a JSON Web Key Set (RFC 7517), to register with the gateway."""
        return msgspec.json.encode({"keys": [self.jwk() | {"alg": "ES256", "use": "sig", "kid": self.key_id}]})

    def assertion(self, client_id: str, audience: str, now: int) -> str:
        """A JWT by which `client_id` proves itself to `audience` once; `now` in seconds of the Unix epoch."""
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }
        return self._jws({"alg": "ES256", "kid": self.key_id, "typ": "JWT"}, claims)

    def proof(self, method: str, url: str, now: int, *, nonce: str | None = None, token: str | None = None) -> str:
        """A JWT by which whoever sends this one request shows that it holds this key (RFC 9449 section 4.2)."""
        claims: dict[str, object] = {"htm": method, "htu": url, "iat": now, "jti": secrets.token_urlsafe(16)}
        if nonce is not None:
            claims["nonce"] = nonce
        if token is not None:
            claims["ath"] = hashed(token.encode())
        return self._jws({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()}, claims)

    def _jws(self, header: dict[str, object], claims: dict[str, object]) -> str:
        signed = f"{_encode(msgspec.json.encode(header))}.{_encode(msgspec.json.encode(claims))}"
        return f"{signed}.{_encode(self._sign(signed.encode()))}"

    def _sign(self, message: bytes) -> bytes:
        """JOSE wants the two numbers of the signature side by side, not ASN.1 (RFC 7518, section 3.4)."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)


def hashed(data: bytes) -> str:
    """SHA-256 in base64url, as PKCE (RFC 7636), `ath` and thumbprints want it."""
    return _encode(hashlib.sha256(data).digest())


def _read(pem: str) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem.encode(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not an elliptic-curve key")
    return key


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
