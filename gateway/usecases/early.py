"""The merchant pays before it must: a part, or everything with the rebate it earns."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.domain import grants, states
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.payoffs import (
    AboveOwed,
    NewRepayment,
    NoSuchChannel,
    NothingOwed,
    PartOrAll,
    PressedElsewhere,
    TooManyOpen,
)
from gateway.domain.repayments import Channel, CollectionMode, Repayment, RepaymentKind
from gateway.store import sql
from gateway.usecases import drawdowns, payoffs, positions, repayments

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.payoffs import Payoff
    from gateway.domain.rights import Caller
    from gateway.store import Tx
    from gateway.usecases.world import World

TRANSFER_DAYS = 7
"""For so long a transfer's rebate holds, weekends and slow banks included."""
OPEN_COUNT = 20
"""The most early payments of one loan that may be open."""


async def pay(tx: Tx, world: World, caller: Caller, drawdown_id: str, new: NewRepayment) -> Repayment:
    """Schedule an early repayment. Paying back needs no confirmation; a debit needs the consent to debit.

    Raises IllegalMove unless the loan is active, PartOrAll, NoSuchChannel, AboveOwed, NothingOwed, TooManyOpen,
    PressedElsewhere or ConsentRequired; then nothing was scheduled.
    """
    if caller.page_origin is not None:
        raise PressedElsewhere("Show <restock-manage>, or have your server ask", page_origin=caller.page_origin)
    found = await drawdowns.find(tx, drawdown_id, caller.partner_id)
    position = await positions.certain(tx, world, found.merchant_id)
    drawdown, now = await drawdowns.lock(tx, drawdown_id, caller.partner_id), world.clock.now()
    if drawdown.state is not DrawdownState.active:
        raise states.IllegalMove("Only an active drawdown can be repaid", state=drawdown.state, wanted="repaid")
    if (new.amount is None) is not new.payoff:
        raise PartOrAll("Say an amount, or payoff: true")
    channel = _channel(drawdown, new)
    if channel is Channel.debit:
        positions.permit(position, caller, grants.DEBIT, now)
    if (await tx.one(sql.repayments.open_early, drawdown_id=drawdown_id) or (0,))[0] >= OPEN_COUNT:
        raise TooManyOpen(f"{OPEN_COUNT} are open", open_count=OPEN_COUNT)
    payoff = await payoffs.of(tx, drawdown, now.date())
    amount = _amount(payoff, new)
    days = TRANSFER_DAYS if channel is Channel.transfer else 1
    made = await repayments.schedule(
        tx, world, drawdown, kind=RepaymentKind.early, channel=channel, amount=amount, business_on=now.date(),
        collect_on=now.date() + timedelta(days=days),
        rebate_amount=payoff.rebate_amount if amount == payoff.amount else 0,
    )  # fmt: skip
    assert made is not None  # noqa: S101 - any number of early payments may fall on one day
    return made


def _channel(drawdown: Drawdown, new: NewRepayment) -> Channel:
    usual = Channel.debit if drawdown.collection is CollectionMode.bank_debit else Channel.transfer
    channel = usual if new.channel is None else Channel(new.channel)
    if channel is Channel.debit and usual is not Channel.debit:
        raise NoSuchChannel("This loan is not collected by debit: send a transfer", collection=drawdown.collection)
    return channel


def _amount(payoff: Payoff, new: NewRepayment) -> int:
    if payoff.amount == 0:
        raise NothingOwed("Nothing is left to repay", pending_amount=payoff.pending_amount)
    amount = payoff.amount if new.amount is None else new.amount
    if amount > payoff.amount:
        raise AboveOwed(f"{payoff.amount} pays it off", payoff_amount=payoff.amount)
    return amount
