"""What a camt.053 says of itself: which statement of which account, for which days, from which balance to which."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from gateway.bank_ports import BankEvent, BankEventKind, Unreadable

if TYPE_CHECKING:
    from adapters.banks.iso20022.wire.markup import Node
    from gateway.domain.money import Money

_OPENING = ("OPBD", "PRCD")
"""The booked balance at the start, or that with which the statement before closed: the same amount by definition."""
_CLOSING = ("CLBD",)
_MIDNIGHT = "T00:00:00"


def signed(holder: Node, amount: Money) -> Money:
    """`amount`, negative when `holder` says our account was debited."""
    direction = holder.text("CdtDbtInd")
    if direction not in {"CRDT", "DBIT"}:
        raise Unreadable(f"{holder.name} does not say whether it is a credit or a debit")
    return amount if direction == "CRDT" else -amount


def summary(source: str, statement: Node, page: str | None) -> BankEvent:
    """The statement as one fact. `page`: which one the message is, where that is said of the message as a whole.

    A longer statement comes in pages, each a statement here with an id of its own: the first has the opening balance,
    the last the closing one, unless the bank gives interim ones.
    """
    opening, closing = _balance(statement, _OPENING), _balance(statement, _CLOSING)
    return BankEvent(
        kind=BankEventKind.statement,
        source=source,
        end_to_end_id=None,
        account=statement.account("Acct"),
        statement_id=_id(statement, statement.text("StmtPgntn/PgNb") or page),
        sequence=_sequence(statement),
        opening=_amount(opening),
        closing=_amount(closing),
        from_on=statement.day("FrToDt/FrDtTm") or (opening.day("Dt") if opening else None),
        through_on=_through(statement) or (closing.day("Dt") if closing else None),
    )


def _id(statement: Node, page: str | None) -> str | None:
    """The bank's id, with a page's number after it from the second on, in the order of numbers."""
    known = statement.reference("Id")
    return f"{known}/{page:0>5}" if known and page and page.lstrip("0") != "1" else known


def _balance(statement: Node, codes: tuple[str, ...]) -> Node | None:
    """The balance of the first of `codes` that the statement has."""
    found = {balance.text("Tp/CdOrPrtry/Cd"): balance for balance in statement.each("Bal")}
    return next((found[code] for code in codes if code in found), None)


def _amount(balance: Node | None) -> Money | None:
    return None if balance is None else signed(balance, balance.one("Amt").money())


def _sequence(statement: Node) -> int | None:
    """The electronic number; banks that number the legal statements only give that one."""
    number = statement.text("ElctrncSeqNb", "LglSeqNb")
    if number is None:
        return None
    if not number.isascii() or not number.isdecimal() or len(number) > 18:  # noqa: PLR2004 - ISO 20022 Number, 18 digits
        raise Unreadable("a statement's number is not a whole number of at most 18 digits")
    return int(number)


def _through(statement: Node) -> date | None:
    """The period's last day; one that ends with a day's first instant ends with the day before."""
    last = statement.day("FrToDt/ToDtTm")
    text = statement.text("FrToDt/ToDtTm") or ""
    started = statement.day("FrToDt/FrDtTm")
    if last is not None and started is not None and _MIDNIGHT in text and started < last:
        return last - timedelta(days=1)
    return last
