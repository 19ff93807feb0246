"""A real shop's file: what is read, what is counted, what is refused, and with which words."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.demo import receipts, tables
from gateway.demo.amounts import AmountReader, UnreadableAmount
from gateway.demo.dates import CANDIDATES, AmbiguousDates
from gateway.demo.receipts import Kind, Reading, Receipts
from gateway.domain.calendars import UnknownTimezone
from gateway.domain.errors import Invalid
from gateway.domain.money import EXPONENTS, Money, UnknownCurrency

if TYPE_CHECKING:
    from pathlib import Path

SEOUL = {"currency": "KRW", "timezone": "Asia/Seoul"}


def read(folder: Path, text: str | bytes, columns: str = "occurred_at=when,amount=total", **more: str) -> Receipts:
    file = folder / "till.csv"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return receipts.read(file, Reading(columns=receipts.parse_columns(columns), **{**SEOUL, **more}))


def moments(found: Receipts) -> list[datetime]:
    return [receipt.occurred_at for receipt in found.receipts]


def test_american_dates_are_told_by_the_one_day_above_twelve(tmp_path: Path) -> None:
    found = read(tmp_path, "when,total\n7/11/2019 15:35,23800\n7/13/2019 13:19,14800\n")
    assert found.date_format == "%m/%d/%Y %H:%M"
    assert moments(found)[0] == datetime(2019, 7, 11, 6, 35, tzinfo=UTC)
    assert [receipt.amount for receipt in found.receipts] == [23800, 14800]


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("2020-01-31", "2020-01-31T03:00"),
        ("2020-01-31 09:05", "2020-01-31T00:05"),
        ("2020-01-31T09:05:07", "2020-01-31T00:05:07"),
        ("2020-01-31T00:05:07Z", "2020-01-31T00:05:07"),
        ("2020-01-31T01:05:07+01:00", "2020-01-31T00:05:07"),
        ("2020-01-31 09:05:07.250", "2020-01-31T00:05:07.25"),
        ("2020/1/31 9:05", "2020-01-31T00:05"),
        ("31/1/2020 09:05:07", "2020-01-31T00:05:07"),
        ("31.01.2020 09:05", "2020-01-31T00:05"),
        ("1/31/2020 9:05 AM", "2020-01-31T00:05"),
        ("1/31/2020 12:05:00 PM", "2020-01-31T03:05"),
        ("01-31-2020 09:05", "2020-01-31T00:05"),
    ],
)
def test_each_known_way_of_writing_a_moment_is_read(tmp_path: Path, printed: str, expected: str) -> None:
    found = read(tmp_path, f"when,total\n{printed},100\n")
    assert moments(found) == [datetime.fromisoformat(expected).replace(tzinfo=UTC)]


def test_dates_that_fit_two_formats_are_refused_with_both_and_an_example(tmp_path: Path) -> None:
    with pytest.raises(AmbiguousDates) as refused:
        read(tmp_path, "when,total\n1/1/2020 10:00,100\n3/4/2020 10:00,100\n")
    assert "till.csv, column 'when'" in refused.value.detail
    assert "'3/4/2020 10:00'" in refused.value.detail
    assert "%m/%d/%Y %H:%M reads 2020-03-04 10:00" in refused.value.detail
    assert "%d/%m/%Y %H:%M reads 2020-04-03 10:00" in refused.value.detail
    assert "--date-format" in refused.value.detail


def test_formats_that_say_the_same_of_every_row_are_not_ambiguous(tmp_path: Path) -> None:
    found = read(tmp_path, "when,total\n1/1/2020 10:00,100\n2/2/2020 10:00,100\n")
    assert [receipt.business_on for receipt in found.receipts] == [date(2020, 1, 1), date(2020, 2, 2)]


def test_a_given_format_settles_what_the_file_leaves_open(tmp_path: Path) -> None:
    found = read(tmp_path, "when,total\n3/4/2020 10:00,100\n", date_format="%d/%m/%Y %H:%M")
    assert found.receipts[0].business_on == date(2020, 4, 3)


def test_a_row_that_breaks_the_format_of_the_rows_before_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(tables.UnreadableRow) as refused:
        read(tmp_path, "when,total\n7/13/2019 15:35,100\n13.7.2019 15:35,100\n")
    assert refused.value.detail.startswith("till.csv, row 3, column 'when': '13.7.2019 15:35' fits no known format")
    assert "the rows before it are %m/%d/%Y %H:%M" in refused.value.detail
    assert all(candidate in refused.value.detail for candidate in CANDIDATES)


def test_a_row_that_breaks_the_given_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(tables.UnreadableRow, match=r"row 3, column 'when': 'yesterday' is not %Y-%m-%d"):
        read(tmp_path, "when,total\n2020-01-01,1\nyesterday,1\n", date_format="%Y-%m-%d")


def test_the_last_possible_year_is_refused_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(tables.UnreadableRow, match=r"row 2, column 'when': .* out of range"):
        read(tmp_path, "when,total\n9999-12-31 23:00,1\n", timezone="America/New_York")


def test_blank_rows_and_rows_without_an_amount_are_counted_and_their_dates_not_read(tmp_path: Path) -> None:
    found = read(tmp_path, "when,total,note\n2020-01-01,100,x\n,,\n \n\nTotal,,end of page\n2020-01-02,0,\n")
    assert (len(found.receipts), found.blank_count, found.without_amount_count, found.zero_count) == (1, 3, 1, 1)


def test_a_negative_amount_is_a_refund(tmp_path: Path) -> None:
    found = read(tmp_path, "when,total\n2020-01-01,500\n2020-01-02,-200\n")
    refund = found.receipts[1]
    assert (refund.kind, refund.amount, refund.net_amount) == (Kind.refund, 200, -200)


def test_a_kind_column_says_what_a_row_is_and_blank_leaves_it_to_the_sign(tmp_path: Path) -> None:
    columns = "occurred_at=when,amount=total,kind=type"
    text = "when,total,type\n2020-01-01,500,Sale\n2020-01-02,200,refund\n2020-01-03,-100,VOID\n2020-01-04,-1,\n"
    found = read(tmp_path, text, columns)
    assert [(receipt.kind, receipt.amount) for receipt in found.receipts] == [
        (Kind.sale, 500),
        (Kind.refund, 200),
        (Kind.void, 100),
        (Kind.refund, 1),
    ]


@pytest.mark.parametrize(("total", "kind"), [("-5", "sale"), ("5", "gift")])
def test_a_kind_that_contradicts_its_amount_or_is_unknown_is_refused(tmp_path: Path, total: str, kind: str) -> None:
    columns = "occurred_at=when,amount=total,kind=type"
    with pytest.raises(tables.UnreadableRow, match=r"till\.csv, row 2, column 'type'"):
        read(tmp_path, f"when,total,type\n2020-01-01,{total},{kind}\n", columns)


@pytest.mark.parametrize(
    "total", ["10.5", "1e3", "NaN", "12,34,567", "1.234", "--5", "₩500", "5 00", "9" * 17, "9" * 40]
)
def test_an_amount_that_is_not_exact_won_is_refused_with_its_place(tmp_path: Path, total: str) -> None:
    with pytest.raises(tables.UnreadableRow, match=r"till\.csv, row 3, column 'total'"):
        read(tmp_path, f'when,total\n2020-01-01,100\n2020-01-02,"{total}"\n')


@pytest.mark.parametrize(
    ("currency", "text", "amount"),
    [
        ("KRW", "23800", 23800),
        ("KRW", "23,800", 23800),
        ("KRW", "23800.0", 23800),
        ("USD", "12.5", 1250),
        ("USD", "1,234", 123400),
        ("USD", "1,234.56", 123456),
        ("USD", "-1,234.56", -123456),
        ("USD", "+.50", 50),
        ("USD", "0.500", 50),
        ("EUR", "1.234,56", 123456),
        ("EUR", "12,50", 1250),
        ("EUR", "1.234.567", 123456700),
        ("KWD", "1.234", 1234),
        ("KWD", "1,234.5", 1234500),
    ],
)
def test_amounts_are_read_to_the_last_minor_unit(currency: str, text: str, amount: int) -> None:
    assert AmountReader(currency).read(text) == amount


@pytest.mark.parametrize(
    ("currency", "text"), [("USD", "1.234"), ("EUR", "12.500"), ("KWD", "1,234"), ("USD", "1.005")]
)
def test_a_separator_that_can_mean_two_things_is_refused(currency: str, text: str) -> None:
    with pytest.raises(UnreadableAmount):
        AmountReader(currency).read(text)


def test_a_column_keeps_one_decimal_sign() -> None:
    column = AmountReader("EUR")
    assert column.read("12,50") == 1250
    with pytest.raises(UnreadableAmount, match="further up in the file"):
        column.read("12.50")


@given(st.sampled_from(sorted(EXPONENTS)), st.integers(-(10**15), 10**15))
def test_every_amount_survives_being_printed_in_major_units(currency: str, amount: int) -> None:
    printed = f"{Money(amount, currency).decimal():f}"
    assert AmountReader(currency).read(printed) == amount


def test_a_byte_order_mark_quoted_newlines_and_other_delimiters_are_no_obstacle(tmp_path: Path) -> None:
    text = '\ufeffwhen;note;total\r\n2020-01-01 10:00;"two\nlines; one receipt";"1,200"\r\n2020-01-02 10:00;;300\r\n'
    found = read(tmp_path, text)
    assert [receipt.amount for receipt in found.receipts] == [1200, 300]
    assert found.receipts[1].sale_id.endswith("-3")


def test_equal_receipts_without_an_id_are_two_sales_with_ids_that_stay(tmp_path: Path) -> None:
    text = "when,total\n2020-01-01 10:00,100\n2020-01-01 10:00,100\n"
    first, second = read(tmp_path, text).receipts
    assert first.sale_id != second.sale_id
    assert first.sale_id.split("-")[1] == "2"
    assert len(first.sale_id.split("-")[0]) == 16
    assert read(tmp_path, text).receipts == (first, second)
    assert read(tmp_path, text + "2020-01-02 10:00,1\n").receipts[0].sale_id != first.sale_id


def test_an_id_given_twice_for_one_receipt_is_one_sale(tmp_path: Path) -> None:
    columns = "occurred_at=when,amount=total,sale_id=no"
    found = read(tmp_path, "no,when,total\nA1,2020-01-01,100\nA1,2020-01-01,100\nA2,2020-01-01,100\n", columns)
    assert [receipt.sale_id for receipt in found.receipts] == ["A1", "A2"]
    assert found.repeated_count == 1


def test_an_id_on_two_different_receipts_is_refused(tmp_path: Path) -> None:
    columns = "occurred_at=when,amount=total,sale_id=no"
    with pytest.raises(receipts.RepeatedSale, match=r"till\.csv, row 3, column 'no': 'A1'"):
        read(tmp_path, "no,when,total\nA1,2020-01-01,100\nA1,2020-01-01,250\n", columns)


@pytest.mark.parametrize("native", ["x" * 129, "A\x07"])
def test_an_id_no_gateway_takes_is_refused(tmp_path: Path, native: str) -> None:
    with pytest.raises(tables.UnreadableRow, match=r"till\.csv, row 2, column 'no'"):
        read(tmp_path, f"no,when,total\n{native},2020-01-01,100\n", "occurred_at=when,amount=total,sale_id=no")


def test_a_time_in_its_own_column_is_joined_to_the_date(tmp_path: Path) -> None:
    found = read(tmp_path, "day,clock,total\n2020-01-31,09:05,100\n", "occurred_at=day,time=clock,amount=total")
    assert moments(found) == [datetime(2020, 1, 31, 0, 5, tzinfo=UTC)]


def test_a_time_skipped_in_spring_moves_on_and_one_twice_in_autumn_is_the_first(tmp_path: Path) -> None:
    found = read(tmp_path, "when,total\n2024-03-31 02:30,1\n2024-10-27 02:30,1\n", timezone="Europe/Amsterdam")
    assert moments(found) == [datetime(2024, 3, 31, 1, 30, tzinfo=UTC), datetime(2024, 10, 27, 0, 30, tzinfo=UTC)]


def test_a_sale_after_midnight_belongs_to_the_evening_before_its_cutoff(tmp_path: Path) -> None:
    text = "when,total\n2020-01-02 03:59,1\n2020-01-02 04:00,1\n"
    found = read(tmp_path, text, day_cutoff="04:00")
    assert [receipt.business_on for receipt in found.receipts] == [date(2020, 1, 1), date(2020, 1, 2)]


def test_a_date_without_a_time_stays_on_its_day_whatever_the_cutoff(tmp_path: Path) -> None:
    assert read(tmp_path, "when,total\n2020-01-02,1\n", day_cutoff="04:00").receipts[0].business_on == date(2020, 1, 2)


def test_receipts_come_in_order_of_time(tmp_path: Path) -> None:
    found = read(tmp_path, "when,total\n2020-01-03,3\n2020-01-01,1\n2020-01-02,2\n")
    assert [receipt.amount for receipt in found.receipts] == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "row 1: there is no header"),
        (b"a,b\n1,2\n", "row 1: there is no column 'when'; there are 'a', 'b'"),
        (b"when,total,total\n", "row 1: two columns are called 'total'"),
        (b"when,total\n", "no row has an amount"),
        (b"when,total\n2020-01-01,\xff\xfe\n", "this is not UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path: Path, text: bytes, said: str) -> None:
    with pytest.raises(tables.UnreadableFile) as refused:
        read(tmp_path, text)
    assert refused.value.detail.startswith("till.csv")
    assert said in refused.value.detail


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2020-01-02,1,2,3", "row 3, column 3: the row is longer than the header"),
        ("2020-01-02", "row 3, column 'total': the row ends before it"),
        ('"2020-01-02,1', "row 3: not readable as CSV"),
        ('"2020"-01-02,1', "row 3: not readable as CSV"),
        ("2020-01-02," + "1" * (tables.MAX_CELL + 1), "row 3: not readable as CSV"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(tables.UnreadableRow, match=said):
        read(tmp_path, f"when,total\n2020-01-01,1\n{row}\n")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    reading = Reading(columns={"occurred_at": "when", "amount": "total"}, **SEOUL)
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(tables.UnreadableFile):
            receipts.read(path, reading)


def test_a_file_too_large_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    with pytest.raises(tables.UnreadableFile, match="10 are the most"):
        read(tmp_path, "when,total\n2020-01-01,1\n")


def test_too_many_rows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    assert len(read(tmp_path, "when,total\n2020-01-01,1\n2020-01-02,1\n").receipts) == 2
    with pytest.raises(tables.UnreadableFile, match="more than 2 rows"):
        read(tmp_path, "when,total\n2020-01-01,1\n2020-01-02,1\n2020-01-03,1\n")


def test_an_unknown_currency_or_time_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownCurrency):
        read(tmp_path, "when,total\n2020-01-01,1\n", currency="KRV")
    with pytest.raises(UnknownTimezone):
        read(tmp_path, "when,total\n2020-01-01,1\n", timezone="Asia/Soul")


@pytest.mark.parametrize(
    "text",
    ["", "amount=total", "occurred_at=a,amount=b,price=c", "occurred_at=a,amount=b,amount=c", "occurred_at=,amount=b"],
)
def test_a_mapping_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="--columns"):
        receipts.parse_columns(text)


def test_the_bakery_is_read_whole(shared: Path) -> None:
    reading = Reading(columns=receipts.parse_columns("occurred_at=datetime,amount=total"), **SEOUL)
    found = receipts.read(shared / "data" / "bakery_tickets.csv", reading)
    assert (len(found.receipts), found.blank_count, found.without_amount_count) == (2420, 233, 1)
    assert found.date_format == "%m/%d/%Y %H:%M"
