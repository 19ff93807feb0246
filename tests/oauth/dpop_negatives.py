"""DPoP proofs at the API: those that must be refused and those that must pass (RFC 9449 section 4.3), by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.gateways import ISSUER
from tests.oauth.relying_party import b64, hashed, kept_key
from tests.oauth.signing import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.oauth.relying_party import RelyingParty

    Headers = list[tuple[str, str]]
    Make = Callable[[RelyingParty, str], Headers]


def _made(party: RelyingParty, token: str, proof: str | None, *, scheme: str = "DPoP") -> Headers:
    sent = [] if proof is None else [("dpop", proof)]
    return [("authorization", f"{scheme} {token}"), *sent]


def _with(*, scheme: str = "DPoP", after: Callable[[str], str] = str, **changes: Any) -> Make:
    """A proof good but for `changes`; `key` may be a name, a change may be a function of the party."""

    def make(party: RelyingParty, token: str) -> Headers:
        known = {name: value(party) if callable(value) else value for name, value in changes.items()}
        url = f"{ISSUER}{party.resource}"
        return _made(party, token, after(party.proof("GET", url, **{"token": token, **known})), scheme=scheme)

    return make


def _two(party: RelyingParty, token: str) -> Headers:
    [first, proof] = _with()(party, token)
    return [first, proof, _with()(party, token)[1]]


def _again(party: RelyingParty, token: str) -> Headers:
    """The proof of a request that is made here first."""
    return party.last_headers


def _unsigned(proof: str) -> str:
    return proof[: proof.rindex(".") + 1]


def _none(proof: str) -> str:
    _, payload, _ = proof.split(".")
    return f"{b64(json.dumps({'typ': 'dpop+jwt', 'alg': 'none', 'jwk': kept_key('dpop').jwk}).encode())}.{payload}."


def _flipped(proof: str) -> str:
    last = "A" if proof[-20] != "A" else "B"
    return f"{proof[:-20]}{last}{proof[-19:]}"


def _hmac(proof: str) -> str:
    header = {"typ": "dpop+jwt", "alg": "HS256", "jwk": {"kty": "oct", "k": b64(b"k" * 32)}}
    return f"{b64(json.dumps(header).encode())}.{proof.split('.')[1]}.{proof.split('.')[2]}"


def _mixed_keys() -> dict[str, Any]:
    return {**kept_key("dpop").jwk, "x": kept_key("other").jwk["x"]}


NEGATIVES: dict[str, Make] = {
    "no proof": lambda party, token: _made(party, token, None),
    "an empty proof": lambda party, token: _made(party, token, ""),
    "two proofs": _two,
    "two proofs in one header": _with(after=lambda proof: f"{proof}, {proof}"),
    "not a JWT": _with(after=lambda _: "DPoP"),
    "four parts": _with(after=lambda proof: f"{proof}.e30"),
    "a header that is no JSON": _with(after=lambda proof: f"{b64(b'x')}.{proof.split('.', 1)[1]}"),
    "a header that is a list": _with(after=lambda proof: f"{b64(b'[]')}.{proof.split('.', 1)[1]}"),
    "padding": _with(after=lambda proof: f"{proof}="),
    "too long": _with(more="x" * 9_000),
    "typ missing": _with(header={"typ": ABSENT}),
    "typ JWT": _with(header={"typ": "JWT"}),
    "typ is a list": _with(header={"typ": ["dpop+jwt"]}),
    "alg missing": _with(header={"alg": ABSENT}),
    "alg none": _with(after=_none),
    "alg none with signature": _with(header={"alg": "none"}),
    "alg HS256": _with(after=_hmac),
    "alg of another kind": _with(header={"alg": "PS256"}),
    "alg RS256": _with(header={"alg": "RS256"}, key=lambda _: kept_key("rsa", "PS256")),
    "alg is a list": _with(header={"alg": ["ES256"]}),
    "crit": _with(header={"crit": ["exp"]}),
    "b64": _with(header={"b64": False}),
    "jwk missing": _with(header={"jwk": ABSENT}),
    "jwk is text": _with(header={"jwk": "key"}),
    "jwk with its private member": _with(
        header=lambda _: {"jwk": {**kept_key("dpop").jwk, **kept_key("dpop").private_member}}
    ),
    "jwk of another curve": _with(header=lambda _: {"jwk": {**kept_key("dpop").jwk, "crv": "P-384"}}),
    "jwk beside the curve": _with(header=lambda _: {"jwk": _mixed_keys()}),
    "jwk is not the key that signed": _with(header=lambda _: {"jwk": kept_key("other").jwk}),
    "kid instead of jwk": _with(header={"jwk": ABSENT, "kid": "main"}),
    "no signature": _with(after=_unsigned),
    "a changed signature": _with(after=_flipped),
    "another key": _with(key=lambda _: kept_key("other")),
    "a key of another kind": _with(key=lambda _: kept_key("dpop-ed", "Ed25519")),
    "claims that are a list": lambda party, token: _made(
        party, token, party.dpop_key.sign({"typ": "dpop+jwt", "alg": "ES256", "jwk": party.dpop_key.jwk}, b"[]")
    ),
    "jti missing": _with(jti=ABSENT),
    "jti empty": _with(jti=""),
    "jti a number": _with(jti=1),
    "htm missing": _with(htm=ABSENT),
    "htm another method": _with(htm="PUT"),
    "htm in small letters": _with(htm="get"),
    "htu missing": _with(htu=ABSENT),
    "htu another path": _with(htu=f"{ISSUER}/v1/merchants"),
    "htu another host": _with(htu=lambda party: f"https://attacker.example{party.resource}"),
    "htu another scheme": _with(htu=lambda party: f"https://127.0.0.1:8000{party.resource}"),
    "htu another port": _with(htu=lambda party: f"http://127.0.0.1:8001{party.resource}"),
    "htu only the path": _with(htu=lambda party: party.resource),
    "htu with a user": _with(htu=lambda party: f"http://user@127.0.0.1:8000{party.resource}"),
    "htu that is no address": _with(htu="http://[::1"),
    "htu with a trailing slash": _with(htu=lambda party: f"{ISSUER}{party.resource}/"),
    "htu in capitals": _with(htu=lambda party: f"{ISSUER}{party.resource.upper()}"),
    "iat missing": _with(iat=ABSENT),
    "iat text": _with(iat=lambda party: str(party.now())),
    "iat infinite": _with(iat=float("inf")),
    "iat an hour ahead": _with(iat=lambda party: party.now() + 3_600),
    "iat an hour ago": _with(iat=lambda party: party.now() - 3_600),
    "iat 62 seconds ahead": _with(iat=lambda party: party.now() + 62),
    "exp in the past": _with(exp=lambda party: party.now() - 1),
    "nbf in the future": _with(nbf=lambda party: party.now() + 90),
    "ath missing": _with(ath=ABSENT),
    "ath of another token": _with(ath=hashed("another")),
    "nonce missing": _with(nonce=ABSENT),
    "nonce invented": _with(nonce="A" * 32),
    "nonce of another length": _with(nonce="A"),
    "nonce beyond ASCII": _with(nonce="é" * 32),
    "used before": _again,
    "as Bearer with a proof": _with(scheme="Bearer"),
    "as Bearer without one": lambda party, token: _made(party, token, None, scheme="Bearer"),
}

POSITIVES: dict[str, Make] = {
    "plain": _with(),
    "scheme in small letters": _with(scheme="dpop"),
    "scheme in capitals": _with(scheme="DPOP"),
    "typ in capitals": _with(header={"typ": "DPoP+JWT"}),
    "unknown header members": _with(header={"more": {"a": [1]}, "kid": "x"}),
    "unknown claims": _with(more={"a": [1]}, iss="x", aud=["y"]),
    "unknown members of the key": _with(header=lambda _: {"jwk": {**kept_key("dpop").jwk, "kid": "k", "use": "sig"}}),
    "nbf and exp": _with(nbf=lambda party: party.now(), exp=lambda party: party.now() + 300),
    "iat with a fraction": _with(iat=lambda party: party.now() + 0.5),
    "iat 10 seconds ahead": _with(iat=lambda party: party.now() + 10),
    "iat 10 seconds ago": _with(iat=lambda party: party.now() - 10),
    "htu with query and fragment": _with(htu=lambda party: f"{ISSUER}{party.resource}?a=b#c"),
    "htu with scheme and host in capitals": _with(htu=lambda party: f"HTTP://127.0.0.1:8000{party.resource}"),
    "htu with encoded letters": _with(htu=lambda party: f"{ISSUER}{party.resource.replace('mer_', '%6Der%5F')}"),
}
