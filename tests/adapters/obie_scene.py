"""The UK bank on a loopback socket, Prism in front of it, and the scene of the contract."""

from __future__ import annotations

import contextlib
import threading
import uuid
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import msgspec

from adapters.banks.obie.client import ObieBank
from adapters.banks.obie.settings import ObieSettings
from adapters.banks.obie.wire.consents import Alignment, Period, PeriodicLimit, VrpMandate
from adapters.banks.obie.wire.orders import VrpKind
from gateway.bank_ports import Account, Collection, Party
from gateway.domain.money import Money
from tests.adapters import obie_keys
from tests.adapters.obie_bank import AccountAtBank, Bank, Said

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from gateway.outbound import Outbound

DESCRIPTIONS = ("payment-initiation", "vrp", "events")


def description(shared: Path, folder: Path) -> Path:
    """The three published descriptions as one, so that one Prism does: names get a prefix, nothing else changes.

    Of the paths only those of domestic payments, recurring payments and events are kept.
    """
    whole: dict[str, Any] = {"openapi": "3.0.0", "info": {"title": "one", "version": "4.0.0"}, "paths": {}}
    parts: dict[str, Any] = {}
    for name in DESCRIPTIONS:
        text = (shared / "conformance" / "openapi" / f"obie-v4.0-{name}.json").read_text(encoding="utf-8")
        read = msgspec.json.decode(text.replace('"#/components/', f'"#/components/{name}.'))
        for kind, entries in read["components"].items():
            prefixed = kind if kind == "securitySchemes" else f"{name}.{kind}"
            parts.setdefault(prefixed, {}).update(entries)
        wanted = ("/domestic-payment", "/domestic-vrp", "/event")
        whole["paths"] |= {path: said for path, said in read["paths"].items() if path.startswith(wanted)}
    whole["components"] = {}
    for kind, entries in parts.items():
        prefix, _, plain = kind.rpartition(".")
        named = {f"{prefix}.{key}" if prefix else key: entry for key, entry in entries.items()}
        whole["components"].setdefault(plain, {}).update(named)
    text = msgspec.json.encode(whole).decode()
    for name in DESCRIPTIONS:
        for kind in whole["components"]:
            text = text.replace(f'"#/components/{name}.{kind}/', f'"#/components/{kind}/{name}.')
    path = folder / "obie.json"
    path.write_text(text, encoding="utf-8")
    return path


@contextlib.contextmanager
def serving(bank: Bank) -> Iterator[str]:
    """The bank on a socket of its own; one request at a time."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                said = bank.spoil(self.command, self.path, bank.answer(self.command, self.path, headers, body))
                if said is None:
                    self.close_connection = True
                    return
                self._say(said, headers)

        do_GET = do_POST = do_DELETE = _any  # noqa: N815 - the names http.server looks for

        def _say(self, said: Said, headers: dict[str, str]) -> None:
            body = b"" if said.body is None else msgspec.json.encode(said.body)
            self.send_response(said.status)
            self.send_header("x-fapi-interaction-id", headers.get("x-fapi-interaction-id", str(uuid.uuid4())))
            if body:
                self.send_header("content-type", "application/json; charset=utf-8")
                if said.signed:
                    self.send_header("x-jws-signature", obie_keys.detached(body, bank.now, bank.owner))
            if said.status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


class ObieScene:
    """Implements `tests.adapters.contract.Scene`; `agree` and the bank's own rules steer it."""

    funding = Party("Example Lending Bank", Account(iban="GB33BUKB20201555555555"))
    poor_funding = Party("A bank without money", Account(other_id="20201511111111"))
    shop = Party("Grüner & Sons Bakery", Account(other_id="30949312345678"))
    closed_shop = Party("A closed shop", Account(other_id="30949300000000"))
    shop_at_no_bank = Party("A shop at no bank", Account(other_id="99999912345678"))
    poor_shop = Party("A shop without money", Account(other_id="30949322222222"))

    def __init__(self, held: Bank, base_url: str, outbound: Outbound, **changed: Any) -> None:
        self.held = held
        held.accounts = {
            "GB33BUKB20201555555555": AccountAtBank("Example Lending Bank", Decimal(10**9)),
            "20201511111111": AccountAtBank("A bank without money", Decimal(0)),
            "30949312345678": AccountAtBank("Grüner & Sons Bakery", Decimal(10**6)),
            "30949300000000": AccountAtBank("A closed shop", Decimal(0), closed=True),
            "30949322222222": AccountAtBank("A shop without money", Decimal(0)),
        }
        settings = settings_for(base_url)
        self.bank = ObieBank(
            msgspec.structs.replace(settings, **changed), outbound, self, clock=_Time(held), system_clock=_Time(held)
        )

    # --- gateway's side: tokens --------------------------------------------------------------------------------------

    async def client_token(self, refused: str | None = None) -> str:
        return "client"

    async def authorise(self, consent_id: str) -> str | None:
        return self.held.authorise(consent_id)

    # --- the contract's side -----------------------------------------------------------------------------------------

    async def now(self) -> datetime:
        return self.held.now

    async def pass_days(self, count: int) -> None:
        self.held.pass_days(count)

    async def balance_amount(self) -> int:
        return int(self.held.accounts["GB33BUKB20201555555555"].balance * 100)

    async def fund_in(self, currency: str) -> None:
        raise AssertionError(f"this rail has no {currency}")

    async def return_payouts(self, days: int, reason: str) -> None:
        raise AssertionError("this rail has no returns")

    async def refuse_files(self) -> None:
        self.held.refuses_all = True

    async def be_silent(self) -> None:
        raise AssertionError("this rail tells no bookings")

    async def leave_a_gap_in_statements(self) -> None:
        raise AssertionError("this rail has no statements")

    async def refuse_collection(self, end_to_end_id: str, reason: str) -> None:
        raise AssertionError("an executed push payment cannot be refused")

    async def mandate_id(self, number: int, debtor: Party) -> str:
        """A standing consent that the merchant agreed to at the bank."""
        proposed = await self.bank.propose(self.bank.render_mandate(await self.mandate(number, debtor)))
        assert self.held.authorise(proposed.id)
        return proposed.id

    async def mandate(self, number: int = 1, debtor: Party | None = None, *, alignment: str = "Calendar") -> VrpMandate:
        """£500 a payment, £800 a month, for a year."""
        now = await self.now()
        return VrpMandate(
            reference=f"MANDATE-{number}",
            parties=parties(self.funding, debtor or self.shop, now),
            maximum=Money(50_000, "GBP"),
            limits=(PeriodicLimit(Period.month, Alignment(alignment), Money(80_000, "GBP")),),
            valid_from=now,
            valid_to=now.replace(year=now.year + 1),
        )


def parties(creditor: Party, debtor: Party, now: datetime) -> Collection:
    """A collection of which only the two parties matter."""
    return Collection(
        end_to_end_id="-", message_id="-", amount=Money(1, "GBP"), creditor=creditor, creditor_scheme_id="",
        debtor=debtor, mandate_id="-", mandate_signed_on=now.date(), sequence="RCUR", collect_on=now.date(),
        created_at=now, remittance="",
    )  # fmt: skip


def settings_for(base_url: str) -> ObieSettings:
    return ObieSettings(
        payments_url=base_url,
        events_url=base_url,
        client_id=obie_keys.CLIENT_ID,
        issuer=obie_keys.OUR_ISSUER,
        kid=obie_keys.OUR_KID,
        signing_key=obie_keys.private_pem("restock"),
        bank_issuer=obie_keys.BANK_ISSUER,
        bank_keys={obie_keys.BANK_KID: obie_keys.public_pem("bank")},
        local_instrument="UK.OBIE.FPS",
        vrp=VrpKind.commercial,
    )


class _Time:
    """The bank's own clock as the gateway's."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def now(self) -> datetime:
        return self._bank.now
