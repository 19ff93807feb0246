"""How a loan that is out does: told when it changes, and no new one while another is overdue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import states
from gateway.domain.alerts import Severity
from gateway.domain.events import Event
from gateway.domain.schedules import MOVES, OVERDUE, Health
from gateway.domain.underwriting import ARREARS
from gateway.store import sql
from gateway.usecases import alerts, events, limits, messages, positions

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.servicing import Account, Servicing
    from gateway.store import Tx
    from gateway.usecases.world import World

_ALARMS = {Health.defaulted: "loan_defaulted", Health.charged_off: "loan_charged_off"}
"""What a person is to look at, by the health it came to."""
_WORDS = {
    Health.late: "payment_overdue",
    Health.defaulted: "loan_defaulted",
    Health.charged_off: "loan_charged_off",
    Health.recovered: "loan_recovered",
}
"""What the merchant is told, by the health it came to."""
_HEALTHY = frozenset({Health.current, Health.near_breach})


async def follow(tx: Tx, world: World, drawdown: Drawdown, kept: Servicing, account: Account) -> Servicing:
    """Move the health to what the account says; the event and the merchant's message go with it.

    Whoever calls saves what comes back, and then has `conclude` do what follows.
    """
    target = account.health(kept.serviced_on, kept.expected_amount)
    if target is kept.health:
        return kept
    states.check(MOVES, kept.health, target)
    cured = target in _HEALTHY and (target is Health.current or kept.health in OVERDUE)
    await tell(tx, world, drawdown, "cured" if cured else target.value, account=account, on=kept.serviced_on)
    if target in _WORDS or kept.health in OVERDUE:
        words = _WORDS.get(target, "loan_cured")
        amount = messages.money(account.past_due_amount(kept.serviced_on), drawdown.currency)
        await messages.send(tx, world, drawdown.merchant_id, words, amount=amount)
    well = target in _HEALTHY or target is Health.recovered
    return msgspec.structs.replace(
        kept,
        health=target,
        reminders_count=0 if well else kept.reminders_count,
        remind_at=None if well or target is Health.charged_off else kept.remind_at,
    )


async def tell(tx: Tx, world: World, drawdown: Drawdown, verb: str, *, account: Account, on: date) -> None:
    """An event about a loan's health; the drawdown's own log of states is another."""
    data = {
        "id": drawdown.id,
        "drawdown_id": drawdown.id,
        "merchant_id": drawdown.merchant_id,
        "past_due_amount": account.past_due_amount(on),
        "past_due_days": account.past_due_days(on),
        "currency": drawdown.currency,
    }
    whose = drawdown.merchant_id, drawdown.partner_id
    await events.emit(tx, world, [Event("health", drawdown.id, f"health.{verb}", *whose, data, world.clock.now())])


async def conclude(tx: Tx, world: World, drawdown: Drawdown, before: Health, after: Health) -> None:
    """Stop or allow new loans by how those do that are out, and call a person to a default. Call it last in a unit."""
    await _mark(tx, world, drawdown.merchant_id)
    if before is after:
        return
    about = await positions.certain(tx, world, drawdown.merchant_id)
    for health, kind in _ALARMS.items():
        if after is health:
            await alerts.start(
                tx, world, kind, drawdown.id, severity=Severity.warning, evidence={"drawdown_id": drawdown.id},
                about=about,
            )  # fmt: skip
        elif before is health:
            await alerts.close(tx, world, kind, drawdown.id)


async def _mark(tx: Tx, world: World, merchant_id: str) -> None:
    """Set or take back the flag of a shop with something overdue, and look at its offer at once."""
    row = await tx.one(sql.servicings.overdue_count, merchant_id=merchant_id)
    position = await positions.certain(tx, world, merchant_id)
    wanted = row is not None and row[0] > 0
    if wanted == (ARREARS in position.flags):
        return
    flags = tuple(sorted({*position.flags, ARREARS} if wanted else set(position.flags) - {ARREARS}))
    await tx.run(sql.positions.flag, merchant_id=merchant_id, flags_json=flags)
    positions.forget(tx, world, merchant_id)
    fresh = await positions.certain(tx, world, merchant_id)
    if fresh.scores is not None or fresh.offered is not None:
        judged = await limits.judge(tx, world, [fresh], closing=False)
        await positions.save(tx, world, [], [one.position for one in judged])
