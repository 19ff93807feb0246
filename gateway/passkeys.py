"""WebAuthn as plain values: options for the browser, and what its answers prove. Alone knows the library `webauthn`.

User verification (a finger, a face, a PIN) is always asked for and always checked. Attestation is not: which maker's
key it is makes no difference to us.
"""

from __future__ import annotations

import ipaddress
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from gateway.domain.passkeys import PasskeyRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

TIMEOUT_MS = 300_000
"""How long the browser may ask its user."""
_LONGEST = 6 * 1024
_LIBRARY = "webauthn"
_ES256, _ED25519, _RS256 = -7, -8, -257
"""COSE algorithms (RFC 9053, RFC 8812), the ones we like best first; older authenticators have only RSA."""


class Site(msgspec.Struct, frozen=True):
    """Who asks: the relying party's id is the host alone, the origin has scheme and port too."""

    rp_id: str
    origin: str


class Made(msgspec.Struct, frozen=True):
    """A new passkey's public half."""

    credential_id: str
    public_key: bytes
    sign_count: int


class _ClientData(msgspec.Struct, frozen=True):
    cross_origin: bool = msgspec.field(default=False, name="crossOrigin")


class _Response(msgspec.Struct, frozen=True):
    client_data: str = msgspec.field(name="clientDataJSON")


class _Credential(msgspec.Struct, frozen=True):
    id: str
    response: _Response


def site(issuer: str) -> Site:
    """The site at our own address."""
    parts = urlsplit(issuer)
    return Site(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")


def possible(issuer: str) -> bool:
    """Whether browsers make passkeys there at all: never for a bare IP address."""
    try:
        ipaddress.ip_address(site(issuer).rp_id)
    except ValueError:
        return True
    return False


def creation_options(at: Site, challenge: bytes, user: tuple[str, str], known: Sequence[str]) -> dict[str, Any]:
    """What `navigator.credentials.create` takes, bytes as base64url; `user` is id and name, `known` the ids it has."""
    return {
        "rp": {"id": at.rp_id, "name": "Restock"},
        "user": {"id": _base64url(user[0].encode()), "name": user[1], "displayName": user[1]},
        "challenge": _base64url(challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (_ES256, _ED25519, _RS256)],
        "timeout": TIMEOUT_MS,
        "excludeCredentials": [{"type": "public-key", "id": one} for one in known],
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
    }


def request_options(at: Site, challenge: bytes, known: Sequence[str]) -> dict[str, Any]:
    """What `navigator.credentials.get` takes, bytes as base64url."""
    return {
        "rpId": at.rp_id,
        "challenge": _base64url(challenge),
        "timeout": TIMEOUT_MS,
        "allowCredentials": [{"type": "public-key", "id": one} for one in known],
        "userVerification": "required",
    }


def made(at: Site, challenge: bytes, response: str) -> Made:
    """The passkey that `response` brings. Raises PasskeyRefused."""
    from webauthn import verify_registration_response  # noqa: PLC0415 - see `_judged`
    from webauthn.helpers.cose import COSEAlgorithmIdentifier as Algorithm  # noqa: PLC0415

    found = _judged(
        response,
        lambda: verify_registration_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=at.rp_id,
            expected_origin=at.origin,
            require_user_verification=True,
            supported_pub_key_algs=[Algorithm(alg) for alg in (_ES256, _ED25519, _RS256)],
        ),
    )
    return Made(_base64url(found.credential_id), found.credential_public_key, found.sign_count)


def proven(at: Site, challenge: bytes, response: str, public_key: bytes) -> int:
    """The counter of a passkey that truly signed `challenge` here with its user verified. Raises PasskeyRefused.

    The library would judge the counter before the signature; then anybody could make a counter look turned back.
    """
    from webauthn import verify_authentication_response  # noqa: PLC0415 - see `_judged`

    found = _judged(
        response,
        lambda: verify_authentication_response(
            credential=response,
            expected_challenge=challenge,
            expected_rp_id=at.rp_id,
            expected_origin=at.origin,
            credential_public_key=public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        ),
    )
    count: int = found.new_sign_count
    return count


def load_soon() -> None:
    """Import the library in a thread while its user reads the page: it takes half a second, which no start has."""
    if _LIBRARY not in sys.modules:
        Thread(target=import_module, args=(_LIBRARY,), daemon=True).start()


def credential_id(response: str) -> str:
    """Which passkey `response` says it is from. Raises PasskeyRefused."""
    return _read(response).id


def _judged(response: str, judge: Callable[[], Any]) -> Any:
    """What `judge` found. The library is imported where it is used, so that no start waits for it; see `load_soon`."""
    if _framed(_read(response)):
        raise PasskeyRefused("The passkey was asked for from inside another site's page")
    try:
        return judge()
    except Exception as error:  # hostile bytes reach five parsers; whatever they raise is a refusal, never a crash
        raise PasskeyRefused("The passkey's answer does not hold") from error


def _read(response: str) -> _Credential:
    if len(response) > _LONGEST:
        raise PasskeyRefused("The passkey's answer is too long")
    try:
        return msgspec.json.decode(response, type=_Credential)
    except (msgspec.DecodeError, UnicodeError):
        raise PasskeyRefused("The passkey's answer cannot be read") from None


def _framed(credential: _Credential) -> bool:
    text = credential.response.client_data
    try:
        data = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=_ClientData)
    except (ValueError, msgspec.DecodeError):
        raise PasskeyRefused("The passkey's answer cannot be read") from None
    return data.cross_origin


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
