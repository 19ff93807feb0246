"""CSV files as rows of named cells: streamed, bounded, strict, every refusal with its place in the file."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING, TextIO

from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAX_BYTES = 256 * 1024 * 1024
MAX_ROWS = 2_000_000
MAX_CELL = 100_000
_DELIMITERS = (",", ";", "\t", "|")


class UnreadableFile(Invalid):
    """The file is missing, too large, not UTF-8, not a CSV, or lacks a column the mapping names."""

    code = "unreadable_file"
    title = "The file cannot be read"


class UnreadableRow(Invalid):
    """One row cannot be read; the detail names file, row and column."""

    code = "unreadable_row"
    title = "A row cannot be read"


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, hex; raises UnreadableFile for one that is missing or too large."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableFile(f"{path.name} has {size:,} bytes; {MAX_BYTES:,} are the most that is read")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or 'cannot be read'}") from None


def rows(path: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Row number (the header is row 1) and the cells of `columns` (field → header), stripped; None for a blank row.

    The delimiter is the one of comma, semicolon, tab and bar that splits the header into the named columns. Raises
    UnreadableFile and UnreadableRow.
    """
    number = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader, header = _open(file, path, columns)
            wanted = {field: header.index(column) for field, column in columns.items()}
            for number, row in enumerate(reader, start=2):
                if number > MAX_ROWS + 1:
                    raise UnreadableFile(f"{path.name} has more than {MAX_ROWS:,} rows")
                yield number, _cells(f"{path.name}, row {number}", row, header, wanted)
    except UnicodeDecodeError:
        raise UnreadableFile(f"{path.name}, after row {number}: this is not UTF-8 text") from None
    except csv.Error as error:
        raise UnreadableRow(f"{path.name}, row {number + 1}: not readable as CSV ({error})") from None
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or 'cannot be read'}") from None


def _open(file: TextIO, path: Path, columns: Mapping[str, str]) -> tuple[Iterator[list[str]], list[str]]:
    """A reader that stands behind the header, and the header."""
    csv.field_size_limit(MAX_CELL)
    header: list[str] = []
    for delimiter in _DELIMITERS:
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        found = [name.strip() for name in next(reader, [])]
        if all(found.count(column) == 1 for column in columns.values()):
            return reader, found
        header = max(header, found, key=len)
    raise UnreadableFile(_header_fault(path, columns, header))


def _header_fault(path: Path, columns: Mapping[str, str], header: list[str]) -> str:
    if not any(header):
        return f"{path.name}, row 1: there is no header"
    wrong = next((column for column in columns.values() if header.count(column) != 1), None)
    if wrong in header:
        return f"{path.name}, row 1: two columns are called {wrong!r}"
    names = ", ".join(repr(name[:40]) for name in header[:40])
    return f"{path.name}, row 1: there is no column {wrong!r}; there are {names}"


def _cells(place: str, row: list[str], header: list[str], wanted: Mapping[str, int]) -> dict[str, str] | None:
    if not any(cell.strip() for cell in row):
        return None
    if len(row) > len(header):
        raise UnreadableRow(f"{place}, column {len(header) + 1}: the row is longer than the header")
    if len(row) <= max(wanted.values()):
        missing = header[len(row)]
        raise UnreadableRow(f"{place}, column {missing!r}: the row ends before it")
    return {field: row[index].strip() for field, index in wanted.items()}
