"""Money that comes of itself: a transfer that names, exactly, what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain.repayments import Channel, Repayment, RepaymentState
from gateway.store import sql
from gateway.usecases import drawdowns, repayments, settling
from gateway.usecases.ledger import AlreadyBooked
from gateway.usecases.statuses import Contradiction

if TYPE_CHECKING:
    from datetime import date

    from gateway.bank_ports import BankEvent
    from gateway.domain.drawdowns import Drawdown
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World


async def settle(tx: Tx, world: World, bank: Bank, fact: BankEvent, booked_on: date) -> bool:
    """Settle the transfer that a booked credit on our account names; False when it names none.

    What comes is what is booked, more or less than was asked, and again if it comes again; a rebate was promised for
    all of it. Raises AlreadyBooked for the same entry told again, and for one that could be, because it has no name of
    the bank's, or the one it is like has none; and Contradiction.
    """
    repayment = await tx.one(sql.repayments.transfer, Repayment, end_to_end_id=fact.end_to_end_id)
    if repayment is None or fact.amount is None:
        return False
    drawdown = await drawdowns.lock(tx, repayment.drawdown_id)
    if (drawdown.bank_id, drawdown.currency) != (bank.id, fact.amount.currency):
        raise Contradiction("a transfer for a loan of another bank or currency")
    entry = fact.entry_reference
    promised = repayment.rebate_amount if fact.amount.amount >= repayment.amount else 0
    came = msgspec.structs.replace(repayment, amount=fact.amount.amount, rebate_amount=promised)
    if repayment.state is not RepaymentState.scheduled:
        if await _is_known(tx, drawdown, entry, booked_on, came.amount):
            raise AlreadyBooked(f"{repayment.id} has settled")
        came = await _again(tx, world, drawdown, came, booked_on)
    await settling.settle(tx, world, drawdown, came, booked_on, entry=entry)
    return True


async def _is_known(tx: Tx, drawdown: Drawdown, entry: str | None, booked_on: date, amount: int) -> bool:
    """Whether an entry has come before: under its name, or alike while one of the two has none."""
    for name, settled_on, came_amount in await tx.all(sql.repayments.came, drawdown_id=drawdown.id):
        alike = (settled_on, came_amount) == (booked_on.isoformat(), amount) and (name is None or entry is None)
        if alike or (name is not None and name == entry):
            return True
    return False


async def _again(tx: Tx, world: World, drawdown: Drawdown, first: Repayment, booked_on: date) -> Repayment:
    """Another transfer under the reference of one that came: a repayment of its own."""
    made = await repayments.schedule(
        tx, world, drawdown, kind=first.kind, channel=Channel.transfer, amount=first.amount, business_on=booked_on,
        collect_on=booked_on,
    )  # fmt: skip
    assert made is not None  # noqa: S101 - any number of transfers may come on one day
    return made
