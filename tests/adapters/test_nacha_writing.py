"""The ACH files we write: read back whole by mock-bank's own reader and ours, or refused before anything is stored."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mockbank import nacha

from adapters.banks.nacha import wire
from adapters.banks.nacha.wire import files, names, records
from gateway.bank_ports import Account, Collection, Party, Payout, Unreadable, Unrenderable
from gateway.domain.accounts import is_valid_routing_number
from gateway.domain.money import Money
from gateway.domain.references import numbered

ORIGINATOR = wire.Originator(
    routing="121042882", origin="231380104", companies={"555": "1234567890"}, bank_name="Any Bank", name="Restock"
)
BANK = Party("Example Lending Bank", Account(other_id="555", clearing_id="121042882"))
SHOP = Party("Bäckerei Grüner & Söhne", Account(other_id="0099-12", clearing_id="231380104"))
PAYOUT = Payout(
    end_to_end_id="DRAWDOWN-1",
    message_id="20260302-000037",
    amount=Money(123_456, "USD"),
    debtor=BANK,
    creditor=SHOP,
    execute_on=date(2026, 3, 3),
    created_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    remittance="Restock drawdown 1",
)
COLLECTION = Collection(
    end_to_end_id="REPAYMENT-1",
    message_id="20260302-000038",
    amount=Money(2_500, "USD"),
    creditor=BANK,
    creditor_scheme_id="unused here",
    debtor=SHOP,
    mandate_id="MANDATE-1",
    mandate_signed_on=date(2026, 3, 1),
    sequence="RCUR",
    collect_on=date(2026, 3, 4),
    created_at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
    remittance="",
)
WHOLE = """\
101 121042882 2313801042603020001B094101Any Bank               Restock                        
5220Example Lending                     1234567890CCDADVANCE         260303   1121042880000001
6222313801040099-12          0000123456DRAWDOWN-1     Backerei Gruner & Sohn  1121042880000038
705Restock drawdown 1                                                              00010000038
822000000200231380100000000000000000001234561234567890                         121042880000001
9000001000001000000020023138010000000000000000000123456                                       
"""  # noqa: W291 - records end in blanks


def _routing(first_eight: int) -> str:
    return next(
        f"{first_eight:08d}{digit}" for digit in range(10) if is_valid_routing_number(f"{first_eight:08d}{digit}")
    )


_digits = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9 -]{0,15}[A-Za-z0-9])?", fullmatch=True)
_accounts = st.builds(
    Account,
    other_id=_digits,
    clearing_id=st.integers(1, 99_999_999).map(_routing),
    savings=st.booleans(),
    consumer=st.booleans(),
)
_names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=60).map(lambda text: f"A{text}")
_parties = st.builds(Party, _names, _accounts)
_references = st.from_regex(r"[A-Za-z0-9-]{1,15}", fullmatch=True)
_money = st.builds(Money, st.integers(1, 10**10 - 1), st.just("USD"))
_days = st.dates(date(2000, 1, 1), date(2068, 12, 31))
_files = st.builds(numbered, _days, st.integers(0, names.FILES_PER_DAY - 1))
_payouts = st.builds(
    lambda **changes: msgspec.structs.replace(PAYOUT, **changes),
    end_to_end_id=_references,
    message_id=_files,
    amount=_money,
    creditor=_parties,
    execute_on=_days,
    remittance=st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=80),
)
_collections = st.builds(
    lambda **changes: msgspec.structs.replace(COLLECTION, **changes),
    end_to_end_id=_references,
    message_id=_files,
    amount=_money,
    debtor=_parties,
    collect_on=_days,
)


def test_a_payout_is_exactly_this_file() -> None:
    assert wire.render_payout(ORIGINATOR, PAYOUT).decode() == WHOLE + (records.FILLER + "\n") * 4


@given(payout=_payouts)
def test_any_payout_is_read_back_whole_by_the_bank(payout: Payout) -> None:
    body = wire.render_payout(ORIGINATOR, payout)
    assert wire.render_payout(ORIGINATOR, msgspec.structs.replace(payout)) == body
    file, findings = nacha.inspect(body)
    assert findings == []
    (batch,) = file.batches
    (payment,) = batch.payments
    account = payout.creditor.account
    assert (payment.amount, payment.currency) == (payout.amount.amount, "USD")
    assert (payment.end_to_end_id, payment.creditor_account) == (payout.end_to_end_id, account.other_id)
    assert payment.creditor_clearing_id == account.clearing_id
    assert payment.transaction_code == ("32" if account.savings else "22")
    assert payment.entry_class == ("PPD" if account.consumer else "CCD")
    assert (batch.requested_execution_date, batch.debtor_account) == (payout.execute_on, "1234567890")
    assert names.message_id(file.msg_id) == payout.message_id


@given(collection=_collections)
def test_any_collection_is_read_back_whole_by_the_bank(collection: Collection) -> None:
    file, findings = nacha.inspect(wire.render_collection(ORIGINATOR, collection))
    assert findings == []
    (batch,) = file.batches
    (debit,) = batch.collections
    account = collection.debtor.account
    assert (debit.amount, debit.end_to_end_id) == (collection.amount.amount, collection.end_to_end_id)
    assert (debit.debtor_account, debit.debtor_clearing_id) == (account.other_id, account.clearing_id)
    assert debit.transaction_code == ("37" if account.savings else "27")
    assert batch.requested_collection_date == collection.collect_on


@given(body=_payouts.map(lambda payout: wire.render_payout(ORIGINATOR, payout)))
def test_what_is_written_is_read_and_written_again_in_the_same_bytes(body: bytes) -> None:
    assert files.write(files.parse(body)) == body
    assert all(len(line) == 94 for line in body.splitlines())
    assert len(body.splitlines()) % 10 == 0


@given(payout=_payouts, data=st.data())
def test_one_flipped_digit_in_a_control_record_is_refused(payout: Payout, data: st.DataObject) -> None:
    lines = wire.render_payout(ORIGINATOR, payout).decode().splitlines()
    control = [number for number, line in enumerate(lines) if line[0] in "89" and line != records.FILLER]
    number = data.draw(st.sampled_from(control))
    column = data.draw(st.sampled_from([place for place, sign in enumerate(lines[number]) if sign.isdigit()]))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != lines[number][column]]))
    lines[number] = lines[number][:column] + wrong + lines[number][column + 1 :]
    with pytest.raises(Unreadable):
        files.parse("\n".join(lines).encode())


@pytest.mark.parametrize("field", ["amount", "rdfi", "check_digit"])
@given(payout=_payouts, data=st.data())
def test_one_flipped_digit_of_an_amount_or_a_routing_number_is_refused(
    field: str, payout: Payout, data: st.DataObject
) -> None:
    body = bytearray(wire.render_payout(ORIGINATOR, payout))
    place = next(each for each in records.ENTRY.fields if each.name == field)
    column = 2 * 95 + place.start + data.draw(st.integers(0, place.width - 1))
    body[column] = data.draw(st.sampled_from([digit for digit in b"0123456789" if digit != body[column]]))
    with pytest.raises(Unreadable):
        files.parse(bytes(body))


@given(first=st.tuples(_days, st.integers(0, names.FILES_PER_DAY - 1)), step=st.integers(1, 10**6))
def test_every_file_of_a_day_has_its_own_identity_and_leads_back_to_its_message_id(
    first: tuple[date, int], step: int
) -> None:
    day, number = first
    one, other = (numbered(day, value) for value in (number, (number + step) % names.FILES_PER_DAY))
    headers = [wire.render_payout(ORIGINATOR, _with(message_id=name))[:95] for name in (one, other)]
    assert (headers[0] == headers[1]) is (one == other)
    assert names.message_id(f"231380104-{headers[0][23:34].decode()}") == one


@pytest.mark.parametrize(
    "name", ["", "x", "231380104-2613020001B", "231380104-2603022460B", "2603020001?", "NOTPROVIDED"]
)
def test_a_file_that_is_none_of_ours_keeps_its_name(name: str) -> None:
    assert names.message_id(name) == name


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Müller & Söhne", "Muller & Sohne"),
        ("Łódź Straße Ærø", "Lodz Strasse AEro"),
        ("Chez l’Été – Paris", "Chez l'Ete - Paris"),
        ("가나다 Bakery", "??? Bakery"),
        ("ﬁne ½", "fine ?"),
        ("A name that is longer than the twenty-two", "A name that is longer"),
    ],
)
def test_a_name_is_written_in_ascii_and_cut_to_its_field(name: str, written: str) -> None:
    (batch,) = files.parse(wire.render_payout(ORIGINATOR, _with(creditor=Party(name, SHOP.account)))).batches
    assert batch.entries[0].detail.text("name") == written


def _with(**changes: Any) -> Payout:
    return msgspec.structs.replace(PAYOUT, **changes)


def _to(**changes: Any) -> Payout:
    return _with(creditor=Party("Shop", msgspec.structs.replace(SHOP.account, **changes)))


REFUSED = {
    "another currency": _with(amount=Money(1, "EUR")),
    "nothing": _with(amount=Money(0, "USD")),
    "less than nothing": _with(amount=Money(-1, "USD")),
    "more than ten digits": _with(amount=Money(10**10, "USD")),
    "a reference of 16": _with(end_to_end_id="x" * 16),
    "a reference with a blank": _with(end_to_end_id="A B"),
    "no reference": _with(end_to_end_id=""),
    "a file without a number": _with(message_id="FILE-1"),
    "a number beyond a day's files": _with(message_id=numbered(date(2026, 3, 2), names.FILES_PER_DAY)),
    "a day that is none": _with(message_id="20260230-000001"),
    "an account of 18": _to(other_id="1" * 18),
    "an account with an accent": _to(other_id="É1"),
    "an account with outer blanks": _to(other_id=" 1"),
    "no account": _to(other_id=None),
    "an IBAN only": _to(other_id=None, iban="NL41MOCK0000000001"),
    "no routing number": _to(clearing_id=None),
    "a routing number with a wrong check digit": _to(clearing_id="231380105"),
    "a routing number of eight": _to(clearing_id="23138010"),
    "a routing number of zeros": _to(clearing_id="000000000"),
    "a name nobody here can write": _with(creditor=Party("가나다", SHOP.account)),
    "no name": _with(creditor=Party("  ", SHOP.account)),
    "a name of two lines": _with(creditor=Party("A\n6270", SHOP.account)),
    "a lone surrogate": _with(creditor=Party("A\ud800", SHOP.account)),
    "a remittance of 81": _with(remittance="x" * 81),
    "a remittance of two lines": _with(remittance="a\nb"),
    "an account we do not originate from": _with(debtor=Party("Bank", Account(other_id="556"))),
    "an originator known by IBAN": _with(debtor=Party("Bank", Account(iban="NL41MOCK0000000001"))),
}


@pytest.mark.parametrize("payout", REFUSED.values(), ids=REFUSED.keys())
def test_what_no_valid_file_can_say_is_refused(payout: Payout) -> None:
    with pytest.raises(Unrenderable):
        wire.render_payout(ORIGINATOR, payout)


@pytest.mark.parametrize(
    "changes", [{"mandate_id": ""}, {"mandate_id": " "}, {"sequence": "LAST"}, {"amount": Money(5, "CAD")}]
)
def test_a_debit_needs_an_authorization_a_sequence_and_dollars(changes: dict[str, Any]) -> None:
    with pytest.raises(Unrenderable):
        wire.render_collection(ORIGINATOR, msgspec.structs.replace(COLLECTION, **changes))


@pytest.mark.parametrize(
    "changes", [{"routing": "121042883"}, {"origin": "12"}, {"companies": {"555": "x"}}, {"companies": {}}]
)
def test_a_bank_set_up_wrongly_writes_no_file(changes: dict[str, Any]) -> None:
    with pytest.raises(Unrenderable):
        wire.render_payout(msgspec.structs.replace(ORIGINATOR, **changes), PAYOUT)


@pytest.mark.parametrize("days", [0, 1, 30])
def test_the_effective_date_is_the_day_asked_for(days: int) -> None:
    day = date(2026, 3, 2) + timedelta(days=days)
    (batch,) = files.parse(wire.render_payout(ORIGINATOR, _with(execute_on=day))).batches
    assert batch.header.text("effective_on") == f"{day:%y%m%d}"


@given(st.text(max_size=80))
def test_any_text_as_a_name_is_either_written_in_ascii_or_refused(name: str) -> None:
    try:
        body = wire.render_payout(ORIGINATOR, _with(creditor=Party(name, SHOP.account)))
    except Unrenderable:
        return
    assert re.fullmatch(rb"([ -~]{94}\n){10}", body)
