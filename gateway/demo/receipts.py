"""Real receipts from any CSV file, by a mapping of its columns; streamed twice, read exactly or refused with its place.

The first pass finds the only date format that fits the whole file and takes its fingerprint, the second reads the
rows. Rows are numbered as a spreadsheet shows them: the header is row 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from gateway.demo import dates, tables
from gateway.demo.amounts import AmountReader, UnreadableAmount
from gateway.domain import calendars
from gateway.domain.errors import Conflict, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST_ID = 128
_FIELDS = ("occurred_at", "time", "amount", "sale_id", "kind")


class RepeatedSale(Conflict):
    """Two rows carry one sale id and say different things."""

    code = "repeated_sale"
    title = "A sale id stands on two different rows"


class Kind(StrEnum):
    """What a row does to the day: adds to it, or takes from it."""

    sale = "sale"
    refund = "refund"
    void = "void"


class Receipt(msgspec.Struct, frozen=True):
    """One receipt: `amount` > 0 in minor units, `occurred_at` in UTC, `business_on` the merchant's own day."""

    sale_id: str
    kind: Kind
    occurred_at: datetime
    business_on: date
    amount: int

    @property
    def net_amount(self) -> int:
        """What the receipt adds to its day's net sales: negative for a refund or a void."""
        return self.amount if self.kind is Kind.sale else -self.amount


class Receipts(msgspec.Struct, frozen=True):
    """A file's receipts in order of time, and what was passed over on the way."""

    name: str
    currency: str
    timezone: str
    day_cutoff: str
    receipts: tuple[Receipt, ...]
    date_format: str | None = None
    blank_count: int = 0
    without_amount_count: int = 0
    zero_count: int = 0
    repeated_count: int = 0


class Reading(msgspec.Struct, frozen=True):
    """How to read a file: which column means what, and where the shop is.

    `columns` maps `occurred_at` and `amount`, optionally `sale_id`, `kind`, and `time` (a time of day in a column
    of its own, joined to `occurred_at` by a space), to the header's names. `date_format` is a strptime pattern.
    """

    columns: Mapping[str, str]
    currency: str
    timezone: str
    day_cutoff: str = "00:00"
    date_format: str | None = None


def parse_columns(text: str) -> dict[str, str]:
    """`occurred_at=datetime,amount=total` → a mapping; raises Invalid on an unknown, repeated or missing field."""
    columns: dict[str, str] = {}
    for part in text.split(","):
        field, sign, column = part.partition("=")
        if not sign or field.strip() not in _FIELDS or not column.strip():
            raise Invalid(f"--columns: {part!r} is not FIELD=COLUMN with FIELD one of {', '.join(_FIELDS)}")
        if field.strip() in columns:
            raise Invalid(f"--columns: {field.strip()} is given twice")
        columns[field.strip()] = column.strip()
    missing = [field for field in ("occurred_at", "amount") if field not in columns]
    if missing:
        raise Invalid(f"--columns: {' and '.join(missing)} must be given")
    return columns


def read(path: Path, reading: Reading) -> Receipts:
    """All receipts of `path`; raises UnreadableFile, UnreadableRow, AmbiguousDates or RepeatedSale.

    Rows without an amount, rows of zero and wholly blank rows are counted and left out. A negative amount is a
    refund. A row without an id is known by the file's first 16 hex digits of SHA-256 and its row number: two equal
    receipts are two sales. Two equal rows with one id are one sale, counted as repeated.
    """
    fingerprint = tables.fingerprint(path)
    pattern = reading.date_format or _date_format(path, reading)
    return _Reader(path, reading, fingerprint, pattern).read()


class _Reader:
    """One reading of one file: what has been counted and which ids have been seen."""

    def __init__(self, path: Path, reading: Reading, fingerprint: str, pattern: str) -> None:
        self.path = path
        self.reading = reading
        self.fingerprint = fingerprint
        self.pattern = pattern
        self.zone = calendars.zone(reading.timezone)
        self.amounts = AmountReader(reading.currency)
        self.by_id: dict[str, Receipt] = {}
        self.counts = {"blank_count": 0, "without_amount_count": 0, "zero_count": 0, "repeated_count": 0}

    def read(self) -> Receipts:
        for number, cells in tables.rows(self.path, self.reading.columns):
            self._take(number, cells)
        if not self.by_id:
            raise tables.UnreadableFile(f"{self.path.name}: no row has an amount")
        ordered = sorted(self.by_id.values(), key=lambda receipt: receipt.occurred_at)
        return Receipts(
            name=self.path.name,
            currency=self.reading.currency,
            timezone=self.reading.timezone,
            day_cutoff=self.reading.day_cutoff,
            receipts=tuple(ordered),
            date_format=self.pattern,
            **self.counts,
        )

    def _take(self, number: int, cells: dict[str, str] | None) -> None:
        if cells is None:
            self.counts["blank_count"] += 1
        elif not cells["amount"]:
            self.counts["without_amount_count"] += 1
        else:
            self._add(number, cells)

    def _add(self, number: int, cells: dict[str, str]) -> None:
        signed = self._amount(number, cells)
        if signed == 0:
            self.counts["zero_count"] += 1
            return
        receipt = self._receipt(number, cells, signed)
        known = self.by_id.setdefault(receipt.sale_id, receipt)
        if known is receipt:
            return
        if known != receipt:
            detail = f"{receipt.sale_id[:60]!r} is on an earlier row with another time, amount or kind"
            raise RepeatedSale(self._place(number, "sale_id", detail))
        self.counts["repeated_count"] += 1

    def _receipt(self, number: int, cells: dict[str, str], signed: int) -> Receipt:
        text = _moment(cells)
        moment = dates.parse(text, self.pattern)
        if moment is None:
            raise tables.UnreadableRow(self._place(number, "occurred_at", f"{text[:40]!r} is not {self.pattern}"))
        try:
            at = dates.instant(moment, self.pattern, self.zone)
        except OverflowError:
            raise tables.UnreadableRow(self._place(number, "occurred_at", f"{text[:40]!r} is out of range")) from None
        return Receipt(
            sale_id=self._sale_id(number, cells),
            kind=self._kind(number, cells, signed),
            occurred_at=at,
            business_on=calendars.business_date(at, self.reading.timezone, self.reading.day_cutoff),
            amount=abs(signed),
        )

    def _sale_id(self, number: int, cells: dict[str, str]) -> str:
        native = cells.get("sale_id") or f"{self.fingerprint[:16]}-{number}"
        if len(native) > _LONGEST_ID or not native.isprintable():
            raise tables.UnreadableRow(self._place(number, "sale_id", f"{native[:40]!r} is too long or not printable"))
        return native

    def _amount(self, number: int, cells: dict[str, str]) -> int:
        try:
            return self.amounts.read(cells["amount"])
        except UnreadableAmount as error:
            raise tables.UnreadableRow(self._place(number, "amount", error.detail)) from None

    def _kind(self, number: int, cells: dict[str, str], signed: int) -> Kind:
        text = cells.get("kind", "").lower()
        if not text:
            return Kind.sale if signed > 0 else Kind.refund
        if text not in Kind.__members__:
            raise tables.UnreadableRow(self._place(number, "kind", f"{text[:40]!r} is not sale, refund or void"))
        if text == Kind.sale and signed < 0:
            raise tables.UnreadableRow(self._place(number, "kind", "a sale cannot have a negative amount"))
        return Kind(text)

    def _place(self, number: int, field: str, detail: str) -> str:
        return f"{self.path.name}, row {number}, column {self.reading.columns[field]!r}: {detail}"


def _moment(cells: Mapping[str, str]) -> str:
    """The text of the moment: one column, or a date and a time joined by a space."""
    return f"{cells['occurred_at']} {cells['time']}".strip() if "time" in cells else cells["occurred_at"]


def _date_format(path: Path, reading: Reading) -> str:
    """The only candidate that fits every row with an amount; raises UnreadableRow or AmbiguousDates."""
    alive, position = dates.surviving(_moments(path, reading))
    column = reading.columns["occurred_at"]
    if not alive:
        number, text = next(islice(_numbered_moments(path, reading), position, None))
        before, _ = dates.surviving(islice(_moments(path, reading), position))
        earlier = f"; the rows before it are {' or '.join(before)}" if position else ""
        tried = ", ".join(dates.CANDIDATES)
        raise tables.UnreadableRow(
            f"{path.name}, row {number}, column {column!r}: {text[:40]!r} fits no known format{earlier}. "
            f"Give one with --date-format. Known: {tried}"
        )
    if len(alive) > 1:
        example = dates.first_difference(_moments(path, reading), alive)
        if example is not None:
            readings = "; ".join(f"{pattern} reads {dates.parse(example, pattern):%Y-%m-%d %H:%M}" for pattern in alive)
            raise dates.AmbiguousDates(
                f"{path.name}, column {column!r}: {len(alive)} formats fit every row, and differ on {example!r}: "
                f"{readings}. Say which with --date-format"
            )
    return alive[0]


def _moments(path: Path, reading: Reading) -> Iterator[str]:
    return (text for _, text in _numbered_moments(path, reading))


def _numbered_moments(path: Path, reading: Reading) -> Iterator[tuple[int, str]]:
    for number, cells in tables.rows(path, reading.columns):
        if cells is not None and cells["amount"]:
            yield number, _moment(cells)
