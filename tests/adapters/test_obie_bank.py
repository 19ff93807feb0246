"""The UK Open Banking adapter against a bank that keeps state, with Prism between them holding both to v4.0.

Every test that has a `scene` ends with Prism's verdict on its exchanges: no breach of the description by either side.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import httpx
import msgspec
import pytest

from adapters.banks.obie.wire.consents import ConsentStatus
from adapters.banks.obie.wire.orders import Order
from gateway.bank_ports import BankEventKind, Collection, PaymentStatus, Sent, Unanswered, Unreachable, Unreadable
from gateway.domain.money import Money
from tests.adapters import contract, prism
from tests.adapters.obie_bank import UPDATED, Bank, Said
from tests.adapters.obie_scene import ObieScene, description, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from datetime import datetime
    from pathlib import Path

    from gateway.outbound import Outbound

ORDERS = "/domestic-payments"


class Judged(msgspec.Struct):
    """A bank behind Prism."""

    bank: Bank
    prism: Any


@pytest.fixture(scope="module")
def judged(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    prism.needed()
    folder, bank = tmp_path_factory.mktemp("obie"), Bank()
    with serving(bank) as url, prism.proxy(description(shared, folder), url, folder) as proxy:
        yield Judged(bank, proxy)


@pytest.fixture
async def scene(judged: Judged, outbound: Outbound) -> AsyncIterator[ObieScene]:
    judged.bank.reset()
    before = len(judged.prism.faults())
    yield ObieScene(judged.bank, judged.prism.url, outbound)
    assert judged.prism.faults()[before:] == []


class TestObieBank(contract.BankContract):
    """The contract. This rail tells no bookings, so another one's statements must."""

    reports_count: ClassVar[int] = 0
    announces: ClassVar[bool] = False
    settled: ClassVar[PaymentStatus] = PaymentStatus.ACCC


pytestmark = pytest.mark.anyio


async def test_every_operation_the_adapter_uses_passes_both_ways(judged: Judged, scene: ObieScene) -> None:
    before = judged.prism.carried_count()
    seen: list[tuple[str, str, int]] = []

    def note(method: str, path: str, said: Said) -> Said:
        seen.append((method, path.split("/")[1], said.status))
        return said

    scene.held.spoil = note
    message = scene.bank.render_payout(await contract.payout(scene))
    ack = await scene.bank.submit(message)
    assert await scene.bank.status(Sent("DRAWDOWN-1", message, ack.bank_reference))
    debit = await contract.collection(scene)
    assert (await scene.bank.submit(scene.bank.render_collection(debit))).accepted
    fetched = await scene.bank.fetch()
    assert len(fetched) == 2
    await scene.bank.acknowledge([one.message_id for one in fetched])
    await scene.bank.withdraw(debit.mandate_id)
    assert set(seen) == {
        ("POST", "domestic-payment-consents", 201),
        ("GET", "domestic-payment-consents", 200),
        ("POST", "domestic-payments", 201),
        ("GET", "domestic-payments", 200),
        ("POST", "domestic-vrp-consents", 201),
        ("GET", "domestic-vrp-consents", 200),
        ("DELETE", "domestic-vrp-consents", 204),
        ("POST", "domestic-vrps", 201),
        ("GET", "domestic-vrps", 200),
        ("POST", "events", 200),
    }
    assert judged.prism.carried_count() - before == len(seen)


async def test_the_proxy_stops_what_breaks_the_description_on_either_side(judged: Judged, outbound: Outbound) -> None:
    judged.bank.reset()
    scene, before = ObieScene(judged.bank, judged.prism.url, outbound), len(judged.prism.faults())
    async with httpx.AsyncClient(trust_env=False) as client:
        bad = {"authorization": "Bearer client", "content-type": "application/json; charset=utf-8"}
        refused = await client.post(f"{judged.prism.url}{ORDERS}", headers=bad, json={"Data": {}})
    assert refused.status_code == 422
    assert judged.bank.orders() == []
    asked = len(judged.prism.faults())
    assert asked > before

    def undescribed(method: str, path: str, said: Said) -> Said:
        extra = said.body is not None and (method, path) == ("POST", ORDERS)
        return Said(said.status, {**(said.body or {}), "Secret": 1}) if extra else said

    judged.bank.spoil = undescribed
    with pytest.raises(Unanswered):
        await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    assert len(judged.prism.faults()) > asked


# --- idempotency ------------------------------------------------------------------------------------------------------


async def test_a_key_sent_again_with_the_same_body_is_answered_with_the_same_payment(scene: ObieScene) -> None:
    message, before = scene.bank.render_payout(await contract.payout(scene)), await scene.balance_amount()
    acks = [await scene.bank.submit(message) for _ in range(3)]
    assert len({ack.bank_reference for ack in acks}) == 1
    assert all(ack.accepted for ack in acks)
    assert before - await scene.balance_amount() == 150_000


async def test_a_key_sent_again_with_another_body_pays_nothing_and_is_no_rejection(scene: ObieScene) -> None:
    first = await contract.payout(scene)
    message = scene.bank.render_payout(first)
    assert (await scene.bank.submit(message)).accepted
    before = await scene.balance_amount()
    other = msgspec.json.decode(
        scene.bank.render_payout(msgspec.structs.replace(first, amount=Money(1, "GBP"))), type=Order
    )
    with pytest.raises(Unreachable, match="U006"):
        await scene.bank.submit(msgspec.json.encode(other))
    ack = await scene.bank.submit(msgspec.json.encode(msgspec.structs.replace(other, consent_key="C-other")))
    assert (ack.accepted, ack.reason) == (False, "DUPL")
    assert await scene.balance_amount() == before


async def test_after_24_hours_a_copy_is_not_sent_because_the_bank_would_pay_it_again(scene: ObieScene) -> None:
    message = scene.bank.render_payout(await contract.payout(scene))
    ack = await scene.bank.submit(message)
    await scene.pass_days(1)
    late = await scene.bank.submit(message)
    assert (late.accepted, late.reason) == (False, "DT02")
    assert len(scene.held.orders()) == 1
    assert await scene.bank.status(Sent("DRAWDOWN-1", message, ack.bank_reference))
    order = msgspec.json.decode(message, type=Order)
    never = order.not_after + timedelta(days=9)
    careless = msgspec.structs.replace(order, not_after=never, complete_by=never)
    await scene.bank.submit(msgspec.json.encode(careless))
    assert len(scene.held.orders()) == 2, "the stand-in forgets keys like a bank, or the test above proves nothing"


async def test_within_24_hours_minus_a_margin_a_copy_still_finds_the_first(scene: ObieScene) -> None:
    message = scene.bank.render_payout(await contract.payout(scene))
    assert (await scene.bank.submit(message)).accepted
    scene.held.now += timedelta(hours=23, minutes=54)
    assert (await scene.bank.submit(message)).accepted
    assert len(scene.held.orders()) == 1


# --- consents ---------------------------------------------------------------------------------------------------------


async def test_a_consent_that_its_holder_refuses_refuses_the_payout(scene: ObieScene) -> None:
    scene.held.agrees = lambda _: False
    ack = await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    assert (ack.accepted, ack.reason) == (False, "U033")
    assert scene.held.orders() == []


async def test_a_consent_nobody_looked_at_yet_is_waited_for_by_the_same_bytes(scene: ObieScene) -> None:
    scene.held.agrees = lambda _: None
    message = scene.bank.render_payout(await contract.payout(scene))
    with pytest.raises(Unreachable, match="authorised"):
        await scene.bank.submit(message)
    scene.held.agrees = lambda _: True
    assert (await scene.bank.submit(message)).accepted
    assert len(scene.held.resources) == 2


async def test_a_consent_that_expired_is_told_as_a_refusal_and_never_ordered_under(scene: ObieScene) -> None:
    scene.held.agrees = lambda _: None
    message = scene.bank.render_payout(await contract.payout(scene))
    with pytest.raises(Unreachable):
        await scene.bank.submit(message)
    await scene.pass_days(1)
    (event,) = await contract.told(scene)
    assert (event.end_to_end_id, event.status, event.reason) == ("DRAWDOWN-1", PaymentStatus.RJCT, "U036")
    scene.held.agrees = lambda _: True
    assert not (await scene.bank.submit(message)).accepted
    assert scene.held.orders() == []


async def test_a_consent_withdrawn_between_agreeing_and_ordering_refuses_the_payout(scene: ObieScene) -> None:
    def withdrawn(method: str, path: str, said: Said) -> Said:
        if method == "GET" and path.startswith("/domestic-payment-consents/"):
            scene.held.resources[path.split("/")[2]].data["Status"] = "RJCT"
        return said

    scene.held.spoil = withdrawn
    ack = await scene.bank.submit(scene.bank.render_payout(await contract.payout(scene)))
    assert (ack.accepted, ack.reason) == (False, "U009")


# --- not yet, not there -----------------------------------------------------------------------------------------------


async def test_an_order_that_never_arrived_is_not_taken_for_one_that_did(scene: ObieScene) -> None:
    message = scene.bank.render_payout(await contract.payout(scene))
    assert await scene.bank.status(Sent("DRAWDOWN-1", message)) == []
    await scene.pass_days(1)
    assert await scene.bank.status(Sent("DRAWDOWN-1", message)) == []
    assert scene.held.orders() == []
    assert await scene.bank.status(Sent("DRAWDOWN-1", message, "domestic-payments.99")) == []


async def test_an_order_due_later_is_not_sent_before_its_day(scene: ObieScene) -> None:
    debit = await contract.collection(scene)
    tomorrow = scene.bank.render_collection(
        msgspec.structs.replace(debit, collect_on=debit.collect_on + timedelta(days=3))
    )
    with pytest.raises(Unreachable, match="not before 2026-03-05"):
        await scene.bank.submit(tomorrow)
    scene.held.now += timedelta(days=3)
    assert (await scene.bank.submit(tomorrow)).accepted


# --- standing consents ------------------------------------------------------------------------------------------------


async def test_a_payment_above_the_agreed_limit_is_refused_before_it_is_sent(scene: ObieScene) -> None:
    debit = await contract.collection(scene, amount=Money(50_001, "GBP"))
    ack = await scene.bank.submit(scene.bank.render_collection(debit))
    assert (ack.accepted, ack.reason) == (False, "AM14")
    assert "500.00" in (ack.detail or "")
    assert scene.held.orders("domestic-vrps") == []


@pytest.mark.parametrize("alignment", ["Calendar", "Consent"])
async def test_the_limit_of_a_period_is_kept_by_the_bank_and_begins_anew_with_the_next(
    scene: ObieScene, alignment: str
) -> None:
    acks = []
    first = await _debit(scene, 1, alignment=alignment)
    for number in (1, 2):
        debit = msgspec.structs.replace(first, end_to_end_id=f"REPAYMENT-{number}", message_id=f"DEBITS-{number}")
        acks.append(await scene.bank.submit(scene.bank.render_collection(debit)))
    assert [(ack.accepted, ack.reason) for ack in acks] == [(True, None), (False, "AM14")]
    assert "U014" in (acks[1].detail or "")
    await scene.pass_days(31)
    later = await scene.now()
    again = msgspec.structs.replace(first, end_to_end_id="R-3", created_at=later, collect_on=later.date())
    assert (await scene.bank.submit(scene.bank.render_collection(again))).accepted


async def test_the_limit_of_a_period_is_kept_before_sending_when_somebody_counts(scene: ObieScene) -> None:
    asked: list[tuple[datetime, datetime, str]] = []

    async def taken(consent_id: str, start: datetime, end: datetime, but: str) -> int:
        assert consent_id.startswith("domestic-vrp-consents.")
        asked.append((start, end, but))
        return 70_000

    scene.bank._taken = taken
    ack = await scene.bank.submit(scene.bank.render_collection(await _debit(scene, 1, amount=10_001)))
    assert (ack.accepted, ack.reason) == (False, "AM14")
    assert [(start.isoformat()[:10], end.isoformat()[:10], but) for start, end, but in asked] == [
        ("2026-03-01", "2026-04-01", "REPAYMENT-1")
    ]
    assert scene.held.orders("domestic-vrps") == []
    assert (await scene.bank.submit(scene.bank.render_collection(await _debit(scene, 2, amount=10_000)))).accepted


async def test_a_standing_consent_that_is_no_longer_good_collects_nothing(scene: ObieScene) -> None:
    debit = await _debit(scene, 1)
    scene.held.cancel(debit.mandate_id)
    ack = await scene.bank.submit(scene.bank.render_collection(debit))
    assert (ack.accepted, ack.reason) == (False, "MD01")
    (revoked,) = await contract.told(scene)
    assert revoked.bank_reference == f"consent:{debit.mandate_id}"
    assert revoked.status is None
    second = await _debit(scene, 2)
    await scene.bank.withdraw(second.mandate_id)
    assert (await scene.bank.standing(second.mandate_id) or debit).status is ConsentStatus.cancelled  # type: ignore[union-attr]
    third = await _debit(scene, 3)
    await scene.pass_days(366)
    assert (await scene.bank.standing(third.mandate_id) or debit).status is ConsentStatus.expired  # type: ignore[union-attr]
    assert await scene.bank.standing("domestic-vrp-consents.99") is None
    assert scene.held.orders("domestic-vrps") == []


async def test_a_consent_withdrawn_while_a_collection_is_on_its_way_refuses_it(
    scene: ObieScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    debit = await _debit(scene, 1)
    authorise = scene.held.authorise

    def then_withdrawn(consent_id: str) -> str | None:
        token = authorise(consent_id)
        scene.held.cancel(consent_id)
        return token

    monkeypatch.setattr(scene.held, "authorise", then_withdrawn)
    ack = await scene.bank.submit(scene.bank.render_collection(debit))
    assert (ack.accepted, ack.reason) == (False, "MD01")
    assert "U009" in (ack.detail or "")


# --- events -----------------------------------------------------------------------------------------------------------


async def test_an_event_that_does_not_prove_is_kept_for_a_person_and_holds_up_no_other(scene: ObieScene) -> None:
    await contract.send_payout(scene, await contract.payout(scene))
    scene.held.owner = "stranger"
    forged = scene.held.event("forged", UPDATED, "domestic-payments", "domestic-payments.2")
    scene.held.owner = "bank"
    scene.held.events["forged"] = forged
    strange, good = await scene.bank.fetch()
    with pytest.raises(Unreadable, match="prove"):
        scene.bank.read(strange.body)
    assert [event.kind for event in scene.bank.read(good.body)] == [BankEventKind.status]
    await scene.bank.acknowledge([strange.message_id, good.message_id])
    assert await scene.bank.fetch() == []


async def test_an_event_about_what_the_bank_then_does_not_know_stays_a_hint(scene: ObieScene) -> None:
    scene.held.events["odd"] = scene.held.event("odd", UPDATED, "domestic-payments", "domestic-payments.77")
    (message,) = await scene.bank.fetch()
    (hint,) = scene.bank.read(message.body)
    assert (hint.status, hint.bank_reference) == (None, "domestic-payments.77")


async def _debit(scene: ObieScene, number: int, *, amount: int = 50_000, alignment: str = "Calendar") -> Collection:
    """A collection under a standing consent of its own."""
    proposed = await scene.bank.propose(scene.bank.render_mandate(await scene.mandate(number, alignment=alignment)))
    assert proposed.status is ConsentStatus.awaiting
    assert scene.held.authorise(proposed.id)
    made = await contract.collection(scene, number=number + 50, amount=Money(amount, "GBP"))
    return msgspec.structs.replace(made, end_to_end_id=f"REPAYMENT-{number}", mandate_id=proposed.id)
