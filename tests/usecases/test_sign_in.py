from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.oauth import tokens
from gateway.store import sql
from gateway.usecases import contacts, messages, sign_in
from gateway.usecases.contacts import NoContact
from gateway.usecases.sign_in import TooManyTries, Tried
from tests import visits

if TYPE_CHECKING:
    from gateway.usecases.sign_in import Who
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio

WORDS = ("en", "Your code", "{code} for {{you}}")


async def merchant(gateway: Gateway, contact: str | None = visits.CONTACT) -> Who:
    found = await sign_in.who(gateway.world.store, await visits.shop(await gateway.partner(), contact=contact))
    assert found is not None
    return found


async def sent(gateway: Gateway, who: Who, secret: str) -> str:
    await sign_in.send_code(gateway.world, who, secret, WORDS)
    return await visits.last_code(gateway)


async def test_a_right_code_opens_a_session_under_a_new_secret_once(gateway: Gateway) -> None:
    who, secret = await merchant(gateway), tokens.mint()
    code = await sent(gateway, who, secret)
    assert (await messages.latest(gateway.world))[0].text == f"{code} for {{you}}"
    attempt = await sign_in.enter_code(gateway.world, secret, code)
    assert attempt.outcome is Tried.right
    assert attempt.secret not in {None, secret}
    session = await sign_in.session(gateway.world, attempt.secret)
    assert session is not None
    assert (session.merchant_id, session.signed_in_at is not None) == (who.id, True)
    assert await sign_in.session(gateway.world, secret) is None
    assert (await sign_in.enter_code(gateway.world, secret, code)).outcome is Tried.dead


async def test_a_code_works_only_in_the_browser_that_asked_for_it(gateway: Gateway) -> None:
    who, mine, other = await merchant(gateway), tokens.mint(), tokens.mint()
    code = await sent(gateway, who, mine)
    assert (await sign_in.enter_code(gateway.world, other, code)).outcome is Tried.dead
    assert (await sign_in.enter_code(gateway.world, mine, code)).outcome is Tried.right


async def test_a_new_code_voids_the_one_before(gateway: Gateway) -> None:
    who, secret = await merchant(gateway), tokens.mint()
    first = await sent(gateway, who, secret)
    second = await sent(gateway, who, secret)
    if first != second:
        assert (await sign_in.enter_code(gateway.world, secret, first)).outcome is Tried.wrong
    assert (await sign_in.enter_code(gateway.world, secret, second)).outcome is Tried.right


async def test_a_code_dies_after_ten_minutes(own_gateway: Gateway) -> None:
    who, secret = await merchant(own_gateway), tokens.mint()
    code = await sent(own_gateway, who, secret)
    own_gateway.clock.at += timedelta(minutes=10)
    assert (await sign_in.enter_code(own_gateway.world, secret, code)).outcome is Tried.dead


async def test_a_session_dies_after_fifteen_minutes(own_gateway: Gateway) -> None:
    who, secret = await merchant(own_gateway), tokens.mint()
    attempt = await sign_in.enter_code(own_gateway.world, secret, await sent(own_gateway, who, secret))
    own_gateway.clock.at += timedelta(minutes=14)
    assert await sign_in.session(own_gateway.world, attempt.secret) is not None
    own_gateway.clock.at += timedelta(minutes=1)
    assert await sign_in.session(own_gateway.world, attempt.secret) is None
    await sign_in.forget(own_gateway.world)


async def test_five_wrong_tries_kill_a_code_and_ten_lock_the_merchant(own_gateway: Gateway) -> None:
    world, who, secret = own_gateway.world, await merchant(own_gateway), tokens.mint()
    for left in ((4, 3, 2, 1, 0), (4, 3, 2, 1, 0)):
        code = await sent(own_gateway, who, secret)
        tries = [await sign_in.enter_code(world, secret, visits.wrong(code)) for _ in left]
        assert tuple(attempt.attempts_left_count for attempt in tries) == left
        assert (await sign_in.enter_code(world, secret, code)).outcome is Tried.dead
    with pytest.raises(TooManyTries):
        await sent(own_gateway, who, secret)
    own_gateway.clock.at += sign_in.LOCK
    code = await sent(own_gateway, who, secret)
    assert (await sign_in.enter_code(world, secret, code)).outcome is Tried.right


async def test_a_locked_merchant_cannot_use_even_a_right_code(own_gateway: Gateway) -> None:
    world, who = own_gateway.world, await merchant(own_gateway)
    mine, theirs = tokens.mint(), [tokens.mint(), tokens.mint()]
    code = await sent(own_gateway, who, mine)
    for secret in theirs:
        other = await sent(own_gateway, who, secret)
        for _ in range(5):
            await sign_in.enter_code(world, secret, visits.wrong(other))
    assert (await sign_in.enter_code(world, mine, code)).outcome is Tried.locked


async def test_a_merchant_is_sent_five_codes_in_a_quarter_of_an_hour(own_gateway: Gateway) -> None:
    who = await merchant(own_gateway)
    for _ in range(5):
        await sent(own_gateway, who, tokens.mint())
    with pytest.raises(TooManyTries):
        await sent(own_gateway, who, tokens.mint())
    own_gateway.clock.at += sign_in.LOCK
    await sent(own_gateway, who, tokens.mint())


async def test_twenty_tries_of_a_right_code_at_once_open_one_session(gateway: Gateway) -> None:
    who, secret = await merchant(gateway), tokens.mint()
    code = await sent(gateway, who, secret)
    tries = await asyncio.gather(*(sign_in.enter_code(gateway.world, secret, code) for _ in range(20)))
    assert sorted(attempt.outcome for attempt in tries) == [Tried.dead] * 19 + [Tried.right]


async def test_twenty_wrong_tries_at_once_count_no_more_than_five(gateway: Gateway) -> None:
    who, secret = await merchant(gateway), tokens.mint()
    wrong = visits.wrong(await sent(gateway, who, secret))
    tries = await asyncio.gather(*(sign_in.enter_code(gateway.world, secret, wrong) for _ in range(20)))
    assert [attempt.outcome for attempt in tries].count(Tried.wrong) == 4
    assert all(attempt.outcome in {Tried.wrong, Tried.dead} for attempt in tries)


async def test_without_a_contact_nothing_is_sent(gateway: Gateway) -> None:
    with pytest.raises(NoContact):
        await sent(gateway, await merchant(gateway, contact=None), tokens.mint())


async def test_neither_contact_nor_code_nor_secret_lies_open_in_the_database(gateway: Gateway) -> None:
    who, secret = await merchant(gateway), tokens.mint()
    code = await sent(gateway, who, secret)
    store = gateway.world.store
    rows = [
        await store.one(sql.identity.merchant, merchant_id=who.id),
        await store.one(sql.identity.session, hash=tokens.digest(secret), now_at=gateway.world.system_clock.now()),
        *(await store.all(sql.messages.latest, limit=5)),
    ]
    kept = repr(rows)
    assert visits.CONTACT not in kept
    assert code not in kept
    assert secret not in kept


@pytest.mark.parametrize(
    ("contact", "shown"), [("zhen@shop.example", "z•••@s•••.example"), ("a@b.co.uk", "a•••@b•••.uk")]
)
def test_a_contact_is_shown_masked(contact: str, shown: str) -> None:
    assert contacts.masked(contact) == shown


def test_a_form_belongs_to_one_browser() -> None:
    assert sign_in.form_is_ours("secret", sign_in.form_token("secret"))
    assert not sign_in.form_is_ours("other", sign_in.form_token("secret"))
    assert not sign_in.form_is_ours(None, sign_in.form_token("secret"))
    assert not sign_in.form_is_ours("secret", "ü")


async def test_of_forty_asked_for_at_once_five_codes_are_sent(gateway: Gateway) -> None:
    who = await merchant(gateway)
    sends = (sign_in.send_code(gateway.world, who, tokens.mint(), WORDS) for _ in range(40))
    found = await asyncio.gather(*sends, return_exceptions=True)
    assert [type(one) for one in found if one is not None] == [TooManyTries] * 35


async def test_of_guesses_in_many_browsers_at_once_ten_are_judged(gateway: Gateway) -> None:
    who, secrets = await merchant(gateway), [tokens.mint() for _ in range(5)]
    wrong = {secret: visits.wrong(await sent(gateway, who, secret)) for secret in secrets}
    guesses = (sign_in.enter_code(gateway.world, secret, wrong[secret]) for _ in range(5) for secret in secrets)
    found = await asyncio.gather(*guesses)
    assert [one.outcome for one in found].count(Tried.locked) == 15
