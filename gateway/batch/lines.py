"""One line of a history file, read alone: the slow way that says what a row is, and what is wrong with one.

A row's fields, in the header's order: `merchant_id` (1 to 128 bytes of UTF-8, no control characters), `business_on`
(YYYY-MM-DD, 1970 to 2199), then whole numbers of minor units (tickets: of tickets) of at most 10^15. Sales may be below
zero, and so may a balance. The optional ones may be empty: not known. A field may be quoted as RFC 4180 says, but
never holds a line break.
"""

from __future__ import annotations

import csv
import re
from calendar import monthrange
from datetime import date
from typing import NamedTuple

import numpy as np

from gateway.domain.errors import Invalid
from gateway.domain.money import MAX_AMOUNT

REQUIRED = ("merchant_id", "business_on", "sales_amount", "refunds_amount", "tickets_count")
FIELDS = (*REQUIRED, "outflow_amount", "balance_amount", "instalment_amount")
SIGNED = {0, 4}
"""Which of the amounts may be below zero: sales and balance."""
NAME_BYTES = 128
DIGITS = 16
YEARS = range(1970, 2200)
MONTHS_FROM = 100 * YEARS.start
"""YYYYMM less this is where a month stands in the two tables; numbers that are no month have no days."""
_MONTHS = [divmod(MONTHS_FROM + at, 100) for at in range(100 * len(YEARS))]
MONTH_DAYS = np.array([monthrange(*month)[1] if 1 <= month[1] <= 12 else 0 for month in _MONTHS], np.int64)  # noqa: PLR2004
MONTH_STARTS = np.array([date(*month, 1).toordinal() if 1 <= month[1] <= 12 else 0 for month in _MONTHS], np.int64)  # noqa: PLR2004

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]{1,16}")
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_BOM = b"\xef\xbb\xbf"


class BadHistoryFile(Invalid):
    """The file as a whole cannot be read; a row that cannot only concerns its merchant."""

    code = "bad_history_file"
    title = "The history file cannot be read"


class Header(NamedTuple):
    """`where` each of FIELDS stands, None = the file has none; `fields_count` a line."""

    where: tuple[int | None, ...]
    fields_count: int


class Row(NamedTuple):
    """One day of one merchant; `name` is its merchant_id."""

    name: bytes
    on: int
    amounts: tuple[int, ...]
    told: tuple[bool, ...]


class Fault(NamedTuple):
    """What is wrong with a line (its number within a piece, from 0), and whose it is, as far as that can be told."""

    line: int
    name: bytes | None
    what: str


def header(line: bytes) -> Header:
    """Read the first line. Raises BadHistoryFile."""
    try:
        names = next(csv.reader([line.removeprefix(_BOM).decode()], strict=True), [])
    except (UnicodeDecodeError, csv.Error) as fault:
        raise BadHistoryFile(f"The header cannot be read: {fault}") from None
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name[:40] for name in names if name not in FIELDS]
    if missing or unknown or len(set(names)) != len(names):
        what = f"lacks {', '.join(missing)}" if missing else f"has unknown or repeated columns {names[:20]}"
        raise BadHistoryFile(f"The header {what}; it is to be {','.join(FIELDS)}, the last three optional")
    return Header(tuple(names.index(name) if name in names else None for name in FIELDS), len(names))


def read(line: bytes, given: Header, number: int) -> Row | Fault:
    """One line without its break."""
    place = given.where[0] or 0
    raw = line.split(b",")
    name = raw[place] if 0 <= place < len(raw) - 1 or len(raw) == given.fields_count else None
    try:
        fields = next(csv.reader([line.decode()], strict=True))
    except (UnicodeDecodeError, csv.Error) as fault:
        what = "not UTF-8" if isinstance(fault, UnicodeDecodeError) else f"not CSV: {fault}"
        return Fault(number, _named(name), what)
    if len(fields) > place and (place < len(fields) - 1 or len(fields) == given.fields_count):
        name = fields[place].encode()
    try:
        return _row(fields, given)
    except ValueError as fault:
        return Fault(number, _named(name), str(fault))


def _named(name: bytes | None) -> bytes | None:
    """A merchant_id that can be answered; of an overlong one its beginning, which no other merchant can be called."""
    if not name:
        return None
    return name if len(name) <= NAME_BYTES else name[:NAME_BYTES] + "…".encode()


def _row(fields: list[str], given: Header) -> Row:
    if len(fields) != given.fields_count:
        raise ValueError(f"{len(fields)} fields instead of {given.fields_count}")
    texts = [None if place is None else fields[place] for place in given.where]
    name = (texts[0] or "").encode()
    if not 1 <= len(name) <= NAME_BYTES or _CONTROL.search(name):
        raise ValueError(f"merchant_id is not 1 to {NAME_BYTES} bytes without control characters")
    told = tuple(bool(text) for text in texts[len(REQUIRED) :])
    return Row(name, _date(texts[1] or ""), tuple(_amount(at, text) for at, text in enumerate(texts[2:])), told)


def _date(text: str) -> int:
    try:
        on = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        on = None
    if on is None or on.year not in YEARS:
        raise ValueError(f"business_on is not a date from {YEARS.start} to {YEARS.stop - 1}: {text[:20]!r}")
    return on.toordinal()


def _amount(at: int, text: str | None) -> int:
    optional = at + 2 >= len(REQUIRED)
    if not text and optional:
        return 0
    name = FIELDS[at + 2]
    if text is None or not _NUMBER.fullmatch(text):
        raise ValueError(f"{name} is not a whole number of at most {DIGITS} digits: {(text or '')[:20]!r}")
    value = int(text)
    if abs(value) > MAX_AMOUNT:
        raise ValueError(f"{name} is above 10^15")
    if value < 0 and at not in SIGNED:
        raise ValueError(f"{name} is below zero")
    return value
