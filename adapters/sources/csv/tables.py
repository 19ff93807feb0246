"""The rows of a CSV file, one after the other: bounded, and checked to the end before the first one is handed out."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from gateway.source_ports import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from adapters.sources.csv.profile_files import Profile

LINE_LENGTH = 1024 * 1024
"""The longest line, in characters."""
COLUMNS_COUNT = 1_000
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


def check(file: BinaryIO, profile: Profile) -> None:
    """Read all of it, and keep nothing. Raises Unreadable for what no row by itself is to blame for."""
    start = file.read(3)
    for mark, encoding in _MARKS.items():
        if start.startswith(mark) and profile.encoding != encoding:
            raise Unreadable(
                f"The file says of itself that it is {encoding}, the profile that it is {profile.encoding}"
            )
    count = 0
    for count, cells in enumerate(rows(file, profile), start=1):
        if len(cells) > COLUMNS_COUNT:
            raise Unreadable(
                f"Row {count} has more than {COLUMNS_COUNT} columns: is {profile.delimiter!r} its delimiter?"
            )
    if count < max(1, profile.header_row):
        raise Unreadable("The file ends before its header")


def rows(file: BinaryIO, profile: Profile) -> Iterator[list[str]]:
    """Each row's cells, from the file's first. Raises Unreadable."""
    file.seek(0)
    encoding = "utf-8-sig" if profile.encoding == "utf-8" else profile.encoding
    text = io.TextIOWrapper(file, encoding, errors="strict", newline="")
    number = 0
    try:
        # A quotation mark of None is none at all: quotes are characters like others.
        reader = csv.reader(_lines(text), delimiter=profile.delimiter, quotechar=profile.quote or None, strict=True,
                            quoting=csv.QUOTE_MINIMAL if profile.quote else csv.QUOTE_NONE)  # fmt: skip
        for number, cells in enumerate(reader, start=1):  # noqa: B007 - told when the next one cannot be read
            yield cells
    except UnicodeError:
        raise Unreadable(f"After row {number} the file is not {profile.encoding}") from None
    except csv.Error as error:
        raise Unreadable(f"After row {number} the file is not CSV: {error}") from None
    finally:
        if not file.closed:
            text.detach()  # the file is its opener's to close


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(LINE_LENGTH):
        if len(line) == LINE_LENGTH:
            raise csv.Error(f"a line is longer than {LINE_LENGTH} characters")
        yield line
