"""The client's key in the bench: P-256, and the JWTs it signs. On `cryptography` alone, quick enough for the load."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_ES256 = ec.ECDSA(hashes.SHA256())


class Key:
    """A P-256 key that signs JWTs; `private` is its secret number, drawn when there is none."""

    def __init__(self, private: int | None = None) -> None:
        curve = ec.SECP256R1()
        self._key = ec.generate_private_key(curve) if private is None else ec.derive_private_key(private, curve)
        public = self._key.public_key().public_numbers()
        self.jwk = {"crv": "P-256", "kty": "EC", "x": b64(public.x.to_bytes(32)), "y": b64(public.y.to_bytes(32))}
        self.thumbprint = b64(sha256(json.dumps(self.jwk, separators=(",", ":")).encode()).digest())
        """RFC 7638."""

    @property
    def private(self) -> int:
        """The secret number."""
        return self._key.private_numbers().private_value

    def header(self, **members: Any) -> bytes:
        """A JWS header, encoded."""
        return b64(json.dumps({"alg": "ES256", **members}).encode()).encode()

    def sign(self, header: bytes, claims: dict[str, Any]) -> str:
        """A compact JWS under an encoded header."""
        signed = header + b"." + b64(json.dumps(claims).encode()).encode()
        r, s = decode_dss_signature(self._key.sign(signed, _ES256))
        return f"{signed.decode()}.{b64(r.to_bytes(32) + s.to_bytes(32))}"


def b64(raw: bytes) -> str:
    """base64url without padding, as JOSE has it."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
