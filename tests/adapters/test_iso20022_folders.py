"""The ISO 20022 adapter against mock-bank's own folders, on this machine and through a real SFTP server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from adapters.banks.iso20022.client import Iso20022Bank
from adapters.banks.iso20022.settings import Iso20022Settings
from adapters.mailboxes import DirectoryPlace, SftpPlace
from gateway.bank_ports import BankEvent, BankEventKind, PaymentStatus
from gateway.demo.bank_process import start_mock_bank
from tests.adapters import contract, ssh_server
from tests.adapters.conftest import CLOCK, MockBankScene
from tests.adapters.schemas import assert_valid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.demo.bank_process import BankProcess
    from gateway.outbound import Outbound

pytestmark = pytest.mark.anyio


class FolderScene(MockBankScene):
    """The mock bank, which looks into its folder when told to."""

    def __init__(self, process: BankProcess, settings: Iso20022Settings, outbound: Outbound) -> None:
        super().__init__(process.base_url, outbound)
        self.bank = Iso20022Bank(settings, outbound)

    async def told(self, kind: BankEventKind) -> list[BankEvent]:
        await self.look_into_folder()
        return await contract.told_of(self, kind)


@pytest.fixture(params=["directory", "sftp"])
async def folders(request: pytest.FixtureRequest, tmp_path: Path, outbound: Outbound) -> AsyncIterator[FolderScene]:
    root = tmp_path / "bank"
    out, back = root / "out", root / "in"
    for folder in (out, back):
        folder.mkdir(parents=True)
    options = ["--drop-dir", str(out), "--pickup-dir", str(back)]
    options += ["--drop-settle-ms", "0", "--drop-interval-ms", "3600000"]
    async with ssh_server.serving(root) as server:
        with start_mock_bank(CLOCK, "UTC", *options) as process:
            place: DirectoryPlace | SftpPlace
            if request.param == "directory":
                place = DirectoryPlace(outgoing=str(out), incoming=str(back), settle_seconds=0)
            else:
                place = msgspec.structs.replace(server.place(), settle_seconds=0)
            yield FolderScene(process, Iso20022Settings(place), outbound)


async def test_a_payout_and_a_collection_go_and_come_through_folders(folders: FolderScene, shared: Path) -> None:
    before = await folders.balance_amount()
    await contract.send_payout(folders, await contract.payout(folders, number=1))
    await contract.send_payout(folders, await contract.payout(folders, number=2, to=folders.closed_shop))
    await contract.send_collection(folders, await contract.collection(folders))
    statuses = {event.end_to_end_id: event for event in await folders.told(BankEventKind.status)}
    assert {name: event.status for name, event in statuses.items()} == {
        "DRAWDOWN-1": PaymentStatus.ACCP,
        "DRAWDOWN-2": PaymentStatus.RJCT,
        "REPAYMENT-1": PaymentStatus.ACCP,
    }
    await folders.pass_days(2)
    booked = await folders.told(BankEventKind.booked)
    assert sorted((event.source[:8], event.end_to_end_id) for event in booked) == [
        ("camt.053", "DRAWDOWN-1"),
        ("camt.053", "REPAYMENT-1"),
        ("camt.054", "DRAWDOWN-1"),
        ("camt.054", "REPAYMENT-1"),
    ]
    assert await folders.balance_amount() == before - 150_000 + 2_500
    fetched = await folders.bank.fetch()
    assert all(assert_valid(message.body, shared) for message in fetched)
    await folders.bank.acknowledge([message.message_id for message in fetched])
    assert await folders.bank.fetch() == []


async def test_the_same_bytes_again_after_the_bank_took_the_file_pay_once(folders: FolderScene) -> None:
    message = folders.bank.render_payout(await contract.payout(folders))
    before = await folders.balance_amount()
    for _ in range(2):
        assert (await folders.bank.submit(message)).accepted
        assert (await folders.bank.submit(message)).accepted
        await folders.look_into_folder()
    first, again = await folders.told(BankEventKind.status)
    assert (first.status, again.status) == (PaymentStatus.ACCP, PaymentStatus.RCVD)
    assert again.reason == "DUPL"
    assert await folders.balance_amount() == before - 150_000


async def test_a_file_refused_whole_is_told_by_its_name_alone(folders: FolderScene) -> None:
    await folders.refuse_files()
    instruction = await contract.payout(folders)
    await contract.send_payout(folders, instruction)
    (event,) = await folders.told(BankEventKind.status)
    assert (event.status, event.reason, event.end_to_end_id) == (PaymentStatus.RJCT, "FF01", None)
    assert event.original_message_id == instruction.message_id
