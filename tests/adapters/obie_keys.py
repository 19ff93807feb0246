"""Keys of both sides in the UK Open Banking tests; signatures made and proven by joserfc, apart from our own code."""

from __future__ import annotations

import base64
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from joserfc.registry import HeaderParameter

if TYPE_CHECKING:
    from datetime import datetime

OB = "http://openbanking.org.uk/"
CRITICAL = [OB + "iat", OB + "iss", OB + "tan"]
OUR_KID, BANK_KID = "restock-1", "bank-1"
OUR_ISSUER, BANK_ISSUER, TRUST_ANCHOR = "0015800001041RHAAY/restock", "0015800001041REAAY", "openbanking.org.uk"
CLIENT_ID = "restock-at-the-bank"
_REGISTRY = jws.JWSRegistry(
    header_registry={name: HeaderParameter(name, "int" if name.endswith("iat") else "str") for name in CRITICAL},
    algorithms=["PS256"],
    strict_check_header=False,
)


@cache
def key(owner: str) -> rsa.RSAPrivateKey:
    """One key an owner, made when it is first needed."""
    assert owner
    return rsa.generate_private_key(65537, 2048)


@cache
def _jwk(owner: str) -> RSAKey:
    return RSAKey.import_key(private_pem(owner))


@cache
def private_pem(owner: str) -> str:
    return key(owner).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(owner: str) -> str:
    return key(owner).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def encoded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(payload: bytes, header: dict[str, Any], owner: str = "bank") -> str:
    """A compact JWS by `owner`."""
    whole = {"alg": "PS256", **header}
    return jws.serialize_compact(whole, payload, _jwk(owner), algorithms=["PS256"], registry=_REGISTRY)


def detached(body: bytes, at: datetime, owner: str = "bank", **changed: Any) -> str:
    """The `x-jws-signature` a bank puts beside `body`."""
    header = {
        "kid": BANK_KID,
        OB + "iat": int(at.timestamp()),
        OB + "iss": BANK_ISSUER,
        OB + "tan": TRUST_ANCHOR,
        "crit": CRITICAL,
        **changed,
    }
    head, _, signature = signed(body, header, owner).split(".")
    return f"{head}..{signature}"


def holds(signature: str, body: bytes) -> dict[str, Any] | None:
    """The header of our detached signature if it proves `body`; None otherwise."""
    head, _, proof = signature.partition("..")
    whole = f"{head}.{encoded(body)}.{proof}"
    try:
        proven = jws.deserialize_compact(whole, _jwk("restock"), algorithms=["PS256"], registry=_REGISTRY)
    except (JoseError, ValueError):
        return None
    return dict(proven.headers())
