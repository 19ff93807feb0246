"""HTTP signatures as NextGenPSD2 1.3 has them: Digest (RFC 3230) and Signature (draft-cavage-http-signatures-10).

RSASSA-PKCS1-v1_5 with SHA-256 over the digest, X-Request-ID and, where they are sent, the PSU-ID, PSU-Corporate-ID and
TPP-Redirect-URI. Header names are in lower case here; errors never carry the key.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from gateway.bank_ports import Forged
from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHM = "rsa-sha256"
LEAST_BITS = 2048
_SIGNED = ("digest", "x-request-id", "psu-id", "psu-corporate-id", "tpp-redirect-uri")
_ALWAYS = ("digest", "x-request-id")
_PARAMETER = re.compile(r'\s*([A-Za-z]+)="([^"]*)"\s*(?:,|$)')
_HEADER_LENGTH = 8_192


class UnusableKey(Invalid):
    """A key or certificate in the settings that nothing can be signed or checked with."""

    code = "psd2_key_unusable"
    title = "The bank's or our own signing key cannot be used"


class Seal:
    """Our own key and its certificate, which is sent along so that the bank can check it against its issuer."""

    def __init__(self, key_pem: bytes, certificate_pem: bytes) -> None:
        self._key = _private(key_pem)
        certificate = _certificate(certificate_pem)
        if certificate.public_key() != self._key.public_key():
            raise UnusableKey("the certificate is not that of the signing key")
        issuer = quote(certificate.issuer.rfc4514_string(), safe="=,")
        self._key_id = f"SN={certificate.serial_number:X},CA={issuer}"
        self._certificate = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()

    def sign(self, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        """The headers to send beside `headers`; the same for the same request."""
        made = {"digest": digest(body)}
        carried = {**headers, **made}
        names = [name for name in _SIGNED if name in carried]
        signature = self._key.sign(_signing_string(carried, names), padding.PKCS1v15(), hashes.SHA256())
        made["signature"] = (
            f'keyId="{self._key_id}",algorithm="{ALGORITHM}",headers="{" ".join(names)}",'
            f'signature="{base64.b64encode(signature).decode()}"'
        )
        made["tpp-signature-certificate"] = self._certificate
        return made


def digest(body: bytes) -> str:
    """The Digest header of a body; an empty one has a digest too."""
    return f"SHA-256={base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def public_key(pem: bytes) -> rsa.RSAPublicKey:
    """The bank's key, from its certificate or by itself. Raises UnusableKey."""
    if b"CERTIFICATE" in pem:
        return _strong(_certificate(pem).public_key())
    try:
        return _strong(serialization.load_pem_public_key(pem))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey("the bank's key is not PEM") from error


def check(key: rsa.RSAPublicKey, headers: Mapping[str, str], body: bytes) -> None:
    """That whoever holds `key` signed this body under this X-Request-ID. Raises Forged.

    The key is pinned: a certificate that comes along proves nothing by itself. `headers` have lower-case names.
    """
    if headers.get("digest") != digest(body):
        raise Forged("the Digest is not that of the body")
    parameters = _parameters(headers.get("signature", ""))
    if parameters.get("algorithm") != ALGORITHM:
        raise Forged(f"the signature is not by {ALGORITHM}")
    names = parameters.get("headers", "").lower().split(" ")
    if not set(_ALWAYS) <= set(names) or len(set(names)) < len(names):
        raise Forged("the signature does not cover the digest and the X-Request-ID, each once")
    if not set(names) <= set(headers):
        raise Forged("the signature covers a header that is not there")
    try:
        signature = base64.b64decode(parameters.get("signature", ""), validate=True)
        key.verify(signature, _signing_string(headers, names), padding.PKCS1v15(), hashes.SHA256())
    except (ValueError, InvalidSignature) as error:
        raise Forged("the signature does not hold") from error


def _signing_string(headers: Mapping[str, str], names: list[str]) -> bytes:
    return "\n".join(f"{name}: {headers[name].strip()}" for name in names).encode()


def _parameters(header: str) -> dict[str, str]:
    """`name="value"` pairs; one that is told twice, or anything else in between, is refused."""
    if len(header) > _HEADER_LENGTH:
        raise Forged("the Signature header is too long")
    found: dict[str, str] = {}
    at = 0
    while at < len(header):
        pair = _PARAMETER.match(header, at)
        if pair is None or pair[1].lower() in found:
            raise Forged("the Signature header cannot be read")
        found[pair[1].lower()] = pair[2]
        at = pair.end()
    return found


def _private(pem: bytes) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise UnusableKey("the signing key is not an unencrypted PEM") from error
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < LEAST_BITS:
        raise UnusableKey(f"the signing key is not RSA of at least {LEAST_BITS} bits")
    return key


def _certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise UnusableKey("the certificate is not PEM") from error


def _strong(key: object) -> rsa.RSAPublicKey:
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < LEAST_BITS:
        raise UnusableKey(f"the bank's key is not RSA of at least {LEAST_BITS} bits")
    return key
