"""Look after every loan that is out, once a business day of its shop and whenever money moved.

The day's look comes after the shop's close. It asks for what falls due, warns ahead, follows the loan's health, and
writes off what nobody has paid for half a year. Looking twice changes nothing.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.domain import calendars, schedules
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.errors import Overloaded
from gateway.domain.schedules import OVERDUE, Health
from gateway.domain.servicing import SERVICED
from gateway.domain.underwriting import ARREARS
from gateway.store import sql
from gateway.usecases import drawdowns, healths, loans, minimums, positions, reminders, write_offs

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.servicing import Servicing
    from gateway.store import Tx
    from gateway.usecases.world import World

PAGE_COUNT = 64
UNPAID = "unpaid"
"""Why a loan was written off by itself."""


class _Due(msgspec.Struct, frozen=True):
    service_at: datetime
    drawdown_id: str


async def begin(tx: Tx, world: World, drawdown: Drawdown, active_on: date) -> None:
    """The money went: from now on the loan is looked after."""
    await tx.run(
        sql.servicings.add, drawdown_id=drawdown.id, merchant_id=drawdown.merchant_id, serviced_on=active_on,
        service_at=world.clock.now(),
    )  # fmt: skip


async def sweep(world: World) -> int:
    """Look at a page of the loans whose business day is over; how many. One we fail at does not hold up the others."""
    count, last, now = 0, _Due(datetime(1970, 1, 1, tzinfo=UTC), ""), world.clock.now()
    while not count and (
        page := await world.store.all(
            sql.servicings.due, _Due, now_at=now, after_at=last.service_at, after_id=last.drawdown_id, limit=PAGE_COUNT
        )
    ):
        count = sum(await asyncio.gather(*(_attempt(world, one.drawdown_id) for one in page)))
        last = page[-1]
    return count


async def _attempt(world: World, drawdown_id: str) -> int:
    try:
        return await world.store.write(partial(_look, world, drawdown_id))
    except Overloaded:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours: told, and tried again in the next round
        log.crash(error, drawdown_id=drawdown_id)
        return 0


async def refresh(tx: Tx, world: World, drawdown_id: str) -> None:
    """Money moved: the loan's health follows at once, and what ended is not looked after any more. Last in a unit."""
    drawdown, kept = await drawdowns.find(tx, drawdown_id), await loans.find(tx, drawdown_id)
    if kept is None:
        return
    if drawdown.state not in SERVICED:
        await _end(tx, world, drawdown, kept)
        return
    moved = kept if kept.service_at is not None else msgspec.structs.replace(kept, service_at=world.clock.now())
    account = await loans.account(tx, drawdown, kept.serviced_on)
    moved = await healths.follow(tx, world, drawdown, moved, account)
    if moved != kept:
        await loans.save(tx, moved)
        await healths.conclude(tx, world, drawdown, kept.health, moved.health)


async def resume(tx: Tx, world: World, merchant_id: str) -> None:
    """The merchant gave a new account or mandate: its debits go on, and what was missed is asked for at once."""
    for (drawdown_id,) in await tx.all(sql.servicings.stopped_of, merchant_id=merchant_id):
        await drawdowns.lock(tx, drawdown_id)
        kept = await loans.find(tx, drawdown_id)
        if kept is not None and kept.stopped_code is not None:
            due_at = None if kept.service_at is None else world.clock.now()
            await loans.save(tx, msgspec.structs.replace(kept, stopped_code=None, asked_on=None, service_at=due_at))


async def _look(world: World, drawdown_id: str, tx: Tx) -> int:
    known, now = await drawdowns.find(tx, drawdown_id), world.clock.now()
    position = await positions.certain(tx, world, known.merchant_id)
    drawdown, kept = await drawdowns.lock(tx, drawdown_id), await loans.find(tx, drawdown_id)
    if kept is None or kept.service_at is None or kept.service_at > now:
        return 0
    if drawdown.state not in SERVICED:
        await _end(tx, world, drawdown, kept)
        return 1
    on = position.today(now)
    next_at = calendars.closes_at(on, position.timezone, position.day_cutoff)
    looked = msgspec.structs.replace(kept, serviced_on=max(on, kept.serviced_on), service_at=next_at)
    drawdown = await _write_off_unpaid(tx, world, drawdown, on)
    looked = await minimums.ask(tx, world, drawdown, looked, await loans.account(tx, drawdown, on))
    account = await loans.account(tx, drawdown, on)
    looked = await minimums.announce(tx, world, drawdown, looked, account)
    looked = minimums.foresee(world, drawdown, looked, account, position)
    looked = await minimums.warn(tx, world, drawdown, looked, account)
    looked = await healths.follow(tx, world, drawdown, looked, account)
    looked = reminders.plan(world, looked, account, position.timezone)
    await loans.save(tx, looked)
    if looked.health is not kept.health or (looked.health in OVERDUE) is not (ARREARS in position.flags):
        await healths.conclude(tx, world, drawdown, kept.health, looked.health)
    return 1


async def _write_off_unpaid(tx: Tx, world: World, drawdown: Drawdown, on: date) -> Drawdown:
    if drawdown.state is not DrawdownState.active:
        return drawdown
    account = await loans.account(tx, drawdown, on)
    if account.past_due_days(on) < schedules.CHARGE_OFF_DAYS or account.paused_until_on(on):
        return drawdown
    return await write_offs.write_off(tx, world, drawdown, on, reason=UNPAID)


async def _end(tx: Tx, world: World, drawdown: Drawdown, kept: Servicing) -> None:
    ended = msgspec.structs.replace(
        kept, health=Health.current, remind_at=None, reminders_count=0, service_at=None, expected_amount=None
    )
    if ended == kept:
        return
    if kept.health is not Health.current:
        account = await loans.account(tx, drawdown, kept.serviced_on)
        await healths.tell(tx, world, drawdown, "cured", account=account, on=kept.serviced_on)
    await loans.save(tx, ended)
    await healths.conclude(tx, world, drawdown, kept.health, Health.current)
