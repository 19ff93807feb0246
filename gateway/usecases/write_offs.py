"""Write a loan off: nothing more is expected, it is still owed, and what comes after is recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import ledger
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.write_offs import WriteOff
from gateway.store import sql
from gateway.usecases import drawdowns, loans
from gateway.usecases import ledger as books

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.repayments import Repayment
    from gateway.store import Tx
    from gateway.usecases.world import World


async def write_off(tx: Tx, world: World, drawdown: Drawdown, on: date, *, reason: str) -> Drawdown:
    """The loan becomes a loss on the business day `on`; debits that were not sent yet are not sent any more."""
    await loans.cancel_unsent(tx, world, drawdown, "charged_off")
    principal, fee = await books.owed(tx, drawdown.id)
    await _book(tx, world, drawdown, WriteOff(drawdown.id, drawdown.id, principal, fee, on))
    await drawdowns.release_exposure(tx, world, drawdown, principal)
    await drawdowns.move(tx, world, drawdown, DrawdownState.charged_off, reason=reason)
    return await drawdowns.find(tx, drawdown.id)


async def write_off_again(tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment) -> None:
    """A repayment of before was taken back: what it had paid, or had given up, is a loss as well."""
    kept = await loans.find(tx, drawdown.id)
    on = world.clock.now().date() if kept is None else kept.serviced_on
    fee = repayment.fee_amount + repayment.rebate_amount
    lost = WriteOff(repayment.id, drawdown.id, repayment.principal_amount, fee, on)
    await _book(tx, world, drawdown, lost)


async def claim_amount(tx: Tx, drawdown: Drawdown) -> int:
    """What is still claimed of a loan that was written off."""
    row = await tx.one(sql.repayments.recovered_amount, drawdown_id=drawdown.id)
    lost = sum(one.amount for one in await loans.write_offs(tx, drawdown))
    return max(0, lost - (int(row[0]) if row else 0))


async def _book(tx: Tx, world: World, drawdown: Drawdown, lost: WriteOff) -> None:
    if not lost.amount:
        return
    entry = ledger.charged_off(books.loan(drawdown), lost.principal_amount, lost.fee_amount, reference=lost.reference)
    await books.book(tx, world, entry)
    await tx.run(sql.write_offs.add, **msgspec.structs.asdict(lost))
