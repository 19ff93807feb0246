"""SAF-T, UBL and camt.053: published examples convert to the cent, changed and hostile ones are refused."""

from __future__ import annotations

import io
import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import xml_files
from gateway.connections.documents import document
from gateway.domain.purchases import NewPurchase, PurchaseKind
from gateway.domain.sales import NewSale, SaleKind, net_amount
from gateway.domain.signals import Cash
from gateway.source_ports import About, Entry, Refused, Unreadable

if TYPE_CHECKING:
    from pathlib import Path

KINDS = ("camt053", "saft", "ubl")
ABOUT = About("NOK", "Europe/Oslo", "00:00", b"k" * 32)
EMPTY = {
    "camt053": '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">{}</Document>',
    "saft": '<auditfile xmlns="urn:StandardAuditFile-Taxation-CashRegister:NO">{}</auditfile>',
    "ubl": '<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2">{}</Invoice>',
}
SAMPLES = {
    "moov_FI_camt_053_sample.xml.xml": (2_307_500, 943_017, 2_364_483),
    "moov_camt.053_P_CH2909000000250094239_1110092698_0_2020112503071366.xml": "totals_disagree",
    "pyiso_camt053_001_02.xml": "wrong_currency",
}
"""What came in, went out and was left, or why not: the second's entries do not make its closing balance."""


def read(kind: str, body: bytes | str) -> list[Entry]:
    raw = body.encode() if isinstance(body, str) else body
    return list(document(kind).read(io.BytesIO(raw), "f" * 64, ABOUT))


def saft(shared: Path) -> str:
    return (shared / "conformance/pos/saft/cash-register-example.xml").read_text(encoding="utf-8")


def test_a_tills_file_adds_up_to_its_own_control_totals(shared: Path) -> None:
    text = saft(shared)
    sales = [entry.found for entry in read("saft", text)]
    assert all(isinstance(sale, NewSale) for sale in sales)
    found = [sale for sale in sales if isinstance(sale, NewSale)]
    sign = {SaleKind.sale: 1, SaleKind.refund: -1}

    def stated(name: str) -> int:
        return sum(int(amount.replace(".", "")) for amount in re.findall(rf"<{name}>([-0-9.]+)</{name}>", text))

    assert sum(sign[sale.kind] * sale.amount for sale in found) == stated("totalCashSaleAmnt") == 51_420
    assert sum(sale.amount for sale in found if sale.kind is SaleKind.sale) == stated("reportGrandTotalSales")
    assert sum(sale.amount for sale in found if sale.kind is SaleKind.refund) == stated("reportReturnAmnt")
    taxed = sum(sign[sale.kind] * sale.tax_amount for sale in found)
    report = text[text.index("<reportCashSalesVat>") : text.index("</reportCashSalesVat>")]
    assert taxed == sum(int(tax.replace(".", "")) for tax in re.findall(r"<vatAmnt>([0-9.]+)<", report))
    paid = sum(sign[sale.kind] * tender.amount for sale in found for tender in sale.tenders or ())
    assert paid == stated("paymentAmnt") - sum(
        int(amount.replace(".", ""))
        for amount in re.findall(r"<reportEmpPayment>.*?<paymentAmnt>([0-9.]+)<", text, re.DOTALL)
    )
    assert sum(map(net_amount, found)) == 75_12 + 236_32 + 121_32 + 14_26
    assert found[0].occurred_at == datetime(2020, 1, 1, 8, tzinfo=UTC)
    assert [(line.item_id, line.quantity, line.amount) for line in found[1].lines or ()] == [
        ("2001", "1", 11_600), ("3001", "6", 17_940),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<totalCashSaleAmnt>514.20<", "<totalCashSaleAmnt>514.21<", "cash sales of 51421 minor units"),
        ("<reportReturnNum>1<", "<reportReturnNum>2<", "a number of returns of 2"),
        ("<vatAmnt>13.42<", "<vatAmnt>13.41<", "VAT 2 1341"),
        ("<paymentAmnt>218.80<", "<paymentAmnt>218.90<", "payments by DEBCARD 21890"),
        ("<trainingID>false<", "<trainingID>true<", "its transactions make"),
        ("<curCode>NOK</curCode>\n\t\t<dateCreated>", "<curCode>XXX</curCode>\n\t\t<dateCreated>", "XXX"),
    ],
)
def test_a_tills_file_that_disagrees_with_itself_is_refused_and_says_where(
    shared: Path, old: str, new: str, reason: str
) -> None:
    text = saft(shared)
    assert old in text
    with pytest.raises(Unreadable, match=re.escape(reason)):
        read("saft", text.replace(old, new, 1))


def test_a_transaction_that_does_not_add_up_is_refused_by_itself(shared: Path) -> None:
    """Without a Z report in the file nothing else would tell."""
    text = re.sub(r"<eventReport>.*</eventReport>", "", saft(shared), flags=re.DOTALL)
    entries = read("saft", text.replace("<transAmntEx>75.12<", "<transAmntEx>75.13<"))
    first = entries[0].found
    assert isinstance(first, Refused)
    assert (first.code, first.place) == ("totals_disagree", "transaction 1000 of 11.222-33.44.567")
    assert [type(entry.found) for entry in entries[1:]] == [NewSale] * 3


def test_peppols_own_documents_are_purchases_of_a_supplier_nobody_can_name(shared: Path) -> None:
    bodies = {name: (shared / f"conformance/pos/ubl/{name}.xml").read_text() for name in ("invoice", "creditnote")}
    (bill,), (credit,) = (read("ubl", body) for body in bodies.values())
    assert isinstance(bill.found, NewPurchase)
    assert isinstance(credit.found, NewPurchase)
    assert (bill.found.kind, bill.found.issued_on, bill.found.due_on) == (
        PurchaseKind.invoice, date(2017, 11, 13), date(2017, 12, 1),
    )  # fmt: skip
    for found in (bill.found, credit.found):
        assert (found.amount, found.tax_amount, found.currency) == (165_625, 33_125, "EUR")
        assert "GB" not in repr(found)
    assert (credit.found.kind, credit.found.refers_to) == (PurchaseKind.credit_note, bill.found.purchase_id)
    assert credit.found.supplier_ref == bill.found.supplier_ref
    assert bill.found.lines is None  # one of them is taken back
    for old, new, code in (
        ("1656.25</cbc:TaxInclusive", "1656.26</cbc:TaxInclusive", "totals_disagree"),
        ("2800</cbc:LineExtension", "2801</cbc:LineExtension", "totals_disagree"),
        ("<cbc:DocumentCurrencyCode>EUR", "<cbc:DocumentCurrencyCode>SEK", "wrong_currency"),
        ("<cbc:IssueDate>2017-11-13", "<cbc:IssueDate>2017-13-11", "bad_date"),
    ):
        assert old in bodies["invoice"]
        refused = read("ubl", bodies["invoice"].replace(old, new))[0].found
        assert isinstance(refused, Refused)
        assert refused.code == code


def test_banks_statements_become_days_of_an_account_that_nobody_can_name(shared: Path) -> None:
    for path in sorted((shared / "conformance/iso20022/samples").iterdir()):
        if path.name not in SAMPLES:
            with pytest.raises(Unreadable):
                read("camt053", path.read_bytes())
            continue
        (found,) = (entry.found for entry in read("camt053", path.read_bytes()))
        outcome = SAMPLES[path.name]
        if isinstance(found, Refused):
            assert found.code == outcome
            continue
        assert isinstance(found, Cash)
        assert (found.in_amount, found.out_amount, found.balance_amount) == outcome
        iban = re.search(rb"<IBAN>(\w+)<", path.read_bytes())
        assert iban is not None
        assert iban[1].decode() not in repr(found)
        assert re.fullmatch(r"[0-9a-f]{16}", found.account_ref)


STATEMENT = """<BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>1</Id></Othr></Id><Ccy>NOK</Ccy></Acct>
<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="NOK">10.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Dt><Dt>2026-03-01</Dt></Dt></Bal>{}</Stmt></BkToCstmrStmt>"""
ENTRY = """<Ntry><Amt Ccy="NOK">{}</Amt><CdtDbtInd>{}</CdtDbtInd><Sts>{}</Sts><BookgDt><Dt>{}</Dt></BookgDt></Ntry>"""


def test_each_day_has_its_own_movements_and_the_balance_at_its_end() -> None:
    entries = [("5.00", "CRDT", "BOOK", "2026-03-01"), ("20.00", "DBIT", "BOOK", "2026-03-03"),
               ("7.00", "DBIT", "BOOK", "2026-03-01"), ("9.00", "CRDT", "PDNG", "2026-03-03")]  # fmt: skip
    body = STATEMENT.format("".join(ENTRY.format(*entry) for entry in entries))
    found = [entry.found for entry in read("camt053", EMPTY["camt053"].format(body))]
    days = [day for day in found if isinstance(day, Cash)]
    assert [(day.on.day, day.in_amount, day.out_amount) for day in days] == [(1, 500, 700), (3, 0, 2_000)]
    assert [day.balance_amount for day in days] == [800, -1_200]


# --- what no file of these may do -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_xml_is_not_read(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    good, nested = EMPTY[kind], "<a>" * 40 + "</a>" * 40
    bomb = '<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>'
    outside = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    assert [entry for entry in read(kind, good.format("")) if not isinstance(entry.found, Refused)] == []
    monkeypatch.setattr(xml_files, "CHUNK_BYTES", 7)  # a declaration may lie across two reads
    bodies: list[str | bytes] = [
        "", "\0", "no xml", bomb + good.format("&b;"), outside + good.format("&a;"), good.format("&a;"),
        good.format(nested), good.format("")[:-3], good.format("") * 2, good.format("").encode("utf-16"),
        good.format("é").encode("latin-1"), good.format("<a>\0</a>"), good.replace("urn:", "urn:x").format(""),
        b"<?xml version='1.0' encoding='utf-7'?>" + (bomb + good.format("&b;")).encode("utf-7"),
    ]  # fmt: skip
    for body in bodies:
        with pytest.raises(Unreadable):
            read(kind, body)


def test_one_element_never_holds_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_files, "ELEMENTS_COUNT", 50)
    with pytest.raises(Unreadable, match="holds too much"):
        read("ubl", EMPTY["ubl"].format("<Note/>" * 60))
    assert read("saft", EMPTY["saft"].format("<company/>" * 500)) == []
    assert read("saft", EMPTY["saft"].format("<cashtransaction><nr>1</nr></cashtransaction>" * 500)) == []


@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.binary(max_size=4))
def test_a_damaged_file_converts_or_is_refused(kind: str, place: int, patch: bytes) -> None:
    body = EMPTY[kind].format(STATEMENT.format(ENTRY.format("5.00", "CRDT", "BOOK", "2026-03-01"))).encode()
    at = place % len(body)
    try:
        entries = read(kind, body[:at] + patch + body[at + len(patch) :])
    except Unreadable:
        return
    assert all(entry.place for entry in entries)
