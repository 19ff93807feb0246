"""Signatures on the hot path, by `cryptography` directly: PS256, ES256 and Ed25519 and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

if TYPE_CHECKING:
    from collections.abc import Callable

_PSS = PSS(mgf=MGF1(SHA256()), salt_length=32)
_ECDSA = ECDSA(SHA256())
_HALF = 32


def _ps256(key: Any, signature: bytes, signed: bytes) -> None:
    key.verify(signature, signed, _PSS, SHA256())


def _es256(key: Any, signature: bytes, signed: bytes) -> None:
    if len(signature) != 2 * _HALF:  # R and S, 32 bytes each (RFC 7518 section 3.4), never DER
        raise InvalidSignature
    r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
    key.verify(encode_dss_signature(r, s), signed, _ECDSA)


def _ed25519(key: Any, signature: bytes, signed: bytes) -> None:
    key.verify(signature, signed)


_BY_ALGORITHM: dict[str, Callable[[Any, bytes, bytes], None]] = {
    "PS256": _ps256, "ES256": _es256, "EdDSA": _ed25519, "Ed25519": _ed25519,
}  # fmt: skip


def valid(algorithm: str, key: Any, signature: bytes, signed: bytes) -> bool:
    """Whether `signature` over `signed` is by `key`, a public key of cryptography that fits `algorithm`."""
    try:
        _BY_ALGORITHM[algorithm](key, signature, signed)
    except InvalidSignature:
        return False
    return True
