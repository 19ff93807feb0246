"""A relying party for tests, on `cryptography` alone: it shares no code with the server it talks to."""

from __future__ import annotations

import hashlib
import itertools
import json
from base64 import urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateway.domain.consents import Evidence
from gateway.usecases import authorization, clients
from tests.gateways import ISSUER
from tests.oauth.signing import ABSENT

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Gateway, Partner

REDIRECT_URI = "https://client.example/cb"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EVIDENCE = Evidence("mer_test", "one_time_code", "192.0.2.1", "en", "test-1")
VERIFIER = "v" * 64
_serial = itertools.count(1)


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def hashed(text: str) -> str:
    return b64(hashlib.sha256(text.encode()).digest())


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8))


def present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


class Key:
    """A private key that signs with any algorithm of its kind."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        self.private: Any
        if algorithm == "ES256":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif algorithm == "Ed25519":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65_537, 2048)

    @property
    def jwk(self) -> dict[str, str]:
        """The public half."""
        public = self.private.public_key()
        if self.algorithm == "ES256":
            numbers = public.public_numbers()
            return {"kty": "EC", "crv": "P-256", "x": b64(numbers.x.to_bytes(32)), "y": b64(numbers.y.to_bytes(32))}
        if self.algorithm == "Ed25519":
            return {"kty": "OKP", "crv": "Ed25519", "x": b64(public.public_bytes_raw())}
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}

    @property
    def private_member(self) -> dict[str, str]:
        """What must never be sent."""
        if self.algorithm == "Ed25519":
            return {"d": b64(self.private.private_bytes_raw())}
        numbers = self.private.private_numbers()
        return {"d": number(numbers.private_value if self.algorithm == "ES256" else numbers.d)}

    @property
    def thumbprint(self) -> str:
        """RFC 7638."""
        return hashed(json.dumps(dict(sorted(self.jwk.items())), separators=(",", ":")))

    def sign(self, header: dict[str, Any], claims: dict[str, Any] | bytes) -> str:
        """A compact JWS; signed by the algorithm the header names where this key can, else by its own."""
        payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        signed = f"{b64(json.dumps(header).encode())}.{b64(payload)}"
        return f"{signed}.{b64(self._signature(signed.encode(), str(header.get('alg'))))}"

    def _signature(self, signed: bytes, algorithm: str) -> bytes:
        if self.algorithm == "ES256":
            r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        if self.algorithm == "Ed25519":
            return bytes(self.private.sign(signed))
        if algorithm == "RS256":
            return bytes(self.private.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
        return bytes(self.private.sign(signed, pss, hashes.SHA256()))


@cache
def kept_key(name: str, algorithm: str = "ES256") -> Key:
    """A key that many tests may share."""
    assert name
    return Key(algorithm)


class RelyingParty:
    """One client of a partner, one shop of that partner, and the DPoP key in use."""

    def __init__(self, gateway: Gateway, partner: Partner, client: clients.Client, merchant_id: str, key: Key) -> None:
        self.gateway, self.partner, self.client, self.merchant_id, self.key = gateway, partner, client, merchant_id, key
        self.http = gateway.http
        self.dpop_key = kept_key("dpop")
        self.nonce: str | None = None
        self.last_headers: list[tuple[str, str]] = []
        """Token and proof of the last call."""

    def now(self) -> int:
        """Seconds since 1970, by the gateway's own clock."""
        return int(self.gateway.clock.now().timestamp())

    # --- what is signed ---------------------------------------------------------------------------------------------

    def assertion(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """A good client assertion, changed."""
        at = self.now()
        claims = {
            "iss": self.client.id, "sub": self.client.id, "aud": ISSUER, "iat": at, "exp": at + 60,
            "jti": f"assertion-{next(_serial)}",
        }  # fmt: skip
        full = {"alg": self.key.algorithm, "kid": "main", "typ": "JWT", **(header or {})}
        return self.key.sign(present(full), present({**claims, **changes}))

    def proof(self, method: str, url: str, *, header: dict[str, Any] | None = None, key: Key | None = None,
              token: str | None = None, **changes: Any) -> str:  # fmt: skip
        """A good DPoP proof with the nonce last heard, changed."""
        key = key or self.dpop_key
        claims = {
            "jti": f"proof-{next(_serial)}", "htm": method, "htu": url, "iat": self.now(),
            "ath": ABSENT if token is None else hashed(token), "nonce": self.nonce or ABSENT,
        }  # fmt: skip
        full = {"typ": "dpop+jwt", "alg": key.algorithm, "jwk": key.jwk, **(header or {})}
        return key.sign(present(full), present({**claims, **changes}))

    # --- the authorization server -----------------------------------------------------------------------------------

    async def send(self, path: str, form: dict[str, Any], *, proof: Any = None, **of_proof: Any) -> httpx.Response:
        """POST a form with client authentication; `proof` ABSENT sends none, a string is sent as it is.

        Asked for a nonce, it repeats the request once, as a client must (RFC 9449 section 8).
        """
        for _ in range(2):
            full = {
                "client_id": self.client.id, "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self.assertion(), **form,
            }  # fmt: skip
            made = proof if proof is not None else self.proof("POST", f"{ISSUER}{path}", **of_proof)
            headers = {} if made is ABSENT else {"DPoP": made}
            answer = await self.http.post(path, data=present(full), headers=headers)
            if not self._hear(answer) or proof is not None:
                break
        return answer

    def _hear(self, answer: httpx.Response) -> bool:
        """Keep the nonce; whether the request is to be repeated with it."""
        self.nonce = answer.headers.get("dpop-nonce", self.nonce)
        wanted = answer.status_code in {400, 401} and "use_dpop_nonce" in answer.text
        return wanted and "dpop-nonce" in answer.headers

    def request(self, **changes: Any) -> dict[str, Any]:
        """A good authorization request, changed."""
        return present({
            "response_type": "code", "redirect_uri": REDIRECT_URI, "state": "state-1",
            "code_challenge": hashed(VERIFIER), "code_challenge_method": "S256",
            "authorization_details": json.dumps(self.details()), **changes,
        })  # fmt: skip

    def details(self) -> list[dict[str, Any]]:
        """What it asks the merchant for."""
        return [
            {"type": "merchant_data", "actions": ["push"], "datatypes": ["sales", "stock"],
             "merchant": {"id": self.merchant_id}, "lookback_days": 730, "purpose": "credit_assessment",
             "recipients": [{"bank": "bnk_sandbox"}], "retention_days": 1825},
            {"type": "offers", "actions": ["read"]},
        ]  # fmt: skip

    async def push(self, *, proof: Any = ABSENT, key: Key | None = None, **changes: Any) -> httpx.Response:
        """POST /oauth/par."""
        return await self.send("/oauth/par", self.request(**changes), proof=proof, **({"key": key} if key else {}))

    async def pushed(self, **changes: Any) -> str:
        """The request_uri of a request that must be taken."""
        answer = await self.push(**changes)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["request_uri"]
        return found

    async def authorize(self, request_uri: str, **changes: Any) -> httpx.Response:
        """GET /oauth/authorize, as a browser would."""
        query = present({"client_id": self.client.id, "request_uri": request_uri, **changes})
        return await self.http.get(f"/oauth/authorize?{urlencode(query)}")

    async def approve(self, request_uri: str) -> dict[str, str]:
        """The merchant's yes; the parameters of the redirect."""
        world = self.gateway.world
        asked = await authorization.pending(world, request_uri, self.client.id)
        where = await world.store.write(lambda tx: authorization.approve(tx, world, asked, asked.details, EVIDENCE))
        return answered(where)

    async def reject(self, request_uri: str) -> dict[str, str]:
        """The merchant's no; the parameters of the redirect."""
        world = self.gateway.world
        asked = await authorization.pending(world, request_uri, self.client.id)
        return answered(await world.store.write(lambda tx: authorization.reject(tx, world, asked)))

    async def code(self, **changes: Any) -> str:
        """The code of an approved request."""
        return (await self.approve(await self.pushed(**changes)))["code"]

    async def redeem(self, code: str, *, proof: Any = None, key: Key | None = None, **changes: Any) -> httpx.Response:
        """POST /oauth/token with a code."""
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER,
            **changes,
        }  # fmt: skip
        return await self.send("/oauth/token", form, proof=proof, **({"key": key} if key else {}))

    async def tokens(self, **changes: Any) -> dict[str, Any]:
        """The answer of a whole flow that must succeed."""
        answer = await self.redeem(await self.code(**changes))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refresh(self, refresh_token: str, *, proof: Any = None, **changes: Any) -> httpx.Response:
        """POST /oauth/token with a refresh token."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **changes}
        return await self.send("/oauth/token", form, proof=proof)

    # --- the resource server ----------------------------------------------------------------------------------------

    @property
    def resource(self) -> str:
        """An address its tokens open."""
        return f"/v1/merchants/{self.merchant_id}"

    async def call(self, token: str, path: str | None = None, *, method: str = "GET", scheme: str = "DPoP",
                   content: bytes | None = None, **of_proof: Any) -> httpx.Response:  # fmt: skip
        """Ask for a resource with a bound token, repeating once when a nonce is asked for."""
        path = path or self.resource
        for _ in range(2):
            proof = self.proof(method, f"{ISSUER}{path.partition('?')[0]}", **{"token": token, **of_proof})
            headers = {"authorization": f"{scheme} {token}", "dpop": proof, "content-type": "application/json"}
            self.last_headers = list(headers.items())[:2]
            answer = await self.http.request(method, path, headers=headers, content=content)
            if not self._hear(answer):
                break
        return answer


def answered(where: str) -> dict[str, str]:
    """The parameters of a redirect to the client."""
    parts = urlsplit(where)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == REDIRECT_URI
    return {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}


async def register(gateway: Gateway, name: str = "Till Ltd", *, key: Key | None = None) -> RelyingParty:
    """A new client of a new partner with one shop."""
    partner = await gateway.partner(name)
    key = key or kept_key(name)
    jwks = json.dumps({"keys": [{**key.jwk, "kid": "main"}]}).encode()
    client = await clients.create(gateway.world, name=name, jwks=jwks, partner_name=name)
    shop = await partner.done("/v1/merchants", {
        "legal_name": "Lanzhou Noodles", "country": "CN", "currency": "CNY", "timezone": "Asia/Shanghai",
        "contact_email": "noodles@shop.example",
    })  # fmt: skip
    return RelyingParty(gateway, partner, client, shop["id"], key)
