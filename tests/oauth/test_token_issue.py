"""The token endpoint end to end on both engines: who gets a token, what it may, and how each refusal reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.errors import Unauthenticated
from gateway.domain.rights import GRANTABLE, OWN, Right
from gateway.oauth import tokens
from gateway.store import sql
from gateway.usecases import access, clients, throttles
from tests.oauth.bad_assertions import corpus
from tests.oauth.signing import CLIENT, es256, form, signers, stranger

if TYPE_CHECKING:
    import httpx

    from tests.oauth.scene import Scene
    from tests.oauth.signing import Signer

pytestmark = pytest.mark.anyio


def assert_error(answer: httpx.Response, error: str, status: int = 400) -> str:
    """An RFC 6749 section 5.2 error; its description."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), answer.text
    assert body.keys() == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert set(body["error_description"]) <= set(map(chr, [0x20, 0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F)]))
    return str(body["error_description"])


@pytest.mark.parametrize("signer", signers(), ids=lambda signer: signer.algorithm)
async def test_a_client_gets_a_token_that_names_it(scene: Scene, signer: Signer) -> None:
    client = await scene.client(signer)
    answer = await scene.ask(client, signer)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert (body["token_type"], body["expires_in"]) == ("DPoP", 300)
    assert body["scope"].split(" ") == [right.value for right in GRANTABLE if right in OWN]
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    caller = await scene.world.tokens.identify(body["access_token"])
    assert (caller.client_id, caller.partner_id, caller.rights) == (client.id, client.partner_id, OWN)
    assert (caller.jkt, caller.grant_id, caller.merchant_id) == (scene.key.thumbprint(), None, None)


async def test_without_a_proof_nothing_is_issued_and_nothing_spent(scene: Scene) -> None:
    parameters = form(scene.assertion(await scene.client(es256()), es256()))
    assert "proof" in assert_error(await scene.post(data=parameters), "invalid_dpop_proof")
    assert (await scene.send(parameters)).status_code == 200


async def test_a_scope_narrows_the_token(scene: Scene) -> None:
    client = await scene.client(es256())
    answer = await scene.ask(client, es256(), scope="events:read  merchants:read events:read")
    assert answer.json()["scope"] == "merchants:read events:read"
    caller = await scene.world.tokens.identify(answer.json()["access_token"])
    assert caller.rights == {Right.events_read, Right.merchants_read}


@pytest.mark.parametrize("scope", [
    "merchants:write", "merchants:read merchants:write", "public", "MERCHANTS:READ", "*", " ",
    "merchants:read\tevents:read", 'a"b\\c', "é", "openid", "merchants:read\x00", "drawdowns:write",
    "sales:write", "merchants:read sales:write",
])  # fmt: skip
async def test_a_scope_the_client_does_not_have_is_refused_and_spends_nothing(scene: Scene, scope: str) -> None:
    """`sales:write` it may get from a merchant, and never on its own behalf."""
    client = await scene.client(es256(), rights={Right.merchants_read, Right.sales_write})
    assertion = scene.assertion(client, es256())
    assert_error(await scene.send(form(assertion, scope=scope)), "invalid_scope")
    assert (await scene.send(form(assertion, scope="merchants:read"))).status_code == 200


async def test_without_a_scope_a_client_gets_the_rights_it_has_on_its_own_behalf(scene: Scene) -> None:
    client = await scene.client(es256(), rights={Right.events_read, Right.merchants_read, Right.sales_write})
    assert (await scene.ask(client, es256())).json()["scope"] == "merchants:read events:read"


async def test_no_bad_assertion_gets_a_token_or_spends_the_good_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttles, "ASSERTIONS_COUNT", 1_000)  # how many it takes to be locked out has its own tests
    monkeypatch.setattr(throttles, "ADDRESS_COUNT", 1_000)
    client = await scene.client(es256())
    await scene.world.store.write(lambda tx: rename(tx, client))
    for name, assertion in corpus().items():
        answer = await scene.send(form(assertion))
        assert answer.status_code in {400, 401}, (name, answer.text)
        assert answer.json()["error"] in {"invalid_client", "invalid_request"}, name
    assert (await scene.send(form(es256().assertion()))).status_code == 200


async def rename(tx: Any, client: clients.Client) -> None:
    """Register the same client again under the id that the corpus is about."""
    await tx.run(
        sql.clients.add, id=CLIENT, partner_id=client.partner_id, name="Corpus", jwks_json=client.jwks,
        rights_json=client.rights, created_at=client.created_at, version=client.version, origins_json=(),
    )  # fmt: skip


async def test_an_assertion_counts_once(scene: Scene) -> None:
    client = await scene.client(es256())
    assertion = scene.assertion(client, es256())
    assert (await scene.send(form(assertion))).status_code == 200
    assert "used before" in assert_error(await scene.send(form(assertion)), "invalid_client", 401)


async def test_the_same_jti_in_another_assertion_counts_as_used(scene: Scene) -> None:
    client = await scene.client(es256())
    first, second = (scene.assertion(client, es256(), jti="same", exp=scene_exp) for scene_exp in expiries(scene))
    assert (await scene.send(form(first))).status_code == 200
    assert_error(await scene.send(form(second)), "invalid_client", 401)


async def test_two_clients_may_use_the_same_jti(scene: Scene) -> None:
    for signer in (es256(), stranger()):
        client = await scene.client(signer)
        assert (await scene.send(form(scene.assertion(client, signer, jti="same")))).status_code == 200


def expiries(scene: Scene) -> tuple[int, int]:
    at = int(scene.clock.now().timestamp())
    return at + 60, at + 61


async def test_of_twenty_at_once_with_one_assertion_exactly_one_gets_a_token(scene: Scene) -> None:
    client = await scene.client(es256())
    parameters = form(scene.assertion(client, es256()))
    answers = await asyncio.gather(*(scene.send(parameters) for _ in range(20)))
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    for answer in answers:
        if answer is not won[0]:
            assert_error(answer, "invalid_client", 401)
    assert (await scene.world.tokens.identify(won[0].json()["access_token"])).client_id == client.id


async def test_one_client_cannot_pass_for_another(scene: Scene) -> None:
    client, other = await scene.client(es256()), await scene.client(stranger())
    assert_error(await scene.send(form(scene.assertion(client, stranger()))), "invalid_client", 401)
    mixed = form(scene.assertion(client, es256()), client_id=other.id)
    assert "client_id" in assert_error(await scene.send(mixed), "invalid_client", 401)


async def test_the_client_id_may_stand_beside_the_assertion(scene: Scene) -> None:
    client = await scene.client(es256())
    assert (await scene.ask(client, es256(), client_id=client.id)).status_code == 200


async def test_a_token_ends_with_its_lifetime(scene: Scene) -> None:
    token = await scene.token(await scene.client(es256()), es256())
    scene.clock.move(299.9)
    await scene.world.tokens.identify(token)
    scene.clock.move(0.1)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            await scene.world.tokens.identify(token)


async def test_what_is_not_a_token_identifies_nobody(scene: Scene) -> None:
    token = await scene.token(await scene.client(es256()), es256())
    for wrong in ("", "x", token[:-1], token + "A", token.swapcase(), tokens.digest(token), "%", "' OR 1=1 --"):
        with pytest.raises(Unauthenticated):
            await scene.world.tokens.identify(wrong)


async def test_the_database_never_holds_a_token(scene: Scene) -> None:
    token = await scene.token(await scene.client(es256()), es256())
    assert await scene.world.store.one(sql.tokens.find, hash=tokens.digest(token)) is not None
    assert await scene.world.store.one(sql.tokens.find, hash=token) is None


async def test_a_disabled_client_is_shut_out_at_once(scene: Scene) -> None:
    client = await scene.client(es256())
    token = await scene.token(client, es256())
    assert (await clients.disable(scene.world, client.id)).disabled
    with pytest.raises(Unauthenticated):
        await scene.world.tokens.identify(token)
    assert "disabled" in assert_error(await scene.ask(client, es256()), "invalid_client", 401)


async def test_after_a_rotation_only_the_new_keys_count(scene: Scene) -> None:
    client = await scene.client(es256())
    token = await scene.token(client, es256())
    await clients.rotate(scene.world, client.id, stranger().jwks())
    with pytest.raises(Unauthenticated):
        await scene.world.tokens.identify(token)
    assert_error(await scene.ask(client, es256()), "invalid_client", 401)
    await scene.token(client, stranger())


async def test_a_race_of_disabling_and_asking_leaves_no_usable_token(scene: Scene) -> None:
    client = await scene.client(es256())
    requests = [form(scene.assertion(client, es256())) for _ in range(20)]
    answers, _ = await asyncio.gather(
        asyncio.gather(*(scene.send(request) for request in requests)), clients.disable(scene.world, client.id)
    )
    for answer in answers:
        if answer.status_code == 200:
            with pytest.raises(Unauthenticated):
                await scene.world.tokens.identify(answer.json()["access_token"])
        else:
            assert_error(answer, "invalid_client", 401)


async def test_another_client_keeps_its_tokens(scene: Scene) -> None:
    kept = await scene.token(await scene.client(stranger()), stranger())
    await clients.disable(scene.world, (await scene.client(es256())).id)
    await scene.world.tokens.identify(kept)


async def test_expired_tokens_and_assertions_are_forgotten_and_living_ones_kept(scene: Scene) -> None:
    client = await scene.client(es256())
    await scene.token(client, es256())
    assert await access.forget_expired(scene.world) == 0
    scene.clock.move(301)
    alive = await scene.token(client, es256())
    assert await access.forget_expired(scene.world) == 2
    await scene.world.tokens.identify(alive)


async def test_a_token_read_while_its_client_is_shut_out_is_not_kept(scene: Scene) -> None:
    client = await scene.client(es256())
    token = await scene.token(client, es256())
    directory = access.AccessTokens(scene.world.store, scene.clock, kept=True)
    scene.world.tokens = directory
    await asyncio.gather(directory.identify(token), clients.disable(scene.world, client.id), return_exceptions=True)
    with pytest.raises(Unauthenticated):
        await directory.identify(token)
