"""One hand for rounds of work: worker and test clock take turns, in one process and across several.

In a process an asyncio lock is the turn. On PostgreSQL, where the worker is a process of its own, a lease in the
database comes on top; it is kept alive while the turn lasts and falls free 30 seconds after its holder died.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.domain.errors import Conflict
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.usecases.world import World

LEASE = timedelta(seconds=30)
NAME = "work"
RETRY_SECONDS = 0.05


class WorkUnderWay(Conflict):
    """Another process does the gateway's work just now, and went on doing it for longer than this caller waits."""

    code = "work_under_way"
    title = "Another process is doing this now"


@contextlib.asynccontextmanager
async def turn(world: World, *, patience_seconds: float) -> AsyncIterator[None]:
    """Be the only one at work until the block ends; raises WorkUnderWay after waiting for another process."""
    async with world.hand, contextlib.AsyncExitStack() as after:
        if world.settings.shared_database:  # an SQLite file has one process: the lock is enough
            holder = secrets.token_hex(8)
            await _take(world, holder, patience_seconds)
            after.push_async_callback(_release, world, holder)
            keeper = asyncio.create_task(_keep(world, holder), name="turn")
            after.callback(keeper.cancel)
        yield


async def _take(world: World, holder: str, patience_seconds: float) -> None:
    give_up_at = asyncio.get_running_loop().time() + patience_seconds
    while not await _lease(world, holder):
        if asyncio.get_running_loop().time() >= give_up_at:
            raise WorkUnderWay("another process holds the worker's lease", retry_after=1)
        await asyncio.sleep(RETRY_SECONDS)


async def _lease(world: World, holder: str) -> bool:
    now = world.system_clock.now()
    taken = await world.store.write(
        lambda tx: tx.run(sql.leases.take, name=NAME, holder=holder, until_at=now + LEASE, now_at=now)
    )
    return taken == 1


async def _keep(world: World, holder: str) -> None:
    while True:
        await asyncio.sleep(LEASE.total_seconds() / 3)
        await _lease(world, holder)


async def _release(world: World, holder: str) -> None:
    await world.store.write(lambda tx: tx.run(sql.leases.release, name=NAME, holder=holder))
