"""DPoP by itself: addresses, nonces, what was seen, and both across replicas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.errors import Overloaded
from gateway.domain.rights import OWN
from gateway.oauth import dpop, nonces
from gateway.oauth.dpop import BadProof
from gateway.store import open_store
from gateway.usecases import access
from gateway.usecases.access import KnownToken
from gateway.usecases.proofs import MemorySightings, Proofs, StoredSightings
from gateway.vault import Vault
from tests.oauth.relying_party import REDIRECT_URI, VERIFIER, Key, hashed, kept_key
from tests.oauth.signing import ABSENT

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.oauth.relying_party import RelyingParty

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
URL = "https://gateway.example/v1/merchants/mer_1"


class Still:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


def made(key: Key | None = None, **changes: Any) -> bytes:
    key = key or kept_key("dpop")
    claims = {"jti": "a", "htm": "GET", "htu": URL, "iat": NOW.timestamp(), "ath": hashed("token"), **changes}
    return key.sign({"typ": "dpop+jwt", "alg": key.algorithm, "jwk": key.jwk}, claims).encode()


def verified(proof: bytes, url: str = URL) -> dpop.Proof:
    return dpop.verify(proof, method="GET", url=url, token="token", now=NOW)


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "Ed25519"])
def test_each_algorithm_gives_the_thumbprint_of_its_key(algorithm: str) -> None:
    key = kept_key(f"dpop {algorithm}", algorithm)
    assert verified(made(key)).jkt == key.thumbprint


@pytest.mark.parametrize("htu", [
    "https://gateway.example:443/v1/merchants/mer_1", "HTTPS://GATEWAY.example/v1/merchants/mer_1", f"{URL}?a=b#c",
    "https://gateway.example/v1/%6Derchants/mer%5F1",
])  # fmt: skip
def test_an_address_may_be_written_differently(htu: str) -> None:
    assert verified(made(htu=htu)).jkt == kept_key("dpop").thumbprint


@pytest.mark.parametrize("htu", [
    "https://gateway.example:8443/v1/merchants/mer_1", "http://gateway.example/v1/merchants/mer_1", "", "x", "//",
    "https://gateway.example/v1/merchants/mer_1/", "https://gateway.example/v1/merchants%2Fmer_1",
    "https://gateway.example.attacker.example/v1/merchants/mer_1", "https://gateway.example:x/v1/merchants/mer_1",
    "https://gateway.example/v1/merchants/%FFmer_1",
])  # fmt: skip
def test_another_address_is_another_address(htu: str) -> None:
    with pytest.raises(BadProof):
        verified(made(htu=htu))


@pytest.mark.parametrize(
    ("seconds", "good"), [(-61, False), (-60, True), (-10, True), (10, True), (60, True), (61, False)]
)
def test_iat_is_the_present_time(seconds: int, good: bool) -> None:  # noqa: FBT001 - a table
    proof = made(iat=NOW.timestamp() + seconds)
    if good:
        assert verified(proof).until > NOW - timedelta(seconds=1)
    else:
        with pytest.raises(BadProof):
            verified(proof)


def test_a_nonce_is_believed_where_the_key_is_known_and_not_for_long() -> None:
    one, same, other = nonces.Nonces(b"a" * 32), nonces.Nonces(b"a" * 32), nonces.Nonces(b"b" * 32)
    nonce = one.make(NOW)
    assert same.age(nonce, NOW + timedelta(seconds=5)) == 5
    assert other.age(nonce, NOW) is None
    assert one.age(nonce, NOW + timedelta(seconds=nonces.LIFETIME_SECONDS)) == nonces.LIFETIME_SECONDS
    assert one.age(nonce, NOW + timedelta(seconds=nonces.LIFETIME_SECONDS + 1)) is None
    assert one.age(nonce, NOW - timedelta(seconds=10)) is None
    for wrong in ("", "x", nonce[:-1], nonce + "A", "B" + nonce[1:], "é" * 32, "=" * 32, "\x00" * 32):
        assert one.age(wrong, NOW) is None


async def test_what_was_seen_is_forgotten_only_after_its_time() -> None:
    sightings, until = MemorySightings(), NOW + timedelta(seconds=61)
    assert await sightings.first(b"a", until, NOW)
    for seconds in (0, 30, 61):
        now = NOW + timedelta(seconds=seconds)
        assert await sightings.first(f"other {seconds}".encode(), now + timedelta(seconds=61), now)
        assert not await sightings.first(b"a", until, now)
    late = NOW + timedelta(seconds=200)
    assert await sightings.first(b"b", late + timedelta(seconds=61), late)
    assert await sightings.first(b"a", until, late), "forgotten: by now the proof itself is too old"


async def test_a_full_memory_refuses_rather_than_forgets() -> None:
    sightings = MemorySightings(most=2)
    for what in (b"a", b"b"):
        assert await sightings.first(what, NOW, NOW)
    with pytest.raises(Overloaded):
        await sightings.first(b"c", NOW, NOW)
    assert not await sightings.first(b"a", NOW, NOW)


async def test_a_proof_spent_at_one_replica_is_spent_at_the_other(fresh_postgres_url: str) -> None:
    store = await open_store(fresh_postgres_url)
    try:
        one, two = (Proofs("https://gateway.example", Still(), b"k" * 32, StoredSightings(store)) for _ in range(2))
        proof = made(nonce=one.nonce(), htu="https://gateway.example/x")
        jkt, renewed = await two.check(proof, "GET", "/x", token="token")
        assert (jkt, renewed) == (kept_key("dpop").thumbprint, None)
        with pytest.raises(BadProof, match="used before"):
            await one.check(proof, "GET", "/x", token="token")
    finally:
        await store.close()


async def test_postgres_does_not_log_what_was_seen(fresh_postgres_url: str) -> None:
    import asyncpg  # noqa: PLC0415 - an extra

    await (await open_store(fresh_postgres_url)).close()
    connection = await asyncpg.connect(fresh_postgres_url)
    try:
        assert await connection.fetchval("SELECT relpersistence FROM pg_class WHERE relname = 'proofs'") == b"u"
    finally:
        await connection.close()


async def test_without_a_nonce_the_api_hands_one_out_and_spends_nothing(party: RelyingParty) -> None:
    token = (await party.tokens())["access_token"]
    proof = party.proof("GET", f"http://127.0.0.1:8000{party.resource}", token=token, nonce="")
    headers = {"authorization": f"DPoP {token}", "dpop": proof}
    for _ in range(2):
        answer = await party.http.get(party.resource, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "use_dpop_nonce")
        assert 'error="use_dpop_nonce"' in answer.headers["www-authenticate"]
        assert answer.headers["www-authenticate"].startswith("DPoP ")
    party.nonce = answer.headers["dpop-nonce"]
    assert (await party.call(token)).status_code == 200


async def test_the_token_endpoint_asks_for_the_nonce_before_it_uses_anything_up(party: RelyingParty) -> None:
    form = {"grant_type": "client_credentials", "client_assertion": party.assertion()}
    url = "http://127.0.0.1:8000/oauth/token"
    asked = await party.send("/oauth/token", form, proof=party.proof("POST", url, nonce="old"))
    assert (asked.status_code, asked.json()["error"]) == (400, "use_dpop_nonce")
    answer = await party.send("/oauth/token", form, proof=party.proof("POST", url))
    assert (answer.status_code, answer.json()["token_type"]) == (200, "DPoP")


@pytest.mark.parametrize("changes", [
    {"htm": "GET"}, {"htm": ABSENT}, {"htu": "http://127.0.0.1:8000/oauth/par"}, {"htu": ABSENT}, {"iat": 0},
    {"iat": ABSENT}, {"jti": ABSENT}, {"nonce": "A" * 32}, {"header": {"typ": "JWT"}}, {"header": {"alg": "none"}},
    {"header": {"jwk": ABSENT}}, {"key": "twice"}, {"key": "private"}, {"key": "broken"},
], ids=str)  # fmt: skip
async def test_a_bad_proof_at_the_token_endpoint_uses_nothing_up(party: RelyingParty, changes: dict[str, Any]) -> None:
    form = {
        "grant_type": "authorization_code", "code": await party.code(), "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER, "client_assertion": party.assertion(),
    }  # fmt: skip
    await party.redeem("unknown")  # hears the nonce
    url = "http://127.0.0.1:8000/oauth/token"
    kind = changes.get("key")
    proof = party.proof("POST", url, **({} if kind else changes))
    if kind == "twice":
        proof = f"{proof}, {party.proof('POST', url)}"
    elif kind == "private":
        proof = party.proof("POST", url, header={"jwk": {**party.dpop_key.jwk, **party.dpop_key.private_member}})
    elif kind == "broken":
        proof = f"{proof[:-9]}AAAAAAAAA"
    answer = await party.send("/oauth/token", form, proof=proof)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_dpop_proof", "use_dpop_nonce"}
    assert (await party.send("/oauth/token", form)).status_code == 200


async def test_an_old_nonce_is_renewed_with_the_answer(party: RelyingParty) -> None:
    token = (await party.tokens())["access_token"]
    assert "dpop-nonce" not in (await party.call(token)).headers
    party.gateway.clock.at += timedelta(seconds=nonces.RENEWED_SECONDS + 1)
    before = party.nonce
    answer = await party.call(token)
    assert answer.status_code == 200
    assert answer.headers["dpop-nonce"] == party.nonce != before


async def test_a_proof_is_about_the_method_as_sent(party: RelyingParty) -> None:
    token = (await party.tokens())["access_token"]
    assert (await party.call(token, method="HEAD")).status_code == 200
    assert (await party.call(token, method="HEAD", htm="GET")).status_code == 401


async def test_the_host_header_does_not_matter(party: RelyingParty) -> None:
    token = (await party.tokens())["access_token"]
    await party.call(token)
    proof = party.proof("GET", f"https://attacker.example{party.resource}", token=token)
    headers = {"authorization": f"DPoP {token}", "dpop": proof, "host": "attacker.example"}
    assert (await party.http.get(party.resource, headers=headers)).status_code == 401


async def test_a_clients_own_token_is_bound_and_there_is_none_without_a_proof(party: RelyingParty) -> None:
    form = {"grant_type": "client_credentials", "client_assertion": party.assertion()}
    for proof in ("", ABSENT):
        refused = await party.send("/oauth/token", form, proof=proof)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_dpop_proof")
    bound = (await party.send("/oauth/token", form)).json()
    assert bound["token_type"] == "DPoP", "a request without a proof spent nothing"
    assert (await party.call(bound["access_token"], "/v1/merchants")).status_code == 200
    assert (await party.call(bound["access_token"], "/v1/merchants", key=kept_key("other"))).status_code == 401


async def test_a_token_that_is_bound_to_no_key_opens_nothing(gateway: Gateway, party: RelyingParty) -> None:
    """None is issued; one in the database, whoever put it there, is as good as none."""
    world = gateway.world
    loose = KnownToken(party.client.id, party.client.partner_id, OWN, access.end_of_token(world))
    token = (await world.store.write(lambda tx: access.mint(tx, world, loose))).answer.access_token
    assert (await party.call(token, "/v1/merchants")).status_code == 401
    for scheme in ("DPoP", "Bearer"):
        answer = await party.http.get("/v1/merchants", headers={"authorization": f"{scheme} {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")


async def test_sales_pushed_on_the_fast_lane_need_a_proof_too(gateway: Gateway, party: RelyingParty) -> None:
    token = (await party.tokens())["access_token"]
    path = f"{party.resource}/sales"
    body = (
        f'[{{"sale_id":"a-1","kind":"sale","occurred_at":"{gateway.clock.now().isoformat()}",'
        '"amount":1200,"currency":"CNY"}]'
    ).encode()
    answer = await party.call(token, path, method="POST", content=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] == 1
    bare = await party.http.post(path, content=body, headers={"authorization": f"DPoP {token}"})
    assert bare.status_code == 401
    elsewhere = await party.partner.done("/v1/merchants", {
        "legal_name": "Other shop", "country": "CN", "currency": "CNY", "timezone": "Asia/Shanghai",
    })  # fmt: skip
    other = await party.call(token, f"/v1/merchants/{elsewhere['id']}/sales", method="POST", content=body)
    assert other.status_code == 404, "one merchant's grant is not another's"


def test_replicas_with_one_master_key_share_the_nonce_key_and_nothing_else() -> None:
    one, same, other = Vault(b"m" * 32), Vault(b"m" * 32), Vault(b"n" * 32)
    assert one.derive("dpop nonces") == same.derive("dpop nonces")
    assert len({one.derive("dpop nonces"), one.derive("another"), other.derive("dpop nonces"), b"m" * 32}) == 4
