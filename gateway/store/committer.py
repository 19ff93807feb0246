"""Group commit on SQLite: the one task that touches the writing connection.

It takes whatever waits and runs it in one transaction, each unit under its own savepoint, and answers each after the
one fsync. BEGIN, SAVEPOINT, RELEASE and ROLLBACK TO wait in `ahead` and ride in the thread hop of the statement after
them: a unit costs the hops of its own statements and a batch one more.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from typing import TYPE_CHECKING, Any

from gateway import log
from gateway.store.database import ATTEMPTS_COUNT, MERGED_COUNT, WAITING_COUNT, Busy, Stale, contended, follow, whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import aiosqlite

    from gateway.store.database import Lane, Then, Tx

BEGIN = "BEGIN IMMEDIATE"
_TURNS_COUNT = 2
"""A request is read in one turn of the loop and asks to write in the next."""


def carrying(ahead: list[str]) -> type[sqlite3.Connection]:
    """Connections that first execute what waits in `ahead`, and execute nothing outside a transaction.

    What fails stays in `ahead`: a unit that swallows the error cannot go on as if it had a transaction.
    """

    class Carrying(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
            self._catch_up()
            return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
            self._catch_up()
            return super().executemany(sql, parameters)

        def _catch_up(self) -> None:
            for statement in ahead:
                super().execute(statement)
            ahead.clear()
            if not self.in_transaction:
                raise _lost()

    return Carrying


class Work:
    """One waiting unit or lane item, and its answer."""

    def __init__(self, unit: Callable[[Tx], Awaitable[Any]] | None, lane: Lane[Any, Any] | None, item: Any) -> None:
        self.unit, self.lane, self.item = unit, lane, item
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.answer: Any = None

    def settle(self) -> None:
        """Tell the asker, if it still waits."""
        if self.future.done():
            return
        if isinstance(self.answer, Exception):
            self.future.set_exception(self.answer)
            self.future.exception()  # seen: asyncio need not warn when the asker has left
        else:
            self.future.set_result(self.answer)


class Committer:
    """The queue and the task that empties it. `tx` makes a unit's Tx over `writer`."""

    def __init__(self, writer: aiosqlite.Connection, ahead: list[str], tx: Callable[[Then], Tx]) -> None:
        self._writer, self._ahead, self._tx = writer, ahead, tx
        self._waiting: deque[Work] = deque()
        self._batch: list[Work] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task = asyncio.create_task(self._commit_forever(), name="committer")

    def waiting_count(self) -> int:
        """Writes that no commit has taken up yet."""
        return len(self._waiting)

    async def answer(self, work: Work) -> Any:
        """Queue `work` and return after its commit. Raises Busy, or what the work raised."""
        if asyncio.current_task() is self._task:
            raise RuntimeError("a unit waits for another write, which waits for the unit")
        if self._closing or len(self._waiting) >= WAITING_COUNT:
            raise Busy("the store is closing" if self._closing else "too many writes are waiting", retry_after=1)
        self._waiting.append(work)
        self._wake.set()
        return await work.future  # an asker that leaves cancels this alone: the committer runs what it took up

    async def close(self) -> None:
        """Take nothing more and finish what waits."""
        self._closing = True
        self._wake.set()
        await asyncio.wait([self._task])

    async def _commit_forever(self) -> None:
        try:
            while await self._something_waits():
                await self._let_others_join()
                self._batch = [self._waiting.popleft() for _ in range(min(MERGED_COUNT, len(self._waiting)))]
                await self._commit(self._batch)
                self._batch = []
        finally:  # the event loop may be torn down around us: nobody shall wait for ever
            self._closing = True
            for work in (*self._batch, *self._waiting):
                work.future.cancel()

    async def _something_waits(self) -> bool:
        while not self._waiting and not self._closing:
            self._wake.clear()
            await self._wake.wait()
        return bool(self._waiting)

    async def _let_others_join(self) -> None:
        """Requests that have arrived ride along: go on when two turns of the loop bring no more. Never waits idle."""
        seen, turns = 0, 0
        while turns < _TURNS_COUNT and len(self._waiting) < MERGED_COUNT:
            turns = turns + 1 if len(self._waiting) == seen else 0
            seen = len(self._waiting)
            await asyncio.sleep(0)

    async def _commit(self, batch: list[Work]) -> None:
        then: Then = []
        try:
            self._ahead.append(BEGIN)
            for group in _groups(batch):
                then += await self._attempt(group)
            await self._writer.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - the transaction as a whole failed: nobody's work stands
            await self._roll_back()
            for work in batch:
                work.answer = error
        else:
            follow(then)
        for work in batch:
            work.settle()

    async def _attempt(self, group: Sequence[Work]) -> Then:
        """Run one group under a savepoint; a merged group that fails is run again one by one."""
        failed: Exception | None = None
        for _ in range(ATTEMPTS_COUNT):
            then: Then = []
            self._ahead.append("SAVEPOINT unit")
            try:
                await _run(group, self._tx(then))
                self._check_alive()
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                self._check_alive(error)
                self._ahead += ("ROLLBACK TO unit", "RELEASE unit")
                failed = error
                if not isinstance(error, Stale):
                    break
            else:
                self._ahead.append("RELEASE unit")
                return then
        if len(group) > 1:
            return [call for work in group for call in await self._attempt([work])]
        group[0].answer = contended(failed) if isinstance(failed, Stale) else failed
        return []

    def _check_alive(self, error: Exception | None = None) -> None:
        """SQLite rolls a whole transaction back on a full disk and the like: then no unit of the batch stands."""
        if not self._writer.in_transaction and BEGIN not in self._ahead:
            raise error or _lost()

    async def _roll_back(self) -> None:
        self._ahead.clear()
        try:
            if self._writer.in_transaction:
                await self._writer.rollback()
        except sqlite3.Error as error:  # the next BEGIN will fail, be answered, and come here again
            log.crash(error)


async def _run(group: Sequence[Work], tx: Tx) -> None:
    first = group[0]
    if first.unit is not None:
        first.answer = await whole(first.unit(tx))
    elif first.lane is not None:
        answers = await whole(first.lane.answers(tx, [work.item for work in group]))
        for work, answer in zip(group, answers, strict=True):
            work.answer = answer


def _groups(batch: list[Work]) -> list[list[Work]]:
    """Units one by one in their order; the items of a lane together, where its first one stands."""
    groups: list[list[Work]] = []
    lanes: dict[Lane[Any, Any], list[Work]] = {}
    for work in batch:
        if work.lane is None:
            groups.append([work])
        elif work.lane in lanes:
            lanes[work.lane].append(work)
        else:
            groups.append(lanes.setdefault(work.lane, [work]))
    return groups


def _lost() -> sqlite3.OperationalError:
    return sqlite3.OperationalError("SQLite rolled the transaction back")
