"""BAI2: what was booked on our accounts, whatever way the bank writes a detail."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.banks.nacha import wire
from gateway.bank_ports import Account, BankEvent, BankEventKind
from gateway.domain.money import Money
from tests.adapters.achs import FILE, PAID, statement


def test_a_booked_detail_is_a_fact_with_account_day_amount_and_file() -> None:
    (event,) = wire.read(statement(PAID))
    assert event == BankEvent(
        kind=BankEventKind.booked,
        source="bai2",
        end_to_end_id="DRAWDOWN-1",
        original_message_id=FILE,
        detail="Shop",
        amount=Money(1_000, "USD"),
        credit=False,
        booked_on=date(2026, 3, 2),
        account=Account(other_id="0000000001"),
    )


@pytest.mark.parametrize(
    ("code", "kind", "credit"),
    [
        ("165", BankEventKind.booked, True),
        ("447", BankEventKind.booked, False),
        ("257", BankEventKind.returned, True),
        ("557", BankEventKind.returned, False),
        ("168", BankEventKind.returned, True),
        ("468", BankEventKind.returned, False),
        ("699", BankEventKind.booked, False),
    ],
)
def test_the_type_code_says_which_way_and_whether_it_is_a_return(
    code: str, kind: BankEventKind, *, credit: bool
) -> None:
    (event,) = wire.read(statement(PAID.replace("447", code)))
    assert (event.kind, event.credit) == (kind, credit)


def test_money_from_others_is_never_found_by_a_reference_they_chose() -> None:
    (event,) = wire.read(statement(PAID.replace("447", "142")))
    assert (event.end_to_end_id, event.credit) == (None, True)


def test_our_reference_may_stand_in_the_customers_field() -> None:
    (event,) = wire.read(statement("16,447,1000,Z,TRACE-9,DRAWDOWN-1,Shop/"), reference_in="customer")
    assert (event.end_to_end_id, event.original_message_id) == ("DRAWDOWN-1", None)


@pytest.mark.parametrize(
    "detail",
    [
        "16,447,1000,V,260304,0900,DRAWDOWN-1,X,Shop/",
        "16,447,1000,S,500,300,200,DRAWDOWN-1,X,Shop/",
        "16,447,1000,D,2,0,500,1,500,DRAWDOWN-1,X,Shop/",
        "16,447,1000,,DRAWDOWN-1,X,Shop/",
        "16,447,1000,1,DRAWDOWN-1/",
        "16,447,1000,Z\n88,DRAWDOWN-1,X\n88,Shop, the first/",
        "16,447,1000,Z,DRAWDOWN-1,X,Shop that\n goes on/",
        "16,447,1000,Z,DRAWDOWN-1,X,A/S Shop, Inc.",
    ],
)
def test_a_detail_is_read_whatever_its_funds_and_however_it_is_broken(detail: str) -> None:
    (event,) = wire.read(statement(detail))
    assert (event.end_to_end_id, event.amount) == ("DRAWDOWN-1", Money(1_000, "USD"))


def test_a_detail_that_moves_nothing_is_no_fact() -> None:
    assert wire.read(statement("16,890,,Z,,,hello/")) == []


def test_an_omitted_entry_leaves_the_others() -> None:
    """The balances then do not add up, which reconciliation sees; the file's own totals still do."""
    assert len(wire.read(statement(PAID))) == 1
    assert wire.read(statement()) == []
