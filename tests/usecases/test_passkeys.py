from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import passkeys as webauthn
from gateway.domain.passkeys import (
    LastPasskey,
    PasskeyCopied,
    PasskeyKnown,
    PasskeyNeeded,
    PasskeyRefused,
    PasskeyState,
    canonical,
    digest,
)
from gateway.oauth import tokens
from gateway.store import sql
from gateway.usecases import messages, passkeys, sign_in, work
from gateway.usecases.throttles import LOCK, LockedOut
from tests import authenticators, visits
from tests.authenticators import USER_PRESENT, Authenticator

if TYPE_CHECKING:
    from gateway.domain.intents import Intent
    from gateway.store import Tx
    from gateway.usecases.passkeys import Answered
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio

INTENT: Intent = {"do": "confirm_drawdown", "amount": 500_000, "payee": "尾号 6621"}
ADDRESS = "192.0.2.7"


class Holder:
    """A shop's holder: a signed-in browser and a device."""

    def __init__(self, gateway: Gateway, merchant_id: str, device: Authenticator) -> None:
        self.world, self.merchant_id, self.device = gateway.world, merchant_id, device
        self.secret = tokens.mint()
        self.hash = tokens.digest(self.secret)

    async def asked(self, intent: Intent = INTENT) -> str:
        """Options for the browser."""
        return (await passkeys.ask(self.world.store, self.world, self.hash, self.merchant_id, intent)).options

    async def answers(self, response: str, **other: str) -> Answered:
        """Post an answer, counted as the pages do."""
        session_hash, merchant_id = other.get("session_hash", self.hash), other.get("merchant_id", self.merchant_id)

        async def unit(tx: Tx) -> Answered:
            return await passkeys.answer(tx, self.world, session_hash, merchant_id, response)

        return await passkeys.attempt(self.world, session_hash, ADDRESS, unit)


async def holder(gateway: Gateway, **looks: Any) -> Holder:
    merchant_id = await visits.shop(await gateway.partner())
    found = Holder(gateway, merchant_id, Authenticator(gateway.world.settings.issuer, **looks))
    await authenticators.add(gateway.world, merchant_id, found.secret, found.device)
    return found


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519"])
async def test_a_signed_intent_comes_back_as_it_was_asked(gateway: Gateway, algorithm: str) -> None:
    mine = await holder(gateway, algorithm=algorithm)
    asked = await passkeys.ask(gateway.world.store, gateway.world, mine.hash, mine.merchant_id, INTENT)
    answered = await mine.answers(mine.device.answer(asked.options))
    assert (answered.intent, answered.intent_hash) == (INTENT, asked.intent_hash)
    [kept] = await passkeys.held(gateway.world.store, mine.merchant_id)
    assert (kept, kept.sign_count, kept.last_used_at is not None) == (answered.passkey, 2, True)


async def test_what_was_signed_is_kept_word_for_word_as_evidence(gateway: Gateway) -> None:
    mine = await holder(gateway)
    answered = await mine.answers(mine.device.answer(await mine.asked()))
    row = await gateway.world.store.one(sql.passkeys.answered, intent_hash=answered.intent_hash)
    assert row is not None
    passkey_id, merchant_id, intent, response, _ = row
    assert (passkey_id, merchant_id) == (answered.passkey.id, mine.merchant_id)
    assert digest(intent.encode()).hex() == answered.intent_hash
    assert json.loads(intent).items() >= INTENT.items()
    # Who holds the row and the public key can check the signature again, without us.
    site = webauthn.site(gateway.world.settings.issuer)
    assert webauthn.proven(site, digest(intent.encode()), response, answered.passkey.public_key) == 2
    assert "asked" not in json.loads(response)


async def test_an_answer_is_good_once(gateway: Gateway) -> None:
    mine = await holder(gateway)
    response = mine.device.answer(await mine.asked())
    await mine.answers(response)
    with pytest.raises(PasskeyRefused, match="already"):
        await mine.answers(response)
    assert (await passkeys.held(gateway.world.store, mine.merchant_id))[0].state is PasskeyState.active


@pytest.mark.parametrize("looks", [{"counts": True}, {"counts": False}])
async def test_twenty_at_once_with_one_answer_have_one_winner(gateway: Gateway, looks: dict[str, bool]) -> None:
    mine = await holder(gateway, **looks)
    response = mine.device.answer(await mine.asked())

    async def unit(tx: Tx) -> Answered:
        return await passkeys.answer(tx, gateway.world, mine.hash, mine.merchant_id, response)

    found = await asyncio.gather(*(gateway.world.store.write(unit) for _ in range(20)), return_exceptions=True)
    lost = [one for one in found if isinstance(one, BaseException)]
    assert [type(one) for one in lost] == [PasskeyRefused] * 19


async def test_a_unit_that_fails_uses_nothing_up(gateway: Gateway) -> None:
    mine = await holder(gateway)
    response = mine.device.answer(await mine.asked())

    async def unit(tx: Tx) -> None:
        await passkeys.answer(tx, gateway.world, mine.hash, mine.merchant_id, response)
        raise RuntimeError("the quote has expired")

    with pytest.raises(RuntimeError):
        await passkeys.attempt(gateway.world, mine.hash, ADDRESS, unit)
    assert (await mine.answers(response)).intent == INTENT


async def test_a_question_belongs_to_one_browser_and_one_shop(gateway: Gateway) -> None:
    mine, other = await holder(gateway), await holder(gateway)
    response = mine.device.answer(await mine.asked())
    with pytest.raises(PasskeyRefused):
        await mine.answers(response, session_hash=other.hash)
    with pytest.raises(PasskeyRefused):
        await mine.answers(response, merchant_id=other.merchant_id)
    with pytest.raises(PasskeyRefused, match="not one of the shop's"):
        await mine.answers(other.device.answer(await mine.asked()))
    assert (await mine.answers(response)).intent == INTENT


async def test_an_answer_to_another_question_is_refused(gateway: Gateway) -> None:
    mine = await holder(gateway)
    small, large = await mine.asked({**INTENT, "amount": 1}), await mine.asked()
    signed = json.loads(mine.device.answer(small))
    signed["asked"] = json.loads(large)["asked"]
    with pytest.raises(PasskeyRefused):
        await mine.answers(json.dumps(signed))


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "http://127.0.0.1:8001"},
        {"origin": "https://127.0.0.1:8000"},
        {"origin": "http://evil.example"},
        {"rp_id": "evil.example"},
        {"flags": USER_PRESENT},
        {"flags": 0},
        {"cross_origin": True},
    ],
)
async def test_another_site_or_an_unverified_user_is_refused(gateway: Gateway, change: dict[str, Any]) -> None:
    mine = await holder(gateway)
    before = {name: getattr(mine.device, name) for name in change}
    question = await mine.asked()
    for name, value in change.items():
        setattr(mine.device, name, value)
    with pytest.raises(PasskeyRefused):
        await mine.answers(mine.device.answer(question))
    for name, value in before.items():
        setattr(mine.device, name, value)
    assert (await mine.answers(mine.device.answer(question))).intent == INTENT


async def test_a_question_is_open_for_five_minutes(own_gateway: Gateway) -> None:
    mine = await holder(own_gateway)
    early, late = await mine.asked(), await mine.asked()
    own_gateway.clock.at += timedelta(minutes=4, seconds=58)
    assert (await mine.answers(mine.device.answer(early))).intent == INTENT
    own_gateway.clock.at += timedelta(seconds=2)
    with pytest.raises(PasskeyRefused, match="time"):
        await mine.answers(mine.device.answer(late))


async def test_a_counter_that_goes_back_locks_the_passkey_and_the_contact_hears(own_gateway: Gateway) -> None:
    mine = await holder(own_gateway)
    for _ in range(3):
        await mine.answers(mine.device.answer(await mine.asked()))
    mine.device.count -= 2
    with pytest.raises(PasskeyCopied):
        await mine.answers(mine.device.answer(await mine.asked()))
    assert await passkeys.held(own_gateway.world.store, mine.merchant_id) == []
    [locked] = await passkeys.kept(own_gateway.world.store, mine.merchant_id)
    assert locked.state is PasskeyState.locked
    mine.device.count += 10
    with pytest.raises(PasskeyRefused):
        await mine.answers(mine.device.answer(await mine.asked()))
    with pytest.raises(PasskeyNeeded):
        await authenticators.add(own_gateway.world, mine.merchant_id, mine.secret, mine.device)
    await work.drain(own_gateway.world)
    assert "passkey_locked" in {notice.kind for notice in await messages.latest(own_gateway.world)}


async def test_a_forged_counter_locks_nothing(gateway: Gateway) -> None:
    mine = await holder(gateway)
    thief = Authenticator(gateway.world.settings.issuer)
    thief.credential_id, thief.count = mine.device.credential_id, -1
    with pytest.raises(PasskeyRefused) as refused:
        await mine.answers(thief.answer(await mine.asked()))
    assert refused.type is PasskeyRefused
    assert (await mine.answers(mine.device.answer(await mine.asked()))).intent == INTENT


async def test_five_refusals_lock_the_browser_for_a_while_and_no_other(own_gateway: Gateway) -> None:
    mine = await holder(own_gateway)
    for _ in range(5):
        with pytest.raises(PasskeyRefused):
            await mine.answers("{}")
    with pytest.raises(LockedOut):
        await mine.answers(mine.device.answer(await mine.asked()))
    elsewhere = tokens.digest(tokens.mint())
    asked = await passkeys.ask(own_gateway.world.store, own_gateway.world, elsewhere, mine.merchant_id, INTENT)
    assert (await mine.answers(mine.device.answer(asked.options), session_hash=elsewhere)).intent == INTENT
    own_gateway.clock.at += LOCK
    assert (await mine.answers(mine.device.answer(await mine.asked()))).intent == INTENT


async def test_a_code_lets_in_the_first_passkey_and_never_another(gateway: Gateway) -> None:
    mine = await holder(gateway)
    stranger = Authenticator(gateway.world.settings.issuer)
    with pytest.raises(PasskeyNeeded):
        await authenticators.add(gateway.world, mine.merchant_id, mine.secret, stranger)
    answered = await mine.answers(mine.device.answer(await mine.asked({"do": "add_passkey"})))
    await authenticators.add(gateway.world, mine.merchant_id, mine.secret, stranger, proved_by=answered.passkey)
    kept = await passkeys.held(gateway.world.store, mine.merchant_id)
    assert [one.name for one in kept] == ["Phone", "Phone 2"]


async def test_two_first_passkeys_at_once_are_one(gateway: Gateway) -> None:
    merchant_id = await visits.shop(await gateway.partner())
    devices = [Authenticator(gateway.world.settings.issuer) for _ in range(5)]
    found = await asyncio.gather(
        *(authenticators.add(gateway.world, merchant_id, tokens.mint(), device) for device in devices),
        return_exceptions=True,
    )
    assert [type(one) for one in found if isinstance(one, BaseException)] == [PasskeyNeeded] * 4


async def test_a_passkey_is_known_once(gateway: Gateway) -> None:
    mine = await holder(gateway)
    other = await visits.shop(await gateway.partner())
    with pytest.raises(PasskeyKnown):
        await authenticators.add(gateway.world, other, tokens.mint(), mine.device)


async def test_an_unverified_user_or_another_site_makes_no_passkey(gateway: Gateway) -> None:
    merchant_id = await visits.shop(await gateway.partner())
    for name, value in (("flags", USER_PRESENT), ("origin", "http://evil.example"), ("rp_id", "evil.example")):
        device = Authenticator(gateway.world.settings.issuer)
        setattr(device, name, value)
        with pytest.raises(PasskeyRefused):
            await authenticators.add(gateway.world, merchant_id, tokens.mint(), device)
    assert await passkeys.kept(gateway.world.store, merchant_id) == []


async def test_the_last_passkey_stays(gateway: Gateway) -> None:
    mine = await holder(gateway)
    [first] = await passkeys.held(gateway.world.store, mine.merchant_id)

    async def unit(tx: Tx) -> None:
        await passkeys.remove(tx, gateway.world, mine.merchant_id, first.id)

    with pytest.raises(LastPasskey):
        await gateway.world.store.write(unit)
    second = Authenticator(gateway.world.settings.issuer)
    await authenticators.add(gateway.world, mine.merchant_id, mine.secret, second, proved_by=first)
    await gateway.world.store.write(unit)
    with pytest.raises(PasskeyRefused):
        await mine.answers(mine.device.answer(await mine.asked()))
    assert (await mine.answers(second.answer(await mine.asked()))).intent == INTENT


async def test_removing_a_passkey_ends_the_sessions_it_opened(gateway: Gateway) -> None:
    mine = await holder(gateway)
    world = gateway.world
    [first] = await passkeys.held(world.store, mine.merchant_id)
    renewed = await world.store.write(lambda tx: sign_in.by_passkey(tx, world, mine.secret, first))
    session = await sign_in.session(world, renewed)
    assert session is not None
    assert (session.method, session.passkey_id) == ("passkey", first.id)
    await authenticators.add(
        world, mine.merchant_id, mine.secret, Authenticator(world.settings.issuer), proved_by=first
    )
    await world.store.write(lambda tx: passkeys.remove(tx, world, mine.merchant_id, first.id))
    assert await sign_in.session(world, renewed) is None


async def test_what_only_signed_in_is_forgotten_and_the_rest_is_not(own_gateway: Gateway) -> None:
    mine = await holder(own_gateway)
    kept = await mine.answers(mine.device.answer(await mine.asked()))
    gone = await mine.answers(mine.device.answer(await mine.asked({"do": "sign_in"})))
    own_gateway.clock.at += timedelta(minutes=6)
    await sign_in.forget(own_gateway.world)
    store = own_gateway.world.store
    assert await store.one(sql.passkeys.answered, intent_hash=kept.intent_hash) is not None
    assert await store.one(sql.passkeys.answered, intent_hash=gone.intent_hash) is None


@given(
    st.dictionaries(st.text(min_size=1), st.text() | st.integers(-(2**53), 2**53)),
    st.dictionaries(st.text(min_size=1), st.text() | st.integers(-(2**53), 2**53)),
)
def test_only_equal_facts_are_written_alike(one: dict[str, str | int], other: dict[str, str | int]) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)
    assert canonical(dict(reversed(list(one.items())))) == canonical(one)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_whatever_is_posted_is_refused_never_a_crash(posted: str) -> None:
    site = webauthn.site("http://localhost:8000")
    for text in (posted, json.dumps({"id": posted, "response": {"clientDataJSON": posted}})):
        with pytest.raises(PasskeyRefused):
            webauthn.proven(site, b"challenge", text, b"key")
        with pytest.raises(PasskeyRefused):
            webauthn.made(site, b"challenge", text)


@given(st.data())
def test_a_damaged_answer_is_refused_never_a_crash(data: st.DataObject) -> None:
    device = Authenticator("http://localhost:8000")
    options = json.dumps({"publicKey": {"challenge": "Y2hhbGxlbmdl"}, "asked": ""})
    made = json.loads(device.make(options))
    name = data.draw(st.sampled_from(sorted(made["response"])))
    raw = bytearray(authenticators.raw(made["response"][name]))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    made["response"][name] = authenticators._text(bytes(raw))
    try:
        webauthn.made(webauthn.site("http://localhost:8000"), b"challenge", json.dumps(made))
    except PasskeyRefused:
        return  # what is not refused may differ in what nobody reads, such as the id it gave itself


@pytest.mark.parametrize("issuer", ["http://localhost:8000", "https://id.restock.example"])
def test_a_host_with_a_name_has_passkeys(issuer: str) -> None:
    assert webauthn.possible(issuer)


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:8000", "http://[::1]:8000"])
def test_a_bare_address_has_none(issuer: str) -> None:
    assert not webauthn.possible(issuer)
