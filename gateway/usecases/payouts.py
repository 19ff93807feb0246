"""What a bank says of a payout: on its way, gone, refused, come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain import ledger
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.repayments import Repayment, RepaymentState
from gateway.store import sql
from gateway.usecases import drawdowns, refinancing, repayments, servicing
from gateway.usecases import ledger as books
from gateway.usecases.statuses import ACCEPTED, DUPLICATE, REFUSED, SETTLED, Contradiction

if TYPE_CHECKING:
    from datetime import date

    from gateway.store import Tx
    from gateway.usecases.world import World

ON_ITS_WAY = frozenset({
    DrawdownState.approved, DrawdownState.submitted, DrawdownState.pending, DrawdownState.in_doubt
})  # fmt: skip


async def apply(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, booked_on: date | None) -> None:
    """Move a drawdown by what its bank says of the payout; `booked_on` None = a status only."""
    if booked_on is None:
        await _status_of_payout(tx, world, fact, drawdown)
    elif fact.kind is BankEventKind.booked and fact.credit is False:
        await _activate(tx, world, fact, drawdown, booked_on)
    elif fact.kind is BankEventKind.returned and fact.credit is True:
        await _return_payout(tx, world, fact, drawdown)
    else:
        raise Contradiction("an entry of a payout in the wrong direction")


async def fail(tx: Tx, world: World, drawdown: Drawdown, reason: str | None) -> None:
    """The bank will not pay: take the booking back and free the room."""
    await books.book(tx, world, ledger.disbursement_failed(books.loan(drawdown), drawdown.new_money_amount))
    await drawdowns.release_exposure(tx, world, drawdown, drawdown.new_money_amount)
    await drawdowns.move(tx, world, drawdown, DrawdownState.failed, reason=reason or "bank_rejected")


async def _status_of_payout(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    S = DrawdownState  # noqa: N806
    if fact.status in REFUSED:
        if fact.reason in DUPLICATE or drawdown.state is S.failed:
            return
        if drawdown.state not in ON_ITS_WAY:
            raise Contradiction(f"refused by the bank ({fact.reason}) while {drawdown.state}")
        await fail(tx, world, drawdown, fact.reason)
    elif fact.status in SETTLED and drawdown.state is S.failed:
        raise Contradiction(f"{fact.status} after the bank refused it")
    elif fact.status in ACCEPTED and drawdown.state in ON_ITS_WAY - {S.pending}:
        drawdown = await _submitted(tx, world, drawdown)
        await drawdowns.move(tx, world, drawdown, S.pending)


async def _submitted(tx: Tx, world: World, drawdown: Drawdown) -> Drawdown:
    """The bank's word overtook its acknowledgement: it certainly has the instruction."""
    if drawdown.state is not DrawdownState.approved:
        return drawdown
    await drawdowns.move(tx, world, drawdown, DrawdownState.submitted)
    return msgspec.structs.replace(drawdown, state=DrawdownState.submitted)


async def _activate(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, booked_on: date) -> None:
    """The booked entry on the funding account: the money went."""
    await books.book(tx, world, ledger.disbursement_settled(books.loan(drawdown), drawdown.new_money_amount))
    await books.book(tx, world, ledger.fee_charged(books.loan(drawdown), drawdown.new_fee_amount))
    drawdown = await _submitted(tx, world, drawdown)
    await tx.run(
        sql.drawdowns.activate, drawdown_id=drawdown.id, active_on=booked_on, bank_reference=fact.bank_reference
    )
    await drawdowns.move(tx, world, drawdown, DrawdownState.active)
    await refinancing.take_over(tx, world, drawdown, booked_on)
    await repayments.catch_up(tx, world, drawdown, booked_on)
    await servicing.begin(tx, world, drawdown, booked_on)


async def _return_payout(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    """The money came back: nothing is owed, unless part of it was repaid, or it took over another loan.

    That a person must look at. Repayments not yet sent are canceled; one that is under way and settles later is a
    contradiction for a person.
    """
    owed = await books.owed(tx, drawdown.id)
    await books.book(tx, world, ledger.disbursement_returned(books.loan(drawdown), drawdown.new_money_amount))
    await books.book(tx, world, ledger.fee_reversed(books.loan(drawdown), drawdown.new_fee_amount))
    if owed != (drawdown.new_money_amount, drawdown.new_fee_amount):
        raise Contradiction("the payout came back after part of it was repaid")
    for repayment in await tx.all(sql.repayments.scheduled_of, Repayment, drawdown_id=drawdown.id):
        await repayments.move(tx, world, repayment, RepaymentState.canceled, reason="payout_returned")
    await drawdowns.release_exposure(tx, world, drawdown, drawdown.new_money_amount)
    await drawdowns.move(tx, world, drawdown, DrawdownState.returned, reason=fact.reason)
    returned = msgspec.structs.replace(drawdown, state=DrawdownState.returned)
    await drawdowns.move(tx, world, returned, DrawdownState.canceled, reason=fact.reason)
