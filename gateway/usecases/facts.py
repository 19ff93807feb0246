"""Apply one fact a bank told us, in one unit. A status is a hint; a booked entry of the statement is the truth.

The same booking comes in a camt.054 and again in a camt.053: the ledger knows it by (kind, reference) and raises
AlreadyBooked, so each entry is booked before anything is compared with states that it changes itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import BankEvent, BankEventKind
from gateway.domain.drawdowns import Drawdown
from gateway.domain.repayments import OPEN, Repayment
from gateway.store import sql
from gateway.usecases import drawdowns, instructions, matching, payouts, remitting, settling, transfers
from gateway.usecases.instructions import PAYOUT, Instruction
from gateway.usecases.statuses import Contradiction, Correction, NotOurs

if TYPE_CHECKING:
    from datetime import date

    from gateway.bank_ports import Account
    from gateway.store import Reader, Tx
    from gateway.usecases.world import Bank, World


async def apply(tx: Tx, world: World, bank: Bank, fact: BankEvent) -> str | None:
    """Move what the fact is about; the reference of that payment, None when it is about none.

    Raises AlreadyBooked, Contradiction or IllegalMove; then nothing of it stays.
    """
    named = fact.kind is BankEventKind.booked and fact.credit and fact.end_to_end_id is not None
    if named and (
        await transfers.settle(tx, world, bank, fact, _check_entry(bank, fact))
        or await remitting.receive(tx, world, bank, fact)
    ):
        return fact.end_to_end_id
    instruction = await _about(tx, world, bank, fact)
    if fact.kind is BankEventKind.correction:
        raise Correction(f"{fact.detail}: for the merchant to confirm, never applied by itself")
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    repayment = await _repayment(tx, instruction) if instruction.kind != PAYOUT else None
    if fact.kind is BankEventKind.returned and fact.booked_on is None:
        _check_told(fact, instruction)
        await tx.run(sql.instructions.announce, end_to_end_id=instruction.end_to_end_id, reason=fact.reason)
        unbooked = instructions.rail(world, instruction).capabilities.returns_unbooked
        await _announced(tx, world, fact.reason, repayment or drawdown, unbooked=unbooked)
        return instruction.end_to_end_id
    booked_on = None if fact.kind is BankEventKind.status else _check_booking(bank, fact, instruction)
    if fact.kind is BankEventKind.returned and fact.reason is None:
        fact = msgspec.structs.replace(fact, reason=instruction.announced)
    if repayment is not None:
        await settling.apply(tx, world, fact, drawdown, repayment, booked_on=booked_on)
    else:
        await payouts.apply(tx, world, fact, drawdown, booked_on)
    return instruction.end_to_end_id


async def named(reader: Reader, bank: Bank, fact: BankEvent) -> Instruction | None:
    """The instruction a fact names: by its reference, else by the bank's own, else by the file.

    None = none of this bank's, or more than one.
    """
    found: list[Instruction] = []
    if fact.end_to_end_id is not None:
        found = await reader.all(sql.instructions.find, Instruction, end_to_end_id=fact.end_to_end_id)
    elif fact.bank_reference is not None:
        known = fact.bank_reference
        found = await reader.all(sql.instructions.by_bank_reference, Instruction, bank_reference=known, bank_id=bank.id)
    if not found and fact.end_to_end_id is None and fact.original_message_id is not None:
        file = fact.original_message_id
        found = await reader.all(sql.instructions.by_message, Instruction, message_id=file, bank_id=bank.id)
    return found[0] if len(found) == 1 and found[0].bank_id == bank.id else None


async def _about(tx: Tx, world: World, bank: Bank, fact: BankEvent) -> Instruction:
    """The instruction a fact is about: the one it names, else the only one that fits. Raises NotOurs."""
    found = await named(tx, bank, fact)
    if found is None and fact.original_message_id is None:
        reference = await matching.only_candidate(tx, world, bank, fact)
        if reference is not None:
            found = await tx.one(sql.instructions.find, Instruction, end_to_end_id=reference)
    if found is None:
        raise NotOurs(f"a {fact.kind} about a payment we never sent")
    return found


async def _repayment(tx: Tx, instruction: Instruction) -> Repayment:
    found = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
    if found is None:
        raise Contradiction("the instruction's repayment is not there")
    return found


async def _announced(tx: Tx, world: World, reason: str | None, noun: Drawdown | Repayment, *, unbooked: bool) -> None:
    """A return the bank announces: why, for the booked entry that follows and is the money.

    Where none follows, because nothing was ever booked (`unbooked`), a payment still under way has failed by it.
    """
    if isinstance(noun, Repayment):
        await tx.run(sql.repayments.explain, repayment_id=noun.id, reason=reason)
    if unbooked and isinstance(noun, Repayment) and noun.state in OPEN:
        await settling.fail(tx, world, noun, reason)
    elif unbooked and isinstance(noun, Drawdown) and noun.state in payouts.ON_ITS_WAY:
        await payouts.fail(tx, world, noun, reason)


def _check_booking(bank: Bank, fact: BankEvent, instruction: Instruction) -> date:
    """The day of an entry that is on our account and of the instructed amount, to the minor unit."""
    booked_on = _check_entry(bank, fact)
    _check_told(fact, instruction)
    return booked_on


def _check_entry(bank: Bank, fact: BankEvent) -> date:
    """The day of an entry that is on our account."""
    if fact.amount is None or fact.booked_on is None or fact.credit is None:
        raise Contradiction("an entry without amount, direction or day")
    if fact.account is not None and not is_ours(bank.account, fact.account):
        raise Contradiction("booked on an account that is not the funding account")
    return fact.booked_on


def _check_told(fact: BankEvent, instruction: Instruction) -> None:
    told = fact.amount
    if told is not None and (told.amount, told.currency) != (instruction.amount, instruction.currency):
        raise Contradiction(f"{told.amount} {told.currency} booked, {instruction.amount} instructed")


def is_ours(ours: Account, told: Account) -> bool:
    """Whether an entry's account can be the bank's own: no number that both have differs.

    A statement may name the account by one of its numbers only.
    """
    numbers = ((told.iban, ours.iban), (told.other_id, ours.other_id), (told.clearing_id, ours.clearing_id))
    return all(theirs == own for theirs, own in numbers if theirs is not None and own is not None)
