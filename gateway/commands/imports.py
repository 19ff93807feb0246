"""The command `gateway import …`: a file read here, and taken in where the database is, batch by batch.

It may be killed at any moment: run again, it goes on after the last batch that was committed.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain.errors import Invalid
from gateway.domain.purchases import NewPurchase
from gateway.domain.sales import NewSale
from gateway.domain.stock import NewStock
from gateway.source_ports import About, Converted, Entry, Refused
from gateway.usecases.imports import Batch, Import, Opening, Reject, Result

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from typing import BinaryIO

    from gateway.settings import Settings
    from gateway.source_ports import Document

    Command = Callable[[str, dict[str, Any]], Awaitable[Any]]
    Commanding = Callable[[Settings], AbstractAsyncContextManager[Command]]
    """Runs commands where the database is, for as long as it lasts."""

BATCH_COUNT, BATCH_BYTES = 1_000, 1024 * 1024
"""The most entries and bytes that go over at once."""
CHUNK_BYTES = 1024 * 1024
FAILED = 1


def add_arguments(
    parser: argparse.ArgumentParser,
    commanding: Commanding,
    document: Callable[[str], Document],
    names: Callable[[], list[str]],
) -> None:
    """`gateway import FILE --merchant ID --profile NAME`, `gateway import --list`."""
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE")
    parser.add_argument("--merchant", metavar="ID", help="whose data it is")
    parser.add_argument("--profile", metavar="NAME|FILE", help="one that --list names, or a TOML file of one's own")
    parser.add_argument("--grant", metavar="ID", help="the consent it comes in under (default: the only one)")
    parser.add_argument("--by", metavar="ACCOUNT", default="operator", help="who brings it, for the audit log")
    parser.add_argument("--rejects", type=Path, metavar="FILE", help="JSON lines (default: FILE.rejects.ndjson)")
    parser.add_argument("--dry-run", action="store_true", help="say what would become of it, and keep nothing")
    parser.add_argument("--list", action="store_true", help="list the latest imports and the profiles there are")

    async def run(settings: Settings, arguments: argparse.Namespace) -> int:
        async with commanding(settings) as command:
            if arguments.list:
                _print({"imports": await command("import.list", {}), "profiles": names()})
                return 0
            if not (arguments.file and arguments.merchant and arguments.profile):
                raise Invalid("Say which FILE, --merchant and --profile, or --list")
            return await _bring(command, document(arguments.profile), arguments)

    parser.set_defaults(run=run)


async def _bring(command: Command, document: Document, arguments: argparse.Namespace) -> int:
    path: Path = arguments.file
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            file_hash = _hashed(file)
        except OSError as error:
            raise Invalid(f"{path} cannot be read: {error}") from None
        about = msgspec.convert(await command("import.about", {"merchant_id": arguments.merchant}), About)
        entries = iter(document.read(file, file_hash, about))
        opening = Opening(
            arguments.merchant, document.source, document.datatype, file_hash, document.digest, arguments.by,
            arguments.grant,
        )  # fmt: skip
        rejects = _Rejects(arguments.rejects or path.with_name(f"{path.name}.rejects.ndjson"))
        stack.callback(rejects.close)
        bringing = _Bringing(command, opening, rejects, dry=arguments.dry_run)
        return await bringing.run(entries)


class _Rejects:
    """The file of what was not taken, a JSON line each, readable by its owner alone; there is none without one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        path.unlink(missing_ok=True)

    def write(self, entry: Entry, reject: Reject) -> None:
        """Add an entry that was not taken."""
        if self._file is None:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(handle, "wb")
        line = {"place": entry.place, "code": reject.code, "detail": reject.detail, "row": entry.raw}
        self._file.write(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        """Write it out."""
        if self._file is not None:
            self._file.close()

    @property
    def written(self) -> bool:
        """Whether there was one at all."""
        return self._file is not None


class _Bringing:
    """One file on its way in."""

    def __init__(self, command: Command, opening: Opening, rejects: _Rejects, *, dry: bool) -> None:
        self._command, self._opening, self._rejects, self._dry = command, opening, rejects, dry
        self._import_id, self._done_count = "", 0
        self._counts = {"accepted_count": 0, "duplicates_count": 0, "rejected_count": 0}

    async def run(self, entries: Iterator[Entry]) -> int:
        """Bring in what is not done yet; FAILED when something was not taken, in this run or before."""
        ended = False
        if not self._dry:
            ended = await self._begin(entries)
        for batch, last in _batches(entries):
            if not ended:
                await self._take(batch, last=last)
        _print({
            "import_id": self._import_id or None, "entries_count": self._done_count, **self._counts,
            "rejects": str(self._rejects.path) if self._rejects.written else None,
        })  # fmt: skip
        return FAILED if self._counts["rejected_count"] else 0

    async def _begin(self, entries: Iterator[Entry]) -> bool:
        """Find how far the file is, pass over that much of it, and say whether that is all of it."""
        opening = msgspec.to_builtins(self._opening)
        begun = msgspec.convert(await self._command("import.begin", {"opening": opening}), Import)
        self._import_id, self._done_count = begun.id, begun.taken_count
        self._counts = {name: getattr(begun, name) for name in self._counts}
        known = {reject.number: reject for reject in await self._known()}
        for number in range(begun.taken_count):
            entry = next(entries)
            if number in known:
                self._rejects.write(entry, known[number])
        return begun.ended_at is not None

    async def _known(self) -> list[Reject]:
        found: list[Reject] = []
        while True:
            given = {"import_id": self._import_id, "after": found[-1].number if found else -1}
            page = msgspec.convert(await self._command("import.rejects", given), list[Reject])
            if not page:
                return found
            found += page

    async def _take(self, entries: list[Entry], *, last: bool) -> None:
        batch = _batch(self._import_id, self._done_count, entries, ended=last)
        given = {"batch": msgspec.to_builtins(batch)}
        if self._dry:
            answer = await self._command("import.try", given | {"opening": msgspec.to_builtins(self._opening)})
        else:
            answer = await self._command("import.take", given)
        result = msgspec.convert(answer, Result)
        for reject in result.rejects:
            self._rejects.write(entries[reject.number - self._done_count], reject)
        self._done_count += len(entries)
        self._counts["accepted_count"] += result.accepted_count
        self._counts["duplicates_count"] += result.duplicates_count
        self._counts["rejected_count"] += len(result.rejects)
        print(f"{self._done_count} entries, {self._counts['rejected_count']} not taken", file=sys.stderr)


def _hashed(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _batches(entries: Iterator[Entry]) -> Iterator[tuple[list[Entry], bool]]:
    """Entries in bounded batches, and whether each is the last; of an empty file one that is empty."""
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if len(batch) == BATCH_COUNT or size >= BATCH_BYTES:
            yield batch, False
            batch, size = [], 0
        batch.append(entry)
        size += len(msgspec.json.encode(entry.found))
    yield batch, True


def _batch(import_id: str, after: int, entries: list[Entry], *, ended: bool) -> Batch:
    kinds: dict[str, list[Any]] = {"sales": [], "stock": [], "purchases": [], "signals": []}
    numbers: dict[str, list[int]] = {kind: [] for kind in kinds}
    refused = []
    for number, entry in enumerate(entries, start=after):
        if isinstance(entry.found, Refused):
            refused.append(Reject(number, entry.found.code, entry.found.detail))
            continue
        kind = _kind(entry.found)
        kinds[kind].append(entry.found)
        numbers[kind].append(number)
    converted = Converted(**{kind: tuple(records) for kind, records in kinds.items()})
    return Batch(import_id, after, len(entries), ended, converted, numbers, tuple(refused))


def _kind(record: object) -> str:
    if isinstance(record, NewSale):
        return "sales"
    if isinstance(record, NewStock):
        return "stock"
    return "purchases" if isinstance(record, NewPurchase) else "signals"


def _print(value: object) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())
