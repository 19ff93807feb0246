"""Everything the gateway does by itself: jobs that are due, and sweeps that find what time alone has made due."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway import log
from gateway.store import sql
from gateway.usecases import (
    access,
    authorities,
    bank_decisions,
    changes,
    connections,
    consents,
    days,
    deliveries,
    doubts,
    drawdowns,
    erasing,
    erasures,
    events,
    instructions,
    jobs,
    ledger,
    mailbox,
    mandates,
    messages,
    monitoring,
    nights,
    notices,
    offers,
    payments,
    platforms,
    reconciliation,
    rejudging,
    reminders,
    remitting,
    repayments,
    scenarios,
    servicing,
    sign_in,
    standing,
    turns,
    verifying,
    widget_sessions,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.usecases.jobs import Handler
    from gateway.usecases.world import World

HANDLERS: dict[str, Handler] = {
    drawdowns.DECIDE: bank_decisions.decide,
    verifying.VERIFY: verifying.verify,
    drawdowns.INSTRUCT: instructions.instruct,
    repayments.COLLECT: instructions.collect,
    repayments.REFUND: instructions.refund,
    instructions.SEND: payments.send,
    instructions.ASK: doubts.ask,
    mandates.PROPOSE: standing.propose,
    mandates.WITHDRAW: standing.withdraw,
    standing.WATCH: standing.watch,
    messages.DELIVER: messages.deliver,
    rejudging.REJUDGE: rejudging.page,
    erasures.ERASE: erasing.erase,
    erasures.REMOVE: erasing.remove,
    connections.CONVERT: platforms.convert,
}
IDEMPOTENCY_KEPT = timedelta(days=30)
"""How long a key answers with what it answered first."""
ROUNDS_COUNT = 1_000
"""The most rounds one drain takes; each does at least one piece of work, so this only bounds a fault of ours."""
PATIENCE_SECONDS = 60


async def drain(world: World, *, patience_seconds: float = PATIENCE_SECONDS) -> int:
    """Do what is due until nothing is; how many pieces of work were done. Raises WorkUnderWay."""
    async with turns.turn(world, patience_seconds=patience_seconds):
        return await rounds(world)


async def rounds(world: World) -> int:
    """The same, for whoever holds the turn already."""
    count = 0
    for _ in range(ROUNDS_COUNT):
        done = await once(world)
        if not done:
            break
        count += done
    return count


async def once(world: World) -> int:
    """One round: jobs, the bank's mailbox, then what the clock made due. One that fails does not stop the others.

    A job that comes up meanwhile, as by a merchant's click, does not wait for the round to end.
    """
    count = 0
    for sweep in SWEEPS:
        count += await _attempt(world, sweep)
        if world.enqueued.is_set():
            count += await _attempt(world, _run_jobs)
    return count


async def forget(world: World) -> None:
    """Drop what has outlived its use: spent assertions, dead tokens, old idempotency records, deliveries long over."""
    await access.forget_expired(world)
    await sign_in.forget(world)
    await erasures.reopen(world)
    await widget_sessions.forget(world)
    await deliveries.forget(world)
    await platforms.forget(world)
    before_at = world.clock.now() - IDEMPOTENCY_KEPT
    await world.store.write(lambda tx: tx.run(sql.idempotency.forget, before_at=before_at))


async def _run_jobs(world: World) -> int:
    return await jobs.run_due(world, HANDLERS)


async def _close_days(world: World) -> int:
    return await days.close_due(world, world.closing)


SWEEPS: tuple[Callable[[World], Awaitable[int]], ...] = (
    _run_jobs, mailbox.poll, scenarios.live, _close_days, servicing.sweep, reminders.send, offers.expire,
    drawdowns.expire, doubts.begin_silent, doubts.watch, bank_decisions.ask_again, verifying.due, authorities.expire,
    consents.expire, consents.lapse, consents.remind, notices.send, erasures.wake, changes.settle, mandates.tell,
    nights.look, monitoring.sweep, reconciliation.sweep, remitting.watch, events.place, ledger.chain,
)  # fmt: skip


async def _attempt(world: World, sweep: Callable[[World], Awaitable[int]]) -> int:
    try:
        return await sweep(world)
    except Exception as error:  # noqa: BLE001 - told, and tried again next time; the others must not wait for it
        log.crash(error)
        return 0
