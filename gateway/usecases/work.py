"""Everything the gateway does by itself: jobs that are due, and sweeps that find what time alone has made due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.store import sql
from gateway.usecases import days, drawdowns, events, jobs, mailbox, offers, payments, repayments

if TYPE_CHECKING:
    from gateway.usecases.jobs import Handler
    from gateway.usecases.world import World

HANDLERS: dict[str, Handler] = {
    drawdowns.DECIDE: drawdowns.decide,
    drawdowns.INSTRUCT: payments.instruct,
    repayments.COLLECT: payments.collect,
    payments.SEND: payments.send,
}
IDEMPOTENCY_KEPT = timedelta(days=30)
"""How long a key answers with what it answered first."""
ROUNDS_COUNT = 1_000
"""The most rounds one drain takes; each does at least one piece of work, so this only bounds a fault of ours."""


async def drain(world: World) -> int:
    """Do what is due until nothing is; how many pieces of work were done."""
    count = 0
    for _ in range(ROUNDS_COUNT):
        done = await once(world)
        if not done:
            break
        count += done
    return count


async def once(world: World) -> int:
    """One round: jobs, the bank's mailbox, then what the clock made due."""
    count = await jobs.run_due(world, HANDLERS)
    count += await mailbox.poll(world)
    count += await days.close_due(world, world.closing)
    count += await offers.expire(world)
    count += await drawdowns.expire(world)
    count += await payments.doubt_silence(world)
    return count + await events.place(world)


async def forget(world: World) -> None:
    """Drop what has outlived its use: spent assertions, dead tokens, old idempotency records."""
    system_at, business_at = world.system_clock.now(), world.clock.now()
    await world.store.write(lambda tx: tx.run(sql.clients.forget_assertions, now_at=system_at))
    await world.store.write(lambda tx: tx.run(sql.tokens.forget, now_at=system_at))
    before_at = business_at - IDEMPOTENCY_KEPT
    await world.store.write(lambda tx: tx.run(sql.idempotency.forget, before_at=before_at))
