"""The inline SQLite driver: the real store and committer on connections that have no thread and no disk.

A COMMIT is a step of the scheduler; reads happen between transactions, so they see what was committed and nothing
else. A crash rolls back what was not committed and lets the next process open the rest.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any, cast

from gateway.store import migrate
from gateway.store.committer import BEGIN, Committer, carrying
from gateway.store.sqlite import SqliteStore, SqliteTx

if TYPE_CHECKING:
    from collections.abc import Iterable

    import aiosqlite

    from tests.simulation.steps import Steps

_PRAGMAS = (
    "PRAGMA journal_mode=MEMORY", "PRAGMA synchronous=OFF", "PRAGMA foreign_keys=ON", "PRAGMA temp_store=MEMORY",
)  # fmt: skip
_OPTIONS: dict[str, Any] = {"isolation_level": None, "cached_statements": 1_024}
READ_CHANCE = 30_000
"""How often a read is a step of its own, where others may go first: each is a thread's hop in reality."""


class Inline:
    """What the store uses of an aiosqlite connection, without its thread."""

    def __init__(self, raw: sqlite3.Connection, steps: Steps) -> None:
        self._raw, self._steps = raw, steps

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    async def execute(self, text: str, values: Iterable[Any] = ()) -> sqlite3.Cursor:
        if text != "COMMIT":
            return self._raw.execute(text, tuple(values))
        await self._steps.point("commit")
        done = self._raw.execute(text)
        await self._steps.point("committed")
        return done

    async def executemany(self, text: str, values: Iterable[Any]) -> sqlite3.Cursor:
        return self._raw.executemany(text, values)

    async def rollback(self) -> None:
        self._raw.rollback()

    async def close(self) -> None:
        """The database outlives its process."""


class InlineReader(Inline):
    """Reads between two transactions: what it would have seen beside one is what was there before it."""

    async def execute_fetchall(self, text: str, values: Iterable[Any] = ()) -> list[Any]:
        if self._steps.chance(READ_CHANCE):
            await self._steps.point("read")
        while self._raw.in_transaction:
            await self._steps.point("read waits")
        return sqlite3.Connection.execute(self._raw, text, tuple(values)).fetchall()


class InlineStore(SqliteStore):
    """The real store on inline connections; nobody else could own the database."""

    def __init__(self, writer: Inline, reader: InlineReader, committer: Committer) -> None:
        super().__init__(cast("aiosqlite.Connection", writer), cast("aiosqlite.Connection", reader), committer, 0)
        self._lock = None


class Database:
    """A database in memory that outlives the processes which open it."""

    def __init__(self, image: sqlite3.Connection | None = None) -> None:
        self._ahead: list[str] = []
        self._raw = sqlite3.connect(":memory:", factory=carrying(self._ahead), **_OPTIONS)
        if image is not None:
            image.backup(self._raw)
        self._ahead += _PRAGMAS
        self._raw.row_factory = sqlite3.Row

    @property
    def settled(self) -> bool:
        """Whether all that is there is committed."""
        return not self._raw.in_transaction

    @property
    def changes_count(self) -> int:
        """How many rows were ever written."""
        return self._raw.total_changes

    def look(self, text: str, values: Iterable[Any] = ()) -> list[Any]:
        """Ask from outside, when all is committed."""
        assert self.settled
        return sqlite3.Connection.execute(self._raw, text, tuple(values)).fetchall()

    async def create(self) -> None:
        """Make the schema of this version."""
        self._ahead.append(BEGIN)
        self._raw.execute(migrate.LEDGER)

        async def execute(text: str) -> object:
            return self._raw.execute(text)

        await migrate.migrate([], execute, migrate.migrations())
        self._raw.execute("COMMIT")

    def open(self, steps: Steps) -> InlineStore:
        """What a process sees of it."""
        raw, writer = self._raw, Inline(self._raw, steps)
        connection = cast("aiosqlite.Connection", writer)
        committer = Committer(connection, self._ahead, lambda then: SqliteTx(raw, connection, then))
        return InlineStore(writer, InlineReader(raw, steps), committer)

    def crash(self) -> None:
        """Lose what was not committed."""
        self._ahead.clear()
        self._raw.rollback()

    def image(self) -> sqlite3.Connection:
        """A copy to start others from."""
        copy = sqlite3.connect(":memory:")
        self._raw.backup(copy)
        return copy

    def close(self) -> None:
        """Forget it all."""
        self._raw.close()
