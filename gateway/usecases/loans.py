"""What is stored about a loan that is out: its servicing, what was agreed, its account on a day; and unsent debits."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import servicing as rules
from gateway.domain.arrangements import Arrangement
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.repayments import Channel, CollectionMode, Repayment, RepaymentState
from gateway.domain.servicing import SERVICED, Coming, Picture, Servicing
from gateway.domain.write_offs import WriteOff
from gateway.store import sql
from gateway.usecases import ledger as books
from gateway.usecases import payoffs, repayments

if TYPE_CHECKING:
    from gateway.domain.schedules import Pause, Plan
    from gateway.domain.servicing import Account
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


async def find(reader: Reader, drawdown_id: str) -> Servicing | None:
    """What is kept of a loan's servicing; None before its money went."""
    return await reader.one(sql.servicings.find, Servicing, drawdown_id=drawdown_id)


async def save(tx: Tx, kept: Servicing) -> None:
    """Keep it as it is now; the drawdown is held."""
    values = msgspec.structs.asdict(kept)
    values.pop("merchant_id")
    await tx.run(sql.servicings.save, **values)


async def account(reader: Reader, drawdown: Drawdown, on: date) -> Account:
    """What a loan asks for and has got, at the beginning of a business day."""
    coming = await reader.all(sql.servicings.coming, Coming, drawdown_id=drawdown.id)
    lost = await write_offs(reader, drawdown)
    return rules.account(
        drawdown, await agreed(reader, drawdown, lost), coming, await _paid(reader, drawdown, lost), on
    )


async def picture(reader: Reader, drawdown: Drawdown) -> Picture:
    """How a loan does, for whoever asks."""
    kept = await find(reader, drawdown.id)
    if kept is None or drawdown.state not in SERVICED:
        return Picture()
    coming = await reader.all(sql.servicings.coming, Coming, drawdown_id=drawdown.id)
    debited = drawdown.collection is CollectionMode.bank_debit
    return rules.picture(kept, await account(reader, drawdown, kept.serviced_on), coming, debited=debited)


async def agreed(reader: Reader, drawdown: Drawdown, lost: list[WriteOff]) -> list[Pause | Plan]:
    """The pauses and plans in force; writing a loan off ends those of before."""
    found = await reader.all(sql.arrangements.approved_of, Arrangement, drawdown_id=drawdown.id)
    since = next((one.written_off_on for one in lost if one.reference == drawdown.id), date.min)
    return [one.terms for one in found if one.terms is not None and one.terms.from_on >= since]


async def write_offs(reader: Reader, drawdown: Drawdown) -> list[WriteOff]:
    """What was written off of a loan."""
    if drawdown.state is not DrawdownState.charged_off:
        return []
    return await reader.all(sql.write_offs.of, WriteOff, drawdown_id=drawdown.id)


async def cancel_unsent(tx: Tx, world: World, drawdown: Drawdown, reason: str) -> None:
    """Take back the debits that no bank can have heard of yet; the drawdown is held, so none is sent meanwhile."""
    for repayment in await _unsent(tx, drawdown):
        await repayments.move(tx, world, repayment, RepaymentState.canceled, reason=reason)


async def cancel_excess(tx: Tx, world: World, drawdown: Drawdown, reason: str) -> None:
    """Take back, the last one first, such debits of which all together would now take more than is owed."""
    if drawdown.state not in {DrawdownState.active, DrawdownState.repaid}:
        return
    owed, coming = await payoffs.sides(tx, drawdown.id)
    excess = sum(coming) - sum(owed)
    for repayment in reversed(await _unsent(tx, drawdown) if excess > 0 else []):
        if excess <= 0:
            return
        await repayments.move(tx, world, repayment, RepaymentState.canceled, reason=reason)
        excess -= repayment.principal_amount + repayment.fee_amount + repayment.rebate_amount


async def _unsent(tx: Tx, drawdown: Drawdown) -> list[Repayment]:
    return await tx.all(sql.repayments.unsent, Repayment, drawdown_id=drawdown.id, channel=Channel.debit)


async def _paid(reader: Reader, drawdown: Drawdown, lost: list[WriteOff]) -> int:
    """What needs not be paid any more: whatever the books do not show as owed, or as lost and not recovered."""
    if drawdown.state is not DrawdownState.charged_off:
        return drawdown.total_amount - sum(await books.owed(reader, drawdown.id))
    row = await reader.one(sql.repayments.recovered_amount, drawdown_id=drawdown.id)
    recovered = int(row[0]) if row else 0
    return drawdown.total_amount - sum(one.amount for one in lost) + recovered
