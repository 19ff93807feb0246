"""BAI2 statements (Cash Management Balance Reporting, version 2): what was booked on our accounts on one day.

A record is a line of fields between commas that ends with `/`; 88 continues the record above it. Every trailer's total
and count must be what its records add up to. A type code from 100 to 399 is a credit to our account, from 400 to 699 a
debit. Amounts are cents: this rail's accounts are in dollars.
"""

from __future__ import annotations

import re
from datetime import date, datetime

import msgspec

from adapters.banks.nacha.wire import names
from gateway.bank_ports import Account, BankEvent, BankEventKind, Unreadable
from gateway.domain.money import MAX_AMOUNT, Money
from gateway.domain.references import read_numbered

SOURCE = "bai2"
MAX_BYTES = 4 * 1024 * 1024
"""About 70,000 details, far above a day of one funding account."""
REFERENCE_LENGTH = 76
"""The longest reference the format carries in one field."""
RETURNED = frozenset({"168", "257", "258", "468", "557", "558"})
"""ACH return items and reversals, each way, single and in sum."""
FROM_OTHERS = frozenset({"142"})
"""ACH credits received: the reference is the payer's, who could choose one of ours."""
INFORMATION = "890"
"""A detail that moves no money."""
_CURRENCY = "USD"
_RECORD = re.compile(r"(01|02|03|16|49|88|98|99),")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}")
_LATER_FUNDS = {"V": 2, "S": 3}
"""Funds types that more fields follow: value dated, and spread over three days; D says itself how many."""
_UPDATE = "1"


class _Line(msgspec.Struct):
    """A record with its continuations: `count` physical records, the first on line `number`."""

    number: int
    code: str
    fields: list[str]
    count: int = 1

    def field(self, index: int) -> str:
        """The field, empty where the record ends before it."""
        return self.fields[index].strip() if index < len(self.fields) else ""

    def amount(self, index: int) -> int:
        """The field as an amount; an empty one is 0."""
        text = self.field(index)
        if text and not _AMOUNT.fullmatch(text):
            raise Unreadable(f"line {self.number}: {text[:20]!r} is not an amount")
        return int(text or 0)

    def after_funds(self, index: int) -> int:
        """The index of the field that follows the funds type at `index`."""
        kind = self.field(index)
        if kind == "D":
            days = self.field(index + 1)
            if not (days.isascii() and days.isdigit() and len(days) <= 2):  # noqa: PLR2004 - a month has 31 days
                raise Unreadable(f"line {self.number}: distributed funds do not say over how many days")
            return index + 2 + 2 * int(days)
        return index + 1 + _LATER_FUNDS.get(kind, 0)


class _Lines(msgspec.Struct):
    """The records of a file, taken one by one in the order the format wants."""

    lines: list[_Line]
    position: int = 0

    def at(self, code: str) -> bool:
        """Whether the next record is a `code`."""
        return self.position < len(self.lines) and self.lines[self.position].code == code

    def take(self, code: str) -> _Line:
        """The next record, which must be a `code`. Raises Unreadable."""
        if not self.at(code):
            found = self.lines[self.position] if self.position < len(self.lines) else None
            where = f"line {found.number}: a {found.code}" if found else "the end"
            raise Unreadable(f"{where} where a {code} record belongs")
        self.position += 1
        return self.lines[self.position - 1]

    def since(self, position: int) -> int:
        """The physical records from `position` to the one taken last."""
        return sum(line.count for line in self.lines[position : self.position])


def read_statement(body: bytes, reference_in: str = "bank") -> list[BankEvent]:
    """One event for each booked detail; our reference stands in its `bank` or its `customer` reference field.

    Raises Unreadable for a file whose trailers disagree with it, a test file, or one that takes an earlier one back.
    """
    lines = _Lines(_split(body))
    lines.take("01")
    total, groups = 0, 0
    events: list[BankEvent] = []
    while lines.at("02"):
        told, amount = _group(lines, reference_in)
        events += told
        total += amount
        groups += 1
    _check(lines.take("99"), [total, groups, lines.since(0)])
    if lines.position != len(lines.lines):
        raise Unreadable("records follow the file trailer")
    return events


def _group(lines: _Lines, reference_in: str) -> tuple[list[BankEvent], int]:
    start = lines.position
    header = lines.take("02")
    if header.field(2) != _UPDATE:
        raise Unreadable(f"line {header.number}: group status {header.field(2)!r} is not a plain update")
    try:
        day = datetime.strptime(header.field(3), "%y%m%d").date()  # noqa: DTZ007 - the bank's own calendar day
    except ValueError:
        raise Unreadable(f"line {header.number}: the as-of date is not a date") from None
    total, accounts = 0, 0
    events: list[BankEvent] = []
    while lines.at("03"):
        told, amount = _account(lines, day, header.field(5), reference_in)
        events += told
        total += amount
        accounts += 1
    _check(lines.take("98"), [total, accounts, lines.since(start)])
    return events, total


def _account(lines: _Lines, day: date, currency: str, reference_in: str) -> tuple[list[BankEvent], int]:
    start = lines.position
    header = lines.take("03")
    if (header.field(1) or currency or _CURRENCY) != _CURRENCY:
        raise Unreadable(f"line {header.number}: the account is not in {_CURRENCY}")
    if not header.field(0):
        raise Unreadable(f"line {header.number}: the account has no number")
    total = _summary(header)
    events: list[BankEvent] = []
    while lines.at("16"):
        detail = lines.take("16")
        total += detail.amount(1)
        if detail.field(0) != INFORMATION:
            events.append(_event(detail, Account(other_id=header.field(0)), day, reference_in))
    _check(lines.take("49"), [total, lines.since(start)])
    return events, total


def _summary(header: _Line) -> int:
    """The sum of the balances and totals an account starts with: (code, amount, items, funds type …) each."""
    total, index = 0, 2
    while index < len(header.fields):
        total += header.amount(index + 1)
        index = header.after_funds(index + 3)
    return total


def _check(trailer: _Line, wanted: list[int]) -> None:
    for index, value in enumerate(wanted):
        said = trailer.field(index)
        if not said or trailer.amount(index) != value:
            raise Unreadable(f"line {trailer.number}: the {trailer.code} says {said!r}, its records give {value}")


def _event(detail: _Line, account: Account, day: date, reference_in: str) -> BankEvent:
    code, amount = detail.field(0), detail.amount(1)
    if not re.fullmatch(r"[1-6][0-9]{2}", code):
        raise Unreadable(f"line {detail.number}: type code {code!r} says neither credit nor debit")
    if not 0 <= amount <= MAX_AMOUNT or not detail.field(1).isdigit():
        raise Unreadable(f"line {detail.number}: a booked amount is written without a sign, within bounds")
    after = detail.after_funds(2)
    theirs, ours = detail.field(after), detail.field(after + 1)
    if max(len(theirs), len(ours)) > REFERENCE_LENGTH:
        raise Unreadable(f"line {detail.number}: a reference is longer than {REFERENCE_LENGTH} characters")
    reference = ours if reference_in == "customer" else theirs
    file = names.message_id(ours)
    return BankEvent(
        kind=BankEventKind.returned if code in RETURNED else BankEventKind.booked,
        source=SOURCE,
        end_to_end_id=None if code in FROM_OTHERS else reference or None,
        original_message_id=file if read_numbered(file) else None,
        detail=",".join(detail.fields[after + 2 :]).strip()[:500] or None,
        amount=Money(amount, _CURRENCY),
        credit=code[0] in "123",
        booked_on=day,
        account=account,
    )


def _split(body: bytes) -> list[_Line]:
    """The records of the file, continuations joined; a line without a record code goes on with the line above."""
    if len(body) > MAX_BYTES:
        raise Unreadable(f"the statement is larger than {MAX_BYTES} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("the statement is not UTF-8") from None
    if any(character < " " and character not in "\r\n\t" for character in text):
        raise Unreadable("the statement carries a control character")
    joined: list[tuple[int, list[str]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if _RECORD.match(stripped):
            joined.append((number, [stripped]))
        elif stripped:
            if not joined:
                raise Unreadable("a BAI2 statement starts with a file header")
            joined[-1][1].append(stripped)
    return _folded(joined)


def _folded(joined: list[tuple[int, list[str]]]) -> list[_Line]:
    lines: list[_Line] = []
    for number, parts in joined:
        code, _, rest = "".join(parts).removesuffix("/").partition(",")
        if code != "88":
            lines.append(_Line(number, code, rest.split(",")))
        elif lines:
            lines[-1].fields += rest.split(",")
            lines[-1].count += 1
        else:
            raise Unreadable("a continuation stands at the start of the statement")
    return lines
