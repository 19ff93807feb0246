"""The Berlin adapter's scene: the stand-in bank, our key and its, and a bank that is asked after what was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from adapters.banks.berlin.client import BerlinBank, BerlinSettings, FundingAccount
from gateway.bank_ports import Account, Party, Sent, Unreachable
from gateway.domain.accounts import sandbox_iban
from gateway.outbound import Answer, Outbound
from tests.adapters import contract
from tests.adapters.berlin_bank import CONSENT, RESOURCES, START, StandIn
from tests.adapters.conftest import CLOSED, FUNDING, NO_SUCH_BANK, POOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.bank_ports import Ack, BankEvent, Capabilities, Collection, InboundMessage, Payout


class Keys(msgspec.Struct, frozen=True):
    """Our sealing key with its certificate, and the bank's key."""

    ours: rsa.RSAPrivateKey
    certificate: x509.Certificate
    banks: rsa.RSAPrivateKey


def new_keys() -> Keys:
    """Fresh keys; the certificate is by an issuer whose name needs escaping."""
    ours, banks = (rsa.generate_private_key(65_537, 2048) for _ in range(2))
    names = [(NameOID.COMMON_NAME, "Example Trust CA 1 2026"), (NameOID.COUNTRY_NAME, "DE")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Restock")]))
        .issuer_name(x509.Name([x509.NameAttribute(oid, text) for oid, text in names]))
        .public_key(ours.public_key())
        .serial_number(0x9FA1)
        .not_valid_before(START.replace(tzinfo=None))
        .not_valid_after(START.replace(tzinfo=None) + timedelta(days=365))
        .sign(banks, hashes.SHA256())
    )
    return Keys(ours, certificate, banks)


def settings(base_url: str, keys: Keys) -> BerlinSettings:
    """How the adapter is set up for the stand-in at `base_url`."""
    private = keys.ours.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = (
        keys.banks.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
    return BerlinSettings(
        base_url=base_url,
        accounts=tuple(FundingAccount(iban or "", resource) for resource, iban in RESOURCES.items()),
        consent_id=CONSENT,
        ip_address="192.0.2.10",
        signing_key=private,
        certificate=keys.certificate.public_bytes(serialization.Encoding.PEM).decode(),
        bank_key=public,
        notification_uri="https://restock.example/v1/inbound/berlin",
    )


class JudgedOutbound(Outbound):
    """Our HTTP client, noting what Prism says of each exchange: its log is written after the answer, so too late."""

    def __init__(self) -> None:
        super().__init__()
        self.exchange_count = 0
        self.faults: list[str] = []

    async def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = await super().send(method, url, body=body, headers=headers)
        self.exchange_count += 1
        broken = answer.headers.get("sl-violations")
        if broken or b"stoplight.io/prism/errors#" in answer.body:
            self.faults.append(f"{method} {url}: {broken or answer.body.decode()}")
        return answer


class BankClock:
    """The gateway's business clock, which goes with the bank's calendar."""

    def __init__(self, bank: StandIn) -> None:
        self._bank = bank

    def now(self) -> datetime:
        """The bank's own time."""
        return self._bank.now


class AskedBank:
    """Implements `gateway.bank_ports.Rail` as the gateway uses it: what was sent is asked after, answers kept."""

    def __init__(self, bank: BerlinBank) -> None:
        self._bank = bank
        self._sent: dict[bytes, str | None] = {}
        self._said: dict[str, InboundMessage] = {}
        self._known: set[str] = set()
        self.capabilities: Capabilities = bank.capabilities

    def render_payout(self, payout: Payout) -> bytes:
        return self._bank.render_payout(payout)

    def render_collection(self, collection: Collection) -> bytes:
        return self._bank.render_collection(collection)

    def read(self, body: bytes) -> list[BankEvent]:
        return self._bank.read(body)

    async def submit(self, message: bytes) -> Ack:
        ack = await self._bank.submit(message)
        if ack.accepted:
            self._sent[message] = ack.bank_reference
            await self.ask()
        return ack

    async def status(self, sent: Sent) -> list[InboundMessage]:
        return await self._bank.status(sent)

    async def ask(self) -> None:
        for message, payment_id in self._sent.items():
            try:
                said = await self._bank.status(Sent("unused", message, payment_id))
            except Unreachable:
                continue
            self._said.update({told.message_id: told for told in said})

    async def fetch(self) -> list[InboundMessage]:
        await self.ask()
        statuses = [said for said in self._said.values() if said.message_id not in self._known]
        return statuses + await self._bank.fetch()

    async def acknowledge(self, message_ids: list[str]) -> None:
        self._known.update(message_ids)
        await self._bank.acknowledge(message_ids)


class BerlinScene:
    """Implements `tests.adapters.contract.Scene` over the stand-in."""

    funding = Party("Example Lending Bank", FUNDING)
    poor_funding = Party("A bank without money", POOR)
    shop = Party("Bäckerei Grüner & Söhne", Account(iban=sandbox_iban("the shop")))
    closed_shop = Party("A closed shop", CLOSED)
    shop_at_no_bank = Party("A shop at no bank", NO_SUCH_BANK)
    poor_shop = Party("A shop without money", POOR)

    def __init__(self, stand_in: StandIn, setup: BerlinSettings, outbound: Outbound) -> None:
        self.stand_in = stand_in
        self.rules = stand_in.rules
        self.setup = setup
        self.outbound = outbound
        self.plain = self.process()
        self.bank = AskedBank(self.plain)

    def process(self, **changed: object) -> BerlinBank:
        """The adapter as a process that has just started, with these settings changed."""
        return BerlinBank(msgspec.structs.replace(self.setup, **changed), self.outbound, BankClock(self.stand_in))

    async def now(self) -> datetime:
        return self.stand_in.now.astimezone(UTC)

    async def pass_days(self, count: int) -> None:
        with self.stand_in.lock:
            self.stand_in.pass_days(count)

    async def balance_amount(self) -> int:
        return self.stand_in.balances[FUNDING.iban or ""]

    async def fund_in(self, currency: str) -> None:
        """SEPA's interface has one currency."""

    async def return_payouts(self, days: int, reason: str) -> None:
        self.rules.returns_after_days, self.rules.return_reason = days, reason

    async def refuse_files(self) -> None:
        self.rules.refuses_files = True

    async def be_silent(self) -> None:
        self.rules.says_status = False

    async def leave_a_gap_in_statements(self) -> None:
        self.rules.omits.add("DRAWDOWN-2")

    async def refuse_collection(self, end_to_end_id: str, reason: str) -> None:
        raise NotImplementedError

    async def mandate_id(self, number: int, debtor: Party) -> str:
        raise NotImplementedError


async def rendered(scene: BerlinScene, number: int = 1) -> bytes:
    """The bytes of payout `number` of the bank's today."""
    return scene.plain.render_payout(await contract.payout(scene, number=number))


async def submitted(scene: BerlinScene, bank: BerlinBank | None = None) -> Ack:
    """Payout 1, sent once more by `bank` or the scene's own."""
    return await (bank or scene.plain).submit(await rendered(scene))
