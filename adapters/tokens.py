"""Access tokens from a bank's token endpoint by the client-credentials grant (RFC 6749, 4.4), kept until they end.

Who we are is proven by a signed assertion (`private_key_jwt`, RFC 7523, PS256 as FAPI asks) or by the client
certificate of the connection (`tls_client_auth`, RFC 8705). Tokens live in memory only.
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.bank_ports import Unreachable
from gateway.outbound import MayHaveBeenSent, NotSent

if TYPE_CHECKING:
    from gateway.outbound import Outbound
    from gateway.ports import Clock

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
EARLY = timedelta(seconds=30)
"""So long before a token ends a new one is asked for."""
_DEFAULT_SECONDS = 300
"""How long a token is taken to live where the bank does not say (RFC 6749 section 5.1 leaves it out at will)."""
_OK, _BAD, _KEY_BITS = 200, 400, 2048


class Proof(StrEnum):
    """How the bank knows us."""

    private_key_jwt = "private_key_jwt"
    tls_client_auth = "tls_client_auth"


class TokenSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where tokens come from and who asks. `signing_key` (PEM) and `kid` are for `private_key_jwt`.

    `audience` is what the assertion is made out to, by default the endpoint itself.
    """

    url: str
    client_id: str
    scope: str
    proof: Proof = Proof.private_key_jwt
    signing_key: str = ""
    kid: str = ""
    audience: str | None = None
    holder_scope: str | None = None
    """The scope of a token for one consent, with `{consent_id}` in it, where the bank gives one to the client once the
    account's holder has agreed in the bank's own channel; None = the client's own token serves."""

    def __post_init__(self) -> None:
        if self.proof is Proof.private_key_jwt and not (self.signing_key and self.kid):
            raise ValueError("private_key_jwt needs signing_key and kid")

    def __repr__(self) -> str:
        """Without the key: a traceback may show it."""
        return f"TokenSettings({self.url!r}, {self.client_id!r})"


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int = _DEFAULT_SECONDS


class _Refused(msgspec.Struct):
    error: str


class Tokens:
    """Asks for tokens, and keeps the client's own."""

    def __init__(self, settings: TokenSettings, outbound: Outbound, system_clock: Clock) -> None:
        self.settings = settings
        self._outbound, self._clock = outbound, system_clock
        self._key = _private(settings.signing_key) if settings.signing_key else None
        self._kept: tuple[str, datetime] | None = None
        self._asking = asyncio.Lock()

    async def token(self, refused: str | None = None) -> str:
        """A token that lives; never `refused`, one that the bank has just turned away. Raises Unreachable."""
        async with self._asking:
            kept = self._kept
            if kept is None or kept[0] == refused or self._clock.now() >= kept[1] - EARLY:
                granted = await self._ask(self.settings.scope)
                if granted is None:
                    raise Unreachable("the bank's token endpoint refuses us a token")
                kept = granted.access_token, self._clock.now() + timedelta(seconds=granted.expires_in)
                self._kept = kept
            return kept[0]

    async def holders(self, consent_id: str) -> str | None:
        """A token for one consent; None while its holder has not agreed, or said no. Raises Unreachable."""
        if self.settings.holder_scope is None:
            return await self.token()
        granted = await self._ask(self.settings.holder_scope.replace("{consent_id}", consent_id))
        return None if granted is None else granted.access_token

    async def _ask(self, scope: str) -> _Granted | None:
        """None = the endpoint understood us and says no (RFC 6749 section 5.2)."""
        form = {"grant_type": "client_credentials", "scope": scope, "client_id": self.settings.client_id}
        if self._key is not None:
            form |= {"client_assertion_type": ASSERTION, "client_assertion": self._assertion(self._key)}
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        try:
            answer = await self._outbound.send(
                "POST", self.settings.url, body=urlencode(form).encode(), headers=headers
            )
        except (NotSent, MayHaveBeenSent) as error:
            raise Unreachable(error.detail) from error
        try:
            if answer.status == _OK:
                return msgspec.json.decode(answer.body, type=_Granted)
            if answer.status == _BAD:
                msgspec.json.decode(answer.body, type=_Refused)
                return None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass  # an answer in another form says neither yes nor no: told below
        raise Unreachable(f"the bank's token endpoint answered {answer.status}", status=answer.status)

    def _assertion(self, key: RSAPrivateKey) -> str:
        now, settings = int(self._clock.now().timestamp()), self.settings
        claims = {
            "iss": settings.client_id, "sub": settings.client_id, "aud": settings.audience or settings.url,
            "iat": now, "exp": now + ASSERTION_SECONDS, "jti": str(uuid.uuid4()),
        }  # fmt: skip
        head = {"alg": "PS256", "kid": settings.kid, "typ": "JWT"}
        signed = b".".join(_to_base64(msgspec.json.encode(part)) for part in (head, claims))
        signature = key.sign(signed, PSS(mgf=MGF1(SHA256()), salt_length=32), SHA256())
        return b".".join((signed, _to_base64(signature))).decode()


def _private(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("tokens.signing_key is not a private key in PEM without a passphrase") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < _KEY_BITS:
        raise ValueError(f"tokens.signing_key must be an RSA key of at least {_KEY_BITS} bits")
    return key


def _to_base64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
