"""What falls due besides shares of sales: warned of, announced, and asked for on its day, by debit or by transfer."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.drawdowns import DrawdownState
from gateway.domain.events import Event
from gateway.domain.repayments import LEAST_AMOUNT, Channel, CollectionMode, Repayment, RepaymentKind
from gateway.domain.schedules import Plan
from gateway.domain.servicing import NOTICE_DAYS, expected_amount
from gateway.store import sql
from gateway.usecases import events, loans, messages, payoffs, repayments

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.positions import Position
    from gateway.domain.servicing import Account, Servicing
    from gateway.store import Tx
    from gateway.usecases.world import World


async def ask(tx: Tx, world: World, drawdown: Drawdown, kept: Servicing, account: Account) -> Servicing:
    """On a due date, debit what it lacks; once, and again every interval for as long as something is overdue."""
    on, lacking = kept.serviced_on, account.lacking(kept.serviced_on)
    if lacking is None or drawdown.collection is CollectionMode.partner_split or account.paused_until_on(on):
        return kept
    due_on, amount = lacking
    again_on = None if kept.asked_on is None else kept.asked_on + timedelta(days=drawdown.interval_days)
    asked = kept.asked_on is not None and kept.asked_on >= due_on
    if kept.stopped_code is not None or (asked and (again_on is None or on < again_on)):
        return kept
    left = account.owed_amount - account.pending_amount
    if not account.written_off:
        left = min(left, await payoffs.claimable_amount(tx, drawdown, on))
    amount = min(amount, left)
    if amount >= min(LEAST_AMOUNT, max(1, left)):
        made = await repayments.schedule(
            tx, world, drawdown, kind=await _kind(tx, drawdown), channel=Channel.debit, amount=amount, business_on=on,
            collect_on=world.clock.now().date(),
        )  # fmt: skip
        if made is None:  # it was asked for by transfer today: tomorrow is soon enough
            return kept
    return msgspec.structs.replace(kept, asked_on=on)


async def announce(tx: Tx, world: World, drawdown: Drawdown, kept: Servicing, account: Account) -> Servicing:
    """Some days ahead, tell the merchant what will be debited, or ask for it where nothing can be."""
    on, ahead = kept.serviced_on, account.ahead(kept.serviced_on)
    if ahead is None or account.paused_until_on(on):
        return kept
    due_on, amount = ahead
    if amount == 0 or (due_on - on).days > NOTICE_DAYS or due_on == kept.announced_on:
        return kept
    by_transfer = drawdown.collection is CollectionMode.partner_split or kept.stopped_code is not None
    reference = await transfer_reference(tx, world, drawdown, amount, on=on, due_on=due_on) if by_transfer else ""
    await messages.send(
        tx, world, drawdown.merchant_id, "minimum_asked" if by_transfer else "minimum_announced",
        amount=messages.money(amount, drawdown.currency), on=due_on.isoformat(), reference=reference,
    )  # fmt: skip
    return msgspec.structs.replace(kept, announced_on=due_on)


async def transfer_reference(tx: Tx, world: World, drawdown: Drawdown, amount: int, *, on: date, due_on: date) -> str:
    """What the merchant writes on its transfer: of the one that it was asked for already, or of a new one.

    Asked for is not on its way: nothing else waits for it, and it pays what is owed when it comes, however much it is.
    """
    asked = await tx.one(sql.repayments.asked, Repayment, drawdown_id=drawdown.id)
    if asked is None:
        asked = await repayments.schedule(
            tx, world, drawdown, kind=await _kind(tx, drawdown), channel=Channel.transfer, amount=amount,
            business_on=on, collect_on=due_on,
        )  # fmt: skip
    return "" if asked is None else asked.end_to_end_id or ""


def foresee(world: World, drawdown: Drawdown, kept: Servicing, account: Account, position: Position) -> Servicing:
    """Note what the shop's sales are expected to pay until the next due date, where shares of them are taken."""
    ahead, held = account.ahead(kept.serviced_on), kept.held_until_on
    shares = kept.stopped_code is None and (held is None or held <= kept.serviced_on) and not account.written_off
    expected = None
    if ahead is not None and shares and position.assessed_under(world.clock.now()):
        days = (ahead[0] - kept.serviced_on).days
        expected = expected_amount(position.scores, drawdown.withhold_bps, days)
    return msgspec.structs.replace(kept, expected_amount=expected)


async def warn(tx: Tx, world: World, drawdown: Drawdown, kept: Servicing, account: Account) -> Servicing:
    """Once an interval, tell the merchant how much its sales will fall short of the minimum, by the forecast."""
    ahead = account.ahead(kept.serviced_on)
    if kept.expected_amount is None or ahead is None or ahead[0] == kept.warned_on:
        return kept
    due_on, short = ahead[0], ahead[1] - kept.expected_amount
    if short <= 0 or due_on == kept.serviced_on:
        return kept
    now, whose = world.clock.now(), (drawdown.merchant_id, drawdown.partner_id)
    data = {"id": drawdown.id, "drawdown_id": drawdown.id, "merchant_id": drawdown.merchant_id,
            "due_on": due_on.isoformat(), "short_amount": short, "currency": drawdown.currency}  # fmt: skip
    await events.emit(tx, world, [Event("repayment", drawdown.id, "repayment.short", *whose, data, now)])
    await messages.send(
        tx, world, drawdown.merchant_id, "repayment_short", amount=messages.money(short, drawdown.currency),
        on=due_on.isoformat(),
    )  # fmt: skip
    return msgspec.structs.replace(kept, warned_on=due_on)


async def _kind(tx: Tx, drawdown: Drawdown) -> RepaymentKind:
    if drawdown.state is DrawdownState.charged_off:
        return RepaymentKind.recovery
    planned = any(isinstance(one, Plan) for one in await loans.agreed(tx, drawdown, []))
    return RepaymentKind.instalment if planned else RepaymentKind.minimum
