"""The records of an ACH file by field and width, written and read from one declaration each. Knows no payments.

Source: Nacha Operating Rules, Appendix Three (record formats). A record is 94 printable ASCII characters; numbers
stand right in zeros, texts left in blanks. Nothing here cuts a value: what does not fit is the caller's mistake.
"""

from __future__ import annotations

import re
from enum import Enum

import msgspec

from gateway.bank_ports import Unreadable

LENGTH = 94
BLOCK = 10
FILLER = "9" * LENGTH
_STRANGE = re.compile(r"[^ -~]")


class Kind(Enum):
    """What may stand in a field."""

    number = "number"
    text = "text"
    number_or_blank = "number_or_blank"


class Field(msgspec.Struct, frozen=True):
    """One field of a record, at `start` (from 0), `width` characters wide."""

    name: str
    start: int
    width: int
    kind: Kind


class Layout(msgspec.Struct, frozen=True):
    """One kind of record: what it is called, and its fields from the first column to the last."""

    name: str
    fields: tuple[Field, ...]


class Record(msgspec.Struct, frozen=True):
    """A record read or about to be written: its values with their blanks, and the line it stood on (from 1)."""

    layout: Layout
    values: dict[str, str]
    line: int = 0

    def text(self, name: str) -> str:
        """The field without its filling blanks."""
        return self.values[name].strip()

    def number(self, name: str) -> int:
        """A numeric field's value; a blank one is 0."""
        return int(self.values[name].strip() or 0)


_KINDS = {"9": Kind.number, "X": Kind.text, "?": Kind.number_or_blank}


def _layout(name: str, declared: str) -> Layout:
    """`field:9/6` is a number six wide, `X` a text, `?` a number that may be blank; the widths must make a record."""
    fields: list[Field] = []
    start = 0
    for word in declared.split():
        field, _, shape = word.partition(":")
        width = int(shape[2:])
        fields.append(Field(field, start, width, _KINDS[shape[0]]))
        start += width
    assert start == LENGTH, name  # noqa: S101 - a declaration in this file, checked when it is loaded
    return Layout(name, tuple(fields))


FILE_HEADER = _layout(
    "file header",
    "type:9/1 priority:9/2 destination:X/10 origin:X/10 created_on:9/6 created_at:?/4 modifier:X/1 record_size:9/3"
    " blocking:9/2 format:9/1 destination_name:X/23 origin_name:X/23 reference:X/8",
)
BATCH_HEADER = _layout(
    "batch header",
    "type:9/1 service_class:9/3 company_name:X/16 discretionary:X/20 company_id:X/10 entry_class:X/3 description:X/10"
    " descriptive_date:X/6 effective_on:?/6 settlement_day:X/3 originator_status:X/1 odfi:9/8 batch_number:9/7",
)
ENTRY = _layout(
    "entry",
    "type:9/1 transaction_code:9/2 rdfi:9/8 check_digit:9/1 account:X/17 amount:9/10 individual_id:X/15 name:X/22"
    " discretionary:X/2 addenda:9/1 trace:9/15",
)
ADDENDA_REMITTANCE = _layout("addenda", "type:9/1 addenda_type:9/2 text:X/80 sequence:9/4 entry_sequence:9/7")
ADDENDA_OTHER = _layout("addenda", "type:9/1 addenda_type:9/2 text:X/91")
"""Addenda nobody here reads: point of sale (02), international entries (10 to 18)."""
ADDENDA_CORRECTION = _layout(
    "correction",
    "type:9/1 addenda_type:9/2 code:X/3 original_trace:9/15 reserved:X/6 original_rdfi:9/8 corrected:X/29"
    " reserved_2:X/15 trace:9/15",
)
ADDENDA_RETURN = _layout(
    "return",
    "type:9/1 addenda_type:9/2 code:X/3 original_trace:9/15 date_of_death:X/6 original_rdfi:9/8 information:X/44"
    " trace:9/15",
)
BATCH_CONTROL = _layout(
    "batch control",
    "type:9/1 service_class:9/3 count:9/6 hash:9/10 debits:9/12 credits:9/12 company_id:X/10 authentication:X/19"
    " reserved:X/6 odfi:9/8 batch_number:9/7",
)
FILE_CONTROL = _layout(
    "file control",
    "type:9/1 batches:9/6 blocks:9/6 count:9/8 hash:9/10 debits:9/12 credits:9/12 reserved:X/39",
)
_ADDENDA = {"05": ADDENDA_REMITTANCE, "98": ADDENDA_CORRECTION, "99": ADDENDA_RETURN}
_LAYOUTS = {"1": FILE_HEADER, "5": BATCH_HEADER, "6": ENTRY, "8": BATCH_CONTROL, "9": FILE_CONTROL}


def make(layout: Layout, **values: str | int) -> Record:
    """A record with `values`, a field that is not named empty. Raises ValueError for one that does not fit."""
    filled = {}
    for field in layout.fields:
        value = str(values.pop(field.name, ""))
        filled[field.name] = value.ljust(field.width) if field.kind is Kind.text else value.rjust(field.width, "0")
        if len(filled[field.name]) != field.width or _STRANGE.search(value):
            raise ValueError(f"{field.name} of the {layout.name} does not fit")
    if values:
        raise ValueError(f"the {layout.name} has no {', '.join(values)}")
    return Record(layout, filled)


def line(record: Record) -> str:
    """The record's 94 characters."""
    return "".join(record.values[field.name] for field in record.layout.fields)


def read(text: str, number: int) -> Record:
    """Line `number` of a file as a record; blanks at its end may have been lost on the way. Raises Unreadable."""
    strange = _STRANGE.search(text)
    if strange:
        raise Unreadable(f"line {number}, column {strange.start() + 1} holds a character no ACH record has")
    if len(text) > LENGTH:
        raise Unreadable(f"line {number} has {len(text)} characters, more than {LENGTH}")
    layout = _ADDENDA.get(text[1:3], ADDENDA_OTHER) if text[:1] == "7" else _LAYOUTS.get(text[:1])
    if layout is None:
        raise Unreadable(f"line {number} starts with {text[:1]!r}, which no ACH record does")
    padded = text.ljust(LENGTH)
    values = {field.name: padded[field.start : field.start + field.width] for field in layout.fields}
    for field in layout.fields:
        value = values[field.name]
        blank = field.kind is Kind.number_or_blank and not value.strip()
        if field.kind is not Kind.text and not blank and not value.isdigit():
            raise Unreadable(f"line {number}: {field.name} of the {layout.name} is not a number")
    return Record(layout, values, number)
