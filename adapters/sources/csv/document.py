"""A CSV file and its profile → entries: which rows count, which belong together, and what identifies them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from adapters.sources.csv import profile_files, tables
from adapters.sources.csv.cells import BadCell, cleaned
from adapters.sources.csv.columns import Columns, Row
from gateway.source_ports import Entry, Refused, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from gateway.domain.details import Datatype
    from gateway.source_ports import About

LINES_COUNT = 500
"""The most lines of one ticket."""


class Csv:
    """Files of one profile."""

    def __init__(self, text: str) -> None:
        """`text` is the profile's TOML. Raises BadProfile."""
        self._profile = profile_files.read(text)
        self._digest = hashlib.sha256(text.encode()).hexdigest()

    @property
    def source(self) -> str:
        """See Document."""
        return f"csv-{self._profile.name}"

    @property
    def datatype(self) -> Datatype:
        """See Document."""
        return self._profile.datatype

    @property
    def digest(self) -> str:
        """See Document."""
        return self._digest

    def read(self, file: BinaryIO, file_hash: str, about: About) -> Iterator[Entry]:
        """See Document."""
        tables.check(file, self._profile)
        found = enumerate(tables.rows(file, self._profile), start=1)
        header = [str(number) for number in range(1, tables.COLUMNS_COUNT + 1)]
        if self._profile.header_row:
            header = next(_header(cells) for number, cells in found if number == self._profile.header_row)
        columns = Columns(self._profile, about, header, file_hash)
        rows = (Row(number, cells) for number, cells in found if any(cells))
        if self._profile.rows == "records":
            counted = ([row] for row in rows if not columns.skips(row))
            return (entry for row in counted if (entry := _entry(row, columns)) is not None)
        return (entry for ticket in _tickets(rows, columns) if (entry := _entry(ticket, columns)) is not None)


def _header(cells: list[str]) -> list[str]:
    try:
        return [cleaned(cell) for cell in cells]
    except BadCell as bad:
        raise Unreadable(f"The header cannot be read: {bad.detail}") from None


def _tickets(rows: Iterator[Row], columns: Columns) -> Iterator[list[Row]]:
    """Rows that follow each other and name the same ticket, or none after one that does; left out with its first."""
    ticket: list[Row] = []
    known = ""
    skipping = False
    for row in rows:
        named, skipped = columns.named(row), columns.skips(row)
        skipping = skipped if named else skipping
        if skipped or skipping:
            continue
        if ticket and known and named in {"", known}:
            if len(ticket) <= LINES_COUNT:  # one too many is enough to refuse it
                ticket.append(row)
            continue
        if ticket:
            yield ticket
        ticket, known = [row], named
    if ticket:
        yield ticket


def _entry(ticket: list[Row], columns: Columns) -> Entry | None:
    """What rows that belong together come to; None where there is nothing to tell of."""
    first, last = ticket[0], ticket[-1]
    place = f"row {first.number}" if first is last else f"rows {first.number} to {last.number}"
    if len(ticket) > LINES_COUNT:
        return Entry(place, first.cells, Refused(place, "too_many_lines", f"A ticket has at most {LINES_COUNT} lines"))
    try:
        record = columns.record(ticket)
    except BadCell as bad:
        return Entry(place, first.cells, Refused(place, bad.code, bad.detail))
    return None if record is None else Entry(place, first.cells, record)
