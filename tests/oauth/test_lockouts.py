"""Who fails too often at proving something waits: at every endpoint, from where it failed, and from nowhere else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.usecases import throttles
from gateway.usecases.rates import Rates
from gateway.usecases.throttles import ASSERTIONS_COUNT, LOCK
from tests.gateways import ISSUER
from tests.oauth.expectations import assert_refused, works
from tests.oauth.relying_party import Key, kept_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.oauth.relying_party import RelyingParty

pytestmark = pytest.mark.anyio
ENDPOINTS = ["/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/introspect"]


@pytest.fixture
def party(either_party: RelyingParty) -> RelyingParty:
    return either_party


@asynccontextmanager
async def elsewhere(party: RelyingParty, address: str = "198.51.100.7") -> AsyncIterator[None]:
    """The party at another address."""
    here = party.http
    transport = httpx.ASGITransport(here._transport.app, client=(address, 5_000))  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as party.http:
        yield
    party.http = here


async def ask(party: RelyingParty, path: str = "/oauth/token", **form: Any) -> httpx.Response:
    """A request that is right but for what `form` changes."""
    right = party.request() if path == "/oauth/par" else {"grant_type": "client_credentials", "token": "unknown"}
    return await party.send(path, right | form)


async def fail(party: RelyingParty, times: int, path: str = "/oauth/token") -> None:
    """Claim to be the party, with a stranger's key."""
    for _ in range(times):
        strange = forged(party, kept_key("stranger"))
        assert_refused(await ask(party, path, client_assertion=strange), "invalid_client", status=401)


def forged(party: RelyingParty, key: Key) -> str:
    own, party.key = party.key, key
    try:
        return party.assertion()
    finally:
        party.key = own


def assert_locked(answer: httpx.Response, seconds: float = LOCK.total_seconds()) -> None:
    assert_refused(answer, "temporarily_unavailable", status=429)
    assert 0 < int(answer.headers["retry-after"]) <= seconds


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_too_many_bad_assertions_lock_every_endpoint_there_until_the_lock_opens(
    party: RelyingParty, path: str
) -> None:
    await fail(party, ASSERTIONS_COUNT, path)
    for each in ENDPOINTS:
        assert_locked(await ask(party, each))
    async with elsewhere(party):
        await works(party)
    party.gateway.clock.at += LOCK
    await works(party)


async def test_a_locked_request_uses_nothing_up(party: RelyingParty) -> None:
    code, assertion = await party.code(), party.assertion()
    await fail(party, ASSERTIONS_COUNT)
    assert_locked(await party.redeem(code, client_assertion=assertion))
    async with elsewhere(party):
        party.nonce = party.nonce or (await ask(party)).headers.get("dpop-nonce")
        assert (await party.redeem(code, client_assertion=assertion)).status_code == 200


async def test_a_success_clears_what_failed_before(party: RelyingParty) -> None:
    for _ in range(3):
        await fail(party, ASSERTIONS_COUNT - 1)
        await works(party)


async def test_what_cannot_be_read_counts_against_its_address_alone(
    party: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttles, "ADDRESS_COUNT", 5)
    for _ in range(5):
        assert_refused(await ask(party, client_assertion="a.b.c"), "invalid_client", status=401)
    assert_locked(await ask(party, client_assertion="a.b.c"))
    async with elsewhere(party):
        await works(party)


async def test_guessing_codes_and_refresh_tokens_locks_the_client_there(
    party: RelyingParty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttles, "GRANTS_COUNT", 6)
    code = await party.code()
    for place in range(3):
        assert_refused(await party.redeem(f"guess-{place}"), "invalid_grant")
        assert_refused(await party.refresh(f"guess-{place}"), "invalid_grant")
    assert_locked(await party.redeem(code))
    assert_locked(await party.refresh("another"))
    assert (await ask(party)).status_code == 200, "its own word is no guess"
    async with elsewhere(party):
        assert (await party.redeem(code)).status_code == 200


async def test_twenty_bad_assertions_at_once_are_refused_cleanly(party: RelyingParty) -> None:
    await ask(party)  # hears the nonce
    strange = [forged(party, kept_key("stranger")) for _ in range(2 * ASSERTIONS_COUNT)]
    answers = await asyncio.gather(*(ask(party, client_assertion=assertion) for assertion in strange))
    assert {answer.status_code for answer in answers} <= {401, 429}
    assert_locked(await ask(party))


async def test_a_client_that_asks_too_fast_waits_and_others_do_not(party: RelyingParty) -> None:
    world = party.gateway.world
    world.rates = Rates(world.system_clock, 3)
    codes = [(await ask(party)).status_code for _ in range(3)]
    assert codes.count(200) >= 2, "the nonce costs a request at most"
    for path in ENDPOINTS:
        assert_locked(await ask(party, path), 60)
    world.rates.take("cli_another")
    party.gateway.clock.at += timedelta(seconds=60)
    assert (await ask(party)).status_code == 200
