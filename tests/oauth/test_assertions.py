"""What a client assertion must be (RFC 7523, FAPI 2.0 Security Profile section 5.3.2.1), over plain values."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.oauth import assertions, errors, keys
from tests.oauth.bad_assertions import corpus
from tests.oauth.signing import CLIENT, ISSUER, NOW, Signer, ed25519, es256, ps256, signers

REGISTERED = keys.register(
    es256().jwks(
        Signer("EdDSA", ed25519().key, "okp"), Signer("EdDSA", ed25519("Ed25519").key, "okp2"),
        Signer("PS256", ps256().key, "rsa"),
    )
)  # fmt: skip
BAD = corpus()


def proven(text: str, registered: keys.KeySet = REGISTERED, at: float = NOW) -> assertions.Assertion:
    """`text`, read and verified."""
    found = assertions.read(text)
    if found.client_id != CLIENT:
        raise errors.invalid_client("another client")
    assertions.verify(found, registered, issuer=ISSUER, now=datetime.fromtimestamp(at, UTC))
    return found


def refused(text: str, **more: Any) -> str:
    """How `text` is refused: it must be invalid_client with a description that RFC 6749 allows."""
    with pytest.raises(errors.Refusal) as caught:
        proven(text, **more)
    status, answer = errors.render(caught.value)
    assert (status, answer.error) == (401, "invalid_client")
    assert answer.error_description
    assert errors.plain(answer.error_description) == answer.error_description
    return answer.error_description


@pytest.mark.parametrize("signer", signers(), ids=lambda signer: signer.algorithm)
def test_a_good_assertion_of_each_allowed_algorithm_is_taken(signer: Signer) -> None:
    assert proven(signer.assertion(), keys.register(signer.jwks())).client_id == CLIENT


def test_the_corpus_is_large_enough() -> None:
    assert len(BAD) >= 100
    assert len(set(BAD.values())) == len(BAD)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_assertion_is_refused(name: str) -> None:
    refused(BAD[name])


@pytest.mark.parametrize(("name", "says"), [
    ("aud is a list of the issuer", "aud"),
    ("aud is the token endpoint", ISSUER),
    ("exp is 5 minutes in the past", "expired"),
    ("exp is ten years ahead", "300 seconds"),
    ("jti is missing", "jti"),
    ("sub is missing", "sub"),
    ("kid is unknown", "kid"),
    ("signed with RS256", "PS256, ES256"),
    ("iat is over 60 seconds ahead", "clock"),
])  # fmt: skip
def test_a_refusal_says_what_to_change(name: str, says: str) -> None:
    assert says in refused(BAD[name])


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize("seconds", [-3_600, 0, 8, 10])
def test_a_clock_up_to_ten_seconds_ahead_is_forgiven(claim: str, seconds: int) -> None:
    changes: dict[str, Any] = {claim: NOW + seconds}
    proven(es256().assertion(**changes))


@pytest.mark.parametrize("seconds", [1, 60, 299.5, 300])
def test_any_lifetime_up_to_five_minutes_is_taken(seconds: float) -> None:
    proven(es256().assertion(exp=NOW + seconds))


def test_an_assertion_dies_at_its_exp() -> None:
    text = es256().assertion(exp=NOW + 30)
    proven(text, at=NOW + 29.999)
    assert "expired" in refused(text, at=NOW + 30)


def test_its_jti_is_remembered_longer_than_it_lives() -> None:
    assert proven(es256().assertion()).kept_until.timestamp() > NOW + 60


@pytest.mark.parametrize(
    "typ", [None, "JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"]
)
def test_a_typ_may_be_absent_or_say_what_it_is(typ: str | None) -> None:
    header = {"alg": "ES256", "kid": "main"} | ({} if typ is None else {"typ": typ})
    proven(es256().sign(header, claims_of_client()))


def test_unknown_claims_and_header_members_pass() -> None:
    proven(es256().assertion({"x5t": "abc", "more": 1}, more={"a": [1]}))


def test_a_kid_may_be_left_out_when_one_key_fits() -> None:
    header = {"alg": "ES256"}
    proven(es256().sign(header, claims_of_client()))


def test_a_key_registered_for_one_algorithm_verifies_no_other() -> None:
    registered = keys.register(b'{"keys":[%s]}' % as_json(es256().jwk(alg="ES256")))
    proven(es256().assertion(), registered)
    with pytest.raises(keys.BadKeys, match="alg must fit its kty"):
        keys.register(b'{"keys":[%s]}' % as_json(es256().jwk(alg="PS256")))


def test_the_names_eddsa_and_ed25519_mean_the_same_key() -> None:
    registered = keys.register(b'{"keys":[%s]}' % as_json(ed25519().jwk(alg="Ed25519")))
    proven(ed25519().assertion(), registered)
    proven(Signer("Ed25519", ed25519().key).assertion(), registered)


@given(st.text(alphabet=st.characters(codec="ascii"), max_size=200))
def test_no_text_makes_it_stumble(text: str) -> None:
    refused(text)


@given(st.integers(0, 2_000), st.integers(0, 255))
def test_no_changed_byte_gets_through(place: int, value: int) -> None:
    text = es256().assertion()
    place %= len(text)
    changed = text[:place] + chr(value) + text[place + 1 :]
    if bits(changed) != bits(text):
        refused(changed)


def bits(text: str) -> tuple[str, bytes | None]:
    """The signing input and the signature's bytes: the last letter of base64url has bits that carry nothing."""
    signed, _, signature = text.rpartition(".")
    try:
        return signed, urlsafe_b64decode(signature + "==")
    except ValueError:
        return text, None


def claims_of_client() -> dict[str, Any]:
    return {"iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "exp": NOW + 60, "jti": "x"}


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value)
