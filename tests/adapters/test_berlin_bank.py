"""The Berlin adapter against a stateful stand-in, each word of both held against the published description by Prism."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, ClassVar

import pytest

from gateway.bank_ports import Ack, BankEventKind, PaymentStatus, Sent, Unanswered, Unreachable
from gateway.domain.money import Money
from tests.adapters import contract, prism
from tests.adapters.berlin_bank import StandIn, serving
from tests.adapters.berlin_scene import BerlinScene, JudgedOutbound, Keys, new_keys, rendered, settings, submitted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


DESCRIPTION = "conformance/openapi/berlin-psd2-1.3.11.yaml"


@pytest.fixture(scope="module")
def keys() -> Keys:
    return new_keys()


@pytest.fixture(scope="module")
def stand_in(keys: Keys) -> StandIn:
    return StandIn(keys.certificate)


@pytest.fixture(scope="module")
def bank_url(stand_in: StandIn) -> Iterator[str]:
    with serving(stand_in) as url:
        yield url


@pytest.fixture(scope="module")
def judge(bank_url: str, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[prism.Prism]:
    with prism.proxy(shared / DESCRIPTION, bank_url, tmp_path_factory.mktemp("prism")) as proxy:
        yield proxy


@pytest.fixture
async def judged() -> AsyncIterator[JudgedOutbound]:
    async with JudgedOutbound() as client:
        yield client


@pytest.fixture
async def scene(
    stand_in: StandIn, judge: prism.Prism, keys: Keys, judged: JudgedOutbound
) -> AsyncIterator[BerlinScene]:
    """The bank behind Prism: no test passes in which either side breaks the description."""
    stand_in.reset()
    yield BerlinScene(stand_in, settings(judge.url, keys), judged)
    assert judged.faults == []


class TestBerlinBank(contract.BankContract):
    """The contract: one list of entries, no messages of its own."""

    reports_count: ClassVar[int] = 1
    announces: ClassVar[bool] = False


# --- at most once -----------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_the_same_bytes_sent_twice_at_once_are_one_payment(scene: BerlinScene) -> None:
    message = await rendered(scene)
    answered = await asyncio.gather(*(scene.plain.submit(message) for _ in range(5)), return_exceptions=True)
    assert len(scene.stand_in.payments) == 1
    accepted = [ack for ack in answered if isinstance(ack, Ack) and ack.accepted]
    assert len(accepted) == 1
    others = [ack for ack in answered if ack is not accepted[0]]
    assert all(isinstance(other, Unanswered) or (isinstance(other, Ack) and other.reason == "DUPL") for other in others)


@pytest.mark.anyio
async def test_what_the_bank_refused_may_be_sent_again_once_it_is_mended(scene: BerlinScene) -> None:
    await scene.refuse_files()
    assert (await submitted(scene)).reason == "FF01"
    scene.rules.refuses_files = False
    assert (await submitted(scene)).accepted


@pytest.mark.anyio
async def test_a_lost_answer_is_found_out_by_what_the_account_shows(scene: BerlinScene) -> None:
    message = await rendered(scene)
    unnamed = Sent("DRAWDOWN-1", message)
    assert await scene.plain.status(unnamed) == []
    await scene.plain.submit(message)
    (pending,) = await scene.plain.status(unnamed)
    (event,) = scene.plain.read(pending.body)
    assert (event.status, event.end_to_end_id, event.original_message_id) == ("PDNG", "DRAWDOWN-1", "FILE-1")
    await scene.pass_days(1)
    (booked,) = await scene.plain.status(unnamed)
    assert booked in await scene.plain.fetch()
    (event,) = scene.plain.read(booked.body)
    assert (event.kind, event.amount, event.credit) == (BankEventKind.booked, Money(150_000, "EUR"), False)


@pytest.mark.anyio
async def test_a_process_that_starts_again_asks_by_the_banks_own_id(scene: BerlinScene) -> None:
    ack = await submitted(scene)
    assert ack.bank_reference is not None
    (said,) = await scene.process().status(Sent("DRAWDOWN-1", await rendered(scene), ack.bank_reference))
    (event,) = scene.plain.read(said.body)
    assert (event.status, event.end_to_end_id, event.bank_reference) == ("ACCP", "DRAWDOWN-1", ack.bank_reference)
    (lost,) = await scene.process().status(Sent("DRAWDOWN-1", await rendered(scene), "pay-unknown"))
    assert scene.plain.read(lost.body)[0].source == "psd2.pending"


@pytest.mark.anyio
async def test_a_bank_that_refuses_copies_itself_has_the_payment(scene: BerlinScene) -> None:
    scene.rules.refuses_copies, scene.rules.lists_pending = True, False
    await submitted(scene)
    again = await submitted(scene, scene.process())
    assert (again.accepted, again.reason) == (False, "DUPL")
    assert len(scene.stand_in.payments) == 1


@pytest.mark.anyio
async def test_nothing_is_sent_while_the_bank_cannot_be_asked(scene: BerlinScene) -> None:
    scene.rules.consent_valid = False
    with pytest.raises(Unreachable, match="CONSENT_EXPIRED"):
        await submitted(scene)
    with pytest.raises(Unreachable, match="CONSENT_EXPIRED"):
        await scene.plain.fetch()
    assert scene.stand_in.payments == []
    scene.rules.consent_valid = True
    assert (await submitted(scene)).accepted


@pytest.mark.anyio
async def test_nothing_is_sent_from_an_account_the_settings_no_longer_name(scene: BerlinScene) -> None:
    with pytest.raises(Unreachable):
        await submitted(scene, scene.process(accounts=()))
    assert scene.stand_in.payments == []


# --- authorisation ----------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_payment_waits_for_its_account_holder_and_says_where(scene: BerlinScene) -> None:
    scene.rules.authorises = False
    ack = await submitted(scene, scene.process(redirect_uri="https://restock.example/back", psu_id="the-bank"))
    assert ack.accepted
    assert ack.detail == "awaits the account holder's authorisation at https://bank.example/authorise?payment=1"
    sent = Sent("DRAWDOWN-1", await rendered(scene), ack.bank_reference)

    async def status() -> PaymentStatus | None:
        (said,) = await scene.plain.status(sent)
        return scene.plain.read(said.body)[0].status

    assert await status() is PaymentStatus.RCVD
    await scene.pass_days(1)
    assert await scene.plain.fetch() == []
    scene.stand_in.authorise(scene.stand_in.payments[0])
    assert await status() is PaymentStatus.ACCP
    await scene.pass_days(1)
    assert await status() is PaymentStatus.ACSC


@pytest.mark.anyio
async def test_a_payment_nobody_authorised_is_rejected(scene: BerlinScene) -> None:
    scene.rules.authorises = False
    ack = await submitted(scene, scene.process(decoupled=True))
    scene.stand_in.decline(scene.stand_in.payments[0])
    (said,) = await scene.plain.status(Sent("DRAWDOWN-1", await rendered(scene), ack.bank_reference))
    (event,) = scene.plain.read(said.body)
    assert (event.status, event.reason) == (PaymentStatus.RJCT, None)
    assert "not authorised in time" in (event.detail or "")


@pytest.mark.anyio
async def test_an_authorisation_that_is_ours_to_start_is_started_once(scene: BerlinScene) -> None:
    scene.rules.starts_explicitly = True
    ack = await submitted(scene, scene.process(explicit=True, psu_id="the-bank"))
    assert ack.detail == "awaits the account holder's authorisation at https://bank.example/authorise"
    paths = [target for method, target, _ in scene.stand_in.requests if method == "POST"]
    assert [path.rpartition("/")[2] for path in paths] == ["sepa-credit-transfers", "authorisations"]
    assert scene.stand_in.payments[0].status == "ACCP"
    assert (await submitted(scene, scene.process())).reason == "DUPL"


@pytest.mark.anyio
async def test_an_authorisation_that_cannot_be_started_leaves_the_payment_taken(scene: BerlinScene) -> None:
    scene.rules.starts_explicitly, scene.rules.authorises = True, False
    ack = await submitted(scene)
    assert (ack.accepted, ack.bank_reference) == (True, scene.stand_in.payments[0].id)
    assert "could not be started" in (ack.detail or "")
    assert scene.stand_in.payments[0].status == "RCVD"


@pytest.mark.anyio
async def test_an_instant_payment_arrives_at_once(scene: BerlinScene) -> None:
    instant = scene.process(product="instant-sepa-credit-transfers")
    assert (instant.capabilities.instant, scene.plain.capabilities.instant) == (True, False)
    message = instant.render_payout(await contract.payout(scene))
    ack = await instant.submit(message)
    (said,) = await scene.plain.status(Sent("DRAWDOWN-1", message, ack.bank_reference))
    assert scene.plain.read(said.body)[0].status is PaymentStatus.ACCC
    (booked,) = await contract.told_of(scene, BankEventKind.booked)
    assert booked.booked_on == (await scene.now()).date()


# --- what goes over the wire ------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_the_same_bytes_carry_the_same_request_id_and_questions_never_do(scene: BerlinScene) -> None:
    scene.rules.lists_pending = False
    for bank in (scene.process(), scene.process()):
        await submitted(scene, bank)
    posts = [headers for method, _, headers in scene.stand_in.requests if method == "POST"]
    questions = [headers["x-request-id"] for method, _, headers in scene.stand_in.requests if method == "GET"]
    assert len({headers["x-request-id"] for headers in posts}) == 1
    assert uuid.UUID(posts[0]["x-request-id"]).version == 5
    assert len(set(questions)) == len(questions) > 1
    assert posts[0]["tpp-notification-uri"] == "https://restock.example/v1/inbound/berlin"


@pytest.mark.anyio
async def test_a_request_without_our_signature_does_not_pass(scene: BerlinScene) -> None:
    with pytest.raises(Unreachable, match="SIGNATURE_INVALID"):
        await submitted(scene, scene.process(signing_key="", certificate=""))
    assert scene.stand_in.payments == []


@pytest.mark.anyio
async def test_credentials_go_along_and_are_signed_where_the_framework_says(scene: BerlinScene) -> None:
    bank = scene.process(
        access_token="token", psu_id="a user", psu_corporate_id="a firm", redirect_uri="https://restock.example/back"
    )
    assert (await submitted(scene, bank)).accepted
    post = next(headers for method, _, headers in scene.stand_in.requests if method == "POST")
    assert post["authorization"] == "Bearer token"
    assert 'headers="digest x-request-id psu-id psu-corporate-id tpp-redirect-uri"' in post["signature"]
    assert 'keyId="SN=9FA1,CA=' in post["signature"]
    assert " 1 2026" not in post["signature"]


@pytest.mark.anyio
async def test_entries_come_page_by_page_and_oldest_first(scene: BerlinScene) -> None:
    scene.rules.page_size = 2
    for number in range(1, 6):
        await contract.send_payout(scene, await contract.payout(scene, number=number))
        await scene.pass_days(1)
    booked = await contract.told_of(scene, BankEventKind.booked)
    assert [event.end_to_end_id for event in booked] == [f"DRAWDOWN-{number}" for number in range(1, 6)]


@pytest.mark.anyio
async def test_an_entry_the_bank_leaves_out_is_simply_not_told(scene: BerlinScene) -> None:
    await scene.leave_a_gap_in_statements()
    for number in (1, 2):
        await contract.send_payout(scene, await contract.payout(scene, number=number))
    await scene.pass_days(1)
    assert [event.end_to_end_id for event in await contract.told_of(scene, BankEventKind.booked)] == ["DRAWDOWN-1"]


# --- Prism itself -----------------------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_every_kind_of_exchange_keeps_to_the_description_on_both_sides(
    scene: BerlinScene, judged: JudgedOutbound
) -> None:
    await scene.return_payouts(days=1, reason="AC04")
    scene.rules.page_size = 3
    for number, payee in enumerate([scene.shop, scene.closed_shop, scene.shop_at_no_bank] * 3, start=1):
        await contract.send_payout(scene, await contract.payout(scene, number=number, to=payee))
        await scene.pass_days(1)
    scene.rules.refuses_copies, scene.rules.lists_pending = True, False
    await contract.send_payout(scene, await contract.payout(scene, number=10))
    assert (await scene.process().submit(await rendered(scene, 10))).reason == "DUPL"
    await scene.refuse_files()
    assert (await scene.plain.submit(await rendered(scene, 11))).reason == "FF01"
    await scene.be_silent()
    assert len(await contract.told_of(scene, BankEventKind.returned)) == 3
    scene.rules.consent_valid = False
    with pytest.raises(Unreachable):
        await scene.plain.fetch()
    scene.rules.requires_signature = True
    with pytest.raises(Unreachable):
        await scene.process(signing_key="").fetch()
    scene.rules.requires_signature, scene.rules.consent_valid, scene.rules.refuses_files = False, True, False
    scene.rules.starts_explicitly = True
    assert (await scene.plain.submit(await rendered(scene, 12))).accepted
    said = {(method, target.partition("?")[0].rpartition("/")[2]) for method, target, _ in scene.stand_in.requests}
    assert said == {
        ("POST", "sepa-credit-transfers"),
        ("GET", "status"),
        ("GET", "transactions"),
        ("POST", "authorisations"),
    }
    assert judged.faults == []
    assert judged.exchange_count == len(scene.stand_in.requests) >= 80


@pytest.mark.anyio
async def test_prism_catches_what_breaks_the_description_in_either_direction(
    stand_in: StandIn, judge: prism.Prism, keys: Keys, judged: JudgedOutbound
) -> None:
    stand_in.reset()
    scene = BerlinScene(stand_in, settings(judge.url, keys), judged)
    with pytest.raises(Unanswered):
        await submitted(scene, scene.process(ip_address="not an address"))
    assert stand_in.payments == []
    ack = await submitted(scene)
    scene.rules.status_as = "FINE"
    with pytest.raises(Unreachable):
        await scene.plain.status(Sent("DRAWDOWN-1", await rendered(scene), ack.bank_reference))
    ours, theirs = judged.faults
    assert "psu-ip-address" in ours
    assert "transactionStatus" in theirs
