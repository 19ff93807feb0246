"""Assertions that must never be taken, by what is wrong with them. All are by `es256()` unless they say otherwise."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from tests.oauth.signing import (
    ABSENT,
    CLIENT,
    ISSUER,
    NOW,
    Signer,
    claims,
    ed25519,
    es256,
    present,
    ps256,
    segment,
    stranger,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WRONG_TYPES: dict[str, Any] = {
    "null": None, "true": True, "a number": 7, "a list": [ISSUER], "an object": {"a": 1}, "an empty text": "",
}  # fmt: skip
_CLAIMS: dict[str, Any] = {
    "iss is another client": {"iss": "cli_01jc0000000000000000000001"},
    "sub is another client": {"sub": "cli_01jc0000000000000000000001"},
    "iss and sub are a client nobody registered": dict.fromkeys(("iss", "sub"), "cli_01jc0000000000000000000009"),
    "iss and sub are no client id": dict.fromkeys(("iss", "sub"), "me"),
    "iss and sub hold a NUL": dict.fromkeys(("iss", "sub"), CLIENT[:-1] + "\x00"),
    "iss and sub end in a line feed": dict.fromkeys(("iss", "sub"), CLIENT + "\n"),
    "iss and sub hold a lone surrogate": dict.fromkeys(("iss", "sub"), CLIENT[:-1] + "\ud800"),
    "iss and sub are a partner's id": dict.fromkeys(("iss", "sub"), "par_01jc0000000000000000000000"),
    "aud is a list of the issuer": {"aud": [ISSUER]},
    "aud is a list of the issuer and another": {"aud": [ISSUER, "https://other.example"]},
    "aud is the token endpoint": {"aud": f"{ISSUER}/oauth/token"},
    "aud is the PAR endpoint": {"aud": f"{ISSUER}/oauth/par"},
    "aud is the issuer with a slash": {"aud": f"{ISSUER}/"},
    "aud is the issuer in capitals": {"aud": ISSUER.upper()},
    "aud is another server": {"aud": "https://other.example"},
    "exp is now": {"exp": NOW},
    "exp is 5 minutes in the past": {"exp": NOW - 300},
    "exp is an hour ahead": {"exp": NOW + 3_600},
    "exp is ten years ahead": {"exp": NOW + 315_360_000},
    "exp is just beyond what is allowed": {"exp": NOW + 361},
    "exp is in milliseconds": {"exp": NOW * 1_000},
    "exp is text": {"exp": str(NOW + 60)},
    "exp is negative": {"exp": -1},
    "exp is larger than any float": {"exp": 10**400},
    "iat is over 60 seconds ahead": {"iat": NOW + 61},
    "nbf is over 60 seconds ahead": {"nbf": NOW + 61},
    "iat is text": {"iat": str(NOW)},
    "iat is null": {"iat": None},
    "nbf is a list": {"nbf": [NOW]},
    "jti is too long": {"jti": "j" * 129},
    "jti holds a NUL": {"jti": "a\x00b"},
    "jti holds a lone surrogate": {"jti": "a\udfffb"},
    "the claims are too long": {"more": "x" * 8_000},
}
_HEADERS: dict[str, Any] = {
    "alg is missing": {"alg": ABSENT},
    "alg is null": {"alg": None},
    "alg is unknown": {"alg": "ES257"},
    "alg is in small letters": {"alg": "es256"},
    "alg is another key type's": {"alg": "PS256"},
    "kid is unknown": {"kid": "other"},
    "kid is a number": {"kid": 1},
    "kid is a path": {"kid": "../../../../dev/null"},
    "typ is a DPoP proof's": {"typ": "dpop+jwt"},
    "typ is an access token's": {"typ": "at+jwt"},
    "crit names an extension": {"crit": ["exp"], "exp": NOW},
    "crit is null": {"crit": None},
    "the payload is not encoded (RFC 7797)": {"crit": ["b64"], "b64": False},
    "b64 is true": {"b64": True},
    "the header is too long": {"more": "x" * 8_000},
}


def corpus() -> dict[str, str]:
    """What is wrong → an assertion with nothing else wrong."""
    found = {name: es256().assertion(**changes) for name, changes in _CLAIMS.items()}
    found |= {name: es256().assertion(header) for name, header in _HEADERS.items()}
    for claim in ("iss", "sub", "aud", "exp", "jti"):
        found[f"{claim} is missing"] = es256().assertion(**{claim: ABSENT})
        found |= {f"{claim} is {name}": es256().assertion(**{claim: value}) for name, value in _WRONG_TYPES.items()}
    return found | dict(_forged()) | {name: change(es256().assertion()) for name, change in _GARBLED.items()}


def _forged() -> Iterator[tuple[str, str]]:
    """Signatures that prove nothing."""
    own = es256()
    for algorithm in ("none", "None", "NONE", "nOnE"):
        unsigned = f"{segment({**own.header(), 'alg': algorithm})}.{segment(claims())}."
        yield f"alg is {algorithm} without a signature", unsigned
        yield f"alg is {algorithm} with a signature", own.assertion({"alg": algorithm})
    for algorithm in ("RS256", "PS384", "PS512", "RS512"):
        yield f"signed with {algorithm}", Signer(algorithm, ps256().key, "rsa").assertion()
    for algorithm in ("HS256", "HS384", "HS512"):
        for shape, secret in (("PEM", own.pem()), ("JWK", json.dumps(own.jwk()).encode())):
            signed = f"{segment({**own.header(), 'alg': algorithm})}.{segment(claims())}"
            mac = hmac.digest(secret, signed.encode(), f"sha{algorithm[2:]}")
            yield f"{algorithm} with a public key's {shape} as its secret", f"{signed}.{segment(mac)}"
    yield "signed with the key of another client", stranger().assertion()
    public = stranger().jwk()
    yield "signed with a key it brings along", stranger().assertion({"jwk": public})
    yield "it says where its key is", stranger().assertion({"jku": "https://attacker.example/keys"})
    yield "its kid is another registered key's", own.assertion({"kid": "okp"})
    yield "an RSA signature under the EC key's name", ps256().sign({**own.header(), "alg": "PS256"}, claims())
    yield "an Ed25519 signature under the EC key's name", ed25519().sign({**own.header(), "alg": "EdDSA"}, claims())
    yield "no kid and several keys of its kind", Signer("EdDSA", ed25519().key).assertion({"kid": ABSENT})
    changed = own.assertion().split(".")
    yield "the claims were changed after signing", ".".join([changed[0], segment({**claims(), "jti": "x"}), changed[2]])
    yield "the header was changed after signing", ".".join([segment({**own.header(), "x": 1}), *changed[1:]])


def _raw(header: bytes | None = None, payload: bytes | None = None) -> Callable[[str], str]:
    """Correctly signed nonsense."""
    return lambda _: es256().sign(es256().header() if header is None else header, payload or present(claims()))


_GARBLED: dict[str, Callable[[str], str]] = {
    "two parts": lambda text: text.rpartition(".")[0],
    "four parts": lambda text: f"{text}.{text.rpartition('.')[2]}",
    "five parts, like an encrypted token": lambda text: f"{text}.a.b",
    "dots alone": lambda _: "..",
    "a word": lambda _: "assertion",
    "a space inside": lambda text: f"{text[:20]} {text[20:]}",
    "a line feed at the end": lambda text: f"{text}\n",
    "padding kept": lambda text: f"{text}==",
    "base64 instead of base64url": lambda text: f"+/{text[2:]}",
    "letters beyond ASCII": lambda text: f"é{text[1:]}",
    "a header of one character": lambda text: f"e{text[text.index('.'):]}",
    "the signature cut short": lambda text: text[:-8],
    "the signature of zeros": lambda text: f"{text.rpartition('.')[0]}.{segment(bytes(64))}",
    "the signature one byte longer": lambda text: f"{text}AA",
    "a signature of one character": lambda text: f"{text.rpartition('.')[0]}.A",
    "nine thousand characters": lambda _: "a" * 9_000,
    "a megabyte would be worse": lambda text: f"{text}{'A' * 8_000}",
    "nothing but brackets as claims": _raw(payload=b"[" * 3_000 + b"]" * 3_000),
    "claims are a list": _raw(payload=b"[]"),
    "claims are text": _raw(payload=b'"claims"'),
    "claims are not JSON": _raw(payload=b"{iss:1}"),
    "claims are not UTF-8": _raw(payload=b'{"iss":"\xff"}'),
    "claims are UTF-16": _raw(payload=json.dumps(claims()).encode("utf-16")),
    "a claim comes twice": _raw(payload=json.dumps(claims()).replace('"aud"', '"aud": "x", "aud"').encode()),
    "exp is NaN": _raw(payload=json.dumps({**claims(), "exp": float("nan")}).encode()),
    "exp is Infinity": _raw(payload=json.dumps({**claims(), "exp": float("inf")}).encode()),
    "exp is 1e999": _raw(payload=json.dumps({**claims(), "exp": 0.5}).replace("0.5", "1e999").encode()),
    "exp has five thousand digits": _raw(payload=json.dumps({"exp": 5}).replace("5", "5" * 5_000).encode()),
    "the header is a list": _raw(header=b"[]"),
    "the header is not JSON": _raw(header=b"alg"),
    "alg comes twice": _raw(header=b'{"alg":"none","alg":"ES256","kid":"main"}'),
}  # fmt: skip
