"""What the rest of the gateway may do with a database: read, and write through the one write path.

A *unit* is an async function of one `Tx`. It awaits nothing but that `Tx`, is run whole or not at all, and may run
again (a deadlock, a stale cache), so it changes nothing outside: what follows from it goes into `tx.on_commit`.
A *lane* merges the same kind of work of many requests into one run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

import msgspec

from gateway import log
from gateway.domain.errors import Invalid, Overloaded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store.queries import Query

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item of a lane
R = TypeVar("R")
Then = list[Callable[[], None]]
"""What follows a commit, in order."""

MERGED_COUNT = 256
"""The most items a lane merges into one run, and the most units one SQLite commit carries."""
WAITING_COUNT = 2_048
"""The most writes that may wait; one more is refused with `Overloaded`."""
ATTEMPTS_COUNT = 5
"""How often a unit is run again after a deadlock, a serialisation failure or a stale cache."""


class Stale(Exception):
    """A unit found that something it had cached was changed by another writer; the write path runs it again."""


class Busy(Overloaded):
    """More writes wait than the queue may hold, the store is closing, or others won every attempt; nothing stands."""


class BadDatabaseUrl(Invalid):
    """GATEWAY_DATABASE_URL names no database we can open."""

    code = "bad_database_url"
    title = "The database address is not usable"


class Reader(Protocol):
    """Point reads and short lists. Every list query carries its LIMIT."""

    @overload
    async def all(self, query: Query, /, **values: Any) -> list[tuple[Any, ...]]: ...
    @overload
    async def all(self, query: Query, kind: type[T], /, **values: Any) -> list[T]: ...
    @overload
    async def one(self, query: Query, /, **values: Any) -> tuple[Any, ...] | None: ...
    @overload
    async def one(self, query: Query, kind: type[T], /, **values: Any) -> T | None: ...


class Tx(Reader, Protocol):
    """The inside of one unit of writing."""

    async def run(self, query: Query, /, **values: Any) -> int:
        """Execute once; how many rows it changed."""

    async def many(self, query: Query, rows: Iterable[dict[str, Any]]) -> int:
        """Execute for each row in one go; how many rows changed in all. No two rows touch the same record."""

    def on_commit(self, then: Callable[[], None]) -> None:
        """Call `then` after the commit, before anybody hears of it; never after a rollback."""


class Lane(msgspec.Struct, Generic[I, R], frozen=True, eq=False):
    """`run(tx, items)` answers each item, in order; an answer that is an exception is raised to its asker alone.

    When `run` itself raises, nothing of the merged run stays and each item is run by itself, so that a bad item
    never fails its neighbours.
    """

    name: str
    run: Callable[[Tx, list[I]], Awaitable[list[R | Exception]]]

    def __hash__(self) -> int:
        return hash(self.name)

    async def answers(self, tx: Tx, items: list[I]) -> list[R | Exception]:
        """What `run` says, one answer an item."""
        answers = await self.run(tx, items)
        if len(answers) != len(items):
            raise RuntimeError(f"lane {self.name} gave {len(answers)} answers to {len(items)} items")
        return answers


class Store(Reader, Protocol):
    """An open database."""

    async def write(self, unit: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `unit` in a transaction and return after its commit. Raises Busy, or what the unit raised."""

    async def merge(self, lane: Lane[I, R], item: I) -> R:
        """Run `item` through `lane` together with whatever waits there, and return after the commit."""

    def waiting_count(self) -> int:
        """Writes that wait now."""

    async def close(self) -> None:
        """Finish what waits, then let go of the database."""


# --- what both engines need to run units ---------------------------------------------------------------------------


async def whole(unit: Awaitable[T]) -> T:
    """Await a unit; a CancelledError of its own making is its fault, not the end of whoever runs it."""
    try:
        return await unit
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("a unit was cancelled from inside") from None


def follow(then: Then) -> None:
    """Call what follows a commit; the commit stands whatever these do."""
    for call in then:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever they raise, it must not look as if the write had failed
            log.crash(error)


def contended(cause: BaseException | None) -> Busy:
    """What a unit that lost every attempt answers."""
    busy = Busy("others changed the same records at every attempt", retry_after=1)
    busy.__cause__ = cause
    return busy
