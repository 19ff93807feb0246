"""What partners withheld: reported, which discharges the merchants; paid, which discharges the partner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import remittances as rules
from gateway.domain.drawdowns import Drawdown, end_to_end_id
from gateway.domain.remittances import (
    NewRemittance,
    NothingTaken,
    ReferenceTaken,
    Remittance,
    RemittanceState,
    UnknownRemittance,
    WithheldLine,
)
from gateway.domain.repayments import Channel, Repayment, RepaymentState
from gateway.store import sql
from gateway.usecases import drawdowns, remitting, repayments, settling

if TYPE_CHECKING:
    from gateway.domain.rights import Caller
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class Outcome(msgspec.Struct, frozen=True):
    """What became of one line: taken, with what of it stays due; or refused by a `code`, and nothing of it moved."""

    index: int
    repayment_id: str | None
    taken: bool
    withheld_amount: int = 0
    short_amount: int = 0
    code: str | None = None
    detail: str | None = None


class Reported(msgspec.Struct, frozen=True):
    """The remittance and its lines' outcomes."""

    remittance: Remittance
    outcomes: list[Outcome]


class _Refused(Exception):
    """A line that cannot be taken."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


async def report(tx: Tx, world: World, caller: Caller, new: NewRemittance) -> Reported:
    """Take a partner's report: each line that was due discharges its merchant, the others are refused one by one.

    All lines of one remittance are one bank's, the first line's that can be taken. Raises ReferenceTaken, NothingTaken.
    """
    remittance_id, bank_id, total = world.ids.new("remittance"), "", 0
    added = await tx.run(
        sql.remittances.add, id=remittance_id, partner_id=caller.partner_id, reference=new.reference, bank_id=bank_id,
        currency=new.currency, amount=0, end_to_end_id=end_to_end_id(remittance_id), entries_json=(),
        created_at=world.clock.now(),
    )  # fmt: skip
    if not added:
        raise ReferenceTaken("Give each remittance a reference of its own", reference=new.reference)
    outcomes = []
    for index, line in enumerate(new.lines):
        try:
            repayment, drawdown = await _due(tx, caller, new.currency, bank_id, line)
        except _Refused as refused:
            outcomes.append(Outcome(index, line.repayment_id, taken=False, code=refused.code, detail=refused.detail))
            continue
        bank_id, total = drawdown.bank_id, total + line.withheld_amount
        short = await _discharge(tx, world, drawdown, repayment, line.withheld_amount)
        if line.withheld_amount:
            await tx.run(
                sql.remittances.add_line, repayment_id=repayment.id, remittance_id=remittance_id, number=index,
                drawdown_id=drawdown.id, amount=line.withheld_amount,
            )  # fmt: skip
        outcomes.append(
            Outcome(index, repayment.id, taken=True, withheld_amount=line.withheld_amount, short_amount=short)
        )
    if not bank_id:
        raise NothingTaken("None of the lines can be taken", code_of_first=outcomes[0].code)
    await tx.run(sql.remittances.settle_terms, id=remittance_id, amount=total, bank_id=bank_id)
    made = await find(tx, remittance_id, caller.partner_id)
    await remitting.tell(tx, world, made)
    if total == 0:
        await remitting.move(tx, world, made, RemittanceState.received, 0)
    return Reported(await find(tx, remittance_id, caller.partner_id), outcomes)


async def find(reader: Reader, remittance_id: str, partner_id: str) -> Remittance:
    """One of a partner's own. Raises UnknownRemittance."""
    found = await reader.one(sql.remittances.find, Remittance, id=remittance_id)
    if found is None or found.partner_id != partner_id:
        raise UnknownRemittance("There is no such remittance")
    return found


async def _due(tx: Tx, caller: Caller, currency: str, bank_id: str, line: WithheldLine) -> tuple[Repayment, Drawdown]:
    """The withholding a line is about, held. Raises _Refused."""
    repayment_id = line.repayment_id
    if (repayment_id is None) is (line.drawdown_id is None or line.business_on is None):
        raise _Refused("line_unclear", "name the repayment, or the drawdown and the day")
    if repayment_id is None:
        row = await tx.one(
            sql.remittances.due, drawdown_id=line.drawdown_id, business_on=line.business_on,
            partner_id=caller.partner_id,
        )  # fmt: skip
        repayment_id = None if row is None else row[0]
    known = await tx.one(sql.repayments.find, Repayment, repayment_id=repayment_id)
    if known is None:
        raise _Refused("not_found", "there is no such withholding")
    drawdown = await drawdowns.lock(tx, known.drawdown_id)
    if drawdown.partner_id != caller.partner_id:
        raise _Refused("not_found", "there is no such withholding")
    repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=repayment_id) or known
    if repayment.channel is not Channel.withheld or repayment.state is not RepaymentState.scheduled:
        raise _Refused("not_due", f"it is {repayment.state}")
    if repayment.currency != currency:
        raise _Refused("other_currency", f"it is due in {repayment.currency}")
    if bank_id not in {"", drawdown.bank_id}:
        raise _Refused("other_bank", "one remittance is for one bank")
    if line.withheld_amount > repayment.amount:
        raise _Refused("more_than_due", f"{repayment.amount} is due")
    return repayment, drawdown


async def _discharge(tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment, withheld_amount: int) -> int:
    """Settle what was withheld; what was not stays due and comes with the next close. Returns the latter."""
    if withheld_amount:
        taken = msgspec.structs.replace(repayment, amount=withheld_amount)
        await settling.settle(tx, world, drawdown, taken, world.clock.now().date())
    else:
        await repayments.move(tx, world, repayment, RepaymentState.canceled, reason="not_withheld")
    short = repayment.amount - withheld_amount
    if short:
        net = rules.carried_net(short, drawdown.withhold_bps)
        await tx.run(sql.drawdowns.add_carried, drawdown_id=drawdown.id, amount=net)
    return short
