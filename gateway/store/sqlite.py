"""SQLite through aiosqlite: one writer connection, group commit, one query-only reader, one owning process.

WAL and synchronous=FULL: what is answered survives a power cut. aiosqlite's connection is one transaction for all
tasks, so nobody but the committer touches the writer.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import sqlite3
from typing import TYPE_CHECKING, Any, TypeVar

import aiosqlite

from gateway.domain.errors import Conflict
from gateway.store import migrate, rows
from gateway.store.committer import BEGIN, Committer, Work, carrying
from gateway.store.database import BadDatabaseUrl

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from gateway.store.database import Lane, Then, Tx
    from gateway.store.queries import Query

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-65536",
    # A checkpoint holds commits up, for a tenth of a second at this size; smaller ones more often hold them up longer
    # in all, because what changes often is then copied more often (1,000 pages: every tenth commit was a slow one).
    "PRAGMA wal_autocheckpoint=64000",
)
_OPTIONS: dict[str, Any] = {"isolation_level": None, "cached_statements": 512}
SHORT_COUNT = 256
"""The most rows written on the event loop's own thread: one or two milliseconds of it."""

logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # its DEBUG lines hold parameters: personal data


class Owned(Conflict):
    """Another process owns this SQLite file."""

    code = "database_owned"
    title = "Another process has this database open"


class SqliteReader:
    """Reads over one aiosqlite connection: one `execute_fetchall`, one thread hop, a query."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def all(self, query: Query, kind: type[Any] | None = None, /, **values: Any) -> list[Any]:
        """See Reader."""
        found = await self._found(query.sqlite.text, rows.bind(query.sqlite, values))
        if kind is None:
            return [tuple(row) for row in found]
        return rows.read(kind, tuple(found[0].keys()), found) if found else []

    async def one(self, query: Query, kind: type[Any] | None = None, /, **values: Any) -> Any:
        """See Reader."""
        found = await (self.all(query, **values) if kind is None else self.all(query, kind, **values))
        return found[0] if found else None

    async def _found(self, text: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        return list(await self._connection.execute_fetchall(text, values))


class SqliteTx(SqliteReader):
    """One unit's hold on the committer's transaction.

    A statement here takes microseconds and a hop to aiosqlite's thread tens of them, more when the loop is busy and
    keeps the interpreter: so short ones run where they are asked for. Long batches hop, as every COMMIT does.
    """

    def __init__(self, raw: sqlite3.Connection, connection: aiosqlite.Connection, then: Then) -> None:
        super().__init__(connection)
        self._raw = raw
        self._then = then

    async def run(self, query: Query, /, **values: Any) -> int:
        """See Tx."""
        return self._raw.execute(query.sqlite.text, rows.bind(query.sqlite, values)).rowcount

    async def many(self, query: Query, values: Iterable[dict[str, Any]]) -> int:
        """See Tx."""
        bound = rows.bind_all(query.sqlite, values)
        if not bound:
            return 0
        if len(bound) <= SHORT_COUNT:
            return self._raw.executemany(query.sqlite.text, bound).rowcount
        cursor = await self._connection.executemany(query.sqlite.text, bound)
        return cursor.rowcount

    def on_commit(self, then: Callable[[], None]) -> None:
        """See Tx."""
        self._then.append(then)

    async def _found(self, text: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        return self._raw.execute(text, values).fetchall()


class SqliteStore(SqliteReader):
    """The one writer with its committer, the reader, and the lock that makes the file ours."""

    def __init__(
        self, writer: aiosqlite.Connection, reader: aiosqlite.Connection, committer: Committer, lock: int
    ) -> None:
        super().__init__(reader)
        self._writer = writer
        self._lock: int | None = lock
        self._committer = committer

    @classmethod
    async def open(cls, path: Path) -> SqliteStore:
        """Take the file for this process alone, migrate it, start the committer. Raises Owned or BadDatabaseUrl."""
        lock = _own(path)
        ahead: list[str] = []
        async with contextlib.AsyncExitStack() as undo:  # aiosqlite's threads would keep a failed process alive
            undo.callback(os.close, lock)
            # Never two threads at once: the committer, its only user, waits for each hop.
            raw = sqlite3.connect(path, factory=carrying(ahead), check_same_thread=False, **_OPTIONS)
            writer = await undo.enter_async_context(aiosqlite.Connection(lambda: raw, iter_chunk_size=64))
            await _migrate(writer, ahead)
            reader = await undo.enter_async_context(aiosqlite.connect(path, **_OPTIONS))
            reader.row_factory = writer.row_factory = sqlite3.Row
            await reader.execute("PRAGMA query_only=ON")
            undo.pop_all()
        return cls(writer, reader, Committer(writer, ahead, lambda then: SqliteTx(raw, writer, then)), lock)

    async def write(self, unit: Callable[[Tx], Awaitable[T]]) -> T:
        """See Store."""
        return await self._committer.answer(Work(unit, None, None))  # type: ignore[no-any-return]

    async def merge(self, lane: Lane[I, R], item: I) -> R:
        """See Store."""
        return await self._committer.answer(Work(None, lane, item))  # type: ignore[no-any-return]

    def waiting_count(self) -> int:
        """See Store."""
        return self._committer.waiting_count()

    async def close(self) -> None:
        """See Store. The reader goes first: the last connection to leave writes the WAL back into the file."""
        await self._committer.close()
        await self._connection.close()
        await self._writer.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _own(path: Path) -> int:
    """Hold an exclusive lock beside the file until `close`: two processes on one file gave errors in trials."""
    path = path.resolve()  # one lock however the file is reached
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.touch(mode=0o600)  # SQLite would make it readable for everybody
    except OSError as error:
        os.close(lock)
        if not isinstance(error, BlockingIOError):
            raise
        sentence = "is open in another process. One process owns an SQLite file; use PostgreSQL for several."
        raise Owned(f"{path} {sentence}") from None
    return lock


async def _migrate(writer: aiosqlite.Connection, ahead: list[str]) -> None:
    """Set the connection up and bring the schema up to this version, or leave the file as it was."""
    ahead += (*_PRAGMAS, BEGIN)
    mode = list(await writer.execute_fetchall("PRAGMA journal_mode"))
    if mode != [("wal",)]:
        raise BadDatabaseUrl("SQLite needs a file on a local disk, where it can keep a write-ahead log")
    await writer.execute(migrate.LEDGER)
    applied = [(row[0], row[1]) for row in await writer.execute_fetchall(migrate.APPLIED)]
    await migrate.migrate(applied, writer.execute, migrate.migrations())
    await writer.execute("COMMIT")
