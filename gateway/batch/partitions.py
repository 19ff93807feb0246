"""The lines of a file whose merchants are mixed, parted by merchant into temporary files that fit into memory."""

from __future__ import annotations

import contextlib
import tempfile
from array import array
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from gateway.batch import files, rows
from gateway.batch.files import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from gateway.batch.lines import Header
    from gateway.batch.rows import Rows

    Ints = NDArray[np.int64]

PART_BYTES = 1 << 23
WAITING_BYTES = 1 << 25
HEAD_BYTES = 16


class Parts:
    """The parts of a file, each an iterator of (text, the number of each of its lines); see `parted`."""

    def __init__(self, paths: list[Path], strays: Faults, unended: int) -> None:
        self._paths = paths
        self.strays = strays
        self.unended = unended

    def __iter__(self) -> Iterator[Iterator[tuple[bytes, Ints]]]:
        for path in self._paths:
            if path.exists():  # nobody's, otherwise
                yield _read(path)
                path.unlink()


@contextlib.contextmanager
def parted(file: IO[bytes], header: Header, size: int) -> Iterator[Parts]:
    """Part the lines after the header by merchant; every file made is removed at the end."""
    file.seek(0)
    files.header(file)
    with tempfile.TemporaryDirectory(prefix="restock-history-") as folder:
        paths = [Path(folder) / str(number) for number in range(size // PART_BYTES + 1)]
        yield Parts(paths, *_part(file, header, paths))


def _part(file: IO[bytes], header: Header, paths: list[Path]) -> tuple[Faults, int]:
    strays, blocks = Faults(), _Blocks(paths)
    line, unended = files.FIRST_LINE, 0
    for piece in files.pieces(file):
        found = rows.read(piece.text, header)
        for fault in found.faults:
            if fault.name is None:
                strays.add(line + fault.line, fault.what)
        for part, marks, text in _parted(found, line, len(paths)):
            head = np.array([marks.nbytes, len(text)], np.int64)
            blocks.add(part, (head.tobytes(), marks.tobytes(), text))
        unended = 0 if piece.ended else line
        line += len(found.ends)
    blocks.flush()
    return strays, unended


class _Blocks:
    """What waits to be written: many files are appended to, one open at a time."""

    def __init__(self, paths: list[Path]) -> None:
        self._paths = paths
        self._waiting: dict[int, list[bytes]] = {}
        self._size = 0

    def add(self, part: int, block: tuple[bytes, ...]) -> None:
        self._waiting.setdefault(part, []).extend(block)
        self._size += sum(map(len, block))
        if self._size >= WAITING_BYTES:
            self.flush()

    def flush(self) -> None:
        for part, blocks in self._waiting.items():
            with self._paths[part].open("ab") as output:
                output.writelines(blocks)
        self._waiting.clear()
        self._size = 0


def _parted(found: Rows, line: int, count: int) -> Iterator[tuple[int, Ints, bytes]]:
    """(part, (spans, 2) first line and how many, their text) of every part that something of the piece belongs to."""
    own = [fault for fault in found.faults if fault.name is not None]
    part = (rows.keys(found) % np.uint64(count)).astype(np.int64)
    if own:  # a run may go on beyond another merchant's faulty line: line by line, then
        part = np.repeat(part, np.diff(found.starts, append=len(found.on)))
        part = np.append(part, [rows.key(fault.name or b"") % count for fault in own])
        firsts = np.append(found.lines, [fault.line for fault in own])
        lasts = firsts
    else:
        firsts = found.lines[found.starts]
        lasts = found.lines[np.append(found.starts[1:], len(found.on)) - 1] if len(firsts) else firsts
    order = np.lexsort((firsts, part))
    part, firsts, lasts = part[order], firsts[order], lasts[order]
    left = np.where(firsts > 0, found.ends[firsts - 1] + 1, 0)
    piece = found.piece
    texts = [piece[start:end] for start, end in zip(left.tolist(), (found.ends[lasts] + 1).tolist(), strict=True)]
    marks = np.stack([firsts + line, lasts - firsts + 1], axis=1)
    bounds = np.searchsorted(part, np.arange(count + 1)).tolist()
    for number in range(count):
        start, end = bounds[number], bounds[number + 1]
        if start < end:
            yield number, marks[start:end], b"".join(texts[start:end])


def _read(path: Path) -> Iterator[tuple[bytes, Ints]]:
    """Its text in pieces, as it was written, with each line's number in the original file."""
    with path.open("rb") as file:
        texts, numbers, size = [], [], 0
        while head := file.read(HEAD_BYTES):
            mark_bytes, text_bytes = array("q", head)
            marks = np.frombuffer(file.read(mark_bytes), np.int64).reshape(-1, 2)
            texts.append(file.read(text_bytes))
            before = np.cumsum(marks[:, 1]) - marks[:, 1]
            numbers.append(np.repeat(marks[:, 0] - before, marks[:, 1]) + np.arange(int(marks[:, 1].sum())))
            size += text_bytes
            if size >= files.PIECE_BYTES:
                yield b"".join(texts), np.concatenate(numbers)
                texts, numbers, size = [], [], 0
        if texts:
            yield b"".join(texts), np.concatenate(numbers)
