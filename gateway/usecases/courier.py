"""The courier: a lane for each endpoint that has something to be sent, so that one that is slow delays itself alone.

It runs beside the worker's rounds, never inside them: no receiver can hold up money's work. Where processes share the
database each has a courier, and a lease says whose lane an endpoint is; it falls free a minute after its holder died.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway import log
from gateway.store import sql
from gateway.usecases import deliveries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from gateway.usecases.world import World

LANES_COUNT = 128
"""The most endpoints served at the same time by one process."""
PASSES_COUNT = 20
"""The most passes of one lane before the others have their turn."""
SLOW_SECONDS = 2.0
"""An endpoint whose lane took longer, or failed, shares half of the lanes with all others like it."""
LEASE = timedelta(seconds=60)
"""Renewed before each pass, which ends long before: an exchange is cut off after 15 seconds."""
LOOK_SECONDS = 1.0
BREATH_SECONDS = 0.05
"""Between two looks: each asks the database about every endpoint."""
GRACE_SECONDS = 5.0
"""How long requests under way have at the end; what came of the others is not known, so they are sent again."""
PAGE_COUNT = 500


class Courier:
    """Serves endpoints until told to stop; woken early by `World.news`."""

    def __init__(self, world: World, lanes_count: int = LANES_COUNT) -> None:
        self._world = world
        self._lanes_count = lanes_count
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._slow: set[str] = set()
        self._after = ""
        self._holder = secrets.token_hex(8)
        self._stopping = False

    async def run(self) -> None:
        """Serve until `stop`."""
        try:
            while not self._stopping:
                self._world.news.clear()
                try:
                    await self.look()
                except Exception as error:  # noqa: BLE001 - the courier outlives any fault of one look
                    log.crash(error)
                await self._pause()
        finally:
            await self._end()

    def stop(self) -> None:
        """Start nothing more; end when what is under way has ended, or soon after."""
        self._stopping = True
        self._world.news.set()

    async def look(self) -> int:
        """Open a lane for each endpoint with something to do, in turn, as far as there are lanes; how many."""
        found = await self._busy(self._after)
        if self._after and len(found) < PAGE_COUNT:
            found += await self._busy("")
        opened = [webhook_id for webhook_id in found if self._open(webhook_id)]
        if opened and not self._free():
            self._after = opened[-1]
        else:
            self._after = found[-1] if len(found) == PAGE_COUNT else ""
        return len(opened)

    async def settle(self) -> None:
        """Serve until nothing is due and nothing is under way."""
        while await self.look() or self._lanes:
            if self._lanes:
                await asyncio.wait(self._lanes.values(), return_when=asyncio.FIRST_COMPLETED)

    async def _busy(self, after: str) -> list[str]:
        now = self._world.system_clock.now()
        found = await self._world.store.all(sql.webhooks.busy, now_at=now, after=after, limit=PAGE_COUNT)
        return [webhook_id for (webhook_id,) in found]

    def _free(self) -> bool:
        return len(self._lanes) < self._lanes_count

    def _open(self, webhook_id: str) -> bool:
        """Open a lane unless there is one, or none is left for an endpoint of this kind."""
        if webhook_id in self._lanes or not self._free() or self._stopping:
            return False
        if webhook_id in self._slow and len(self._slow & self._lanes.keys()) >= max(1, self._lanes_count // 2):
            return False
        self._lanes[webhook_id] = asyncio.create_task(self._lane(webhook_id), name=f"lane {webhook_id}")
        return True

    async def _lane(self, webhook_id: str) -> None:
        loop = asyncio.get_running_loop()
        started, failed = loop.time(), True
        try:
            failed = await self._serve(webhook_id)
        except Exception as error:  # noqa: BLE001 - told, and tried again at the next look
            log.crash(error)
        finally:
            del self._lanes[webhook_id]
            if failed or loop.time() - started > SLOW_SECONDS:
                self._slow.add(webhook_id)
            else:
                self._slow.discard(webhook_id)

    async def _serve(self, webhook_id: str) -> bool:
        """Pass after pass until nothing is due; whether one failed."""
        failed, count = False, 0
        async with self._held(webhook_id) as hold:
            while count < PASSES_COUNT and not failed and not self._stopping and await hold():
                done = await deliveries.serve(self._world, webhook_id)
                if not done.worked:
                    break
                failed, count = done.failed, count + 1
        if count:
            self._world.news.set()
        return failed

    @contextlib.asynccontextmanager
    async def _held(self, webhook_id: str) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
        """Be the only one who serves an endpoint, as long as what this gives, asked before each pass, says so."""
        if not self._world.settings.shared_database:  # an SQLite file has one process, and that has one courier
            yield _always
            return
        name, store = f"webhook {webhook_id}", self._world.store

        async def hold() -> bool:
            now = self._world.system_clock.now()
            return (
                await store.write(
                    lambda tx: tx.run(sql.leases.take, name=name, holder=self._holder, until_at=now + LEASE, now_at=now)
                )
                == 1
            )

        try:
            yield hold
        finally:
            await store.write(lambda tx: tx.run(sql.leases.release, name=name, holder=self._holder))

    async def _pause(self) -> None:
        if self._stopping:
            return
        await asyncio.sleep(BREATH_SECONDS)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._world.news.wait(), LOOK_SECONDS)

    async def _end(self) -> None:
        self._stopping = True
        lanes = list(self._lanes.values())
        if lanes:
            await asyncio.wait(lanes, timeout=GRACE_SECONDS)
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)


async def _always() -> bool:
    return True
