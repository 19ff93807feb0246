"""Durable work, enqueued in the unit that makes it necessary: leased, fenced, tried again with growing pauses."""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.domain.banks import BankClosed
from gateway.domain.errors import Conflict, GatewayError
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.store import Tx
    from gateway.usecases.world import World

    Handler = Callable[[World, str], Awaitable[None]]

LEASE = timedelta(seconds=60)
PAUSES = tuple(timedelta(seconds=s) for s in (2, 10, 60, 300, 1_800, 3_600))
"""Before the second try, the third …; the last one goes on for ever: money's work is never dropped."""


class Job(msgspec.Struct, frozen=True):
    """A claimed piece of work; only the holder of this `fence` may finish it."""

    id: str
    kind: str
    subject_id: str
    due_at: datetime
    fence: int
    attempts_count: int


class LeaseLost(Conflict):
    """Whoever does this was too slow: another worker has taken the job over."""

    code = "job_lease_lost"
    title = "Another worker does this now"


_CLAIMED: ContextVar[Job | None] = ContextVar("claimed", default=None)


def claimed() -> Job | None:
    """The job this task runs, for `hold`; None outside one. Ask before a unit: that may run in another task."""
    return _CLAIMED.get()


async def hold(tx: Tx, world: World, job: Job | None) -> None:
    """Lease `job` anew from now, in the unit before something that must not be done twice. Raises LeaseLost."""
    if job is None:
        return
    until_at = world.system_clock.now() + LEASE
    if not await tx.run(sql.jobs.hold, id=job.id, fence=job.fence, leased_until_at=until_at):
        raise LeaseLost("another worker holds this job's lease", fence=job.fence)


async def enqueue(tx: Tx, world: World, kind: str, subject_id: str, due_at: datetime | None = None) -> None:
    """Once per (kind, subject) while it waits."""
    now = world.clock.now()
    await tx.run(
        sql.jobs.add, id=world.ids.new("job"), kind=kind, subject_id=subject_id, due_at=due_at or now, created_at=now
    )
    _call(tx, world)


async def hasten(tx: Tx, world: World, kind: str, subject_id: str, due_at: datetime) -> None:
    """What waits for later is due at `due_at`; what somebody does just now is left alone."""
    await tx.run(sql.jobs.hasten, kind=kind, subject_id=subject_id, due_at=due_at)
    _call(tx, world)


def _call(tx: Tx, world: World) -> None:
    """Have the worker look, and before the round it may be in has ended."""
    tx.on_commit(world.wake.set)
    tx.on_commit(world.enqueued.set)


async def claim(world: World) -> Job | None:
    """The most overdue job that nobody holds, leased by the system clock."""
    if await world.store.one(sql.jobs.held, business_at=world.clock.now()) == (0,):
        return None
    system_at = world.system_clock.now()

    async def unit(tx: Tx) -> Job | None:
        return await tx.one(
            sql.jobs.claim, Job, leased_until_at=system_at + LEASE, system_at=system_at, business_at=world.clock.now()
        )

    return await world.store.write(unit)


async def reclaim(world: World) -> None:
    """Take back every lease: for the start of the only process there is, when whoever holds one is dead."""
    await world.store.write(lambda tx: tx.run(sql.jobs.reclaim))


async def run_due(world: World, handlers: Mapping[str, Handler]) -> int:
    """Run what is due until nothing is; how many were run. A failing job waits and is tried again."""
    world.enqueued.clear()
    count = 0
    while (job := await claim(world)) is not None:
        await run(world, job, handlers)
        count += 1
    return count


async def run(world: World, job: Job, handlers: Mapping[str, Handler]) -> None:
    """Run a claimed job and settle it: done, or due again later. One whose lease another holds by now settles nothing.

    A kind that nobody here knows (a newer version enqueued it) fails like any other and waits for who does.
    """
    _CLAIMED.set(job)
    try:
        await handlers[job.kind](world, job.subject_id)
    except Exception as error:  # noqa: BLE001 - a job's failure must not end the worker: it is kept with the job and told
        pause = PAUSES[min(job.attempts_count, len(PAUSES)) - 1]
        problem = error.code if isinstance(error, GatewayError) else type(error).__name__
        log.get().warning(
            "job.failed", job_kind=job.kind, job_id=job.id, attempt_count=job.attempts_count, error=problem
        )
        if not isinstance(error, GatewayError):
            log.crash(error, job_kind=job.kind, job_id=job.id)
        until_at = error.until_at if isinstance(error, BankClosed) else None
        due_at = until_at or world.clock.now() + pause
        await world.store.write(
            lambda tx: tx.run(sql.jobs.retry, id=job.id, fence=job.fence, due_at=due_at, problem=problem)
        )
        return
    await world.store.write(lambda tx: tx.run(sql.jobs.done, id=job.id, fence=job.fence))
    log.get().info("job.done", job_kind=job.kind, job_id=job.id, attempt_count=job.attempts_count)
