"""PostgreSQL through asyncpg: each unit its own transaction, lanes merged per process, many stateless replicas.

A unit that loses to a deadlock or a serialisation failure is run again. COMMIT is never timed out: an unknown
outcome would be worse than a slow one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from gateway.store import migrate, rows
from gateway.store.database import ATTEMPTS_COUNT, MERGED_COUNT, WAITING_COUNT, Busy, Stale, contended, follow, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

    from gateway.store.database import Lane, Then, Tx
    from gateway.store.queries import Query

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741
R = TypeVar("R")

_MIGRATION_LOCK = 7_240_611  # any fixed number: replicas that start together migrate one after another
_RETRIED = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, Stale)
_UNKNOWN = (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError)
"""The connection broke, perhaps under COMMIT: a merged run that may stand is not run again."""


class PostgresReader:
    """Reads over a pool or one connection."""

    def __init__(self, source: asyncpg.Pool[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
        self._source = source

    async def all(self, query: Query, kind: type[Any] | None = None, /, **values: Any) -> list[Any]:
        """See Reader."""
        found = await self._source.fetch(query.postgres.text, *rows.bind(query.postgres, values))
        if kind is None:
            return [tuple(row) for row in found]
        return rows.read(kind, tuple(found[0].keys()), found) if found else []

    async def one(self, query: Query, kind: type[Any] | None = None, /, **values: Any) -> Any:
        """See Reader."""
        found = await (self.all(query, **values) if kind is None else self.all(query, kind, **values))
        return found[0] if found else None


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[PostgresReader]:
    """One connection that cannot write."""
    only = {"default_transaction_read_only": "on"}
    async with asyncpg.create_pool(url, min_size=1, max_size=1, server_settings=only) as pool:
        yield PostgresReader(pool)


class PostgresTx(PostgresReader):
    """One unit's transaction."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
        super().__init__(connection)
        self._writer = connection
        self.then: Then = []

    async def run(self, query: Query, /, **values: Any) -> int:
        """See Tx."""
        return await self.many(query, [values])

    async def many(self, query: Query, values: Iterable[dict[str, Any]]) -> int:
        """See Tx. A query with an `unnest` override goes in one statement, any other row by row."""
        bound = rows.bind_all(query.postgres, values)
        if query.postgres.arrays and bound:
            bound = [tuple(list(column) for column in zip(*bound, strict=True))]
        return sum([_count(await self._writer.execute(query.postgres.text, *row)) for row in bound])

    def on_commit(self, then: Callable[[], None]) -> None:
        """See Tx."""
        self.then.append(then)


class PostgresStore(PostgresReader):
    """A pool, and one merging task a lane."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        super().__init__(pool)
        self._pool = pool
        # Writers queue here, so that a read never waits behind thousands of them.
        self._writers = asyncio.Semaphore(max(1, pool.get_max_size() - 1))
        self._waiting: dict[Lane[Any, Any], deque[tuple[Any, asyncio.Future[Any]]]] = {}
        self._runners: dict[Lane[Any, Any], asyncio.Task[None]] = {}
        self._units: set[asyncio.Task[Any]] = set()
        self._closing = False

    @classmethod
    async def open(cls, url: str, pool_count: int) -> PostgresStore:
        """Connect and migrate."""
        pool = await asyncpg.create_pool(url, min_size=1, max_size=pool_count, reset=_keep)
        try:
            async with pool.acquire() as connection, connection.transaction():
                await connection.execute(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
                await connection.execute(migrate.LEDGER)
                applied = [(row[0], row[1]) for row in await connection.fetch(migrate.APPLIED)]
                await migrate.migrate(applied, connection.execute, migrate.migrations("postgres"))
        except BaseException:
            await pool.close()
            raise
        return cls(pool)

    async def write(self, unit: Callable[[Tx], Awaitable[T]]) -> T:
        """See Store."""
        self._admit()
        task = asyncio.create_task(self._transact(unit))
        self._units.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    async def merge(self, lane: Lane[I, R], item: I) -> R:
        """See Store."""
        self._admit()
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(lane, deque()).append((item, future))
        if lane not in self._runners:
            self._runners[lane] = asyncio.create_task(self._drain(lane), name=f"lane {lane.name}")
        return await asyncio.shield(future)

    def waiting_count(self) -> int:
        """See Store."""
        return len(self._units) + sum(map(len, self._waiting.values()))

    async def close(self) -> None:
        """See Store."""
        self._closing = True
        while pending := [*self._units, *self._runners.values()]:
            await asyncio.wait(pending)
        await self._pool.close()

    def _admit(self) -> None:
        if self._closing or self.waiting_count() >= WAITING_COUNT:
            raise Busy("the store is closing" if self._closing else "too many writes are waiting", retry_after=1)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._units.discard(task)
        if not task.cancelled():
            task.exception()  # seen: asyncio need not warn when the asker has left

    async def _transact(self, unit: Callable[[Tx], Awaitable[T]]) -> T:
        failed: Exception | None = None
        for _ in range(ATTEMPTS_COUNT):
            try:
                async with self._writers, self._pool.acquire() as connection:
                    tx = PostgresTx(connection)
                    async with connection.transaction():
                        answer = await whole(unit(tx))
                    follow(tx.then)
            except _RETRIED as error:
                failed = error
            else:
                return answer
        raise contended(failed)

    async def _drain(self, lane: Lane[Any, Any]) -> None:
        """Run what waits in `lane`, merged, until nothing does."""
        waiting = self._waiting[lane]
        batch: list[tuple[Any, asyncio.Future[Any]]] = []
        try:
            while waiting:
                batch = [waiting.popleft() for _ in range(min(MERGED_COUNT, len(waiting)))]
                await self._merged(lane, batch)
                batch = []
        finally:  # the event loop may be torn down around us: nobody shall wait for ever
            del self._runners[lane]
            for _, future in (*batch, *waiting):
                future.cancel()

    async def _merged(self, lane: Lane[Any, Any], batch: Sequence[tuple[Any, asyncio.Future[Any]]]) -> None:
        try:
            answers = await self._transact(lambda tx: lane.answers(tx, [item for item, _ in batch]))
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            if len(batch) > 1 and not isinstance(error, _UNKNOWN):
                for single in batch:
                    await self._merged(lane, [single])
                return
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            _settle(future, answer)


async def _keep(_connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Nothing of a session is ever changed here, so a connection goes back to the pool without a round trip."""


def _settle(future: asyncio.Future[Any], answer: object) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
        future.exception()  # seen: asyncio need not warn when the asker has left
    else:
        future.set_result(answer)


def _count(tag: str) -> int:
    """`INSERT 0 3` → 3."""
    return int(tag.rsplit(" ", 1)[-1]) if tag[-1:].isdigit() else 0
