"""What we read: facts from a bank's messages, and a refusal for everything that is not one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.iso20022 import wire
from gateway.bank_ports import BankEvent, BankEventKind, PaymentStatus, Unreadable
from gateway.domain.money import Money
from tests.adapters.iso_messages import SPACE, detail, document, entry, paid, read, report, statement

# --- what is not a message -------------------------------------------------------------------------------------------

BOMB = '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
GOOD = statement(entry(details=detail("A"))).decode()
UNREADABLE = {
    "nothing": b"",
    "no XML": b"hello",
    "a bomb of entities": GOOD.replace("?>", "?>" + BOMB, 1).replace("<Id>1<", "<Id>&b;<").encode(),
    "a DTD": GOOD.replace("?>", '?><!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd">', 1).encode(),
    "a file read by an entity": GOOD.replace("?>", '?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/hostname">]>', 1)
    .replace("<Id>1<", "<Id>&x;<")
    .encode(),
    "an entity nobody declared": GOOD.replace("<Id>1<", "<Id>&x;<").encode(),
    "UTF-16": GOOD.encode("utf-16"),
    "a DTD hidden in UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>+ADw-!DOCTYPE a+AD4-' + GOOD.encode()[21:],
    "bytes that are not UTF-8": GOOD.replace("REF-1", "REF-é").encode("latin-1"),
    "a control character": GOOD.replace("REF-1", "REF\x01").encode(),
    "a truncated message": GOOD.encode()[:-20],
    "two messages": (GOOD + GOOD).encode(),
    "another namespace": GOOD.replace(SPACE, "urn:example:").encode(),
    "no namespace": GOOD.replace(f' xmlns="{SPACE}camt.053.001.08"', "").encode(),
    "an element of another namespace": GOOD.replace("<Ntry>", '<Ntry xmlns="urn:example:other">').encode(),
    "a message nobody reads": GOOD.replace("camt.053", "camt.999").encode(),
    "another root": GOOD.replace("Document", "Dokument").encode(),
    "a type that does not fit its content": GOOD.replace("camt.053.001.08", "pacs.004.001.09").encode(),
    "an empty document": document("camt.053.001.08", ""),
    "too deep": statement("<A>" * 40 + "</A>" * 40),
    "far too deep": statement("<A>" * 100_000 + "</A>" * 100_000),
    "huge": statement(entry(details=detail("A")) + " " * 9_000_000),
    "one huge text": statement(entry(details=detail("A" * 5_000))),
    "too many decimals": statement(entry("10.001")),
    "decimals of a currency without": statement(entry("10.5", "KRW")),
    "a negative amount": statement(entry("-10.00")),
    "an exponent": statement(entry("1E3")),
    "an amount beyond the standard": statement(entry("1" * 19)),
    "no amount": statement(entry("")),
    "a currency nobody knows": statement(entry(currency="XXX")),
    "neither credit nor debit": statement(entry(side="BOTH")),
    "an account that fails its check": statement(entry()).replace(b"NL41MOCK", b"NL42MOCK"),
    "a date that is none": statement(entry()).replace(b"2026-03-02", b"2026-02-30"),
    "a statement's number that is none": statement("<ElctrncSeqNb>1.5</ElctrncSeqNb>"),
    "a balance without a direction": statement(
        '<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1.00</Amt></Bal>'
    ),
    "a balance without an amount": statement("<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp></Bal>"),
    "a status report about nothing": document("pain.002.001.10", "<CstmrPmtStsRpt/>"),
    "a payment without a status": report(batches="<OrgnlPmtInfAndSts><TxInfAndSts/></OrgnlPmtInfAndSts>"),
    "a return without an amount": document("pacs.004.001.09", "<PmtRtr><TxInf/></PmtRtr>"),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_safely_and_exactly_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.read(body)


def test_the_message_those_are_made_from_is_readable() -> None:
    assert paid(read(GOOD.encode())) == [("A", 1_000, False)]


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_otherwise(body: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.read(body)


@given(st.data())
def test_no_damage_to_a_message_makes_the_reader_fail_otherwise(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([GOOD.encode(), PACS, report("<GrpSts>RJCT</GrpSts>")])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    try:
        wire.read(bytes(body))
    except Unreadable as refusal:
        assert refusal.detail  # noqa: PT017 - refusing is one of the two allowed outcomes


# --- status reports --------------------------------------------------------------------------------------------------


def batch(content: str) -> str:
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>B</OrgnlPmtInfId>{content}</OrgnlPmtInfAndSts>"


def payment(end_to_end_id: str, status: str = "", reason: str = "") -> str:
    said = f"<TxSts>{status}</TxSts>" if status else ""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn><AddtlInf>Why</AddtlInf></StsRsnInf>" if reason else ""
    return f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId>{said}{why}</TxInfAndSts>"


def statuses(body: bytes) -> list[tuple[str | None, str | None, str | None]]:
    return [(event.end_to_end_id, event.status, event.reason) for event in read(body)]


def test_payments_of_one_file_have_each_their_own_status() -> None:
    body = report("<GrpSts>PART</GrpSts>", batch(payment("A", "ACCP") + payment("B", "RJCT", "AC04")))
    assert statuses(body) == [("A", "ACCP", None), ("B", "RJCT", "AC04")]
    assert {event.original_message_id for event in read(body)} == {"FILE-1"}


def test_a_file_rejected_whole_names_the_file_only() -> None:
    why = "<StsRsnInf><Rsn><Cd>FF01</Cd></Rsn><AddtlInf>not</AddtlInf><AddtlInf>readable</AddtlInf></StsRsnInf>"
    (event,) = read(report(f"<GrpSts>RJCT</GrpSts>{why}"))
    assert (event.end_to_end_id, event.original_message_id) == (None, "FILE-1")
    assert (event.status, event.reason, event.detail) == (PaymentStatus.RJCT, "FF01", "not readable")


def test_a_batch_judged_whole_is_one_fact() -> None:
    assert statuses(report("<GrpSts>RJCT</GrpSts>", batch("<PmtInfSts>RJCT</PmtInfSts>"))) == [(None, "RJCT", None)]


def test_a_payment_named_without_a_status_has_its_batchs() -> None:
    body = report("<GrpSts>PART</GrpSts>", batch("<PmtInfSts>ACSP</PmtInfSts>" + payment("A")))
    assert statuses(body) == [("A", "ACSP", None)]


def test_a_status_nobody_knows_is_pending_and_never_success() -> None:
    (event,) = read(report(batches=batch(payment("A", "ZZZZ"))))
    assert event.status is PaymentStatus.PDNG
    assert event.detail is not None
    assert "ZZZZ" in event.detail


@pytest.mark.parametrize("reason", ["DUPL", "AM05"])
def test_the_refusal_of_a_copy_is_not_the_rejection_of_the_payment(reason: str) -> None:
    body = report(batches=batch(payment("A", "RJCT", reason)))
    assert statuses(body) == [("A", "RCVD", reason)]


def test_a_report_that_says_nothing_gives_no_facts() -> None:
    assert read(report()) == []


# --- returns ---------------------------------------------------------------------------------------------------------


def returned(name: str) -> bytes:
    return document(
        "pacs.004.001.09",
        f"<PmtRtr><OrgnlGrpInf><OrgnlMsgId>FILE-1</OrgnlMsgId><OrgnlMsgNmId>{name}</OrgnlMsgNmId></OrgnlGrpInf>"
        "<TxInf><RtrId>R-1</RtrId><OrgnlEndToEndId>A</OrgnlEndToEndId>"
        '<RtrdIntrBkSttlmAmt Ccy="EUR">10.00</RtrdIntrBkSttlmAmt>'
        "<RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr>",
    )


PACS = returned("pain.001.001.09")


@pytest.mark.parametrize(
    ("name", "credit"),
    [
        ("pain.001.001.09", True),
        ("pacs.008.001.08", True),
        ("pain.008.001.08", False),
        ("pacs.003", False),
        ("?", None),
    ],
)
def test_an_announced_return_says_which_way_the_money_will_go_and_books_nothing(
    name: str,
    credit: bool | None,  # noqa: FBT001 - one of three answers
) -> None:
    (event,) = read(returned(name))
    assert event == BankEvent(
        kind=BankEventKind.returned,
        source="pacs.004.001.09",
        end_to_end_id="A",
        original_message_id="FILE-1",
        reason="AC04",
        amount=Money(1_000, "EUR"),
        credit=credit,
        bank_reference="R-1",
    )
