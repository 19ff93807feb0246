"""Does what nobody asked for by a request: inside the server on SQLite, a process of its own on PostgreSQL.

Each round is one turn (`gateway.usecases.turns`), so sweeps and the event log's numbering have one hand; jobs carry
leases and fences of their own. Webhooks go out beside the rounds (`gateway.usecases.courier`).
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway import log
from gateway.usecases import jobs, turns, work
from gateway.usecases.courier import Courier

if TYPE_CHECKING:
    from gateway.usecases.world import World

FORGET_EVERY = timedelta(minutes=10)
BREATH_SECONDS = 0.01
"""Between two rounds: under load something new is due at once, always, and each round asks every sweep."""


class Worker:
    """Runs rounds of work until told to stop; woken early when there is something to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._courier = Courier(world)
        self._stopping = False
        self._forget_at = world.system_clock.now()

    async def run(self) -> None:
        """Work until `stop`; a failing round is told and the next one tries again.

        What a killed process held is taken up at once where the database is ours alone, else when its leases end.
        """
        if not self._world.settings.shared_database:
            await jobs.reclaim(self._world)
        courier = asyncio.create_task(self._courier.run(), name="courier")
        try:
            while not self._stopping:
                self._world.wake.clear()
                try:
                    await self._round()
                except Exception as error:  # noqa: BLE001 - the worker outlives any fault of one round
                    log.crash(error)
                await self._pause()
        finally:
            self._courier.stop()
            await courier

    def stop(self) -> None:
        """Finish the round under way, then end."""
        self._stopping = True
        self._world.wake.set()
        self._courier.stop()

    async def _round(self) -> None:
        """One turn of work; another process's turn is left to it."""
        world = self._world
        with contextlib.suppress(turns.WorkUnderWay):
            async with turns.turn(world, patience_seconds=0):
                await world.clock.load(world.store)
                await world.keep_up()
                await work.rounds(world)
                if world.system_clock.now() >= self._forget_at:
                    self._forget_at = world.system_clock.now() + FORGET_EVERY
                    await work.forget(world)

    async def _pause(self) -> None:
        if self._stopping:
            return
        await asyncio.sleep(BREATH_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._world.wake.wait(), self._world.settings.bank_poll_ms / 1_000)
