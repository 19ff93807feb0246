"""A stand-in bank with a NextGenPSD2 interface: stateful, on a real socket, with its own calendar, and able to fail.

It knows no idempotency: two POSTs are two payments, unless `refuses_copies`. It reads signatures by code of its own.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.adapters.conftest import CLOSED, FUNDING, NO_SUCH_BANK, POOR

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning."""
CONSENT = "consent-1"
RESOURCES = {"res-funding": FUNDING.iban, "res-poor": POOR.iban}
Json = dict[str, Any]
Answer = tuple[int, Json]


@dataclass
class Payment:
    """A payment initiation as the bank keeps it; `amount` in cents."""

    id: str
    product: str
    reference: str
    amount: int
    debtor: str
    creditor: str
    bic: str | None
    status: str = "RCVD"
    reason: str = ""
    booked_on: date | None = None
    return_on: date | None = None


@dataclass
class Rules:
    """How the bank behaves; a test changes what it is about."""

    authorises: bool = True
    """The account holder authorises at once; else the payment waits for `authorise`."""
    starts_explicitly: bool = False
    """The authorisation has to be started by us; then the account holder is asked, and says yes."""
    refuses_files: bool = False
    refuses_copies: bool = False
    says_status: bool = True
    lists_pending: bool = True
    consent_valid: bool = True
    requires_signature: bool = True
    token: str = ""
    """The only access token that is let in; "" = none is asked for."""
    omits: set[str] = field(default_factory=set)
    returns_after_days: int | None = None
    return_reason: str = ""
    on_post: str = "answer"
    """`answer`, `hang up first` (nothing taken), `take and hang up`, `take and be silent`, `take and fail`."""
    page_size: int = 100
    status_as: str | None = None


class StandIn:
    """The bank's books and rules. Every method is called under `lock`."""

    def __init__(self, seal: x509.Certificate) -> None:
        self.seal = seal
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """A new bank on a Monday morning."""
        self.now = START
        self.rules = Rules()
        self.payments: list[Payment] = []
        self.entries: list[tuple[str, date, Json]] = []
        self.balances = {FUNDING.iban: 100_000_000, POOR.iban: 0}
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    # --- the bank's day ---------------------------------------------------------------------------------------------

    def pass_days(self, count: int) -> None:
        """Close `count` days: what was accepted is booked on its day, what is to come back is booked when due."""
        for _ in range(count):
            for payment in self.payments:
                if payment.status == "ACCP":
                    self._book(payment)
            self.now += timedelta(days=1)
            for payment in self.payments:
                if payment.return_on is not None and payment.return_on <= self.now.date():
                    self._return(payment)

    def authorise(self, payment: Payment) -> None:
        """The account holder says yes; the bank then looks whether it can pay."""
        unknown_bank = payment.bic is not None and payment.bic == NO_SUCH_BANK.bic
        if payment.creditor == CLOSED.iban or unknown_bank:
            payment.status, payment.reason = (
                "RJCT",
                "RC01 no such bank" if unknown_bank else "AC04 the account is closed",
            )
        elif self.balances[payment.debtor] < payment.amount:
            payment.status, payment.reason = "RJCT", "AM04 the account has not enough money"
        elif payment.product.startswith("instant-"):
            self._book(payment)
            payment.status = "ACCC"
        else:
            payment.status = "ACCP"

    def decline(self, payment: Payment) -> None:
        """The account holder did not authorise in time."""
        payment.status, payment.reason = "RJCT", "the payment was not authorised in time"

    def _book(self, payment: Payment) -> None:
        payment.status, payment.booked_on = "ACSC", self.now.date()
        self.balances[payment.debtor] -= payment.amount
        self._enter(payment, -payment.amount, "PMNT-ICDT-ESCT", "credit transfer")
        if self.rules.returns_after_days is not None:
            payment.return_on = self.now.date() + timedelta(days=self.rules.returns_after_days)

    def _return(self, payment: Payment) -> None:
        payment.return_on = None
        self.balances[payment.debtor] += payment.amount
        self._enter(payment, payment.amount, "PMNT-ICDT-RRTN", f"returned: {self.rules.return_reason}")

    def _enter(self, payment: Payment, amount: int, code: str, text: str) -> None:
        number = len(self.entries) + 1
        entry = {
            "transactionId": f"tx-{number}",
            "entryReference": f"2026-{number:05d}",
            "endToEndId": payment.reference,
            "bookingDate": self.now.date().isoformat(),
            "transactionAmount": {"currency": "EUR", "amount": euros(amount)},
            "bankTransactionCode": code,
            "additionalInformation": text,
        }
        self.entries.append((payment.debtor, self.now.date(), entry))

    # --- the interface ----------------------------------------------------------------------------------------------

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The answer to one request: its status and JSON."""
        url = urlsplit(target)
        self.requests.append((method, target, dict(headers)))
        service = "AIS" if url.path.startswith("/v1/accounts/") else "PIS"
        if self.rules.token and headers.get("authorization") != f"Bearer {self.rules.token}":
            return refusal(401, "TOKEN_INVALID", "the token is not one, or not any more")
        if self.rules.requires_signature and not self._signed(headers, body):
            return refusal(401, "SIGNATURE_INVALID", "the signature does not hold")
        if service == "AIS":
            return self._list(url.path, parse_qs(url.query), headers)
        if url.path.endswith("/authorisations"):
            return self._start(url.path.split("/")[-2])
        if method == "POST":
            return self._initiate(url.path.rpartition("/")[2], json.loads(body), headers)
        return self._status(url.path.split("/")[-2])

    def _initiate(self, product: str, said: Json, headers: Mapping[str, str]) -> Answer:
        if self.rules.refuses_files:
            return refusal(400, "FORMAT_ERROR", "this bank cannot read it")
        reference = said["endToEndIdentification"]
        if self.rules.refuses_copies and any(payment.reference == reference for payment in self.payments):
            return refusal(409, "STATUS_INVALID", "AM05 this payment is here already")
        cents = said["instructedAmount"]["amount"].replace(".", "")
        payment = Payment(
            id=f"pay-{len(self.payments) + 1}/{headers['x-request-id'][:8]}",
            product=product,
            reference=reference,
            amount=int(cents),
            debtor=said["debtorAccount"]["iban"],
            creditor=said["creditorAccount"]["iban"],
            bic=said.get("creditorAgent"),
        )
        self.payments.append(payment)
        if self.rules.starts_explicitly:
            started = {"startAuthorisation": {"href": f"/psd2/v1/payments/{payment.id}/authorisations"}}
            return 201, {"transactionStatus": "RCVD", "paymentId": payment.id, "_links": started}
        if self.rules.authorises:
            self.authorise(payment)
        links = {"status": {"href": "/v1/payments/status"}, "scaStatus": {"href": "/v1/payments/sca"}}
        if not self.rules.authorises:
            links["scaRedirect"] = {"href": f"https://bank.example/authorise?payment={len(self.payments)}"}
        return 201, {"transactionStatus": "RCVD", "paymentId": payment.id, "_links": links}

    def _start(self, quoted: str) -> Answer:
        payment = self._find(quoted)
        if payment is None or not self.rules.authorises:
            return refusal(409, "STATUS_INVALID", "no authorisation can be started")
        self.authorise(payment)
        links = {"scaRedirect": {"href": "https://bank.example/authorise"}, "scaStatus": {"href": "/v1/payments/sca"}}
        return 201, {"scaStatus": "received", "authorisationId": "auth-1", "_links": links}

    def _find(self, quoted: str) -> Payment | None:
        return next((one for one in self.payments if one.id == quoted.replace("%2F", "/")), None)

    def _status(self, quoted: str) -> Answer:
        if not self.rules.says_status:
            return refusal(503, "SERVICE_UNAVAILABLE", "later")
        payment = self._find(quoted)
        if payment is None:
            return refusal(404, "RESOURCE_UNKNOWN", "no such payment")
        said: Json = {"transactionStatus": self.rules.status_as or payment.status}
        if payment.reason:
            said["tppMessages"] = [{"category": "ERROR", "code": "ERROR", "text": payment.reason}]
        return 200, said

    def _list(self, path: str, query: dict[str, list[str]], headers: Mapping[str, str]) -> Answer:
        if not self.rules.consent_valid or headers.get("consent-id") != CONSENT:
            return refusal(401, "CONSENT_EXPIRED", "the consent has expired")
        resource = path.split("/")[3]
        iban = RESOURCES.get(resource)
        if iban is None:
            return refusal(404, "RESOURCE_UNKNOWN", "no such account")
        since, which = date.fromisoformat(query["dateFrom"][0]), query["bookingStatus"][0]
        booked = [
            entry
            for account, day, entry in self.entries
            if account == iban and day >= since and entry["endToEndId"] not in self.rules.omits
        ]
        page, size = int(query.get("pageIndex", ["0"])[0]), self.rules.page_size
        links = {"account": {"href": f"/v1/accounts/{resource}"}}
        if len(booked) > (page + 1) * size:
            following = f"?bookingStatus={which}&dateFrom={since}&pageIndex={page + 1}"
            links["next"] = {"href": f"/v1/accounts/{resource}/transactions{following}"}
        report: Json = {"booked": booked[::-1][page * size : (page + 1) * size], "_links": links}
        if which == "both":
            report["pending"] = self._pending(iban)
        return 200, {"account": {"iban": iban}, "transactions": report}

    def _pending(self, iban: str | None) -> list[Json]:
        if not self.rules.lists_pending:
            return []
        return [
            {"endToEndId": one.reference, "transactionAmount": {"currency": "EUR", "amount": euros(-one.amount)}}
            for one in self.payments
            if one.debtor == iban and one.status == "ACCP"
        ]

    def _signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """draft-cavage-http-signatures-10, over the headers the framework names, by the certificate we know."""
        parts = dict(re.findall(r'(\w+)="([^"]*)"', headers.get("signature", "")))
        told = "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode()
        must = {"digest", "x-request-id", *({"tpp-redirect-uri", "psu-id", "psu-corporate-id"} & set(headers))}
        names = parts.get("headers", "").split(" ")
        sent = base64.b64decode(headers.get("tpp-signature-certificate", ""))
        known = x509.load_der_x509_certificate(sent) == self.seal if sent else False
        serial = f"SN={self.seal.serial_number:X},CA="
        if headers.get("digest") != told or set(names) != must or not known or not parts["keyId"].startswith(serial):
            return False
        text = "\n".join(f"{name}: {headers[name]}" for name in names)
        key = self.seal.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        try:
            key.verify(base64.b64decode(parts["signature"]), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def euros(cents: int) -> str:
    """150000 → `1500.00`."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def refusal(status: int, code: str, text: str) -> Answer:
    """The framework's own error body."""
    return status, {"tppMessages": [{"category": "ERROR", "code": code, "text": text}]}


def notification(
    key: rsa.RSAPrivateKey, said: Json, request_id: str, covers: str = "x-request-id digest"
) -> tuple[dict[str, str], bytes]:
    """A call the bank makes about a payment; `key` signs the headers that `covers` names."""
    body = json.dumps(said).encode()
    headers = {
        "content-type": "application/json",
        "digest": "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode(),
        "x-request-id": request_id,
    }
    text = "\n".join(f"{name}: {headers[name]}" for name in covers.split(" "))
    made = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    headers["signature"] = f'keyId="SN=1,CA=CN=Bank", algorithm="rsa-sha256", headers="{covers}", signature="{made}"'
    return headers, body


class _Door(BaseHTTPRequestHandler):
    """Lets requests in to the bank of the server, and out in the way its rules say."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._say(*self._ask("GET"))

    def do_POST(self) -> None:
        how = self.server.bank.rules.on_post
        if how == "hang up first":
            self.close_connection = True
            return
        answer = self._ask("POST")
        if how == "take and be silent":
            self.server.over.wait()
        if how in {"take and hang up", "take and be silent"}:
            self.close_connection = True
            return
        self._say(*refusal(500, "INTERNAL_SERVER_ERROR", "something broke") if how == "take and fail" else answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Silent."""

    def _ask(self, method: str) -> Answer:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self.server.bank.lock:
            return self.server.bank.answer(method, self.path, headers, body)

    def _say(self, status: int, said: Json) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.send_header("x-request-id", self.headers.get("x-request-id", ""))
        if status == 201:
            self.send_header("location", "https://bank.example/v1/payments/sepa-credit-transfers/1")
            self.send_header("aspsp-sca-approach", "REDIRECT")
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, bank: StandIn) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.bank = bank
        self.over = threading.Event()


@contextlib.contextmanager
def serving(bank: StandIn) -> Iterator[str]:
    """The bank on a loopback port; connections that it keeps silent on are let go at the end."""
    server = _Server(bank)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
