"""The public keys a client registers (RFC 7517): signing keys of three kinds, strong, and public only.

| algorithm | key |
|---|---|
| PS256 | RSA, 2048 to 8192 bits, exponent at least 65537 |
| ES256 | EC, P-256 |
| EdDSA, Ed25519 | OKP, Ed25519 |
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from gateway.oauth.jose import Key

ALGORITHMS = ("PS256", "ES256", "EdDSA", "Ed25519")
"""Signature algorithms of FAPI 2.0 section 5.4; `EdDSA` is the older name of `Ed25519` (RFC 9864)."""

_KINDS = {
    "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519"), "Ed25519": ("OKP", "Ed25519"),
}  # fmt: skip
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_PRIVATE = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
_MOST_KEYS = 10
_LEAST_BITS, _MOST_BITS = 2048, 8192
_LEAST_EXPONENT, _MOST_EXPONENT = 65_537, 2**32
_KEY_ID = re.compile(r"[\x20-\x7e]{1,128}")
_MEMBER = re.compile(r"[A-Za-z0-9_-]{1,1400}")


class BadKeys(Invalid):
    """The JWKS cannot be registered: the detail names the key and what is wrong with it."""

    code = "invalid_jwks"
    title = "The JWKS cannot be registered"


class PublicKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """One registered JWK: its public members and nothing else of what came."""

    kid: str
    kty: str
    alg: str | None = None
    crv: str | None = None
    x: str | None = None
    y: str | None = None
    n: str | None = None
    e: str | None = None


class KeySet(msgspec.Struct, frozen=True):
    """What a client registered: 1 to 10 keys with different ids."""

    keys: tuple[PublicKey, ...]


def register(document: bytes) -> KeySet:
    """A JWKS as it came → what we keep. A key without `kid` gets its RFC 7638 thumbprint. Raises BadKeys."""
    try:
        found = msgspec.json.decode(document, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadKeys("This is not a JSON Web Key Set: expected an object with the member keys") from None
    listed = found.get("keys")
    if not isinstance(listed, list) or not 1 <= len(listed) <= _MOST_KEYS:
        raise BadKeys(f"A JWKS has the member keys, a list of 1 to {_MOST_KEYS} keys")
    keys = tuple(_checked(key, f"key {place} of {len(listed)}") for place, key in enumerate(listed, 1))
    if len({key.kid for key in keys}) < len(keys):
        raise BadKeys("Two keys have the same kid")
    return KeySet(keys)


def choose(keys: KeySet, key_id: str | None, algorithm: str) -> PublicKey | None:
    """The key a signature names, or the only one that fits when it names none; never one for another algorithm."""
    named = [key for key in keys.keys if key_id is None or key.kid == key_id]
    fitting = [key for key in named if _fits(key, algorithm)]
    return fitting[0] if len(fitting) == 1 else None


@lru_cache(maxsize=4096)
def loaded(key: PublicKey) -> Key:
    """`key` ready to verify with. Raises ValueError or joserfc's JoseError when it is no key at all."""
    from gateway.oauth import jose  # noqa: PLC0415 - a fifth of a start, and not needed before the first assertion

    return jose.key({name: getattr(key, name) for name in ("kty", *_MEMBERS[key.kty])})


def embedded(jwk: object, algorithm: str) -> tuple[Any, str]:
    """The key in a DPoP proof (RFC 9449 section 4.2) as cryptography has it, and its thumbprint. Raises BadKeys."""
    key = _checked(jwk, "jwk")
    if not _fits(key, algorithm):
        raise BadKeys(f"jwk is not a key for {algorithm}")
    found = loaded(key)
    return found.get_op_key("verify"), found.thumbprint()


def _fits(key: PublicKey, algorithm: str) -> bool:
    """Whether `key` is of the algorithm's kind and, where it names an algorithm, names this one."""
    kind = _KINDS.get(algorithm)
    return kind == (key.kty, key.crv) and (key.alg is None or _KINDS.get(key.alg) == kind)


def _checked(key: Any, place: str) -> PublicKey:
    if not isinstance(key, dict):
        raise BadKeys(f"{place} is not a JSON object")
    _check_purpose(key, place)
    kind, alg = str(key.get("kty")), key.get("alg")
    if (kind, None if kind == "RSA" else key.get("crv")) not in _KINDS.values():
        raise BadKeys(f"{place}: the kinds are RSA (for PS256), EC with P-256 (ES256) and OKP with Ed25519 (EdDSA)")
    if alg is not None and (alg not in ALGORITHMS or _KINDS[alg][0] != kind):
        raise BadKeys(f"{place}: its alg must fit its kty and be one of {', '.join(ALGORITHMS)}")
    members = {name: key.get(name) for name in _MEMBERS[kind]}
    if not all(isinstance(value, str) and _MEMBER.fullmatch(value) for value in members.values()):
        raise BadKeys(f"{place}: {', '.join(members)} must be base64url text")
    made = PublicKey(kid="", kty=kind, alg=alg, **members)
    thumbprint = _check_strength(made, place)
    kid = key.get("kid", thumbprint)
    if not isinstance(kid, str) or not _KEY_ID.fullmatch(kid):
        raise BadKeys(f"{place}: kid must be 1 to 128 printable ASCII characters")
    return msgspec.structs.replace(made, kid=kid)


def _check_purpose(key: dict[str, Any], place: str) -> None:
    if private := [name for name in _PRIVATE if name in key]:
        raise BadKeys(f"{place} has private members ({', '.join(private)}): make a new key and send its public half")
    if key.get("use", "sig") != "sig":
        raise BadKeys(f"{place}: use must be sig, or absent")
    if key.get("key_ops", ["verify"]) != ["verify"]:
        raise BadKeys(f"{place}: key_ops must be verify alone, or absent")


def _check_strength(key: PublicKey, place: str) -> str:
    """Raise BadKeys for what is no key, or a weak one; else its RFC 7638 thumbprint."""
    if key.n is not None and key.e is not None:
        _check_rsa(_number(key.n).bit_length(), _number(key.e), place)
    try:
        return loaded(key).thumbprint()
    except Exception:  # noqa: BLE001 - whatever the libraries raise, it is not a key
        raise BadKeys(f"{place} is not a valid {key.kty} key") from None


def _check_rsa(bits: int, exponent: int, place: str) -> None:
    if not _LEAST_BITS <= bits <= _MOST_BITS:
        raise BadKeys(f"{place} has {bits} bits: RSA keys have {_LEAST_BITS} to {_MOST_BITS}")
    if not _LEAST_EXPONENT <= exponent <= _MOST_EXPONENT:
        raise BadKeys(f"{place}: its exponent must be at least {_LEAST_EXPONENT}, and at most {_MOST_EXPONENT}")


def _number(member: str) -> int:
    """Base64urlUInt (RFC 7518 section 2); a length that base64 cannot have is 0, which no check lets through."""
    padded = member + "=" * (-len(member) % 4)
    return int.from_bytes(urlsafe_b64decode(padded)) if len(member) % 4 != 1 else 0
