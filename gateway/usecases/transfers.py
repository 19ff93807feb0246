"""Money that comes of itself: a transfer that names, exactly, what it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain.repayments import Repayment, RepaymentState
from gateway.store import sql
from gateway.usecases import drawdowns, settling
from gateway.usecases.ledger import AlreadyBooked
from gateway.usecases.statuses import Contradiction

if TYPE_CHECKING:
    from datetime import date

    from gateway.ports import BankEvent
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World


async def settle(tx: Tx, world: World, bank: Bank, fact: BankEvent, booked_on: date) -> bool:
    """Settle the transfer that a booked credit on our account names; False when it names none.

    What comes is what is booked, more or less than was asked. Raises AlreadyBooked for the same entry told again, and
    Contradiction for another one under the same reference: that is for a person.
    """
    repayment = await tx.one(sql.repayments.transfer, Repayment, end_to_end_id=fact.end_to_end_id)
    if repayment is None or fact.amount is None:
        return False
    drawdown = await drawdowns.lock(tx, repayment.drawdown_id)
    if (drawdown.bank_id, drawdown.currency) != (bank.id, fact.amount.currency):
        raise Contradiction("a transfer for a loan of another bank or currency")
    if repayment.state is RepaymentState.settled:
        if fact.entry_reference in {None, repayment.entry_reference}:
            raise AlreadyBooked(f"{repayment.id} has settled")
        raise Contradiction("a second transfer under the reference of one that came")
    came = msgspec.structs.replace(repayment, amount=fact.amount.amount)
    await settling.settle(tx, world, drawdown, came, booked_on, entry=fact.entry_reference)
    return True
