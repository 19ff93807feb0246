"""Apply one fact a bank told us, in one unit. A status is a hint; a booked entry of the statement is the truth.

The same booking comes in a camt.054 and again in a camt.053: the ledger knows it by (kind, reference) and raises
AlreadyBooked, so each entry is booked before anything is compared with states that it changes itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.repayments import Repayment
from gateway.ports import BankEvent, BankEventKind
from gateway.store import sql
from gateway.usecases import drawdowns, matching, payouts, settling
from gateway.usecases.payments import COLLECTION, Instruction
from gateway.usecases.statuses import Contradiction

if TYPE_CHECKING:
    from datetime import date

    from gateway.ports import Account
    from gateway.store import Tx
    from gateway.usecases.world import Bank, World


async def apply(tx: Tx, world: World, bank: Bank, fact: BankEvent) -> str | None:
    """Move what the fact is about; the reference of that payment, None when it is about none.

    Raises AlreadyBooked, Contradiction or IllegalMove; then nothing of it stays.
    """
    if fact.kind is BankEventKind.returned and fact.booked_on is None:
        return None  # announced; the booked entry that follows is the money
    instruction = await _about(tx, world, bank, fact)
    if fact.kind is BankEventKind.correction:
        raise Contradiction(f"{fact.detail}: for the merchant to confirm, never applied by itself")
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    booked_on = None if fact.kind is BankEventKind.status else _check_booking(bank, fact, instruction)
    if instruction.kind == COLLECTION:
        repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
        if repayment is None:
            raise Contradiction("the instruction's repayment is not there")
        await settling.apply(tx, world, fact, drawdown, repayment, booked_on=booked_on)
    else:
        await payouts.apply(tx, world, fact, drawdown, booked_on)
    return instruction.end_to_end_id


async def _about(tx: Tx, world: World, bank: Bank, fact: BankEvent) -> Instruction:
    """The instruction a fact is about: by its reference, by the file when only that is named, else by what fits."""
    found, reference = None, fact.end_to_end_id
    if reference is None and fact.original_message_id is not None:
        message_id = fact.original_message_id
        found = await tx.one(sql.instructions.by_message, Instruction, message_id=message_id, bank_id=bank.id)
    elif reference is None:
        reference = await matching.only_candidate(tx, world, bank, fact)
    if reference is not None:
        found = await tx.one(sql.instructions.find, Instruction, end_to_end_id=reference)
    if found is None or found.bank_id != bank.id:
        raise Contradiction(f"a {fact.kind} about a payment we never sent")
    return found


def _check_booking(bank: Bank, fact: BankEvent, instruction: Instruction) -> date:
    """The day of an entry that is on our account and of the instructed amount, to the minor unit."""
    if fact.amount is None or fact.booked_on is None or fact.credit is None:
        raise Contradiction("an entry without amount, direction or day")
    if fact.account is not None and not is_ours(bank.account, fact.account):
        raise Contradiction("booked on an account that is not the funding account")
    if (fact.amount.amount, fact.amount.currency) != (instruction.amount, instruction.currency):
        raise Contradiction(f"{fact.amount.amount} {fact.amount.currency} booked, {instruction.amount} instructed")
    return fact.booked_on


def is_ours(ours: Account, told: Account) -> bool:
    """Whether an entry's account is the bank's own; a statement may name it by one of its numbers only."""
    if told.iban is not None and ours.iban is not None:
        return told.iban == ours.iban
    return told.other_id is None or ours.other_id is None or told.other_id == ours.other_id
