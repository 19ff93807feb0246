"""The Berlin adapter on the bare socket: answers that are lost, late or malformed, with no proxy to smooth them."""

from __future__ import annotations

import contextlib
import random
from typing import TYPE_CHECKING

import msgspec
import pytest

from adapters.banks.berlin.interface import Interface
from gateway.bank_ports import Account, Party, Unanswered, Unreachable, Unreadable, Unrenderable
from gateway.domain.accounts import sandbox_iban
from gateway.outbound import Limits, Outbound
from tests.adapters import contract
from tests.adapters.berlin_bank import StandIn, serving
from tests.adapters.berlin_scene import BerlinScene, Keys, new_keys, rendered, settings, submitted
from tests.adapters.stubborn import answering, nobody

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def keys() -> Keys:
    return new_keys()


@pytest.fixture
def direct(keys: Keys, outbound: Outbound) -> Iterator[BerlinScene]:
    bank = StandIn(keys.certificate)
    with serving(bank) as url:
        yield BerlinScene(bank, settings(url, keys), outbound)


@pytest.mark.anyio
@pytest.mark.parametrize("how", ["take and hang up", "take and fail"])
async def test_a_payment_taken_without_an_answer_is_known_and_never_sent_again(direct: BerlinScene, how: str) -> None:
    direct.rules.on_post = how
    with pytest.raises(Unanswered):
        await submitted(direct)
    direct.rules.on_post = "answer"
    for bank in (direct.plain, direct.process()):
        again = await submitted(direct, bank)
        assert (again.accepted, again.reason) == (False, "DUPL")
    await direct.pass_days(1)
    after = await submitted(direct, direct.process())
    assert (after.accepted, after.reason) == (False, "DUPL")
    assert len(direct.stand_in.payments) == 1


@pytest.mark.anyio
async def test_a_payment_the_bank_shows_nowhere_is_not_sent_again_by_the_same_process(direct: BerlinScene) -> None:
    direct.rules.on_post = "take and hang up"
    direct.rules.lists_pending = False
    with pytest.raises(Unanswered):
        await submitted(direct)
    direct.rules.on_post = "answer"
    with pytest.raises(Unanswered):
        await submitted(direct)
    assert len(direct.stand_in.payments) == 1
    assert direct.plain.capabilities.resend_hours == 0


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_lost_and_whoever_asks_again_the_bank_has_each_payment_once(
    direct: BerlinScene, seed: int
) -> None:
    chance = random.Random(seed)
    messages = [await rendered(direct, number) for number in range(1, 5)]
    for _ in range(30):
        direct.rules.on_post = chance.choice(["answer", "take and hang up", "take and fail", "hang up first"])
        bank = chance.choice([direct.plain, direct.process()])
        with contextlib.suppress(Unreachable, Unanswered):
            await bank.submit(chance.choice(messages))
        if chance.random() < 0.1:
            await direct.pass_days(1)
    references = [payment.reference for payment in direct.stand_in.payments]
    assert len(references) == len(set(references)) >= 2


@pytest.mark.anyio
async def test_a_bank_that_takes_and_says_nothing_leaves_the_payment_in_doubt(direct: BerlinScene) -> None:
    direct.rules.on_post = "take and be silent"
    async with Outbound(Limits(silence_ms=200)) as impatient:
        direct.outbound = impatient
        with pytest.raises(Unanswered):
            await submitted(direct, direct.process())
    assert len(direct.stand_in.payments) == 1


@pytest.mark.anyio
async def test_a_connection_that_was_never_made_sent_nothing(direct: BerlinScene) -> None:
    with pytest.raises(Unreachable):
        await submitted(direct, direct.process(base_url=nobody()))
    direct.rules.on_post = "hang up first"
    with pytest.raises(Unanswered):
        await submitted(direct)
    assert direct.stand_in.payments == []


@pytest.mark.anyio
@pytest.mark.parametrize("status", [401, 403, 404, 405, 406, 415, 429])
async def test_a_bank_that_turns_the_question_away_was_not_reached(direct: BerlinScene, status: int) -> None:
    head = f"HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n".encode()
    async with answering(head) as url:
        with pytest.raises(Unreachable):
            await submitted(direct, direct.process(base_url=url))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("page", "why"),
    [
        (b"{}", "another form"),
        (b"[]", "cannot be read"),
        (b'{"transactions": {"booked": [', "cannot be read"),
        (b'{"account": {"iban": "NL14MOCK0000000002"}, "transactions": {"booked": []}}', "another account's"),
        (b'{"transactions": {"_links": {"next": {"href": "https://elsewhere.example/v1/accounts/x"}}}}', "leads away"),
        (b'{"transactions": {"_links": {"next": {"href": "//elsewhere.example/v1/accounts/x"}}}}', "leads away"),
        (b'{"transactions": {"_links": {"next": {"href": "/v1/accounts/../../other"}}}}', "leads away"),
        (b'{"transactions": {"_links": {"next": {"href": "/v1/consents"}}}}', "leads away"),
        (b'{"transactions": {"_links": {"next": {"href": "http://[/v1/accounts/x"}}}}', "leads away"),
        (b'{"transactions": {"_links": {"next": {"href": "/v1/accounts/x/transactions"}}}}', "more than 50 pages"),
        (b'{"_links": {"download": {"href": "/v1/accounts/x/transactions/download/1"}}}', "another form"),
    ],
)
async def test_a_list_that_is_not_ours_or_has_no_end_is_refused_and_nothing_is_sent(
    direct: BerlinScene, page: bytes, why: str
) -> None:
    answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (len(page), page)
    async with answering(answer) as url:
        bank = direct.process(base_url=url)
        with pytest.raises(Unreadable, match=why):
            await bank.fetch()
        with pytest.raises(Unreachable, match=why):
            await submitted(direct, bank)


@pytest.mark.anyio
@pytest.mark.parametrize("whole", ["", "https://bank.example"])
async def test_a_link_may_be_whole_or_begin_at_the_root(direct: BerlinScene, whole: str) -> None:
    setup = msgspec.structs.replace(direct.setup, base_url="https://bank.example/psd2")
    local = Interface(setup, direct.outbound)._local
    assert local(f"{whole}/psd2/v1/accounts/a/transactions?page=2") == "/v1/accounts/a/transactions?page=2"
    with pytest.raises(Unreadable):
        local("https://bank.example.evil/psd2/v1/accounts/a/transactions?page=2")


@pytest.mark.anyio
async def test_a_payment_from_an_account_we_may_not_read_is_not_even_written(direct: BerlinScene) -> None:
    stranger = Party("Another lender", Account(iban=sandbox_iban("another lender")))
    with pytest.raises(Unrenderable):
        direct.plain.render_payout(await contract.payout(direct, source=stranger))
