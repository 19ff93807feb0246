"""A loan over each kind of rail, connected by a file as an operator would write it: from the quote to the money."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.domain.money import Money
from gateway.outbound import Outbound
from tests import gateways
from tests.adapters import berlin_bank, berlin_scene, obie_bank, obie_keys, obie_scene, token_desk
from tests.adapters.conftest import FUNDING
from tests.shops import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

pytestmark = pytest.mark.anyio

ROUTING = "999999992"
"""mock-bank's own routing number."""
UK = "GB33BUKB20201555555555"
"""The account that the UK stand-in lets pay."""
UK_SHOP = "30949312345678"


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


# --- rails that bring no statements or take no debits, beside a folder of files ---------------------------------------


class Folders:
    """The files of a bank whose other half is a folder: our debits go in there, statements come from it."""

    def __init__(self, folder: Path) -> None:
        self.outgoing, self.incoming = folder / "to the bank", folder / "from the bank"
        self.outgoing.mkdir()
        self.incoming.mkdir()
        self._count = 0

    def rail(self) -> str:
        return f"""
[[bank.rail]]
kind = "iso20022"
transport = {{ kind = "directory", outgoing = "{self.outgoing}", incoming = "{self.incoming}", settle_seconds = 0 }}
"""

    def debits(self) -> list[tuple[str, str]]:
        """End-to-end id and amount of every debit handed over."""
        found = []
        for file in sorted(self.outgoing.iterdir()):
            text = file.read_text(encoding="utf-8")
            references = re.findall(r"<EndToEndId>(.*?)</EndToEndId>", text)
            found.append((references[0], re.findall(r"<InstdAmt Ccy=.*?>(.*?)</InstdAmt>", text)[0]))
        return found

    def book(self, reference: str, amount: str, iban: str, currency: str, *, credit: bool) -> None:
        """Put a statement with one entry where the gateway fetches it."""
        self._count += 1
        side, name = "CRDT" if credit else "DBIT", f"statement-{self._count}"
        text = (
            f'<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
            f"<GrpHdr><MsgId>{name}</MsgId><CreDtTm>2026-03-02T18:00:00Z</CreDtTm></GrpHdr><Stmt><Id>{name}</Id>"
            f"<Acct><Id><IBAN>{iban}</IBAN></Id></Acct>"
            f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
            f"<BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>ref-{self._count}</AcctSvcrRef>"
            f"<NtryDtls><TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
            f"</Stmt></BkToCstmrStmt></Document>"
        )
        (self.incoming / f"{name}.xml").write_text(text, encoding="utf-8")


class Sandbox:
    """A TestClock that does what a stand-in's own calendar needs."""

    def __init__(self, passes: Callable[[], object]) -> None:
        self._passes = passes

    async def advance(self, to: datetime) -> None:
        """See TestClock."""
        self._passes()


def secret(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


async def test_over_uk_open_banking_with_statements_in_a_folder(tmp_path: Path) -> None:
    stand_in, folders = obie_bank.Bank(), Folders(tmp_path)
    stand_in.accounts = {
        UK: obie_bank.AccountAtBank("Sandbox Bank", Decimal(10**9)),
        UK_SHOP: obie_bank.AccountAtBank("Corner Bakery", Decimal(10**6)),
    }
    key = secret(tmp_path, "ours.pem", obie_keys.private_pem("restock"))
    desk = token_desk.Desk("ended early", "client", holder=stand_in.authorise)
    with obie_scene.serving(stand_in) as address, token_desk.serving(desk) as token_url:
        text = bank(f"""
account = {{ iban = "{UK}" }}
creditor_scheme_id = "GB00ZZZ000000000000"
pays_out = "obie"
collects = "obie"
[[bank.rail]]
kind = "obie"
payments_url = "{address}"
events_url = "{address}"
client_id = "{obie_keys.CLIENT_ID}"
issuer = "{obie_keys.OUR_ISSUER}"
kid = "{obie_keys.OUR_KID}"
signing_key = {{ file = "{key}" }}
bank_issuer = "{obie_keys.BANK_ISSUER}"
bank_keys = {{ {obie_keys.BANK_KID} = '''{obie_keys.public_pem("bank")}''' }}
local_instrument = "UK.OBIE.FPS"
vrp = "commercial"
[bank.rail.tokens]
url = "{token_url}"
client_id = "{obie_keys.CLIENT_ID}"
scope = "payments"
holder_scope = "{token_desk.HOLDER}{{consent_id}}"
kid = "{obie_keys.OUR_KID}"
signing_key = {{ file = "{key}" }}
{folders.rail()}""")
        async with connected(tmp_path, text, "GBP") as shop:
            await shop.pay_to(UK_SHOP)
            shop.lender.clock = Sandbox(lambda: stand_in.pass_days(0))
            drawdown_id = await shop.draw()
            await shop.work()
            assert (await shop.drawdown(drawdown_id))["state"] in {"submitted", "pending"}
            assert book(stand_in, folders, "domestic-payments", credit=False) == 1
            await shop.live(2)
            assert (await shop.drawdown(drawdown_id))["state"] == "active"
            assert stand_in.orders("domestic-vrps") == []  # nobody agreed to be debited yet
            (consent,) = [one for one in stand_in.resources.values() if one.kind == "domestic-vrp-consents"]
            assert stand_in.authorise(consent.id)
            await shop.live(3)
            count = book(stand_in, folders, "domestic-vrps", credit=True)
            assert count
            await shop.work()
            assert await shop.parked() == []
            assert [one["state"] for one in await shop.repayments(drawdown_id)].count("settled") == count
            assert (await shop.verify()).balanced
            (mandate,) = (await shop.partner.seen(f"/v1/merchants/{shop.id}/mandates"))["data"]
            assert (mandate["state"], mandate["scheme"], mandate["reference"]) == ("active", "vrp", consent.id)


def book(stand_in: obie_bank.Bank, folders: Folders, kind: str, *, credit: bool) -> int:
    """Put a statement with every order of a kind into the folder; how many there are."""
    orders = stand_in.orders(kind)
    for order in orders:
        said = order.data.get("Instruction") or order.data["Initiation"]
        reference, amount = said["EndToEndIdentification"], said["InstructedAmount"]["Amount"]
        folders.book(reference, amount, UK, "GBP", credit=credit)
    return len(orders)


async def test_over_a_berlin_group_interface_with_debits_in_a_folder(tmp_path: Path) -> None:
    keys, folders = berlin_scene.new_keys(), Folders(tmp_path)
    stand_in, desk = berlin_bank.StandIn(keys.certificate), token_desk.Desk("ended early", "client")
    stand_in.rules.token = "client"
    iban, client_key = str(FUNDING.iban), secret(tmp_path, "client.pem", obie_keys.private_pem("restock"))
    with berlin_bank.serving(stand_in) as address, token_desk.serving(desk) as token_url:
        made = berlin_scene.settings(address, keys)
        key = secret(tmp_path, "ours.pem", made.signing_key)
        resource = next(one.resource_id for one in made.accounts if one.iban == iban)
        text = bank(f"""
account = {{ iban = "{iban}" }}
creditor_scheme_id = "NL00ZZZ000000000000"
pays_out = "berlin"
[[bank.rail]]
kind = "berlin"
base_url = "{address}"
consent_id = "{made.consent_id}"
ip_address = "192.0.2.10"
accounts = [{{ iban = "{iban}", resource_id = "{resource}" }}]
signing_key = {{ file = "{key}" }}
certificate = '''{made.certificate}'''
bank_key = '''{made.bank_key}'''
timezone = "Europe/Amsterdam"
calendar = "TARGET"
cutoff = "16:00"
[bank.rail.tokens]
url = "{token_url}"
client_id = "{obie_keys.CLIENT_ID}"
scope = "PIS AIS"
kid = "{obie_keys.OUR_KID}"
signing_key = {{ file = "{client_key}" }}
{folders.rail()}""")
        async with connected(tmp_path, text, "EUR") as shop:
            drawdown_id = await shop.draw()
            shop.lender.clock = Sandbox(lambda: stand_in.pass_days(1))
            await repaid_from_the_folder(shop, folders, drawdown_id, iban, "EUR")
            (payment,) = stand_in.payments
            assert payment.status == "ACSC"
            assert len(desk.asked) == 2


async def repaid_from_the_folder(shop: Shop, folders: Folders, drawdown_id: str, iban: str, currency: str) -> None:
    """The payout is booked; a few days' debits are handed over as files, and booked when the bank says so."""
    await shop.live(3)
    drawdown = await shop.drawdown(drawdown_id)
    assert (drawdown["state"], drawdown["reason"]) == ("active", None)
    debits = folders.debits()
    assert debits
    for reference, amount in debits:
        folders.book(reference, amount, iban, currency, credit=True)
    await shop.work()
    assert await shop.parked() == []
    assert [one["state"] for one in await shop.repayments(drawdown_id)].count("settled") == len(debits)
    assert (await shop.verify()).balanced
