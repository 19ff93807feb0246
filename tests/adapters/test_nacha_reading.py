"""What we read of a US bank: facts from its return files, statements and acknowledgements, a refusal for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.banks.nacha import wire
from gateway.bank_ports import Account, BankEvent, BankEventKind, PaymentStatus, Unreadable
from gateway.domain.money import Money
from gateway.domain.returns import FROM_NACHA
from tests.adapters.achs import FILE, PAID, acknowledgement, returned, statement

# --- return files ----------------------------------------------------------------------------------------------------


def test_a_return_is_an_announcement_with_its_reason_and_books_nothing() -> None:
    (event,) = wire.read(returned("R02", more="CLOSED"))
    assert event == BankEvent(
        kind=BankEventKind.returned,
        source="nacha.return",
        end_to_end_id="DRAWDOWN-1",
        reason="AC04",
        detail="R02 CLOSED",
        amount=Money(1_000, "USD"),
        credit=True,
        bank_reference="231380100000001",
    )


@pytest.mark.parametrize("number", range(1, 86))
def test_every_return_code_is_told_by_its_iso_code_or_as_it_is(number: int) -> None:
    (event,) = wire.read(returned(f"R{number:02d}"))
    assert event.reason == FROM_NACHA.get(f"R{number:02d}", f"R{number:02d}")


@pytest.mark.parametrize("code", ["R00", "R86", "R99", "X01", "   "])
def test_a_code_that_is_none_is_refused(code: str) -> None:
    with pytest.raises(Unreadable):
        wire.read(returned(code))


@pytest.mark.parametrize(
    ("transaction", "credit"),
    [
        ("21", True),
        ("31", True),
        ("41", True),
        ("51", True),
        ("26", False),
        ("36", False),
        ("46", False),
        ("56", False),
    ],
)
def test_a_returned_credit_comes_back_to_us_and_a_returned_debit_leaves_us(transaction: str, *, credit: bool) -> None:
    (event,) = wire.read(returned(transaction=transaction))
    assert event.credit is credit


def test_banks_that_dispute_a_return_do_not_say_which_way_money_goes() -> None:
    (event,) = wire.read(returned("R68", transaction="27"))
    assert (event.credit, event.reason, event.booked_on) == (None, "R68", None)


@pytest.mark.parametrize(
    ("code", "data", "account"),
    [
        ("C01", "1918171614", Account(other_id="1918171614")),
        ("C02", "231380104", Account(clearing_id="231380104")),
        ("C03", "231380104   744-5678-99", Account(clearing_id="231380104", other_id="744-5678-99")),
        ("C04", "", None),
        ("C05", "32", Account(savings=True)),
        ("C06", "744-5678-99         37", Account(other_id="744-5678-99", savings=True)),
        ("C07", "2313801041234567890123456722", Account(clearing_id="231380104", other_id="12345678901234567")),
        ("C09", "OTHER-ID", None),
    ],
)
def test_a_correction_is_told_with_its_parts_and_moves_nothing(code: str, data: str, account: Account | None) -> None:
    (event,) = wire.read(returned(code, amount=0, more=data))
    assert (event.kind, event.reason, event.corrected) == (BankEventKind.correction, code, account)
    assert (event.amount, event.credit, event.booked_on, event.status) == (None, None, None, None)
    assert event.end_to_end_id == "DRAWDOWN-1"


def test_what_is_shown_of_a_correction_has_no_whole_account_number() -> None:
    (event,) = wire.read(returned("C01", amount=0, more="1918171614"))
    assert event.detail is not None
    assert event.detail.endswith("ends 1614")
    assert "1918171614" not in event.detail


@pytest.mark.parametrize(
    ("code", "data"), [("C01", ""), ("C02", "231380105"), ("C02", ""), ("C03", "231380104"), ("CXX", "1")]
)
def test_a_correction_that_says_nothing_usable_is_refused(code: str, data: str) -> None:
    with pytest.raises(Unreadable):
        wire.read(returned(code, amount=0, more=data))


UNREADABLE = {
    "nothing": b"",
    "no message": b"hello",
    "XML": b"<Document/>",
    "a test file": statement(PAID, status="4"),
    "a deletion": statement(PAID, status="2"),
    "another currency": statement(PAID, currency="EUR"),
    "a day that is none": statement(PAID, day="260230"),
    "totals that disagree": statement(PAID, more=1),
    "a wrong count": statement(PAID).replace(b"49,+2900,3/", b"49,+2900,4/"),
    "a missing trailer": statement(PAID).replace(b"99,+2900,1,7/\n", b""),
    "no account trailer": statement(PAID).replace(b"49,+2900,3/\n", b""),
    "records after the end": statement(PAID) + statement(PAID),
    "a negative amount": statement(PAID.replace("1000", "-1000")),
    "a decimal amount": statement(PAID).replace(b"447,1000", b"447,10.00"),
    "an amount too large": statement(PAID.replace("1000", "1" + "0" * 16)),
    "a type code that says nothing": statement(PAID.replace("447", "900")),
    "no type code": statement(PAID.replace("447", "")),
    "funds over no days": statement(PAID.replace(",Z,", ",D,x,")),
    "a long reference": statement(PAID.replace("DRAWDOWN-1", "D" * 77)),
    "an account without a number": statement(PAID).replace(b"03,0000000001", b"03,"),
    "bytes that are not UTF-8": statement(PAID).replace(b"Shop", b"Sh\xf6p"),
    "a control character": statement(PAID).replace(b"Shop", b"Sh\x00p"),
    "a forged trailer in a name": statement(PAID.replace("Shop", "Shop\n49,+0,2")),
    "a huge statement": b"01," + b" " * 9_000_000,
    "a continuation first": b"01,\n" + b"88,x\n",
    "an ACH file cut short": returned()[:-200],
    "an ACH file with a count too many": returned().replace(b"82000000020012104288", b"82000000030012104288"),
    "an ACH file with a wrong total": returned().replace(b"000000001000", b"000000001001", 1),
    "an ACH file with a wrong routing number": returned().replace(b"121042882", b"121042883", 2),
    "an ACH file with a letter for a number": returned().replace(b"0000001000DRAW", b"000000100ODRAW"),
    "an ACH file with a byte that is none": returned().replace(b"Shop", b"Sh\xf6p"),
    "an ACH file without its nines": returned().replace(b"9" * 94 + b"\n", b""),
    "an ACH file with too many nines": returned() + b"9" * 94 + b"\n",
    "an ACH file twice": returned() + returned(),
    "an ACH file with a longer line": returned().replace(b"RETURN    ", b"RETURN     "),
    "an ACH file of a new payment": returned(transaction="22").replace(b"799R02", b"705R02"),
    "a huge ACH file": b"101" + b" " * 9_000_000,
    "an acknowledgement of nothing": b"ACKNOWLEDGEMENT MB-1\n",
    "an acknowledgement of two files": acknowledgement("FILE another"),
    "an acknowledgement with another line": acknowledgement("SURPRISE"),
    "an acknowledged entry without an outcome": acknowledgement("ENTRY 1 DRAWDOWN-1 10.00"),
    "an acknowledgement without a status": acknowledgement().replace(b"STATUS ACCP", b"STATUS"),
    "a huge acknowledgement": b"ACKNOWLEDGEMENT" + b" " * 2_000_000,
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_read_safely_and_exactly_is_refused_with_the_reason(body: bytes) -> None:
    with pytest.raises(Unreadable) as refusal:
        wire.read(body)
    assert refusal.value.detail


# --- acknowledgements ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "status", "reason"),
    [
        ("ENTRY 1 DRAWDOWN-1 10.00 ACCEPTED 2026-03-02", PaymentStatus.ACCP, None),
        ("ENTRY 1 DRAWDOWN-1 10.00 REJECTED R02 closed", PaymentStatus.RJCT, "AC04"),
        ("ENTRY 1 DRAWDOWN-1 10.00 REJECTED AC02 unknown", PaymentStatus.RJCT, "AC02"),
        ("ENTRY 1 DRAWDOWN-1 10.00 REJECTED AM05 seen before", PaymentStatus.RCVD, "AM05"),
        ("ENTRY 1 DRAWDOWN-1 10.00 SETTLED 2026-03-02", PaymentStatus.PDNG, None),
    ],
)
def test_an_acknowledged_entry_is_a_status(line: str, status: PaymentStatus, reason: str | None) -> None:
    (event,) = wire.read(acknowledgement(line))
    assert (event.status, event.reason) == (status, reason)
    assert (event.end_to_end_id, event.original_message_id) == ("DRAWDOWN-1", FILE)


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ("RJCT FF01 the behaviour", PaymentStatus.RJCT, "FF01"),
        ("RJCT DUPL seen before", PaymentStatus.RCVD, "DUPL"),
        ("ACCP", PaymentStatus.ACCP, None),
        ("MAYBE", PaymentStatus.PDNG, None),
    ],
)
def test_an_acknowledged_file_is_a_status_of_no_named_payment(
    said: str, status: PaymentStatus, reason: str | None
) -> None:
    (event,) = wire.read(acknowledgement(status=said))
    assert (event.status, event.reason) == (status, reason)
    assert (event.end_to_end_id, event.original_message_id) == (None, FILE)


# --- anything at all -------------------------------------------------------------------------------------------------


@given(st.sampled_from([b"", b"101", b"01,", b"ACKNOWLEDGEMENT"]), st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail_otherwise(start: bytes, rest: bytes) -> None:
    with pytest.raises(Unreadable):
        wire.read(start + rest)


@given(st.data())
def test_no_damage_to_a_message_makes_the_reader_fail_otherwise(data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from([returned(), returned("C01", more="1"), statement(PAID)])))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=10))
    try:
        wire.read(bytes(body))
    except Unreadable as refusal:
        assert refusal.detail  # noqa: PT017 - refusing is one of the two allowed outcomes


@pytest.mark.parametrize("ending", [b"\r\n", b""])
def test_a_file_with_other_line_ends_or_none_at_all_says_the_same(ending: bytes) -> None:
    assert wire.read(returned().replace(b"\n", ending)) == wire.read(returned())


def test_blanks_a_transport_cut_off_are_put_back() -> None:
    stripped = b"\n".join(line.rstrip() for line in returned().splitlines()) + b"\n"
    assert wire.read(stripped) == wire.read(returned())
