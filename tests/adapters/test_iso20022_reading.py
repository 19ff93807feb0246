"""What we read: facts from a bank's messages, and a refusal for everything that is not one."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.iso20022 import wire
from gateway.domain.money import Money
from gateway.ports import BankEvent, BankEventKind, PaymentStatus, Unreadable

if TYPE_CHECKING:
    from pathlib import Path

SPACE = "urn:iso:std:iso:20022:tech:xsd:"


def document(message: str, content: str) -> bytes:
    return f'<?xml version="1.0"?><Document xmlns="{SPACE}{message}">{content}</Document>'.encode()


def statement(entries: str, message: str = "camt.053.001.08") -> bytes:
    account = "<Acct><Id><IBAN>NL41MOCK0000000001</IBAN></Id></Acct>"
    return document(message, f"<BkToCstmrStmt><Stmt><Id>1</Id>{account}{entries}</Stmt></BkToCstmrStmt>")


def entry(
    amount: str = "10.00",
    currency: str = "EUR",
    *,
    side: str = "DBIT",
    status: str = "<Cd>BOOK</Cd>",
    more: str = "",
    details: str = "",
) -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>{more}<Sts>{status}</Sts>'
        f"<BookgDt><Dt>2026-03-02</Dt></BookgDt><AcctSvcrRef>REF-1</AcctSvcrRef>"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def detail(end_to_end_id: str, amount: str = "", currency: str = "EUR", side: str = "", more: str = "") -> str:
    money = f'<Amt Ccy="{currency}">{amount}</Amt>' if amount else ""
    direction = f"<CdtDbtInd>{side}</CdtDbtInd>" if side else ""
    return f"<TxDtls><Refs><EndToEndId>{end_to_end_id}</EndToEndId></Refs>{money}{direction}{more}</TxDtls>"


def report(group: str = "", batches: str = "") -> bytes:
    head = f"<OrgnlGrpInfAndSts><OrgnlMsgId>FILE-1</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>"
    return document("pain.002.001.10", f"<CstmrPmtStsRpt>{head}{batches}</CstmrPmtStsRpt>")


def paid(events: list[BankEvent]) -> list[tuple[str | None, int | None, bool | None]]:
    return [(event.end_to_end_id, event.amount.amount if event.amount else None, event.credit) for event in events]


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
    "a date that is none": statement(entry()).replace(b"2026-03-02", b"2026-02-30"),
    "a status report about nothing": document("pain.002.001.10", "<CstmrPmtStsRpt/>"),
    "a payment without a status": report(batches="<OrgnlPmtInfAndSts><TxInfAndSts/></OrgnlPmtInfAndSts>"),
    "a return without an amount": document("pacs.004.001.09", "<PmtRtr><TxInf/></PmtRtr>"),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_safely_and_exactly_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.read(body)


def test_the_message_those_are_made_from_is_readable() -> None:
    assert paid(wire.read(GOOD.encode())) == [("A", 1_000, False)]


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


# --- statements and notifications ------------------------------------------------------------------------------------


def test_a_booked_entry_is_a_fact_with_account_day_amount_and_reference() -> None:
    (event,) = wire.read(statement(entry("0.07", details=detail("DRAWDOWN-1"))))
    assert event.account is not None
    assert event.account.iban == "NL41MOCK0000000001"
    assert event == BankEvent(
        kind=BankEventKind.booked,
        source="camt.053.001.08",
        end_to_end_id="DRAWDOWN-1",
        amount=Money(7, "EUR"),
        credit=False,
        booked_on=date(2026, 3, 2),
        account=event.account,
        bank_reference="REF-1",
    )


@pytest.mark.parametrize(
    "status", ["<Cd>PDNG</Cd>", "<Cd>INFO</Cd>", "<Cd>FUTR</Cd>", "PDNG", "<Prtry>BOOK</Prtry>", ""]
)
def test_an_entry_that_is_not_booked_is_no_fact(status: str) -> None:
    assert wire.read(statement(entry(status=status))) == []


def test_a_batch_booking_that_adds_up_is_told_payment_by_payment() -> None:
    details = detail("A", "4.00") + detail("B", "6.00")
    assert paid(wire.read(statement(entry(details=details)))) == [("A", 400, False), ("B", 600, False)]


def test_a_batch_may_hold_a_payment_the_other_way() -> None:
    details = detail("A", "14.00", side="DBIT") + detail("B", "4.00", side="CRDT")
    assert paid(wire.read(statement(entry(details=details)))) == [("A", 1_400, False), ("B", 400, True)]


@pytest.mark.parametrize(
    "details",
    [
        detail("A", "4.00") + detail("B", "5.00"),
        detail("A", "4.00") + detail("B"),
        detail("A", "4.00") + detail("B", "6.00", currency="USD"),
    ],
)
def test_a_batch_that_does_not_add_up_is_one_fact_for_a_person(details: str) -> None:
    assert paid(wire.read(statement(entry(details=details)))) == [(None, 1_000, False)]


def test_what_moved_counts_and_not_what_was_instructed() -> None:
    assert paid(wire.read(statement(entry(details=detail("A", "12.00", currency="USD"))))) == [("A", 1_000, False)]


def test_an_entry_without_details_is_a_fact_without_a_payment() -> None:
    assert paid(wire.read(statement(entry()))) == [(None, 1_000, False)]


def test_notprovided_is_no_reference() -> None:
    assert paid(wire.read(statement(entry(details=detail("NOTPROVIDED"))))) == [(None, 1_000, False)]


def test_a_batch_names_the_file_it_came_from() -> None:
    (event,) = wire.read(statement(entry(details="<Btch><MsgId>FILE-1</MsgId></Btch>" + detail("A"))))
    assert event.original_message_id == "FILE-1"


def test_an_older_statement_says_the_same() -> None:
    old = statement(entry(status="BOOK", details=detail("A")), "camt.053.001.02")
    (event,) = wire.read(old)
    (new,) = wire.read(statement(entry(details=detail("A"))))
    assert (event.end_to_end_id, event.amount, event.booked_on) == (new.end_to_end_id, new.amount, new.booked_on)


@pytest.mark.parametrize(
    "body",
    [
        statement(entry(details=detail("A", more="<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"))),
        statement(entry(more="<RvslInd>true</RvslInd>", details=detail("A"))),
        statement(
            entry(
                details=detail(
                    "A",
                    more="<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>UPDD</SubFmlyCd></Fmly></Domn></BkTxCd>",
                )
            )
        ),
    ],
)
def test_money_that_goes_back_is_a_return(body: bytes) -> None:
    (event,) = wire.read(body)
    assert (event.kind, event.end_to_end_id) == (BankEventKind.returned, "A")


def test_a_booking_at_an_instant_has_the_day_the_bank_writes() -> None:
    instant = statement(entry(details=detail("A"))).replace(
        b"<Dt>2026-03-02</Dt>", b"<DtTm>2026-03-02T23:59:59.5+09:00</DtTm>"
    )
    (event,) = wire.read(instant)
    assert event.booked_on == date(2026, 3, 2)


# --- status reports --------------------------------------------------------------------------------------------------


def batch(content: str) -> str:
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>B</OrgnlPmtInfId>{content}</OrgnlPmtInfAndSts>"


def payment(end_to_end_id: str, status: str = "", reason: str = "") -> str:
    said = f"<TxSts>{status}</TxSts>" if status else ""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn><AddtlInf>Why</AddtlInf></StsRsnInf>" if reason else ""
    return f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId>{said}{why}</TxInfAndSts>"


def statuses(body: bytes) -> list[tuple[str | None, str | None, str | None]]:
    return [(event.end_to_end_id, event.status, event.reason) for event in wire.read(body)]


def test_payments_of_one_file_have_each_their_own_status() -> None:
    body = report("<GrpSts>PART</GrpSts>", batch(payment("A", "ACCP") + payment("B", "RJCT", "AC04")))
    assert statuses(body) == [("A", "ACCP", None), ("B", "RJCT", "AC04")]
    assert {event.original_message_id for event in wire.read(body)} == {"FILE-1"}


def test_a_file_rejected_whole_names_the_file_only() -> None:
    why = "<StsRsnInf><Rsn><Cd>FF01</Cd></Rsn><AddtlInf>not</AddtlInf><AddtlInf>readable</AddtlInf></StsRsnInf>"
    (event,) = wire.read(report(f"<GrpSts>RJCT</GrpSts>{why}"))
    assert (event.end_to_end_id, event.original_message_id) == (None, "FILE-1")
    assert (event.status, event.reason, event.detail) == (PaymentStatus.RJCT, "FF01", "not readable")


def test_a_batch_judged_whole_is_one_fact() -> None:
    assert statuses(report("<GrpSts>RJCT</GrpSts>", batch("<PmtInfSts>RJCT</PmtInfSts>"))) == [(None, "RJCT", None)]


def test_a_payment_named_without_a_status_has_its_batchs() -> None:
    body = report("<GrpSts>PART</GrpSts>", batch("<PmtInfSts>ACSP</PmtInfSts>" + payment("A")))
    assert statuses(body) == [("A", "ACSP", None)]


def test_a_status_nobody_knows_is_pending_and_never_success() -> None:
    (event,) = wire.read(report(batches=batch(payment("A", "ZZZZ"))))
    assert event.status is PaymentStatus.PDNG
    assert event.detail is not None
    assert "ZZZZ" in event.detail


@pytest.mark.parametrize("reason", ["DUPL", "AM05"])
def test_the_refusal_of_a_copy_is_not_the_rejection_of_the_payment(reason: str) -> None:
    body = report(batches=batch(payment("A", "RJCT", reason)))
    assert statuses(body) == [("A", "RCVD", reason)]


def test_a_report_that_says_nothing_gives_no_facts() -> None:
    assert wire.read(report()) == []


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
    (event,) = wire.read(returned(name))
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


# --- files of real banks ---------------------------------------------------------------------------------------------

# Bank samples in the older versions we read → facts in them, counted by hand in the files.
FACTS = {
    "moov_200519_camt.054-Debit_P_CH2909000000250094239_1110092692_0_2019042401501580.xml": 1,
    "moov_200519_camt054-ESR-ASR_P_CH2909000000250094239_1110092704_0_2019042500372179.xml": 6,
    "moov_200519_camt054-chdd_p_ch2909000000250094239_1110097484_0_20190520700381159.xml": 2,
    "moov_200519_camt054-returns_p_ch2909000000250094239_1109800798_0_2019052023472022.xml": 1,
    "moov_FI_camt_053_sample.xml.xml": 13,
    "pyiso_camt053_001_02.xml": 15,
}


def test_every_sample_of_a_bank_is_read_or_refused_with_a_reason(shared: Path) -> None:
    read: dict[str, int] = {}
    samples = sorted((shared / "conformance" / "iso20022" / "samples").glob("*.xml"))
    for sample in samples:
        try:
            read[sample.name] = len(wire.read(sample.read_bytes()))
        except Unreadable as refusal:
            assert refusal.detail, sample.name  # noqa: PT017 - every refusal has its reason
    assert len(samples) == 26
    assert {name: read.get(name) for name in FACTS} == FACTS


def test_a_real_statements_facts_explain_its_balances_to_the_cent(shared: Path) -> None:
    sample = shared / "conformance" / "iso20022" / "samples" / "moov_FI_camt_053_sample.xml.xml"
    facts = wire.read(sample.read_bytes())
    moved = sum((1 if fact.credit else -1) * fact.amount.amount for fact in facts if fact.amount)
    assert moved == 2_364_483 - 1_000_000
