"""The NACHA adapter against mock-bank, a bank nobody here wrote, whose accounts speak NACHA and BAI2."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
import pytest

from adapters.banks.iso20022 import wire as notices
from adapters.banks.nacha.client import NachaBank, NachaSettings
from adapters.banks.nacha.wire import Originator
from adapters.mailboxes import DirectoryPlace, HttpPlace, Transport
from gateway.bank_ports import Account, BankEventKind, Party, PaymentStatus, Unanswered, Unreachable, Unreadable
from gateway.demo.bank_process import start_mock_bank
from gateway.domain.money import Money
from gateway.domain.references import shortened
from gateway.outbound import Limits, Outbound
from tests.adapters import contract
from tests.adapters.conftest import CLOCK, MockBankScene
from tests.adapters.stubborn import answering, nobody

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.demo.bank_process import BankProcess

ROUTING = "999999992"
"""mock-bank's own: right by its check digit, and no Federal Reserve district's."""
FUNDING_NUMBER, POOR_NUMBER, CLOSED_NUMBER, NOWHERE_NUMBER = (f"{number:010d}" for number in range(1, 5))
ORIGINATOR = Originator(
    routing=ROUTING,
    origin="1234567890",
    companies={FUNDING_NUMBER: FUNDING_NUMBER, POOR_NUMBER: POOR_NUMBER},
    bank_name="Mock Bank",
    name="Restock",
)
_CODES = {"AC04": "R02", "AC01": "R03", "AM04": "R01", "MD01": "R29", "MD06": "R10", "MD16": "R07"}
"""What the bank is told to answer, for the ISO code that the answer must be read as."""


def settings(base_url: str) -> NachaSettings:
    return at(HttpPlace(base_url))


def at(place: Transport) -> NachaSettings:
    return NachaSettings(transport=place, originator=ORIGINATOR, aliases={"NL41MOCK0000000001": FUNDING_NUMBER})


def at_mock_bank(number: str) -> Account:
    return Account(other_id=number, clearing_id=ROUTING)


class NachaScene(MockBankScene):
    """The accounts mock-bank starts with, in dollars and in NACHA."""

    funding = Party("Example Lending Bank", at_mock_bank(FUNDING_NUMBER))
    poor_funding = Party("A bank without money", at_mock_bank(POOR_NUMBER))
    shop = Party("Bäckerei Grüner & Söhne", Account(other_id="1122334455", clearing_id="121042882"))
    closed_shop = Party("A closed shop", at_mock_bank(CLOSED_NUMBER))
    shop_at_no_bank = Party("A shop at no bank", at_mock_bank(NOWHERE_NUMBER))
    poor_shop = Party("A shop without money", at_mock_bank(POOR_NUMBER))

    def __init__(self, base_url: str, outbound: Outbound) -> None:
        super().__init__(base_url, outbound)
        self.bank = NachaBank(settings(base_url), outbound, notices.read)

    async def speak_nacha(self) -> None:
        await self.controls.speak("ACME", "nacha", Money(12_500_000, "USD"))
        await self.controls.speak("GLOBEX", "nacha", Money(1_250, "USD"))

    async def return_payouts(self, days: int, reason: str) -> None:
        await super().return_payouts(days, _CODES[reason])

    async def refuse_collection(self, end_to_end_id: str, reason: str) -> None:
        await super().refuse_collection(end_to_end_id, _CODES[reason])


@pytest.fixture
async def scene(mock_bank: BankProcess, outbound: Outbound) -> NachaScene:
    scene = NachaScene(mock_bank.base_url, outbound)
    await scene.controls.reset()
    await scene.speak_nacha()
    return scene


class TestNachaBank(contract.BankContract):
    """The contract, in dollars."""

    # R03 is both: the account, or the bank that should have it, cannot be found.
    reasons: ClassVar[dict[str, str]] = {"RC01": "AC01"}


# --- what mock-bank does beyond the contract -------------------------------------------------------------------------


@pytest.mark.anyio
async def test_two_files_of_one_minute_are_two_files_to_the_bank(scene: NachaScene) -> None:
    before = await scene.balance_amount()
    for number in range(40):
        await contract.send_payout(scene, await contract.payout(scene, number=number, amount=Money(100, "USD")))
    assert await scene.balance_amount() == before - 4_000


@pytest.mark.anyio
async def test_a_reference_too_long_for_the_rail_is_found_again_by_its_short_form(scene: NachaScene) -> None:
    long = ["DRW01J8ZQK4M6N7P8Q9R0S1T2V3W4X", "DRW01J8ZQK4M6N7P8Q9R0S1T2V3W4Y"]
    made = [shortened(reference, scene.bank.capabilities.reference_length) for reference in long]
    await scene.return_payouts(days=1, reason="AC04")
    for number, reference in enumerate(made):
        instruction = await contract.payout(scene, number=number)
        await contract.send_payout(scene, msgspec.structs.replace(instruction, end_to_end_id=reference))
    await scene.pass_days(2)
    for kind in (BankEventKind.status, BankEventKind.booked, BankEventKind.returned):
        assert {event.end_to_end_id for event in await contract.told_of(scene, kind)} == set(made)


@pytest.mark.anyio
async def test_a_file_number_given_twice_is_refused_as_a_copy_and_pays_nothing(scene: NachaScene) -> None:
    """Why `message_id` must be unique: the bank cannot tell another payment under the same number from a copy."""
    first = await contract.payout(scene, number=1)
    await contract.send_payout(scene, first)
    before = await scene.balance_amount()
    other = msgspec.structs.replace(first, end_to_end_id="ANOTHER", amount=Money(77, "USD"))
    ack = await scene.bank.submit(scene.bank.render_payout(other))
    assert (ack.accepted, ack.reason) == (False, "DUPL")
    assert await scene.balance_amount() == before
    statuses = [(e.status, e.original_message_id) for e in await contract.told_of(scene, BankEventKind.status)]
    assert statuses == [(PaymentStatus.ACCP, first.message_id), (PaymentStatus.RCVD, first.message_id)]


@pytest.mark.anyio
async def test_a_saver_and_a_consumer_are_paid_and_debited_under_their_own_codes(scene: NachaScene) -> None:
    saver = Party("A saver", Account(other_id="0009", clearing_id="121042882", savings=True, consumer=True))
    await contract.send_payout(scene, await contract.payout(scene, to=saver))
    await contract.send_collection(scene, await contract.collection(scene, debtor=saver))
    await scene.pass_days(2)
    assert {event.end_to_end_id for event in await contract.told_of(scene, BankEventKind.booked)} == {
        "DRAWDOWN-1",
        "REPAYMENT-1",
    }
    await scene.refuse_collection("REPAYMENT-1", "MD06")
    await scene.pass_days(1)
    announced = [e for e in await contract.told_of(scene, BankEventKind.returned) if e.booked_on is None]
    assert [(e.end_to_end_id, e.reason, e.credit) for e in announced] == [("REPAYMENT-1", "MD06", False)]


@pytest.mark.anyio
@pytest.mark.parametrize("reason", sorted(set(_CODES) - {"MD01", "MD06", "MD16"}))
async def test_a_payout_that_comes_back_says_why_in_iso_words(scene: NachaScene, reason: str) -> None:
    await scene.return_payouts(days=1, reason=reason)
    await contract.send_payout(scene, await contract.payout(scene))
    await scene.pass_days(2)
    returned = await contract.told_of(scene, BankEventKind.returned)
    assert [event.reason for event in returned if event.booked_on is None] == [reason]
    assert {event.account for event in returned if event.booked_on} == {Account(other_id=FUNDING_NUMBER)}


@pytest.mark.anyio
@pytest.mark.parametrize("reason", sorted(_CODES))
async def test_a_debit_that_comes_back_says_why_in_iso_words(scene: NachaScene, reason: str) -> None:
    await contract.send_collection(scene, await contract.collection(scene))
    await scene.pass_days(1)
    await scene.refuse_collection("REPAYMENT-1", reason)
    await scene.pass_days(1)
    returned = await contract.told_of(scene, BankEventKind.returned)
    assert [event.reason for event in returned if event.booked_on is None] == [reason]


@pytest.mark.anyio
async def test_a_closed_debtor_is_rejected_and_announced_and_never_booked(scene: NachaScene) -> None:
    await contract.send_collection(scene, await contract.collection(scene, debtor=scene.closed_shop))
    await scene.pass_days(3)
    events = await contract.told(scene)
    assert [(event.kind, event.reason, event.booked_on) for event in events] == [
        (BankEventKind.status, "AC04", None),
        (BankEventKind.returned, "AC04", None),
    ]


@pytest.mark.anyio
async def test_an_account_in_another_currency_is_rejected(scene: NachaScene) -> None:
    await scene.controls.set_balance("ACME", Money(10_000_000, "EUR"))
    await contract.send_payout(scene, await contract.payout(scene))
    (event,) = await contract.told(scene)
    assert (event.status, event.reason) == (PaymentStatus.RJCT, "AM03")


@pytest.mark.anyio
async def test_a_company_the_bank_does_not_hold_is_rejected_in_xml_and_read_all_the_same(scene: NachaScene) -> None:
    """mock-bank answers a file of nobody's in pain.002, and names the file by its identity."""
    stranger = Originator(routing=ROUTING, origin="1234567890", companies={FUNDING_NUMBER: "7777777777"}, name="x")
    bank = NachaBank(NachaSettings(transport=HttpPlace(""), originator=stranger), Outbound())
    instruction = await contract.payout(scene)
    assert (await scene.bank.submit(bank.render_payout(instruction))).accepted
    (event,) = await contract.told(scene)
    assert (event.status, event.reason, event.end_to_end_id) == (PaymentStatus.RJCT, "AC02", "DRAWDOWN-1")
    assert event.original_message_id == instruction.message_id


def test_xml_is_unreadable_for_a_bank_that_was_not_set_up_to_send_any() -> None:
    bank = NachaBank(settings(""), Outbound())
    with pytest.raises(Unreadable):
        bank.read(b"<Document/>")


@pytest.mark.anyio
async def test_an_ach_file_goes_by_folder_under_a_name_of_its_identity(tmp_path: Path) -> None:
    out, back = tmp_path / "out", tmp_path / "in"
    for folder in (out, back):
        folder.mkdir()
    place = DirectoryPlace(outgoing=str(out), incoming=str(back), settle_seconds=0)
    async with Outbound() as outbound:
        options = ["--drop-dir", str(out), "--pickup-dir", str(back)]
        options += ["--drop-settle-ms", "0", "--drop-interval-ms", "3600000"]
        with start_mock_bank(CLOCK, "UTC", *options) as process:
            scene = NachaScene(process.base_url, outbound)
            scene.bank = NachaBank(at(place), outbound, notices.read)
            await scene.speak_nacha()
            await contract.send_payout(scene, await contract.payout(scene))
            assert len(list(out.glob("2603020000B-*.txt"))) == 1
            await scene.look_into_folder()
            (event,) = await contract.told_of(scene, BankEventKind.status)
    assert (event.status, event.end_to_end_id) == (PaymentStatus.ACCP, "DRAWDOWN-1")


# --- what the transport can know -------------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_a_file_the_bank_cannot_read_is_refused_for_good(scene: NachaScene) -> None:
    body = scene.bank.render_payout(await contract.payout(scene)).replace(b"0000150000", b"0000150001", 1)
    ack = await scene.bank.submit(body)
    assert (ack.accepted, ack.reason) == (False, "AM10")


@pytest.mark.anyio
@pytest.mark.parametrize("status", [401, 403, 404, 405, 411, 413, 415, 429])
async def test_a_bank_that_turns_the_request_away_was_not_reached(outbound: Outbound, status: int) -> None:
    async with answering(_head(status)) as url:
        with pytest.raises(Unreachable):
            await NachaBank(settings(url), outbound).submit(b"101")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 202 Acc",
        b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 422 No\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
async def test_an_answer_that_proves_nothing_leaves_the_payment_in_doubt(outbound: Outbound, answer: bytes) -> None:
    async with answering(answer) as url:
        with pytest.raises(Unanswered):
            await NachaBank(settings(url), outbound).submit(b"101")


@pytest.mark.anyio
async def test_a_bank_that_says_nothing_leaves_the_payment_in_doubt() -> None:
    async with Outbound(Limits(silence_ms=50)) as outbound, answering(None) as url:
        with pytest.raises(Unanswered):
            await NachaBank(settings(url), outbound).submit(b"101")


@pytest.mark.anyio
async def test_nobody_there_is_unreachable(outbound: Outbound) -> None:
    bank = NachaBank(settings(nobody()), outbound)
    with pytest.raises(Unreachable):
        await bank.submit(b"101")
    with pytest.raises(Unreachable):
        await bank.fetch()


@pytest.mark.anyio
async def test_a_conflict_means_the_bank_has_the_file_already(outbound: Outbound) -> None:
    async with answering(_head(409)) as url:
        ack = await NachaBank(settings(url), outbound).submit(b"101")
    assert (ack.accepted, ack.reason) == (False, "DUPL")


@pytest.mark.anyio
async def test_credentials_go_with_the_file_and_are_not_in_it(outbound: Outbound) -> None:
    heard: list[bytes] = []
    async with answering(_head(202), heard) as url:
        secret = at(HttpPlace(url, user="shop", password="geheim"))
        assert (await NachaBank(secret, outbound).submit(b"101")).accepted
    assert b"authorization: basic c2hvcdpnzwhlaw0=" in heard[-1]


def _head(status: int) -> bytes:
    return f"HTTP/1.1 {status} Said\r\ncontent-length: 0\r\n\r\n".encode()
