"""A history file as pieces of whole lines, in little memory whatever its size."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, NamedTuple

from gateway.batch import lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.batch.lines import Header

PIECE_BYTES = 1 << 19
LINE_BYTES = 1 << 16
"""A longer line is cut and thereby broken."""
SHOWN = 20
"""How many faulty lines of a merchant are named; the rest are counted."""


class Mixed(Exception):
    """A merchant's rows do not stand together, so the file cannot be read in one go. Caught where it is read."""


FIRST_LINE = 2
"""The number of the line that follows the header."""


class Piece(NamedTuple):
    """Whole lines; `ended`: False for the last line of a file that does not end with a break."""

    text: bytes
    ended: bool = True


class Faults:
    """What is wrong with lines: the first few numbers, the first reason, and how many there are."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self.first = ""
        self.count = 0

    def add(self, line: int, what: str) -> None:
        """`line` is its number in the file."""
        self.first = self.first or f"line {line}: {what}"
        self.count += 1
        if len(self.lines) < SHOWN:
            self.lines.append(line)


def header(file: IO[bytes]) -> Header:
    """Read the first line. Raises BadHistoryFile."""
    return lines.header(file.readline(LINE_BYTES).rstrip(b"\r\n"))


def pieces(file: IO[bytes]) -> Iterator[Piece]:
    """What follows the header."""
    rest = b""
    while block := file.read(PIECE_BYTES):
        text = rest + block
        end = text.rfind(b"\n") + 1
        text, rest = text[:end], text[end:]
        if len(rest) > LINE_BYTES:
            rest = _cut(file, rest)
        if text:
            yield Piece(text)
    if rest:
        yield Piece(rest + b"\n", ended=False)


def _cut(file: IO[bytes], start: bytes) -> bytes:
    """An overlong line's beginning, broken by a NUL; the file stands after it."""
    while (block := file.readline(PIECE_BYTES)) and not block.endswith(b"\n"):
        pass
    return start[: lines.NAME_BYTES * 4] + (b"\0\n" if block else b"\0")
