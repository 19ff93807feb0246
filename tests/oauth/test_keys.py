"""What a client may register (RFC 7517, FAPI 2.0 section 5.4.1)."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey, OKPKey

from gateway.oauth import keys
from tests.oauth.signing import ABSENT, Signer, ed25519, es256, ps256, segment, signers


def jwks(*found: Any) -> bytes:
    return json.dumps({"keys": list(found)}).encode()


def weak(bits: int, exponent: int = 65_537) -> dict[str, Any]:
    numbers = rsa.generate_private_key(exponent, bits).public_key().public_numbers()
    n, e = (segment(number.to_bytes((number.bit_length() + 7) // 8)) for number in (numbers.n, numbers.e))
    return {"kty": "RSA", "n": n, "e": e}


BAD = {
    "not JSON": b"keys",
    "not UTF-8": b'{"keys": "\xff"}',
    "a list": b"[]",
    "no keys member": b"{}",
    "keys is no list": b'{"keys": {}}',
    "no key": jwks(),
    "eleven keys": jwks(*(es256().jwk(kid=str(place)) for place in range(11))),
    "a key that is no object": jwks("key"),
    "a key without kty": jwks(es256().jwk(kty=ABSENT)),
    "a kty in small letters": jwks(es256().jwk(kty="ec")),
    "a kty that is a list": jwks(es256().jwk(kty=["EC"])),
    "a shared secret": jwks(OctKey.generate_key(256).as_dict(private=True)),
    "a private EC key": jwks(es256().key.as_dict(private=True)),
    "a private RSA key": jwks(ps256().key.as_dict(private=True)),
    "a private Ed25519 key": jwks(ed25519().key.as_dict(private=True)),
    "one private key among public ones": jwks(es256().jwk(), ed25519().key.as_dict(private=True)),
    "an RSA key of 1024 bits": jwks(weak(1024)),
    "an RSA key with exponent 3": jwks(weak(2048, 3)),
    "P-384": jwks(ECKey.generate_key("P-384").as_dict(private=False)),
    "secp256k1": jwks(ECKey.generate_key("secp256k1").as_dict(private=False)),
    "X25519": jwks(OKPKey.generate_key("X25519").as_dict(private=False)),
    "Ed448": jwks(OKPKey.generate_key("Ed448").as_dict(private=False)),
    "a crv that is an object": jwks(es256().jwk(crv={})),
    "a point beside the curve": jwks(es256().jwk(x=es256().jwk()["y"])),
    "half a point": jwks(es256().jwk(y=ABSENT)),
    "a coordinate that is a number": jwks(es256().jwk(x=1)),
    "a coordinate that is empty": jwks(es256().jwk(x="")),
    "a coordinate that is no base64url": jwks(es256().jwk(x="é")),
    "an Ed25519 key of one byte": jwks(ed25519().jwk(x="AA")),
    "an RSA modulus of zeros": jwks(ps256().jwk(n="A" * 342)),
    "an RSA modulus without end": jwks(ps256().jwk(n="x" * 5_000)),
    "use is enc": jwks(es256().jwk(use="enc")),
    "use is unknown": jwks(es256().jwk(use="signing")),
    "use is null": jwks(es256().jwk(use=None)),
    "key_ops is sign": jwks(es256().jwk(key_ops=["sign"])),
    "alg is RS256": jwks(ps256().jwk(alg="RS256")),
    "alg is another kind's": jwks(ps256().jwk(alg="ES256")),
    "alg is a list": jwks(ps256().jwk(alg=["PS256"])),
    "two keys of one kid": jwks(es256().jwk(), ed25519().jwk()),
    "one key twice without kid": jwks(es256().jwk(kid=ABSENT), es256().jwk(kid=ABSENT)),
    "kid is a number": jwks(es256().jwk(kid=1)),
    "kid is empty": jwks(es256().jwk(kid="")),
    "kid is too long": jwks(es256().jwk(kid="k" * 129)),
    "kid holds a NUL": jwks(es256().jwk(kid="a\x00")),
    "brackets without end": b'{"keys":' + b"[" * 100_000,
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_jwks_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(keys.BadKeys) as caught:
        keys.register(BAD[name])
    assert caught.value.detail


@pytest.mark.parametrize("signer", signers(), ids=lambda signer: signer.algorithm)
def test_each_kind_of_key_is_registered_with_its_public_members_alone(signer: Signer) -> None:
    kept = keys.register(jwks(signer.jwk(x5c=["abc"], more=1, key_ops=["verify"])))
    members = msgspec.to_builtins(kept.keys[0])
    public = {**signer.key.as_dict(private=False), "kid": "main"}
    assert members == public


def test_a_key_without_kid_gets_its_thumbprint() -> None:
    kept = keys.register(jwks(es256().jwk(kid=ABSENT)))
    assert kept.keys[0].kid == es256().key.thumbprint()


def test_ten_keys_may_be_registered() -> None:
    assert len(keys.register(jwks(*(es256().jwk(kid=str(place)) for place in range(10)))).keys) == 10


def test_the_private_members_are_named_but_never_shown() -> None:
    private = es256().key.as_dict(private=True)
    with pytest.raises(keys.BadKeys, match=r"private members \(d\)") as caught:
        keys.register(jwks(private))
    assert str(private["d"]) not in caught.value.detail
