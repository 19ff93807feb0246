"""camt.053, a bank's statement of the shop's own account → for each day what came in, went out, and was left.

Account numbers are hidden, who paid is not read at all. What does not lead from the opening to the closing balance is
refused. A file's pages are put together; a day must lie within one file, or its later part is taken for the same again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from adapters import xml_files
from adapters.xml_files import BadElement, Node
from gateway.domain.details import Datatype
from gateway.domain.signals import Cash
from gateway.source_ports import Entry, Refused, Unreadable, hidden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from typing import BinaryIO

    from gateway.source_ports import About

_ROOTS = tuple(f"{{urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}}}Document" for version in range(2, 14))
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_ENTRY, _BALANCE, _ACCOUNT = "Ntry", "Bal", "Acct"
_SPACES = re.compile(r"\s")
STATEMENTS_COUNT, DAYS_COUNT = 10_000, 20_000


class _Balance(NamedTuple):
    on: date | None
    amount: int


class _Side(msgspec.Struct):
    """One day of one account."""

    in_amount: int = 0
    out_amount: int = 0


class _Statement:
    """What one statement says: days of one account, and the balances around them."""

    def __init__(self, number: int) -> None:
        self.number, self.account, self.currency = number, "", ""
        self.days: dict[date, _Side] = defaultdict(_Side)
        self.opening: _Balance | None = None
        self.closing: _Balance | None = None
        self.bad: BadElement | None = None

    def take(self, node: Node, key: bytes) -> None:
        """One of its elements. Raises BadElement."""
        if node.name == _ACCOUNT:
            self.account = hidden(_SPACES.sub("", node.said("Id/IBAN", "Id/Othr/Id")).upper(), key)
            self.currency = node.text("Ccy") or ""
        elif node.name == _BALANCE:
            code = node.text("Tp/CdOrPrtry/Cd") or ""
            if code in _OPENING:
                self.opening = _Balance(node.day("Dt/Dt", "Dt/DtTm"), self._signed(node))
            elif code in _CLOSING:
                self.closing = _Balance(node.day("Dt/Dt", "Dt/DtTm"), self._signed(node))
        elif node.text("Sts/Cd", "Sts") == "BOOK":
            moved = self._signed(node)
            on = node.day("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
            if on is None:
                raise BadElement("element_missing", "A booked entry says no day")
            side = self.days[on]
            side.in_amount += max(moved, 0)
            side.out_amount += max(-moved, 0)

    def check(self) -> None:
        """Raise what was wrong with an element, or BadElement for balances that the entries do not explain."""
        if self.bad is not None:
            raise self.bad
        if not self.account:
            raise BadElement("element_missing", "The statement names no account")
        if self.opening is None or self.closing is None:
            return
        moved = sum(side.in_amount - side.out_amount for side in self.days.values())
        if self.opening.amount + moved != self.closing.amount:
            raise BadElement(
                "totals_disagree",
                f"{self.opening.amount} minor units and entries of {moved} do not make {self.closing.amount}",
            )

    def _signed(self, node: Node) -> int:
        """The amount of an entry or a balance, below zero for a debit, in the account's one currency."""
        money = node.first("Amt")
        direction = node.said("CdtDbtInd")
        if money is None or direction not in {"CRDT", "DBIT"}:
            raise BadElement("element_missing", f"{node.name} has no amount, or does not say which way it went")
        currency = money.element.get("Ccy") or ""
        self.currency = self.currency or currency
        if currency != self.currency:
            raise BadElement("wrong_currency", f"{currency[:3]!r} on an account in {self.currency}")
        amount = xml_files.amount((money.element.text or "").strip(), currency, "Amt")
        return amount if direction == "CRDT" else -amount


class Camt053:
    """Statements, any number in a file."""

    source: ClassVar[str] = "camt053"
    datatype: ClassVar[Datatype] = Datatype.cash
    digest: ClassVar[str] = "camt053-1"

    def read(self, file: BinaryIO, file_hash: str, about: About) -> Iterator[Entry]:  # noqa: ARG002 - it has ids
        """See Document."""
        entries: list[Entry] = []
        days: dict[tuple[str, str, date], _Side] = defaultdict(_Side)
        balances: dict[tuple[str, str, date], int] = {}
        for statement in _statements(file, about.key):
            place = f"statement {statement.number}"
            try:
                statement.check()
            except BadElement as bad:
                entries.append(Entry(place, [statement.account], Refused(place, bad.code, bad.detail)))
                continue
            _add(statement, days, balances)
            if len(days) > DAYS_COUNT:
                raise Unreadable(f"The file tells of more than {DAYS_COUNT} days")
        entries += [_cash(*key, side, balances.get(key)) for key, side in sorted(days.items(), key=lambda one: one[0])]
        return iter(entries)


def _statements(file: BinaryIO, key: bytes) -> Iterator[_Statement]:
    """Each statement, of any length, when the next one begins or the file ends."""
    statement, held = _Statement(1), None
    for node in xml_files.elements(file, _ROOTS, (_ACCOUNT, _BALANCE, _ENTRY)):
        parent = node.element.getparent()
        if parent is None or Node(parent).name != "Stmt":
            continue
        if held is not None and parent is not held:
            yield statement
            if statement.number == STATEMENTS_COUNT:
                raise Unreadable(f"The file holds more than {STATEMENTS_COUNT} statements")
            statement = _Statement(statement.number + 1)
        held = parent
        if statement.bad is None:
            try:
                statement.take(node, key)
            except BadElement as bad:
                statement.bad = bad
    if held is not None:
        yield statement


def _add(
    statement: _Statement, days: dict[tuple[str, str, date], _Side], balances: dict[tuple[str, str, date], int]
) -> None:
    """A statement's days beside those of the others; its balance at the end of each, where it gives an opening one."""
    closing = statement.closing
    if closing is not None and closing.on is not None:
        statement.days[closing.on]  # a day without entries has a balance, too
    left = None if statement.opening is None else statement.opening.amount
    for on, side in sorted(statement.days.items()):
        key = statement.account, statement.currency, on
        held = days[key]
        held.in_amount += side.in_amount
        held.out_amount += side.out_amount
        if left is not None:
            left += side.in_amount - side.out_amount
            balances[key] = left
    if closing is not None and statement.days:
        balances[statement.account, statement.currency, max(statement.days)] = closing.amount


def _cash(account: str, currency: str, on: date, side: _Side, balance: int | None) -> Entry:
    place = f"{on} of account {account}"
    record = Cash(f"{account}:{on}", on, account, currency, side.in_amount, side.out_amount, balance)
    try:
        return Entry(place, [account, str(on)], msgspec.convert(msgspec.to_builtins(record), Cash))
    except msgspec.ValidationError as error:
        return Entry(place, [account, str(on)], Refused(place, "invalid", str(error)[:200]))
