"""An event loop without a world: no sockets, no threads, time that passes only when nobody has anything else to do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Deadlock(Exception):
    """Everybody waits, and nothing will ever wake anybody."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Calls `idle` where another loop would wait for the outside; it answers whether it woke somebody."""

    def __init__(self, idle: Callable[[], bool]) -> None:
        super().__init__()
        self._idle, self._seconds = idle, 0.0
        self._selector = self  # `_run_once` asks it what happened outside
        self.set_exception_handler(_silent)

    def time(self) -> float:
        """Seconds that timers counted."""
        return self._seconds

    def select(self, timeout: float | None) -> list[Any]:
        """What happened outside: nothing ever does, but somebody may be woken."""
        if timeout == 0 or self._idle():
            return []
        if timeout is None:
            raise Deadlock
        self._seconds += timeout
        return []

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Other threads do their work at once."""
        done: asyncio.Future[Any] = self.create_future()
        done.set_result(func(*args))
        return done

    def _process_events(self, events: list[Any]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _silent(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A process that died left tasks behind; whoever ran them knows."""


def run(main: Coroutine[Any, Any, Any], idle: Callable[[], bool]) -> Any:
    """Run `main` to its end on a loop of its own."""
    loop = VirtualLoop(idle)
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()
