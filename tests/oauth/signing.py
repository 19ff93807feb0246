"""A partner's side: keys, assertions good and bad. Signs bytes as they are, so that anything can be sent."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

if TYPE_CHECKING:
    from collections.abc import Mapping

ISSUER = "https://gateway.example"
NOW = 1_793_620_800
"""2026-11-02T08:00:00Z, what the tests' clock shows."""
CLIENT = "cli_01jc0000000000000000000000"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Absent:
    """Stands for a member that is left out. Its name is the same in every process, as names of tests must be."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = Absent()


class Signer:
    """One private key and the algorithm it signs with."""

    def __init__(self, algorithm: str, key: RSAKey | ECKey | OKPKey, kid: str = "main") -> None:
        self.algorithm, self.key, self.kid = algorithm, key, kid

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """The public half; a change to ABSENT removes a member."""
        public = {**self.key.as_dict(private=False), "kid": self.kid, "use": "sig", **changes}
        return {name: value for name, value in public.items() if value is not ABSENT}

    def pem(self) -> bytes:
        return self.key.as_pem(private=False)

    def jwks(self, *others: Signer) -> bytes:
        return json.dumps({"keys": [signer.jwk() for signer in (self, *others)]}).encode()

    def assertion(self, header: Mapping[str, Any] | None = None, **changes: Any) -> str:
        """A good assertion by CLIENT at NOW, with `header` and `changes` laid over it (ABSENT removes)."""
        return self.sign(present({**self.header(), **(header or {})}), present({**claims(), **changes}))

    def header(self) -> dict[str, Any]:
        return {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"}

    def sign(self, header: dict[str, Any] | bytes, payload: dict[str, Any] | bytes) -> str:
        """Any header and any payload, signed with this key's algorithm whatever the header says."""
        signed = f"{segment(header)}.{segment(payload)}"
        model = JWSRegistry.algorithms["Ed25519" if self.algorithm == "EdDSA" else self.algorithm]
        return f"{signed}.{segment(model.sign(signed.encode(), self.key))}"


def claims() -> dict[str, Any]:
    return {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "iat": NOW, "exp": NOW + 60, "jti": "a-fresh-jti"}


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


def segment(content: dict[str, Any] | bytes) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def form(assertion: str, **changes: Any) -> dict[str, Any]:
    """A token request's parameters."""
    return present(
        {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
            **changes,
        }
    )


@cache
def ps256() -> Signer:
    return Signer("PS256", RSAKey.generate_key(2048))


@cache
def es256() -> Signer:
    return Signer("ES256", ECKey.generate_key("P-256"))


@cache
def ed25519(algorithm: str = "EdDSA") -> Signer:
    return Signer(algorithm, OKPKey.generate_key("Ed25519"))


@cache
def stranger() -> Signer:
    """Another client's key, under the kid of ours."""
    return Signer("ES256", ECKey.generate_key("P-256"))


def signers() -> list[Signer]:
    return [ps256(), es256(), ed25519("EdDSA"), ed25519("Ed25519")]
