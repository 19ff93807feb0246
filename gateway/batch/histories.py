"""A history file as sheets, one a merchant, in little memory however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from gateway.batch import files, partitions, rows, sheets
from gateway.batch.files import Faults, Mixed
from gateway.batch.sheets import Gathered, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from gateway.batch.files import Piece
    from gateway.batch.lines import Header
    from gateway.batch.rows import Rows
    from gateway.batch.sheets import Sheet

    Ints = NDArray[np.int64]

    Answer = TypeVar("Answer")

RECENT_COUNT = 1 << 16


class Reading(NamedTuple):
    """How to read: `until` an as-of day, rows from it on are left aside; `strays` collects lines that are nobody's."""

    header: Header
    until: int | None
    strays: Faults


def whole(path: Path, until: int | None, take: Callable[[Iterator[Sheet], Reading], Answer]) -> Answer:
    """What `take` makes of all sheets of a file. Raises BadHistoryFile.

    While each merchant's rows stand together, they are read once and `take` gets them in the file's order. When they
    turn out not to, `take` begins anew on the same rows parted by merchant: only its last answer counts. Sheets then
    come in ascending `line` within each part alone. `until`: an ordinal, rows of that day and later are left aside.
    """
    with path.open("rb") as file:
        header = files.header(file)
        try:
            reading = Reading(header, until, Faults())
            return take(_grouped(files.pieces(file), reading), reading)
        except Mixed:
            with partitions.parted(file, header, path.stat().st_size) as parts:
                reading = Reading(header, until, parts.strays)
                return take(_mixed(parts, reading), reading)


def _grouped(pieces: Iterator[Piece], reading: Reading) -> Iterator[Sheet]:
    """One merchant after the other; raises Mixed when one comes again."""
    seen, current = _Seen(), Gathered(b"", [], Faults())
    line, unended = files.FIRST_LINE, 0
    for piece in pieces:
        found = rows.read(piece.text, reading.header)
        here = Part(found.lines + line, found.on, found.amounts, found.told)
        for event in _events(found):
            if event.name is None:
                reading.strays.add(line + event.line, event.what)
                continue
            if event.name != current.name:
                if current.name:
                    yield sheets.sheet(current, reading.until, 0)
                seen.add(event.name)
                current = Gathered(event.name, [], Faults())
            if event.what:
                current.faults.add(line + event.line, event.what)
            elif current.rows_count <= sheets.MAX_ROWS:
                current.parts.append(here.at(slice(event.start, event.end)))
        unended = 0 if piece.ended else line
        line += len(found.ends)
    if current.name:
        yield sheets.sheet(current, reading.until, unended)


class _Event(NamedTuple):
    """Rows [start, end) of a merchant, or `what` is wrong with a line."""

    name: bytes | None
    start: int
    end: int
    line: int = 0
    what: str = ""


def _events(found: Rows) -> Iterator[_Event]:
    """Runs of rows and faults, in the order in which they stand in the piece."""
    starts, count = found.starts.tolist(), len(found.on)
    runs = map(_Event, found.names(), starts, [*starts[1:], count])
    if not found.faults:
        yield from runs
        return
    at = np.searchsorted(found.lines, [fault.line for fault in found.faults]).tolist()
    faults = [_Event(one.name, place, place, one.line, one.what) for one, place in zip(found.faults, at, strict=True)]
    yield from _interleaved(runs, faults)


def _interleaved(runs: Iterator[_Event], faults: list[_Event]) -> Iterator[_Event]:
    """Both in order; a run with a fault inside goes on after it."""
    rest = iter(faults)
    fault = next(rest, None)
    for run in runs:
        start = run.start
        while fault is not None and fault.start < run.end:
            if fault.start > start:
                yield _Event(run.name, start, fault.start)
                start = fault.start
            yield fault
            fault = next(rest, None)
        yield _Event(run.name, start, run.end)
    if fault is not None:
        yield fault
    yield from rest


def _mixed(parts: partitions.Parts, reading: Reading) -> Iterator[Sheet]:
    """The merchants of one part after the other, each part's in the order in which they appear in the file."""
    for part in parts:
        names: dict[bytes, int] = {}
        faults: dict[bytes, Faults] = {}
        found, owners = list[Part](), [np.zeros(0, np.int64)]
        for text, numbers in part:
            read = rows.read(text, reading.header)
            for fault in read.faults:
                if fault.name is not None:
                    faults.setdefault(fault.name, Faults()).add(int(numbers[fault.line]), fault.what)
            codes = np.array([names.setdefault(name, len(names)) for name in read.names()], np.int64)
            owners.append(np.repeat(codes, np.diff(read.starts, append=len(read.on))))
            found.append(Part(numbers[read.lines], read.on, read.amounts, read.told))
        gathered = _by_merchant(names, sheets.joined(found), np.concatenate(owners), faults)
        for one in sorted(gathered, key=lambda one: one.line):
            yield sheets.sheet(one, reading.until, parts.unended)


def _by_merchant(names: dict[bytes, int], days: Part, owners: Ints, faults: dict[bytes, Faults]) -> Iterator[Gathered]:
    """`owners`: whose each row is, by the number that `names` gives."""
    ordered = days.at(np.argsort(owners, kind="stable"))
    ends = np.cumsum(np.bincount(owners, minlength=len(names))).tolist()
    for name, code in names.items():
        start = ends[code - 1] if code else 0
        yield Gathered(name, [ordered.at(slice(start, ends[code]))], faults.pop(name, Faults()))
    for name, own in faults.items():
        yield Gathered(name, [], own)


class _Seen:
    """Which merchants had their turn, in eight bytes each.

    Two that look alike by chance (among a million, once in forty million files) only make the file be read by parts.
    """

    def __init__(self) -> None:
        self._old = np.zeros(0, np.int64)
        self._new: set[int] = set()

    def add(self, name: bytes) -> None:
        """Raises Mixed when it was there before."""
        key = hash(name)
        at = int(np.searchsorted(self._old, key))
        if key in self._new or (at < len(self._old) and int(self._old[at]) == key):
            raise Mixed
        self._new.add(key)
        if len(self._new) >= RECENT_COUNT:
            self._old = np.sort(np.concatenate([self._old, np.array(list(self._new), np.int64)]))
            self._new.clear()
