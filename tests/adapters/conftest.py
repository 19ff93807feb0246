"""A real mock bank for the adapter tests: one process for the run, a new bank for each test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings
from adapters.banks.iso20022.sandbox import MockBankControls
from adapters.mailboxes import HttpPlace
from gateway.bank_ports import Account, Party
from gateway.demo.bank_process import BankProcess, start_mock_bank
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import Money
from gateway.outbound import Outbound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gateway.bank_ports import Rail

CLOCK = "2026-03-02T09:00"
"""A Monday morning, before the bank's cut-off."""
FUNDING = Account(iban="NL41MOCK0000000001", bic="MOCKNL2A")
POOR = Account(iban="NL14MOCK0000000002", bic="MOCKNL2A")
CLOSED = Account(iban="NL84MOCK0000000003", bic="MOCKNL2A")
NO_SUCH_BANK = Account(iban="NL57MOCK0000000004", bic="ZZZZNL2AXXX")


@pytest.fixture(scope="session")
def mock_bank() -> Iterator[BankProcess]:
    with start_mock_bank(CLOCK) as process:
        yield process


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    async with Outbound() as client:
        yield client


class MockBankScene:
    """Implements `tests.adapters.contract.Scene` with the accounts mock-bank starts with."""

    funding = Party("Example Lending Bank", FUNDING)
    poor_funding = Party("A bank without money", POOR)
    shop = Party("Bäckerei Grüner & Söhne", Account(iban=sandbox_iban("the shop")))
    closed_shop = Party("A closed shop", CLOSED)
    shop_at_no_bank = Party("A shop at no bank", NO_SUCH_BANK)
    poor_shop = Party("A shop without money", POOR)

    def __init__(self, base_url: str, outbound: Outbound) -> None:
        self._base_url, self._outbound = base_url, outbound
        self.bank: Rail = Iso20022Bank(Iso20022Settings(HttpPlace(base_url)), outbound)
        self.controls = MockBankControls(base_url, outbound)

    async def now(self) -> datetime:
        return (await self.controls.now()).astimezone(UTC)

    async def look_into_folder(self) -> None:
        """For a bank that was started with `--drop-dir`."""
        await self._outbound.send("POST", f"{self._base_url}/_mock/drop/scan", body=b"", headers={})

    async def pass_days(self, count: int) -> None:
        await self.controls.advance(await self.now() + timedelta(days=count))

    async def balance_amount(self) -> int:
        return (await self.controls.account("ACME")).balance

    async def fund_in(self, currency: str) -> None:
        await self.controls.set_balance("ACME", Money(10**12, currency))

    async def return_payouts(self, days: int, reason: str) -> None:
        await self.controls.behave("ACME", "return-later", days=days, reason=reason)

    async def refuse_files(self) -> None:
        await self.controls.behave("ACME", "reject-file")

    async def be_silent(self) -> None:
        await self.controls.behave("ACME", "silent")

    async def leave_a_gap_in_statements(self) -> None:
        await self.controls.behave("ACME", "statement-gap")

    async def refuse_collection(self, end_to_end_id: str, reason: str) -> None:
        await self.controls.refuse_collection(end_to_end_id, reason)

    async def mandate_id(self, number: int, debtor: Party) -> str:
        assert debtor.name
        return f"MANDATE-{number}"


@pytest.fixture
async def scene(mock_bank: BankProcess, outbound: Outbound) -> MockBankScene:
    scene = MockBankScene(mock_bank.base_url, outbound)
    await scene.controls.reset()
    return scene
