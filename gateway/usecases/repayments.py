"""Withhold a share of each closed day's net sales and collect it, until nothing is owed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import repayments as rules
from gateway.domain import states
from gateway.domain.drawdowns import Drawdown, end_to_end_id
from gateway.domain.events import Event
from gateway.domain.repayments import MOVES, Channel, CollectionMode, Repayment, RepaymentKind, RepaymentState
from gateway.store import sql
from gateway.usecases import banks, events, jobs, payoffs, positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.domain.positions import Position
    from gateway.domain.sales import Totals
    from gateway.store import Tx
    from gateway.usecases.world import World

COLLECT, REFUND = "repayment.collect", "repayment.refund"


async def withhold(tx: Tx, world: World, before: Position, after: Position) -> int:
    """Schedule the repayments of the days that closed between two positions; the sum withheld, in minor units.

    All drawdowns together never take more of a day than the largest share of their programmes: the oldest has the first
    claim.
    """
    if after.exposure_amount == 0 or after.history is None:
        return 0
    business_on = after.history.through_on
    rows = await tx.all(sql.servicings.held, merchant_id=after.merchant_id, business_on=business_on)
    held = {drawdown_id for (drawdown_id,) in rows}
    active = await tx.all(sql.drawdowns.active_of, Drawdown, merchant_id=after.merchant_id)
    total, room_bps = 0, max([world.programme_of(one.programme_id).withhold_bps for one in active], default=0)
    for drawdown in active:
        net = None if drawdown.id in held else _net_since(before, after, drawdown)
        share_bps = min(drawdown.withhold_bps, room_bps)
        if net is None or share_bps == 0:
            continue
        withheld = await _withhold(tx, world, drawdown, business_on, net, share_bps=share_bps)
        room_bps -= share_bps if withheld else 0
        total += withheld
    return total


async def schedule(
    tx: Tx,
    world: World,
    drawdown: Drawdown,
    *,
    kind: RepaymentKind,
    channel: Channel,
    amount: int,
    business_on: date,
    collect_on: date | None,
    retried: Repayment | None = None,
    rebate_amount: int = 0,
    send_at: datetime | None = None,
) -> Repayment | None:
    """The one way a repayment comes into being; None when that day's is there already. A debit is sent by a job.

    A debit larger than its rail takes at once is several repayments that sum to `amount`, and the first is returned;
    one that is tried again fitted before. What it pays is foreseen from what is owed and not on its way already, and
    from the rebate if it pays the loan off; `rebate_amount` is promised in any case, to each part its share. The job
    runs at `send_at`, or at once.
    """
    most = banks.most_debit(world, drawdown) if channel is Channel.debit and retried is None else None
    parts, first = rules.split(amount, most), None
    for part, part_amount in enumerate(parts, 1):
        made = await _make(
            tx, world, drawdown, kind=kind, channel=channel, amount=part_amount, business_on=business_on,
            collect_on=collect_on, retried=retried, part=part, send_at=send_at,
            rebate_amount=rebate_amount * part // len(parts) - rebate_amount * (part - 1) // len(parts),
        )  # fmt: skip
        if made is None:
            return first
        first = first or made
    return first


async def _make(
    tx: Tx,
    world: World,
    drawdown: Drawdown,
    *,
    kind: RepaymentKind,
    channel: Channel,
    amount: int,
    business_on: date,
    collect_on: date | None,
    retried: Repayment | None,
    rebate_amount: int,
    send_at: datetime | None,
    part: int,
) -> Repayment | None:
    owed, coming = await payoffs.sides(tx, drawdown.id)
    principal, fee = owed[0] - coming[0], owed[1] - coming[1]
    now, repayment_id = world.clock.now(), world.ids.new("repayment")
    cap_rebate = 0 if kind is RepaymentKind.early else await payoffs.cap_rebate(tx, drawdown, owed, now.date())
    parts = (
        rules.Allocation(0, 0, amount)
        if kind is RepaymentKind.refund
        else rules.settle(
            amount,
            max(0, principal),
            max(0, fee),
            claim_amount=amount if kind is RepaymentKind.recovery else None,
            rebate_amount=cap_rebate,
            promised_amount=rebate_amount,
        )
    )
    repayment = Repayment(
        id=repayment_id,
        drawdown_id=drawdown.id,
        merchant_id=drawdown.merchant_id,
        kind=kind,
        channel=channel,
        business_on=business_on,
        state=RepaymentState.scheduled,
        currency=drawdown.currency,
        amount=amount,
        **msgspec.structs.asdict(parts),
        share_amount=0,
        end_to_end_id=end_to_end_id(repayment_id) if channel is Channel.transfer else None,
        collect_on=collect_on,
        settled_on=None,
        reason=None,
        entry_reference=None,
        part=part,
        retry_of=None if retried is None else retried.id,
        attempts_count=1 if retried is None else retried.attempts_count + 1,
        state_at=now,
        created_at=now,
    )
    if not await tx.run(sql.repayments.add, **msgspec.structs.asdict(repayment)):
        return None
    await _tell(tx, world, drawdown, repayment, repayment.state)
    if channel in {Channel.debit, Channel.payout}:
        await jobs.enqueue(tx, world, COLLECT if channel is Channel.debit else REFUND, repayment_id, send_at)
    return repayment


async def catch_up(tx: Tx, world: World, drawdown: Drawdown, active_on: date) -> None:
    """Days that closed after the money went and before we heard of it are withheld from at the next close."""
    position = await positions.certain(tx, world, drawdown.merchant_id)
    if position.history is not None and (count := (position.history.through_on - active_on).days) > 0:
        missed = sum(position.history.net[-count:])
        await tx.run(sql.drawdowns.add_carried, drawdown_id=drawdown.id, amount=missed)


async def true_up(tx: Tx, position: Position, changes: Mapping[date, Totals]) -> None:
    """Late or corrected rows of closed days are settled with the next close."""
    if position.exposure_amount == 0 or position.history is None:
        return
    for drawdown in await tx.all(sql.drawdowns.active_of, Drawdown, merchant_id=position.merchant_id):
        late = sum(
            totals.net_amount
            for on, totals in changes.items()
            if drawdown.active_on is not None and drawdown.active_on < on <= position.history.through_on
        )
        if late:
            await tx.run(sql.drawdowns.add_carried, drawdown_id=drawdown.id, amount=late)


async def move(
    tx: Tx,
    world: World,
    repayment: Repayment,
    target: RepaymentState,
    *,
    reason: str | None = None,
    settled_on: date | None = None,
) -> None:
    """One step of the state machine, with its event; the SQL repeats the guard."""
    states.check(MOVES, repayment.state, target)
    moved = await tx.run(
        sql.repayments.move,
        repayment_id=repayment.id,
        source=repayment.state,
        target=target,
        state_at=world.clock.now(),
        reason=reason,
        settled_on=settled_on,
    )
    if not moved:
        raise states.IllegalMove("the repayment moved meanwhile", state=repayment.state, wanted=target)
    drawdown = await tx.one(sql.drawdowns.find, Drawdown, drawdown_id=repayment.drawdown_id)
    if drawdown is not None:
        await _tell(tx, world, drawdown, repayment, target)


async def initiated(tx: Tx, world: World, repayment: Repayment) -> Repayment:
    """The same, begun: a word from outside overtook ours that it was sent."""
    if repayment.state is not RepaymentState.scheduled:
        return repayment
    await move(tx, world, repayment, RepaymentState.initiated)
    return msgspec.structs.replace(repayment, state=RepaymentState.initiated)


def _net_since(before: Position, after: Position, drawdown: Drawdown) -> int | None:
    """Net sales of the days just closed that lie after the money arrived; None when there are none."""
    if after.history is None or drawdown.active_on is None:
        return None
    through_on = after.history.through_on
    from_on = drawdown.active_on if before.history is None else max(drawdown.active_on, before.history.through_on)
    count = (through_on - from_on).days
    return sum(after.history.net[-count:]) if count > 0 else None


async def _withhold(tx: Tx, world: World, drawdown: Drawdown, business_on: date, net: int, *, share_bps: int) -> int:
    left = await payoffs.claimable_amount(tx, drawdown, world.clock.now().date())
    plan = rules.withhold(net, drawdown.carried_net_amount, share_bps, left)
    if plan.carried_net_amount != drawdown.carried_net_amount:
        await tx.run(sql.drawdowns.carry, drawdown_id=drawdown.id, carried_net_amount=plan.carried_net_amount)
    if plan.amount == 0:
        return 0
    channel = Channel.withheld if drawdown.collection is CollectionMode.partner_split else Channel.debit
    made = await schedule(
        tx, world, drawdown, kind=RepaymentKind.share, channel=channel, amount=plan.amount, business_on=business_on,
        collect_on=world.clock.now().date() + timedelta(days=1),
    )  # fmt: skip
    return 0 if made is None else plan.amount


async def _tell(tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment, state: RepaymentState) -> None:
    data = {
        "id": repayment.id,
        "drawdown_id": drawdown.id,
        "merchant_id": drawdown.merchant_id,
        "state": state.value,
        "amount": repayment.amount,
        "currency": repayment.currency,
    }
    name = f"repayment.{state.value}"
    merchant_id, partner_id = drawdown.merchant_id, drawdown.partner_id
    await events.emit(
        tx, world, [Event("repayment", repayment.id, name, merchant_id, partner_id, data, world.clock.now())]
    )
