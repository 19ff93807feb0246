"""What a bank's statements and notifications say: of each payment booked, and of the account itself."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.banks.iso20022 import wire
from gateway.bank_ports import Account, BankEvent, BankEventKind
from gateway.domain.money import Money
from tests.adapters.iso_messages import detail, document, entry, paid, read, statement

# --- statements and notifications ------------------------------------------------------------------------------------


def test_a_booked_entry_is_a_fact_with_account_day_amount_and_reference() -> None:
    (event,) = read(statement(entry("0.07", details=detail("DRAWDOWN-1"))))
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
        entry_reference="REF-1",
        statement_id="1",
    )


@pytest.mark.parametrize(
    "status", ["<Cd>PDNG</Cd>", "<Cd>INFO</Cd>", "<Cd>FUTR</Cd>", "PDNG", "<Prtry>BOOK</Prtry>", ""]
)
def test_an_entry_that_is_not_booked_is_no_fact(status: str) -> None:
    assert read(statement(entry(status=status))) == []


def test_a_batch_booking_that_adds_up_is_told_payment_by_payment() -> None:
    details = detail("A", "4.00") + detail("B", "6.00")
    assert paid(read(statement(entry(details=details)))) == [("A", 400, False), ("B", 600, False)]


def test_a_batch_may_hold_a_payment_the_other_way() -> None:
    details = detail("A", "14.00", side="DBIT") + detail("B", "4.00", side="CRDT")
    assert paid(read(statement(entry(details=details)))) == [("A", 1_400, False), ("B", 400, True)]


@pytest.mark.parametrize(
    "details",
    [
        detail("A", "4.00") + detail("B", "5.00"),
        detail("A", "4.00") + detail("B"),
        detail("A", "4.00") + detail("B", "6.00", currency="USD"),
    ],
)
def test_a_batch_that_does_not_add_up_is_one_fact_for_a_person(details: str) -> None:
    assert paid(read(statement(entry(details=details)))) == [(None, 1_000, False)]


def test_what_moved_counts_and_not_what_was_instructed() -> None:
    assert paid(read(statement(entry(details=detail("A", "12.00", currency="USD"))))) == [("A", 1_000, False)]


def test_an_entry_without_details_is_a_fact_without_a_payment() -> None:
    assert paid(read(statement(entry()))) == [(None, 1_000, False)]


def test_notprovided_is_no_reference() -> None:
    assert paid(read(statement(entry(details=detail("NOTPROVIDED"))))) == [(None, 1_000, False)]


def test_a_batch_names_the_file_it_came_from() -> None:
    (event,) = read(statement(entry(details="<Btch><MsgId>FILE-1</MsgId></Btch>" + detail("A"))))
    assert event.original_message_id == "FILE-1"


def test_an_older_statement_says_the_same() -> None:
    old = statement(entry(status="BOOK", details=detail("A")), "camt.053.001.02")
    (event,) = read(old)
    (new,) = read(statement(entry(details=detail("A"))))
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
    (event,) = read(body)
    assert (event.kind, event.end_to_end_id) == (BankEventKind.returned, "A")


def test_a_booking_at_an_instant_has_the_day_the_bank_writes() -> None:
    instant = statement(entry(details=detail("A"))).replace(
        b"<Dt>2026-03-02</Dt>", b"<DtTm>2026-03-02T23:59:59.5+09:00</DtTm>"
    )
    (event,) = read(instant)
    assert event.booked_on == date(2026, 3, 2)


# --- a statement of itself ------------------------------------------------------------------------------------------


def balance(code: str, amount: str, side: str = "CRDT", day: str = "2026-03-02") -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>'
        f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def period(first: str, last: str) -> str:
    return f"<FrToDt><FrDtTm>{first}</FrDtTm><ToDtTm>{last}</ToDtTm></FrToDt>"


def stated(content: str) -> BankEvent:
    return wire.read(statement(content))[0]


def test_a_statement_is_a_fact_before_those_of_its_entries() -> None:
    numbers = "<ElctrncSeqNb>17</ElctrncSeqNb><LglSeqNb>4</LglSeqNb>"
    balances = balance("OPBD", "5.00", "DBIT") + balance("CLBD", "15.00", "DBIT") + balance("CLAV", "99.00")
    whole = numbers + period("2026-03-02T00:00:00", "2026-03-02T23:59:59") + balances
    found, entered = wire.read(statement(whole + entry(details=detail("A"))))
    assert found == BankEvent(
        kind=BankEventKind.statement,
        source="camt.053.001.08",
        end_to_end_id=None,
        account=Account(iban="NL41MOCK0000000001"),
        statement_id="1",
        sequence=17,
        opening=Money(-500, "EUR"),
        closing=Money(-1_500, "EUR"),
        from_on=date(2026, 3, 2),
        through_on=date(2026, 3, 2),
    )
    assert (entered.statement_id, entered.sequence, entered.opening) == ("1", None, None)


def test_a_notification_is_no_statement() -> None:
    body = document(
        "camt.054.001.08", f"<BkToCstmrDbtCdtNtfctn><Ntfctn><Id>1</Id>{entry()}</Ntfctn></BkToCstmrDbtCdtNtfctn>"
    )
    (event,) = wire.read(body)
    assert (event.kind, event.statement_id, event.entry_reference) == (BankEventKind.booked, None, "REF-1")


def test_the_balance_the_day_before_closed_with_opens_where_the_bank_gives_no_other() -> None:
    found = stated(balance("PRCD", "5.00", day="2026-03-01") + balance("CLBD", "7.00"))
    assert (found.opening, found.closing) == (Money(500, "EUR"), Money(700, "EUR"))
    assert stated(balance("PRCD", "5.00") + balance("OPBD", "6.00")).opening == Money(600, "EUR")


def test_a_period_that_ends_with_midnight_ends_the_day_before() -> None:
    assert stated(period("2026-03-02T00:00:00", "2026-03-03T00:00:00+01:00")).through_on == date(2026, 3, 2)
    assert stated(period("2026-03-02T00:00:00", "2026-03-02T00:00:00")).through_on == date(2026, 3, 2)


def test_a_statement_without_a_period_is_dated_by_its_balances() -> None:
    found = stated(balance("OPBD", "5.00", day="2026-03-02") + balance("CLBD", "5.00", day="2026-03-03"))
    assert (found.from_on, found.through_on) == (date(2026, 3, 2), date(2026, 3, 3))


@pytest.mark.parametrize(("page", "name"), [("1", "1"), ("00001", "1"), ("2", "1/00002"), ("00012", "1/00012")])
def test_a_page_of_a_longer_statement_has_an_id_of_its_own(page: str, name: str) -> None:
    pages = f"<PgNb>{page}</PgNb><LastPgInd>false</LastPgInd>"
    of_statement = statement(f"<StmtPgntn>{pages}</StmtPgntn>" + entry(details=detail("A")))
    header = f"<GrpHdr><MsgPgntn>{pages}</MsgPgntn></GrpHdr><Stmt>"
    of_message = statement(entry(details=detail("A")), "camt.053.001.02").replace(b"<Stmt>", header.encode())
    for body in (of_statement, of_message.replace(b"<Cd>BOOK</Cd>", b"BOOK")):
        assert [event.statement_id for event in wire.read(body)] == [name, name]


def test_what_a_statement_does_not_say_is_none() -> None:
    found = stated("")
    assert (found.sequence, found.opening, found.closing, found.from_on, found.through_on) == (None,) * 5


def test_an_entry_is_known_by_the_servicers_reference_or_else_by_its_own() -> None:
    own = statement(entry(details=detail("A"))).replace(b"AcctSvcrRef", b"NtryRef")
    assert [event.entry_reference for event in read(own)] == ["REF-1"]
    assert [event.entry_reference for event in read(own.replace(b"REF-1", b"NOTPROVIDED"))] == [None]
