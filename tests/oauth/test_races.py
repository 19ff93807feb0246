"""Twenty at once on one code, one refresh token, one request: clean answers on both engines, never a 500."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from gateway.usecases import authorization, consents
from gateway.usecases.authorization import BadRequestUri
from tests.oauth.relying_party import EVIDENCE, REDIRECT_URI, VERIFIER, answered

if TYPE_CHECKING:
    import httpx

    from gateway.store import Tx
    from tests.oauth.relying_party import RelyingParty

pytestmark = pytest.mark.anyio
AT_ONCE = 20


def told(answers: list[httpx.Response]) -> Counter[tuple[int, str]]:
    """How often each status and error came."""
    return Counter((answer.status_code, answer.json().get("error", "")) for answer in answers)


async def test_of_twenty_redeeming_one_code_one_gets_tokens(either_party: RelyingParty) -> None:
    party = either_party
    code = await party.code()
    await party.redeem("unknown")  # hears the nonce
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER
    }  # fmt: skip
    answers = await asyncio.gather(*(party.send("/oauth/token", form) for _ in range(AT_ONCE)))
    assert told(answers) == {(200, ""): 1, (400, "invalid_grant"): AT_ONCE - 1}
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await party.call(won["access_token"])).status_code == 401, "reuse ends what the code brought"
    assert (await party.refresh(won["refresh_token"])).status_code == 400


async def test_twenty_may_use_one_refresh_token(either_party: RelyingParty) -> None:
    party = either_party
    refresh_token = (await party.tokens())["refresh_token"]
    answers = await asyncio.gather(*(party.refresh(refresh_token) for _ in range(AT_ONCE)))
    assert told(answers) == {(200, ""): AT_ONCE}
    found = {answer.json()["access_token"] for answer in answers}
    assert len(found) == AT_ONCE
    assert {(await party.call(token)).status_code for token in found} == {200}


async def test_of_twenty_with_one_assertion_one_refreshes(either_party: RelyingParty) -> None:
    party = either_party
    refresh_token = (await party.tokens())["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_assertion": party.assertion()}
    answers = await asyncio.gather(*(party.send("/oauth/token", form) for _ in range(AT_ONCE)))
    assert told(answers) == {(200, ""): 1, (401, "invalid_client"): AT_ONCE - 1}


async def test_of_twenty_calls_with_one_proof_one_is_served(either_party: RelyingParty) -> None:
    party = either_party
    token = (await party.tokens())["access_token"]
    proof = party.proof("GET", f"http://127.0.0.1:8000{party.resource}", token=token)
    headers = {"authorization": f"DPoP {token}", "dpop": proof}
    answers = await asyncio.gather(*(party.http.get(party.resource, headers=headers) for _ in range(AT_ONCE)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: AT_ONCE - 1}


async def test_of_twenty_answers_to_one_request_one_counts(either_party: RelyingParty) -> None:
    party, world = either_party, either_party.gateway.world
    request_uri = await party.pushed()
    asked = await authorization.pending(world, request_uri, party.client.id)

    async def say(yes: bool) -> str:  # noqa: FBT001 - twenty of each
        if yes:
            return await world.store.write(lambda tx: authorization.approve(tx, world, asked, asked.details, EVIDENCE))
        return await world.store.write(lambda tx: authorization.reject(tx, world, asked))

    found: list[Any] = await asyncio.gather(*(say(place % 2 == 0) for place in range(AT_ONCE)), return_exceptions=True)
    assert sum(isinstance(one, BadRequestUri) for one in found) == AT_ONCE - 1
    [where] = [one for one in found if isinstance(one, str)]
    assert answered(where).keys() in ({"code", "state", "iss"}, {"error", "state", "iss"})


async def test_a_revocation_among_twenty_refreshes_leaves_no_usable_token(either_party: RelyingParty) -> None:
    party, world = either_party, either_party.gateway.world
    first = await party.tokens()
    answers, _ = await asyncio.gather(
        asyncio.gather(*(party.refresh(first["refresh_token"]) for _ in range(AT_ONCE))),
        world.store.write(lambda tx: consents.revoke(tx, world, first["grant_id"], party.merchant_id)),
    )
    assert told(answers).keys() <= {(200, ""), (400, "invalid_grant")}
    for answer in answers:
        if answer.status_code == 200:
            assert (await party.call(answer.json()["access_token"])).status_code == 401
    assert (await party.call(first["access_token"])).status_code == 401


async def test_a_refresh_that_waits_for_a_narrowing_gets_what_is_left(either_party: RelyingParty) -> None:
    party, world = either_party, either_party.gateway.world
    first = await party.tokens()
    begun, finish = asyncio.Event(), asyncio.Event()

    async def narrow(tx: Tx) -> None:
        await consents.narrow(tx, world, first["grant_id"], {"offers"}, EVIDENCE)
        begun.set()
        await finish.wait()

    narrowing = asyncio.create_task(world.store.write(narrow))
    await begun.wait()
    refreshing = asyncio.create_task(party.refresh(first["refresh_token"]))
    await asyncio.sleep(0.3)  # on PostgreSQL it waits for the consent's row by now
    finish.set()
    await narrowing
    answer = await refreshing
    assert answer.status_code == 200, answer.text
    assert [detail["type"] for detail in answer.json()["authorization_details"]] == ["offers"]
