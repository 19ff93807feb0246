"""CSV by a column profile: every export of another program converts to the cent, or is refused with the reason."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sources import csv
from adapters.sources.csv import tables
from gateway.connections import documents
from gateway.domain.purchases import NewPurchase
from gateway.domain.sales import NewSale, SaleKind
from gateway.domain.signals import Cash
from gateway.source_ports import About, Refused, Unreadable

if TYPE_CHECKING:
    from gateway.source_ports import Record

ABOUT = About("CNY", "Asia/Shanghai", "04:00")
TILL = """
name = "till"
record = "sale"
dates = ["%Y-%m-%d %H:%M", "%d.%m.%Y"]
[columns]
sale_id = "no"
occurred_at = "at"
amount = "total"
"""
GERMAN = TILL.replace('"till"', '"german"') + 'tax_amount = "tax"\n'
GERMAN = GERMAN.replace("[columns]", 'delimiter = ";"\ndecimal_mark = ","\nthousands_mark = "."\n[columns]')


def read(text: str, body: str | bytes, about: About = ABOUT) -> list[Record | Refused]:
    raw = body.encode() if isinstance(body, str) else body
    return [entry.found for entry in csv.Csv(text).read(io.BytesIO(raw), "f" * 64, about)]


def sales(text: str, body: str | bytes) -> list[NewSale]:
    found = read(text, body)
    assert all(isinstance(one, NewSale) for one in found), found
    return [one for one in found if isinstance(one, NewSale)]


# --- other programs' exports ----------------------------------------------------------------------------------------

EXPORTS = {
    "plain": ("utf-8", """sale_id,occurred_at,amount,tax_amount
a-1,2026-03-01 10:00:00,12.50,1.44
a-2,2026-03-01,-2,0
"""),
    "kingdee": ("gb18030", """单据编号,单据状态,日期,客户,物料编码,实发数量,价税合计,税额
XSCKD000001,已审核,2026/3/1,散客,A.01,2,"¥1,130.00",130.00
,,,,A.02,1,113.00,13.00
XSCKD000002,已审核,2026/3/2,散客,A.01,-1,-565.00,-65.00
XSCKD000003,创建,2026/3/2,散客,A.01,1,565.00,65.00
,,,,A.02,1,113.00,13.00
合计,,,,,3,678.00,78.00
"""),
    "yonyou": ("gb18030", """发货退货单号,单据日期,退货标志,存货编码,数量,价税合计,税额
A0001,2026-03-01,发货单,0101,3,33.90,3.90
A0001,2026-03-01,发货单,0102,1,11.30,1.30
A0002,2026-03-01,退货单,0101,-1,-11.30,-1.30
"""),
    "youzan": ("utf-8", """订单号,订单状态,买家付款时间,订单实付金额,商品编码,商品数量,商品实际成交金额
\tE20260301100000001,交易完成,2026-03-01 10:00:00,30.00,S1,1,20.00
\tE20260301100000001,交易完成,2026-03-01 10:00:00,30.00,S2,1,15.00
\tE20260301100000002,交易关闭,,8.00,S2,1,8.00
"""),
    "meituan": ("gb18030", """订单编号,订单类型,订单状态,下单时间,用户实付金额,商家实收
`1001,外卖,已完成,2026-03-01 12:00:00,25.80,20.10
`1002,退款,已完成,2026-03-01 13:00:00,-5.00,-4.00
`1003,外卖,已取消,2026-03-01 13:30:00,40.00,0
"""),
}  # fmt: skip
WORTH = {
    "plain": [("a-1", "sale", 1_250, 144), ("a-2", "refund", 200, 0)],
    "kingdee": [("XSCKD000001", "sale", 124_300, 14_300), ("XSCKD000002", "refund", 56_500, 6_500)],
    "yonyou": [("A0001", "sale", 4_520, 520), ("A0002", "refund", 1_130, 130)],
    "youzan": [("E20260301100000001", "sale", 3_000, 0)],
    "meituan": [("1001", "sale", 2_580, 0), ("1002", "refund", 500, 0)],
}


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_each_profile_that_comes_with_the_gateway_reads_an_export_of_its_shape(name: str) -> None:
    encoding, text = EXPORTS[name]
    found = sales(csv.shipped(name), text.encode(encoding))
    assert [(one.sale_id, one.kind.value, one.amount, one.tax_amount) for one in found] == WORTH[name]
    assert [len(one.lines or ()) for one in found] == {"kingdee": [2, 1], "yonyou": [2, 1], "youzan": [2]}.get(
        name, [0] * len(found)
    )


def test_there_is_a_sample_of_every_profile() -> None:
    assert set(csv.names()) == set(EXPORTS)
    assert {*csv.names(), "saft", "ubl", "camt053"} == set(documents.names())


# --- how a row is read ----------------------------------------------------------------------------------------------


def test_rows_without_an_id_are_file_and_row_so_that_equal_lines_are_sales_of_their_own() -> None:
    body = "no,at,total\n,2026-03-01 10:00,1\n,2026-03-01 10:00,1\n"
    ids = [one.sale_id for one in sales(TILL, body)]
    assert ids == [f"{'f' * 32}-2", f"{'f' * 32}-3"]


def test_marks_signs_and_clocks_are_read_as_the_profile_says() -> None:
    body = "no;at;total;tax\n1;01.03.2026;1.234,50;197,11\n2;01.03.2026;(5,00);0\n3;01.03.2026;7,00-;0\n"
    text = GERMAN.replace("[columns]", 'refunds = "negative"\ntimezone = "Europe/Berlin"\n[columns]')
    found = sales(text, body)
    assert [(one.kind, one.amount, one.tax_amount) for one in found] == [
        (SaleKind.sale, 123_450, 19_711), (SaleKind.refund, 500, 0), (SaleKind.refund, 700, 0),
    ]  # fmt: skip
    assert found[0].occurred_at == datetime(2026, 3, 1, 11, tzinfo=UTC)  # noon in Berlin: only the day is known
    assert [one.kind for one in sales(text.replace("[columns]", 'sign = "opposite"\n[columns]'), body)] == [
        SaleKind.refund, SaleKind.sale, SaleKind.sale,
    ]  # fmt: skip


def test_tax_is_added_where_amounts_lack_it_and_worked_out_where_only_its_rate_is_known() -> None:
    body = "no;at;total;tax\n1;01.03.2026;100,00;19,00\n"
    (added,) = sales(GERMAN.replace("[columns]", "tax_included = false\n[columns]"), body)
    (worked,) = sales(GERMAN.replace("[columns]", "tax_bps = 1900\n[columns]"), body.replace("19,00", "0"))
    assert [(one.amount, one.tax_amount) for one in (added, worked)] == [(11_900, 1_900), (10_000, 1_597)]


@given(st.integers(1, 10**9), st.integers(0, 10_000))
def test_the_tax_inside_an_amount_is_within_half_a_minor_unit(amount: int, bps: int) -> None:
    from adapters.sources.csv.selling import included  # noqa: PLC0415 - of this test alone

    assert abs(2 * included(amount, bps) * (10_000 + bps) - 2 * amount * bps) <= 10_000 + bps


def test_a_profile_can_be_of_purchases_and_of_an_accounts_days() -> None:
    bills = """
name = "bills"
record = "purchase"
dates = ["%Y%m%d"]
[columns]
purchase_id = "no"
issued_on = "on"
due_on = "due"
amount = "sum"
supplier_ref = "who"
[constants]
kind = "invoice"
"""
    cash = """
name = "account"
record = "cash"
dates = ["%Y-%m-%d"]
[columns]
on = "day"
in_amount = "in"
out_amount = "out"
balance_amount = "left"
[constants]
account_ref = "main"
"""
    (bill,) = read(bills, "no,on,due,sum,who\n7,20260301,20260331,99.90,s-1\n")
    assert isinstance(bill, NewPurchase)
    assert (bill.amount, bill.due_on and bill.due_on.day, bill.supplier_ref) == (9_990, 31, "s-1")
    (day,) = read(cash, "day,in,out,left\n2026-03-01,5,7,-2.00\n")
    assert isinstance(day, Cash)
    assert (day.in_amount, day.out_amount, day.balance_amount) == (500, 700, -200)


# --- what is refused, row by row ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("1,2026-03-01 10:00,1.234", "too_many_decimals"),
        ("1,2026-03-01 10:00,1e3", "bad_number"),
        ('1,2026-03-01 10:00,"1,5"', "bad_number"),
        ("1,2026-03-01 10:00,١٢", "bad_number"),
        ("1,2026-03-01 10:00,", "invalid"),
        ("1,2026-03-01 10:00,0", "invalid"),
        ("1,2026-03-01 10:00,-1", "negative_amount"),
        ("1,2026-03-01 10:00,99999999999999999999", "bad_number"),
        ("1,2026-03-01 10:00,100000000000000", "invalid"),
        ("1,2026-13-01 10:00,1", "bad_date"),
        ("1,01.03.0001,1", "date_out_of_range"),
        ("1,,1", "invalid"),
        ("1,2026-03-01 10:00", "wrong_columns"),
        ("1,2026-03-01 10:00,1,2", "wrong_columns"),
        ("1.23457E+17,2026-03-01 10:00,1", "damaged_id"),
        ("=cmd|' /C calc'!A0,2026-03-01 10:00,1", "formula"),
        ("1,2026-03-01 10:00,=1+1", "formula"),
        ("a\0b,2026-03-01 10:00,1", "control_character"),
        (f"{'9' * 200},2026-03-01 10:00,1", "invalid"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_by_itself(row: str, code: str) -> None:
    found = read(TILL, f"no,at,total\nok,2026-03-01 10:00,1\n{row}\nfine,2026-03-01 10:00,1\n")
    assert [type(one) for one in found] == [NewSale, Refused, NewSale]
    assert isinstance(found[1], Refused)
    assert (found[1].code, found[1].place) == (code, "row 3")


def test_an_amount_is_read_in_the_currency_its_row_names() -> None:
    text = TILL + 'currency = "cur"\n'
    yen, strange = read(text, "no,at,total,cur\n1,2026-03-01 10:00,120,JPY\n2,2026-03-01 10:00,1,XXX\n")
    assert isinstance(yen, NewSale)
    assert (yen.amount, yen.currency) == (120, "JPY")
    assert isinstance(strange, Refused)
    assert strange.code == "unknown_currency"
    text = text.replace('amount = "total"', "") + '[product]\nquantity = "total"\nunit_price = "total"\n'
    (product,) = read(text, "no,at,total,cur\n2,2026-03-01 10:00,1,XXX\n")
    assert isinstance(product, Refused)
    assert product.code == "unknown_currency"


# --- what is refused as a whole, before a row is taken --------------------------------------------------------------

HEAD = "no,at,total\n"
GOOD = "1,2026-03-01 10:00,1\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "ends before its header"),
        ((HEAD + GOOD).encode() + b"2,2026-03-01 10:00,\xff\n", "is not utf-8"),
        ((HEAD + "1,2026-03-01 10:00,1€").encode()[:-1], "is not utf-8"),
        ((HEAD + GOOD).encode("utf-16"), "utf-16"),
        (("no,at,sum\n" + GOOD).encode(), "lacks total"),
        (("no,at,total,total\n" + GOOD).encode(), "total more than once"),
        ((HEAD.replace(",", ";") + GOOD).encode(), "lacks"),
        ((HEAD + GOOD + '2,2026-03-01 10:00,"1').encode(), "not CSV"),
        ((HEAD + GOOD + f'"{"x" * 200_000}",2026-03-01 10:00,1\n').encode(), "not CSV"),
        (("a," * 1_000_000 + "\n" + GOOD).encode(), "line is longer"),
        (("a," * 2_000 + "\n" + GOOD).encode(), "more than 1000 columns"),
        ((HEAD + "x" * (tables.LINE_LENGTH + 1)).encode(), "line is longer"),
    ],
)
def test_a_file_that_is_not_its_profiles_is_refused_before_a_row_is_taken(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        read(TILL, body)


def test_a_mark_of_byte_order_is_no_part_of_the_first_heading() -> None:
    assert len(sales(TILL, b"\xef\xbb\xbf" + (HEAD + GOOD).encode())) == 1
    assert len(sales(TILL.replace("record", 'encoding = "utf-16"\nrecord'), (HEAD + GOOD).encode("utf-16"))) == 1
    with pytest.raises(Unreadable, match="says of itself that it is utf-8"):
        read(TILL.replace("record", 'encoding = "gb18030"\nrecord'), b"\xef\xbb\xbf" + (HEAD + GOOD).encode())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = 1", "Expected `str`"),
        ("no toml", "cannot be read"),
        (TILL.replace('"sale"', '"sales"'), "record is one of"),
        (TILL.replace("amount =", "amounts ="), "has no amounts"),
        (TILL.replace('amount = "total"', ""), "needs amount"),
        (TILL.replace("%Y-%m-%d %H:%M", "yesterday"), "not a date"),
        (TILL.replace("record", 'thousands_mark = "."\nrecord'), "told apart"),
        (TILL.replace("record", 'timezone = "Moon/Sea"\nrecord'), "IANA"),
        (TILL.replace("record", 'rows = "lines"\nrecord').replace('sale_id = "no"', ""), "column of sale_id"),
        (TILL + '[line]\nname = "x"\n', "A line has"),
    ],
)
def test_a_profile_that_cannot_be_meant_is_refused_before_any_file(text: str, reason: str) -> None:
    with pytest.raises(Exception, match=reason) as refusal:
        csv.Csv(text)
    assert hasattr(refusal.value, "code")


def test_a_ticket_of_too_many_lines_is_refused_and_the_next_one_read() -> None:
    text = TILL.replace("record", 'rows = "lines"\nrecord')
    body = HEAD + "a,2026-03-01 10:00,1\n" * 1_200 + "b,2026-03-01 10:00,1\n"
    found = read(text, body)
    assert [type(one) for one in found] == [Refused, NewSale]
    alone = read(text, HEAD + ",2026-03-01 10:00,1\n,2026-03-01 10:00,1\na,2026-03-01 10:00,1\n,,2\n")
    assert [one.amount for one in alone if isinstance(one, NewSale)] == [100, 100, 300]


@given(st.binary(max_size=300), st.sampled_from([TILL, GERMAN, *map(csv.shipped, csv.names())]))
def test_any_bytes_convert_or_are_refused(body: bytes, text: str) -> None:
    try:
        found = read(text, (HEAD.encode() if text is TILL else b"") + body)
    except Unreadable:
        return
    assert all(isinstance(one, NewSale | Refused) for one in found)
