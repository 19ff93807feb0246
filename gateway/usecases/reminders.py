"""Remind a shop of what is overdue, by the ladder of `gateway.domain.reminders`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import reminders as rules
from gateway.domain.schedules import Health
from gateway.store import sql
from gateway.usecases import drawdowns, loans, messages, minimums, positions

if TYPE_CHECKING:
    from gateway.domain.servicing import Account, Servicing
    from gateway.store import Tx
    from gateway.usecases.world import World

_REMINDED = frozenset({Health.late, Health.defaulted})


def plan(world: World, kept: Servicing, account: Account, timezone: str) -> Servicing:
    """Set when the next reminder goes, where a step of the ladder was reached that none was sent for."""
    steps = rules.steps_count(account.past_due_days(kept.serviced_on))
    if kept.health not in _REMINDED or kept.remind_at is not None or steps <= kept.reminders_count:
        return kept
    now = world.clock.now()
    earliest = now if kept.reminded_at is None else max(now, kept.reminded_at + rules.APART)
    return msgspec.structs.replace(kept, remind_at=rules.write_at(earliest, timezone))


async def send(world: World) -> int:
    """Send what is due; how many were sent."""
    found = await world.store.all(sql.servicings.to_remind, now_at=world.clock.now())
    return sum([await world.store.write(partial(_send, world, drawdown_id)) for (drawdown_id,) in found])


async def _send(world: World, drawdown_id: str, tx: Tx) -> int:
    known, now = await drawdowns.find(tx, drawdown_id), world.clock.now()
    position = await positions.certain(tx, world, known.merchant_id)
    drawdown, kept = await drawdowns.lock(tx, drawdown_id), await loans.find(tx, drawdown_id)
    if kept is None or kept.remind_at is None or kept.remind_at > now:
        return 0
    account, on = await loans.account(tx, drawdown, kept.serviced_on), kept.serviced_on
    steps = rules.steps_count(account.past_due_days(on))
    if kept.health not in _REMINDED or steps <= kept.reminders_count or account.paused_until_on(on):
        await loans.save(tx, msgspec.structs.replace(kept, remind_at=None))
        return 0
    if not rules.may_write(now, position.timezone):  # we were not at work in the hours that were meant
        await loans.save(tx, msgspec.structs.replace(kept, remind_at=rules.write_at(now, position.timezone)))
        return 0
    amount = account.past_due_amount(on)
    await messages.send(
        tx, world, drawdown.merchant_id, rules.message(steps), amount=messages.money(amount, drawdown.currency),
        days=str(account.past_due_days(on)),
        reference=await minimums.transfer_reference(tx, world, drawdown, amount, on=on, due_on=on),
    )  # fmt: skip
    await loans.save(tx, msgspec.structs.replace(kept, remind_at=None, reminded_at=now, reminders_count=steps))
    return 1
