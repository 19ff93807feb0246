"""Does what nobody asked for by a request: inside the server on SQLite, a process of its own on PostgreSQL.

One process at a time holds the worker's lease, so sweeps and the event log's numbering have one hand; jobs carry
leases and fences of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway import log
from gateway.store import sql
from gateway.usecases import work

if TYPE_CHECKING:
    from gateway.usecases.world import World

LEASE = timedelta(seconds=30)
NAME = "worker"
FORGET_EVERY = timedelta(minutes=10)


class Worker:
    """Runs rounds of work until told to stop; woken early when there is something to do."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._holder = secrets.token_hex(8)
        self._stopping = False
        self._forget_at = world.system_clock.now()

    async def run(self) -> None:
        """Work until `stop`; a failing round is told and the next one tries again."""
        while not self._stopping:
            self._world.wake.clear()
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001 - the worker outlives any fault of one round
                log.crash(error)
            await self._pause()

    def stop(self) -> None:
        """Finish the round under way, then end."""
        self._stopping = True
        self._world.wake.set()

    async def _round(self) -> None:
        world = self._world
        await world.clock.load(world.store)
        if not await self._lead():
            return
        await work.drain(world)
        if world.system_clock.now() >= self._forget_at:
            self._forget_at = world.system_clock.now() + FORGET_EVERY
            await work.forget(world)

    async def _lead(self) -> bool:
        now = self._world.system_clock.now()
        taken = await self._world.store.write(
            lambda tx: tx.run(sql.leases.take, name=NAME, holder=self._holder, until_at=now + LEASE, now_at=now)
        )
        return taken == 1

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._world.wake.wait(), self._world.settings.bank_poll_ms / 1_000)
