"""A loan over each kind of rail, connected by a file as an operator would write it: from the quote to the money."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.domain.money import Money
from gateway.outbound import Outbound
from tests import gateways
from tests.shops import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

ROUTING = "999999992"
"""mock-bank's own routing number."""


def bank(rest: str) -> str:
    return f'[[bank]]\nid = "bnk_sandbox"\nname = "Sandbox Bank"\ndecision = {{ kind = "sandbox" }}\n{rest}'


@asynccontextmanager
async def connected(folder: Path, banks: str, currency: str, bank_url: str = "") -> AsyncIterator[Shop]:
    """A shop at a gateway that read this file."""
    async with (
        Outbound() as outbound,
        gateways.start(f"sqlite:///{folder / 'restock.db'}", folder, banks=banks) as gateway,
    ):
        shop = Shop(gateway, await gateway.partner(), MockBankControls(bank_url, outbound))
        await shop.open(currency)
        yield shop


async def lent_and_repaid(shop: Shop) -> None:
    """Draw, live some days, and hold the books against the bank's."""
    drawdown_id = await shop.draw()
    await shop.live(5)
    assert await shop.parked() == []
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("active", None)
    settled = [one["amount"] for one in await shop.repayments(drawdown_id) if one["state"] == "settled"]
    assert settled
    assert (await shop.verify()).balanced


async def test_over_iso_20022_files(tmp_path: Path, bank_url: str) -> None:
    text = bank(f"""
creditor_scheme_id = "NL00ZZZ000000000000"
account = {{ iban = "NL41MOCK0000000001", bic = "MOCKNL2AXXX" }}
clock_url = "{bank_url}"
[[bank.rail]]
kind = "iso20022"
profile = "sepa"
calendar = "TARGET"
timezone = "Europe/Amsterdam"
cutoff = "16:00"
transport = {{ kind = "http", base_url = "{bank_url}" }}
""")
    async with Outbound() as outbound:
        controls = MockBankControls(bank_url, outbound)
        await controls.reset()
        await controls.set_balance("ACME", Money(10**12, "EUR"))
    async with connected(tmp_path, text, "EUR", bank_url) as shop:
        await lent_and_repaid(shop)


async def test_over_nacha_files(tmp_path: Path, bank_url: str) -> None:
    text = bank(f"""
account = {{ other_id = "0000000001", clearing_id = "{ROUTING}" }}
clock_url = "{bank_url}"
[[bank.rail]]
kind = "nacha"
transport = {{ kind = "http", base_url = "{bank_url}" }}
calendar = "US"
aliases = {{ NL41MOCK0000000001 = "0000000001" }}
[bank.rail.originator]
routing = "{ROUTING}"
origin = "1234567890"
companies = {{ "0000000001" = "0000000001" }}
bank_name = "Mock Bank"
name = "Restock"
""")
    async with Outbound() as outbound:
        controls = MockBankControls(bank_url, outbound)
        await controls.reset()
        await controls.speak("ACME", "nacha", Money(10**12, "USD"))
    async with connected(tmp_path, text, "USD", bank_url) as shop:
        await shop.pay_to("121042882/1122334455")
        await lent_and_repaid(shop)
