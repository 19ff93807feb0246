"""What the Berlin adapter reads, and every malformed thing it refuses or parks. No network."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.berlin import wire
from adapters.banks.berlin.wire import answers, reasons
from adapters.banks.berlin.wire.status import STATUSES
from adapters.banks.berlin.wire.transactions import as_messages, booked_on, read_page
from adapters.banks.berlin.wire.wrapping import Kind, Label, wrapped
from gateway.bank_ports import Account, BankEvent, BankEventKind, PaymentStatus, Unanswered, Unreachable, Unreadable
from gateway.domain.accounts import sandbox_iban
from gateway.domain.money import Money

if TYPE_CHECKING:
    from pathlib import Path

FUNDING = sandbox_iban("funding")
ENTRY: dict[str, Any] = {
    "endToEndId": "DRW01J",
    "bookingDate": "2026-03-02",
    "transactionAmount": {"currency": "EUR", "amount": "-10.50"},
    "entryReference": "E-1",
    "bankTransactionCode": "PMNT-ICDT-ESCT",
}
DEEP = b'{"x":' + b"[" * 100_000
"""JSON that nests until a reader gives up."""


def told(kind: Kind, answer: object) -> list[BankEvent]:
    raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    label = Label(kind, "DRW01J", "MDRW01J", "pay-1", FUNDING)
    return wire.read(wrapped(label, raw).body)


def status(code: str, **more: Any) -> BankEvent:
    (event,) = told(Kind.status, {"transactionStatus": code, **more})
    return event


def booked(**fields: Any) -> BankEvent:
    (event,) = told(Kind.booked, {**ENTRY, **fields})
    return event


def message(text: str, code: str = "ERROR") -> dict[str, object]:
    return {"tppMessages": [{"category": "ERROR", "code": code, "text": text}]}


# --- the bank's immediate answer --------------------------------------------------------------------------------------


def created(**said: Any) -> bytes:
    return json.dumps({"transactionStatus": "RCVD", "paymentId": "pay-1", "_links": {}, **said}).encode()


def test_a_taken_payment_has_the_banks_id() -> None:
    ack = answers.judged(201, created())
    assert (ack.accepted, ack.bank_reference, ack.detail) == (True, "pay-1", None)


def test_a_payment_rejected_in_the_first_answer_is_refused() -> None:
    ack = answers.judged(201, created(transactionStatus="RJCT", **message("AC04 closed")))
    assert (ack.accepted, ack.reason, ack.bank_reference) == (False, "AC04", "pay-1")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (message("unreadable", "FORMAT_ERROR"), "FF01"),
        (message("no", "PAYMENT_FAILED"), "MS03"),
        (message("AM05 here already", "FORMAT_ERROR"), "AM05"),
        (message("no", "SOMETHING_ELSE"), None),
        ({"type": "https://bank.example/e", "code": "EXECUTION_DATE_INVALID", "detail": "past"}, "DT01"),
    ],
)
def test_a_refusal_in_the_frameworks_form_is_for_good(said: dict[str, object], reason: str | None) -> None:
    ack = answers.judged(400, json.dumps(said).encode())
    assert (ack.accepted, ack.reason) == (False, reason)
    assert ack.detail


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (200, created()),
        (201, b""),
        (201, b"{}"),
        (201, b"\xff"),
        (201, b'{"transactionStatus": "ACSC"}'),
        (201, b'{"paymentId": "pay-1"}'),
        (201, created(paymentId="x" * 201)),
        (201, DEEP),
        (400, DEEP),
        (201, b'{"transactionStatus": 1, "paymentId": "pay-1"}'),
        (202, created()),
        (302, b""),
        (400, b"<html>Bad Request</html>"),
        (400, b"{}"),
        (400, b'{"tppMessages": []}'),
        (408, b""),
        (422, b""),
        (500, json.dumps(message("no", "FORMAT_ERROR")).encode()),
        (503, b""),
    ],
)
def test_an_answer_that_proves_nothing_leaves_the_payment_in_doubt(code: int, body: bytes) -> None:
    with pytest.raises(Unanswered):
        answers.judged(code, body)


@pytest.mark.parametrize("code", [401, 403, 404, 405, 406, 411, 413, 415, 429])
def test_a_request_turned_away_was_not_taken(code: int) -> None:
    with pytest.raises(Unreachable):
        answers.judged(code, b"")


@pytest.mark.parametrize("href", ["https://bank.example/\u202e", "x" * 1_001, "", None, "a\nb"])
def test_a_link_no_person_should_be_shown_is_left_out(href: str | None) -> None:
    ack = answers.judged(201, created(_links={"scaRedirect": {"href": href}, "scaStatus": {"href": "/s"}}))
    assert ack.detail == "awaits the account holder's authorisation"


# --- status -----------------------------------------------------------------------------------------------------------


def test_every_status_of_the_description_is_in_the_table(shared: Path) -> None:
    text = (shared / "conformance/openapi/berlin-psd2-1.3.11.yaml").read_text(errors="replace")
    listed = text.split("\n    transactionStatus:")[1].split("enum:")[1].split("example:")[0]
    assert set(re.findall(r'"([A-Z]{4})"', listed)) == set(STATUSES)


@pytest.mark.parametrize(("code", "ours"), sorted(STATUSES.items()))
def test_each_status_says_what_the_table_says(code: str, ours: PaymentStatus) -> None:
    event = status(code)
    assert (event.status, event.end_to_end_id, event.original_message_id) == (ours, "DRW01J", "MDRW01J")
    assert (event.kind, event.source, event.bank_reference) == (BankEventKind.status, "psd2.status", "pay-1")


@pytest.mark.parametrize("code", ["ACCX", "accc", "", "SUCCESS"])
def test_a_status_nobody_knows_is_pending(code: str) -> None:
    assert status(code).status is PaymentStatus.PDNG


def test_the_refusal_of_a_copy_is_no_rejection() -> None:
    event = status("RJCT", **message("DUPL: seen before"))
    assert (event.status, event.reason) == (PaymentStatus.RCVD, "DUPL")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("AC04 the account is closed", "AC04"),
        ("closed (AC04)", "AC04"),
        ("rejected: AM04", "AM04"),
        ("account BE68 5390 0754 7034 is closed", None),
        ("BE685390075470", None),
        ("order MD0155", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_a_reason_is_found_only_where_it_stands_by_itself(text: str, reason: str | None) -> None:
    assert reasons.find(text) == reason


@pytest.mark.parametrize(
    "answer", [b"", b"[]", b"{}", b"\xff", b'{"transactionStatus": null}', b'{"transactionStatus":']
)
def test_a_status_that_cannot_be_read_moves_nothing(answer: bytes) -> None:
    with pytest.raises(Unreadable):
        told(Kind.status, answer)


@pytest.mark.parametrize("answer", [b"", b"[]", b"{}", b'{"consentId": "c", "consentStatus": "valid"}'])
def test_a_notification_about_no_payment_is_parked(answer: bytes) -> None:
    with pytest.raises(Unreadable):
        told(Kind.notification, answer)


@pytest.mark.parametrize("stored", [b"", b"{}", b'{"kind": "status"}', b'{"kind": "news"}\n{}', b"<Document/>\n{}"])
def test_a_stored_message_of_another_adapter_is_unreadable(stored: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.read(stored)


# --- entries ----------------------------------------------------------------------------------------------------------


def test_a_minus_left_our_account_and_a_plus_came_in() -> None:
    out, into = booked(), booked(transactionAmount={"currency": "EUR", "amount": "10.5"})
    assert (out.kind, out.amount, out.credit) == (BankEventKind.booked, Money(1050, "EUR"), False)
    assert (into.amount, into.credit) == (Money(1050, "EUR"), True)
    assert (out.account, out.booked_on, out.bank_reference) == (Account(iban=FUNDING), date(2026, 3, 2), "E-1")


def test_a_debit_without_its_minus_is_parked_and_not_taken_for_a_credit() -> None:
    unsigned, payee = {"currency": "EUR", "amount": "10.50"}, {"iban": sandbox_iban("shop")}
    with pytest.raises(Unreadable, match="minus"):
        booked(transactionAmount=unsigned, creditorAccount=payee)
    assert booked(transactionAmount=unsigned, creditorAccount={"iban": FUNDING}, debtorName="A payer").credit
    assert booked(transactionAmount=unsigned, creditorAccount=payee, bankTransactionCode="PMNT-ICDT-RRTN").credit


def facts(listed: dict[str, Any]) -> list[str]:
    iban, raw = listed["account"]["iban"], json.dumps(listed).encode()
    found = []
    for one in as_messages(booked_on(iban), list(read_page(raw, iban).booked)):
        try:
            (event,) = wire.read(one.body)
        except Unreadable as error:
            found.append(error.detail.partition(":")[0])
        else:
            assert event.amount is not None
            found.append(f"{'' if event.credit else '-'}{event.amount.amount} {event.amount.currency}")
    return found


def test_the_published_examples_are_read_or_refused_for_what_is_wrong_with_them(shared: Path) -> None:
    yaml = pytest.importorskip("yaml")
    text = (shared / "conformance/openapi/berlin-psd2-1.3.11.yaml").read_text(errors="replace")
    examples = {name: one["value"] for name, one in yaml.safe_load(text)["components"]["examples"].items()}

    signed = facts(examples["transactionsExample3_MulticurrencyAccount_json"])
    assert signed == ["-25667 EUR", "34301 EUR", "10000 USD"]
    unsigned = facts(examples["transactionsExample1_RegularAccount_json"])
    assert unsigned == ["an entry that names a payee has no minus", "34301 EUR"]
    for name in ("Redirect", "_RedirectExplicitAuthorisation", "OAuth2", "Decoupled", "Embedded"):
        answer = json.dumps(examples[f"paymentInitiationExample_json_{name}"]).encode()
        ack = answers.judged(201, answer)
        assert (ack.accepted, ack.bank_reference) == (True, "1234-wertiq-983")
        assert "awaits the account holder's authorisation" in (ack.detail or "")
        assert answers.waits_for_us(answer) is (name in {"_RedirectExplicitAuthorisation", "Decoupled"})


def test_a_returned_payment_says_why() -> None:
    back = {"currency": "EUR", "amount": "10.50"}
    event = booked(bankTransactionCode="PMNT-ICDT-RRTN", transactionAmount=back, additionalInformation="back: AC04")
    assert (event.kind, event.reason, event.credit) == (BankEventKind.returned, "AC04", True)
    assert booked(additionalInformation="AC04").reason is None


@pytest.mark.parametrize("reference", ["NOTPROVIDED", "", None])
def test_an_entry_without_a_reference_is_told_without_one(reference: str | None) -> None:
    assert booked(endToEndId=reference).end_to_end_id is None


def test_a_batch_is_split_when_its_parts_are_the_whole() -> None:
    def part(number: int, amount: str) -> dict[str, object]:
        return {"endToEndId": f"DRW{number}", "transactionAmount": {"currency": "EUR", "amount": amount}}

    exact = told(Kind.booked, {**ENTRY, "batchIndicator": True, "entryDetails": [part(1, "-4.00"), part(2, "-6.50")]})
    assert [(event.end_to_end_id, event.amount) for event in exact] == [
        ("DRW1", Money(400, "EUR")),
        ("DRW2", Money(650, "EUR")),
    ]
    (whole,) = told(Kind.booked, {**ENTRY, "entryDetails": [part(1, "-4.00"), part(2, "-6.49")]})
    assert (whole.end_to_end_id, whole.amount) == ("DRW01J", Money(1050, "EUR"))


@pytest.mark.parametrize(
    "fields",
    [
        {"transactionAmount": {"currency": "EUR", "amount": "10.505"}},
        {"transactionAmount": {"currency": "EUR", "amount": "1e3"}},
        {"transactionAmount": {"currency": "EUR", "amount": "+1"}},
        {"transactionAmount": {"currency": "EUR", "amount": "1" * 15}},
        {"transactionAmount": {"currency": "EUR", "amount": 10.5}},
        {"transactionAmount": {"currency": "XXX", "amount": "10.50"}},
        {"transactionAmount": {"currency": "EUR"}},
        {"transactionAmount": None},
        {"bookingDate": None},
        {"bookingDate": "2026-02-30"},
        {"entryDetails": [{}]},
    ],
)
def test_an_entry_that_cannot_be_true_is_parked(fields: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        booked(**fields)


def test_equal_entries_are_two_messages_and_the_same_ones_next_time() -> None:
    fee, other = json.dumps(ENTRY).encode(), json.dumps({**ENTRY, "bookingDate": "2026-03-01"}).encode()
    first = as_messages(booked_on(FUNDING), [fee, other, fee])
    assert len({message.message_id for message in first}) == 3
    assert first[0].body.endswith(other)
    again = as_messages(booked_on(FUNDING), [other, fee, fee])
    assert first == again


@pytest.mark.parametrize("entry", [b"[]", b"{}", b"null", DEEP, b'{"bookingDate": 1}'])
def test_an_entry_in_no_known_form_is_kept_and_parked_by_itself(entry: bytes) -> None:
    good = json.dumps(ENTRY).encode()
    messages = as_messages(booked_on(FUNDING), [good, entry])
    assert [one.body.partition(b"\n")[2] for one in messages] == [entry, good]
    with pytest.raises(Unreadable):
        wire.read(messages[0].body)
    assert wire.read(messages[1].body)


@given(st.sampled_from(list(Kind)), st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_whatever_the_bank_writes_is_read_or_refused(kind: Kind, answer: bytes) -> None:
    with contextlib.suppress(Unreadable):
        told(kind, answer)
