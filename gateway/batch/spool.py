"""Answers on their way out: kept in temporary files until all are known, then written in the order of the input."""

from __future__ import annotations

import contextlib
import heapq
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COPY_BYTES = 1 << 20
MOST_OPEN = 64


class Spool:
    """Lines with a number each. Numbers that fall begin a new run; `pour` merges the runs. See `opened`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runs: list[Path] = []
        self._file: IO[bytes] | None = None
        self._last = 0

    def clear(self) -> None:
        """Forget everything."""
        self.close()
        for path in self._runs:
            path.unlink()
        self._runs.clear()

    def close(self) -> None:
        """Nothing more comes."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def add(self, number: int, line: bytes) -> None:
        """`line` without its break."""
        if self._file is None or number < self._last:
            self.close()
            self._runs.append(self._folder / str(len(self._runs)))
            self._file = self._runs[-1].open("wb", COPY_BYTES)
        self._last = number
        self._file.write(b"%d %b\n" % (number, line))

    def pour(self, output: IO[bytes]) -> None:
        """Write all lines, the smallest number first."""
        self.close()
        while len(self._runs) > MOST_OPEN:
            some, self._runs = self._runs[:MOST_OPEN], self._runs[MOST_OPEN:]
            merged = some[0].with_suffix(some[0].suffix + ".m")
            with merged.open("wb", COPY_BYTES) as joined, _merged(some) as lines:
                joined.writelines(b"%d %b" % one for one in lines)
            for path in some:
                path.unlink()
            self._runs.append(merged)
        with _merged(self._runs) as lines:
            output.writelines(line for _, line in lines)


@contextlib.contextmanager
def opened() -> Iterator[Spool]:
    """An empty spool; its files are removed at the end."""
    with tempfile.TemporaryDirectory(prefix="restock-answers-") as folder:
        spool = Spool(Path(folder))
        try:
            yield spool
        finally:
            spool.close()


@contextlib.contextmanager
def _merged(paths: list[Path]) -> Iterator[Iterator[tuple[int, bytes]]]:
    """The numbers and lines of several runs, in order."""
    with contextlib.ExitStack() as stack:
        runs = [_numbered(stack.enter_context(path.open("rb", COPY_BYTES // MOST_OPEN))) for path in paths]
        yield heapq.merge(*runs, key=_number) if len(runs) > 1 else iter(runs[0] if runs else ())


def _numbered(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    for text in file:
        number, _, line = text.partition(b" ")
        yield int(number), line


def _number(one: tuple[int, bytes]) -> int:
    return one[0]
