"""After a debit that failed or was taken back: it is tried again, or nothing is debited any more, or a person looks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import returns
from gateway.domain.alerts import Severity
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.repayments import Channel, RepaymentKind
from gateway.domain.returns import Course
from gateway.store import sql
from gateway.usecases import alerts, drawdowns, loans, mandates, messages, payoffs, positions, repayments, servicing

if TYPE_CHECKING:
    from gateway.domain.repayments import Repayment
    from gateway.store import Tx
    from gateway.usecases.world import World

FAILED, UNRETURNED = "debit_failed", "refund_failed"
"""Kinds of alert: a bank's reason that we do not know, or none; the merchant's own money could not be given back."""


async def follow(tx: Tx, world: World, repayment: Repayment, code: str | None) -> None:
    """Do what the bank's reason calls for; the repayment has failed or was taken back already. Last in a unit."""
    drawdown = await drawdowns.find(tx, repayment.drawdown_id)
    if repayment.channel is not Channel.debit:
        await servicing.refresh(tx, world, drawdown.id)
        if repayment.channel is Channel.payout:
            await _alert(tx, world, drawdown, repayment, code, kind=UNRETURNED)
        return
    course = returns.course(code)
    if course is Course.retry and drawdown.state is DrawdownState.active:
        await _retry(tx, world, drawdown, repayment, code)
    elif course is Course.reauthorise:
        await mandates.returned(tx, world, drawdown, code)
        await stop(tx, world, drawdown, code or "")
        for other in await tx.all(sql.drawdowns.active_of, Drawdown, merchant_id=drawdown.merchant_id):
            if other.bank_id == drawdown.bank_id:  # one account and one mandate for all of them
                await stop(tx, world, await drawdowns.lock(tx, other.id), code or "")
    await servicing.refresh(tx, world, drawdown.id)
    if course is Course.review:
        await _alert(tx, world, drawdown, repayment, code, kind=FAILED)


async def _alert(
    tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment, code: str | None, *, kind: str
) -> None:
    about = await positions.certain(tx, world, drawdown.merchant_id)
    evidence = {"repayment_id": repayment.id, "drawdown_id": drawdown.id, "code": code}
    await alerts.start(tx, world, kind, drawdown.id, severity=Severity.warning, evidence=evidence, about=about)


async def _retry(tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment, code: str | None) -> None:
    kept, today = await loans.find(tx, drawdown.id), world.clock.now().date()
    on = returns.retry_on(code, repayment.attempts_count, today)
    if kept is None or on is None or repayment.kind is RepaymentKind.early:  # that one the merchant asks for again
        return
    amount = min(repayment.amount, await payoffs.claimable_amount(tx, drawdown, on))
    if amount <= 0 or kept.stopped_code is not None or (kept.held_until_on is not None and kept.held_until_on > on):
        return  # nothing is debited meanwhile, and the schedule asks for it afterwards
    made = await repayments.schedule(
        tx, world, drawdown, kind=repayment.kind, channel=repayment.channel, amount=amount,
        business_on=repayment.business_on, collect_on=on, retried=repayment,
        send_at=datetime.combine(on - timedelta(days=1), time(), UTC),
    )  # fmt: skip
    if made is not None:
        await messages.send(
            tx, world, drawdown.merchant_id, "debit_failed",
            amount=messages.money(amount, drawdown.currency), on=on.isoformat(),
        )  # fmt: skip


async def stop(tx: Tx, world: World, drawdown: Drawdown, code: str) -> None:
    """Debit nothing more until the merchant gives a new account or mandate."""
    kept = await loans.find(tx, drawdown.id)
    if kept is None or kept.stopped_code is not None:
        return
    await loans.save(tx, msgspec.structs.replace(kept, stopped_code=code))
    await loans.cancel_unsent(tx, world, drawdown, "debits_stopped")
    await messages.send(tx, world, drawdown.merchant_id, "debits_stopped")
