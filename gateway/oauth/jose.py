"""Keys and signatures by joserfc, apart from everything else so that it is loaded when the first one is verified."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

Key = RSAKey | ECKey | OKPKey


class _Registry(jws.JWSRegistry):
    """Reads `EdDSA` as `Ed25519`, the one curve we take, so that no other curve can come in by the old name."""

    def get_alg(self, name: str) -> Any:
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


def key(members: dict[str, Any]) -> Key:
    """A public key from its JWK members. Raises ValueError or JoseError when it is none."""
    if members["kty"] == "RSA":
        return RSAKey.import_key(members)
    return ECKey.import_key(members) if members["kty"] == "EC" else OKPKey.import_key(members)


def verify(text: str, by: Key, algorithms: tuple[str, ...]) -> None:
    """Prove the signature of a compact JWS. Raises JoseError, ValueError or TypeError."""
    jws.deserialize_compact(text, by, algorithms=algorithms, registry=_registry(algorithms))


@lru_cache(maxsize=4)
def _registry(algorithms: tuple[str, ...]) -> _Registry:
    return _Registry(algorithms=algorithms, strict_check_header=False)


__all__ = ["JoseError", "Key", "key", "verify"]
