"""A partner's signing key and its `private_key_jwt` client assertion (RFC 7523; OpenID Connect Core, section 9)."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_COORDINATE_BYTES = 32
_LIFETIME_SECONDS = 60


class SigningKey:
    """An ES256 key (P-256, RFC 7518 section 3.4) that lives in memory and is gone with the process."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.key_id = secrets.token_hex(8)

    def jwks(self) -> bytes:
        """The public half as a JSON Web Key Set (RFC 7517), to register with the gateway."""
        point = self._private.public_key().public_numbers()
        key = {
            "kty": "EC",
            "crv": "P-256",
            "alg": "ES256",
            "use": "sig",
            "kid": self.key_id,
            "x": _encode(point.x.to_bytes(_COORDINATE_BYTES)),
            "y": _encode(point.y.to_bytes(_COORDINATE_BYTES)),
        }
        return msgspec.json.encode({"keys": [key]})

    def assertion(self, client_id: str, audience: str, now: int) -> str:
        """A JWT by which `client_id` proves itself to `audience` once; `now` in seconds of the Unix epoch."""
        header = {"alg": "ES256", "kid": self.key_id, "typ": "JWT"}
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + _LIFETIME_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }
        signed = f"{_encode(msgspec.json.encode(header))}.{_encode(msgspec.json.encode(claims))}"
        return f"{signed}.{_encode(self._sign(signed.encode()))}"

    def _sign(self, message: bytes) -> bytes:
        """JOSE wants the two numbers of the signature side by side, not ASN.1 (RFC 7518, section 3.4)."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
