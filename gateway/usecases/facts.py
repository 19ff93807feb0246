"""Apply one fact a bank told us, in one unit. A status is a hint; a booked entry of the statement is the truth.

The same booking comes in a camt.054 and again in a camt.053: the ledger knows it by (kind, reference) and raises
AlreadyBooked, so each entry is booked before anything is compared with states that it changes itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import ledger
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.repayments import Repayment, RepaymentState
from gateway.ports import BankEvent, BankEventKind, PaymentStatus
from gateway.store import sql
from gateway.usecases import drawdowns, payments, repayments
from gateway.usecases import ledger as books
from gateway.usecases.payments import COLLECTION, Instruction

if TYPE_CHECKING:
    from datetime import date

    from gateway.store import Tx
    from gateway.usecases.world import World

REFUSED = frozenset({PaymentStatus.RJCT, PaymentStatus.CANC, PaymentStatus.BLCK})
ACCEPTED = frozenset({
    PaymentStatus.ACTC, PaymentStatus.ACCP, PaymentStatus.ACFC, PaymentStatus.ACSP, PaymentStatus.ACSC,
    PaymentStatus.ACCC, PaymentStatus.ACWC, PaymentStatus.PDNG,
})  # fmt: skip
"""Any other status, and any we do not know, changes nothing: unknown is pending, never success."""
SETTLED = frozenset({PaymentStatus.ACSC, PaymentStatus.ACCC})
"""The bank says the money moved. After a refusal that is a contradiction, not a late message."""
ON_ITS_WAY = frozenset({
    DrawdownState.approved, DrawdownState.submitted, DrawdownState.pending, DrawdownState.in_doubt
})  # fmt: skip


class Contradiction(Exception):
    """A bank's word that does not fit what is known: nothing moves, the message is parked for a person."""


async def apply(tx: Tx, world: World, fact: BankEvent) -> None:
    """Move what the fact is about. Raises AlreadyBooked, Contradiction or IllegalMove; then nothing of it stays."""
    if fact.kind is BankEventKind.statement:
        return  # what reconciliation compares with; it moves nothing
    if fact.kind is BankEventKind.returned and fact.booked_on is None:
        return  # announced; the booked entry that follows is the money
    instruction = await _about(tx, world, fact)
    if fact.kind is BankEventKind.correction:
        raise Contradiction(f"{fact.detail}: for the merchant to confirm, never applied by itself")
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    booked_on = None if fact.kind is BankEventKind.status else _check_booking(world, fact, instruction)
    if instruction.kind == COLLECTION:
        repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
        if repayment is None:
            raise Contradiction("the instruction's repayment is not there")
        await _to_repayment(tx, world, fact, drawdown, repayment, booked_on=booked_on)
    else:
        await _to_drawdown(tx, world, fact, drawdown, booked_on)


async def _about(tx: Tx, world: World, fact: BankEvent) -> Instruction:
    """The instruction a fact is about: by its reference, or by the file when the bank names only that."""
    found = None
    if fact.end_to_end_id is not None:
        found = await tx.one(sql.instructions.find, Instruction, end_to_end_id=fact.end_to_end_id)
    elif fact.original_message_id is not None:
        message_id, bank_id = fact.original_message_id, world.programme.bank_id
        found = await tx.one(sql.instructions.by_message, Instruction, message_id=message_id, bank_id=bank_id)
    if found is None:
        raise Contradiction(f"a {fact.kind} about a payment we never sent")
    return found


def _check_booking(world: World, fact: BankEvent, instruction: Instruction) -> date:
    """The day of an entry that is on our account and of the instructed amount, to the minor unit."""
    if fact.amount is None or fact.booked_on is None or fact.credit is None:
        raise Contradiction("an entry without amount, direction or day")
    if fact.account is not None and fact.account.iban not in {None, world.settings.bank_account}:
        raise Contradiction("booked on an account that is not the funding account")
    if (fact.amount.amount, fact.amount.currency) != (instruction.amount, instruction.currency):
        raise Contradiction(f"{fact.amount.amount} {fact.amount.currency} booked, {instruction.amount} instructed")
    return fact.booked_on


# --- payouts --------------------------------------------------------------------------------------------------------


async def _to_drawdown(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, booked_on: date | None) -> None:
    if booked_on is None:
        await _status_of_payout(tx, world, fact, drawdown)
    elif fact.kind is BankEventKind.booked and fact.credit is False:
        await _activate(tx, world, fact, drawdown, booked_on)
    elif fact.kind is BankEventKind.returned and fact.credit is True:
        await _return_payout(tx, world, fact, drawdown)
    else:
        raise Contradiction("an entry of a payout in the wrong direction")


async def _status_of_payout(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    S = DrawdownState  # noqa: N806
    if fact.status in REFUSED:
        if fact.reason in payments.DUPLICATE or drawdown.state is S.failed:
            return
        if drawdown.state not in ON_ITS_WAY:
            raise Contradiction(f"refused by the bank ({fact.reason}) while {drawdown.state}")
        await payments.fail(tx, world, drawdown, fact.reason)
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
    await books.book(tx, world, ledger.disbursement_settled(books.loan(drawdown), drawdown.amount))
    await books.book(tx, world, ledger.fee_charged(books.loan(drawdown), drawdown.fee_amount))
    drawdown = await _submitted(tx, world, drawdown)
    await tx.run(
        sql.drawdowns.activate, drawdown_id=drawdown.id, active_on=booked_on, bank_reference=fact.bank_reference
    )
    await drawdowns.move(tx, world, drawdown, DrawdownState.active)
    await repayments.catch_up(tx, world, drawdown, booked_on)


async def _return_payout(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    """The money came back: nothing is owed, unless part of it was repaid, which a person must look at.

    Repayments not yet sent are canceled; one that is under way and settles later is a contradiction for a person.
    """
    owed = await books.owed(tx, drawdown.id)
    await books.book(tx, world, ledger.disbursement_returned(books.loan(drawdown), drawdown.amount))
    await books.book(tx, world, ledger.fee_reversed(books.loan(drawdown), drawdown.fee_amount))
    if owed != (drawdown.amount, drawdown.fee_amount):
        raise Contradiction("the payout came back after part of it was repaid")
    for repayment in await tx.all(sql.repayments.scheduled_of, Repayment, drawdown_id=drawdown.id):
        await repayments.move(tx, world, repayment, RepaymentState.canceled, reason="payout_returned")
    await drawdowns.release_exposure(tx, world, drawdown, drawdown.amount)
    await drawdowns.move(tx, world, drawdown, DrawdownState.returned, reason=fact.reason)
    returned = msgspec.structs.replace(drawdown, state=DrawdownState.returned)
    await drawdowns.move(tx, world, returned, DrawdownState.canceled, reason=fact.reason)


# --- collections ----------------------------------------------------------------------------------------------------


async def _to_repayment(
    tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, repayment: Repayment, *, booked_on: date | None
) -> None:
    if booked_on is None:
        await _status_of_collection(tx, world, fact, repayment)
    elif fact.kind is BankEventKind.booked and fact.credit is True:
        await _settle(tx, world, drawdown, repayment, booked_on)
    elif fact.kind is BankEventKind.returned and fact.credit is False:
        await _take_back(tx, world, fact, drawdown, repayment)
    else:
        raise Contradiction("an entry of a collection in the wrong direction")


async def _status_of_collection(tx: Tx, world: World, fact: BankEvent, repayment: Repayment) -> None:
    """A refused collection has failed: its amount is owed as before, and the next closes withhold it again."""
    S = RepaymentState  # noqa: N806
    if fact.status in REFUSED:
        if fact.reason in payments.DUPLICATE or repayment.state is S.failed:
            return
        if repayment.state not in {S.scheduled, S.initiated, S.pending}:
            raise Contradiction(f"refused by the bank ({fact.reason}) while {repayment.state}")
        repayment = await _initiated(tx, world, repayment)
        await repayments.move(tx, world, repayment, S.failed, reason=fact.reason)
    elif fact.status in SETTLED and repayment.state is S.failed:
        raise Contradiction(f"{fact.status} after the bank refused it")
    elif fact.status in ACCEPTED and repayment.state in {S.scheduled, S.initiated}:
        repayment = await _initiated(tx, world, repayment)
        await repayments.move(tx, world, repayment, S.pending)


async def _initiated(tx: Tx, world: World, repayment: Repayment) -> Repayment:
    if repayment.state is not RepaymentState.scheduled:
        return repayment
    await repayments.move(tx, world, repayment, RepaymentState.initiated)
    return msgspec.structs.replace(repayment, state=RepaymentState.initiated)


async def _settle(tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment, booked_on: date) -> None:
    """The booked entry on the collection account: the money came; with the last cent the drawdown is repaid."""
    parts = repayment.principal_amount, repayment.fee_amount
    await books.book(tx, world, ledger.repayment_settled(books.loan(drawdown), repayment.id, *parts))
    if drawdown.state is not DrawdownState.active:
        raise Contradiction(f"a repayment arrived while the drawdown is {drawdown.state}")
    repayment = await _initiated(tx, world, repayment)
    await repayments.move(tx, world, repayment, RepaymentState.settled, settled_on=booked_on)
    await drawdowns.release_exposure(tx, world, drawdown, repayment.principal_amount)
    if await books.owed(tx, drawdown.id) == (0, 0):
        await drawdowns.move(tx, world, drawdown, DrawdownState.repaid)


async def _take_back(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, repayment: Repayment) -> None:
    """A settled debit was taken back: it is owed again, and a drawdown it had repaid is active again."""
    parts = repayment.principal_amount, repayment.fee_amount
    await books.book(tx, world, ledger.repayment_returned(books.loan(drawdown), repayment.id, *parts))
    if drawdown.state not in {DrawdownState.active, DrawdownState.repaid}:
        raise Contradiction(f"a repayment was taken back while the drawdown is {drawdown.state}")
    await repayments.move(tx, world, repayment, RepaymentState.returned, reason=fact.reason)
    await drawdowns.restore_exposure(tx, world, drawdown, repayment.principal_amount)
    if drawdown.state is DrawdownState.repaid:
        await drawdowns.move(tx, world, drawdown, DrawdownState.active, reason="repayment_returned")
