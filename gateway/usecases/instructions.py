"""Instructions to a bank as they are written: the exact bytes under their own references, stored before any is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from gateway.bank_ports import Account, Collection, Inquiries, Party, Payout
from gateway.domain import accounts, references
from gateway.domain.doubts import UnknownPayment
from gateway.domain.drawdowns import BankUnavailable, Drawdown, DrawdownState, end_to_end_id
from gateway.domain.errors import Overloaded
from gateway.domain.money import Money
from gateway.domain.repayments import Repayment, RepaymentState
from gateway.store import sql
from gateway.usecases import authorities, banks, drawdowns, jobs, mandates

if TYPE_CHECKING:
    from gateway.bank_ports import Rail
    from gateway.domain.mandates import Mandate
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

SEND, ASK = "instruction.send", "instruction.ask"
ASKED_AFTER = timedelta(minutes=1)
"""How long after a bank took an instruction it is first asked what became of it."""
PAYOUT, COLLECTION, REFUND = "payout", "collection", "refund"
"""What an instruction is for: a drawdown, a repayment's debit, or giving back what a merchant paid too much."""


class Instruction(msgspec.Struct, frozen=True):
    """A stored instruction without its bytes; `sent_at` is when it may first have reached the bank.

    `tried_at` is the same instant on the system clock, `announced` the reason of a return the bank has announced.
    """

    end_to_end_id: str
    message_id: str
    kind: str
    bank_id: str
    rail: str
    merchant_id: str
    drawdown_id: str
    repayment_id: str | None
    currency: str
    amount: int
    sent_at: datetime | None
    tried_at: datetime | None
    bank_reference: str | None
    announced: str | None


class OutOfNumbers(Overloaded):
    """The rail knows a day's files by their number, and all of that day's are given: the rest wait until tomorrow."""

    code = "out_of_file_numbers"
    title = "The bank takes no more files today"


async def find(reader: Reader, reference: str) -> Instruction:
    """One instruction by its reference; raises UnknownPayment."""
    found = await reader.one(sql.instructions.find, Instruction, end_to_end_id=reference)
    if found is None:
        raise UnknownPayment("No instruction has this reference", reference=reference)
    return found


async def body(world: World, reference: str) -> bytes:
    """The exact bytes; raises UnknownPayment."""
    row = await world.store.one(sql.instructions.body, end_to_end_id=reference)
    if row is None:
        raise UnknownPayment("No instruction has this reference", reference=reference)
    return world.vault.unseal(row[0], reference)


def rail(world: World, instruction: Instruction) -> Rail:
    """The rail that an instruction was written for: its bytes mean nothing to another one. Raises BankUnavailable."""
    found = banks.find(world, instruction.bank_id).rails.get(instruction.rail)
    if found is None:
        raise BankUnavailable("The rail of that instruction is not connected", rail=instruction.rail)
    return found


def inquiries(world: World, instruction: Instruction) -> Inquiries | None:
    """The same rail, where it can be asked after one payment; None while it is not connected."""
    bank = world.banks.get(instruction.bank_id)
    found: object = None if bank is None else bank.rails.get(instruction.rail)
    return found if isinstance(found, Inquiries) else None


async def follow(tx: Tx, world: World, instruction: Instruction, *, after: timedelta = timedelta()) -> None:
    """Have the bank asked what became of an instruction, where its rail can be asked; sooner than it was to be."""
    if inquiries(world, instruction) is not None:
        await jobs.enqueue(tx, world, ASK, instruction.end_to_end_id, world.clock.now() + after)
        await jobs.hasten(tx, world, ASK, instruction.end_to_end_id, world.clock.now() + after)


async def instruct(world: World, drawdown_id: str) -> None:
    """Store the payout of an approved drawdown, once, and have it sent."""
    drawdown = await drawdowns.find(world.store, drawdown_id)
    if drawdown.state is not DrawdownState.approved or drawdown.end_to_end_id is not None:
        return
    rail_name, rail = banks.paying(world, drawdown.bank_id)
    payout = await _payout(world, drawdown, rail, _reference(rail, drawdown.id), drawdown.new_money_amount)
    written = rail.render_payout(payout)

    async def unit(tx: Tx) -> None:
        held = await drawdowns.lock(tx, drawdown_id)
        if held.state is DrawdownState.approved and held.end_to_end_id is None:
            await authorities.check_payee(tx, world, held)
            await tx.run(sql.drawdowns.refer, drawdown_id=drawdown_id, end_to_end_id=payout.end_to_end_id)
            await _store(tx, world, drawdown, payout, kind=PAYOUT, rail=rail_name, repayment_id=None, body=written)

    await world.store.write(unit)


async def collect(world: World, repayment_id: str) -> None:
    """Store the debit of a scheduled repayment, once, and have it sent. Raises MandateNeeded: then it waits."""
    repayment = await world.store.one(sql.repayments.find, Repayment, repayment_id=repayment_id)
    if repayment is None or repayment.state is not RepaymentState.scheduled or repayment.end_to_end_id is not None:
        return
    drawdown = await drawdowns.find(world.store, repayment.drawdown_id)
    rail_name, rail = banks.collecting(world, drawdown.bank_id)
    mandate = await mandates.needed(world, drawdown)
    collection = await _collection(world, repayment, drawdown, rail, mandate)
    written = rail.render_collection(collection)

    async def unit(tx: Tx) -> None:
        await drawdowns.lock(tx, drawdown.id)
        held = await tx.one(sql.repayments.find, Repayment, repayment_id=repayment_id)
        if held is not None and held.state is RepaymentState.scheduled and held.end_to_end_id is None:
            await mandates.use(tx, world, mandate, collection.end_to_end_id, repayment_id)
            await tx.run(sql.repayments.refer, repayment_id=repayment_id, end_to_end_id=collection.end_to_end_id)
            await _store(
                tx,
                world,
                drawdown,
                collection,
                kind=COLLECTION,
                rail=rail_name,
                repayment_id=repayment_id,
                body=written,
            )

    await world.store.write(unit)


async def refund(world: World, repayment_id: str) -> None:
    """Store the payment of what a merchant paid too much, once, and have it sent to the account it is paid to now."""
    repayment = await world.store.one(sql.repayments.find, Repayment, repayment_id=repayment_id)
    if repayment is None or repayment.state is not RepaymentState.scheduled or repayment.end_to_end_id is not None:
        return
    drawdown = await drawdowns.find(world.store, repayment.drawdown_id)
    rail_name, rail = banks.paying(world, drawdown.bank_id)
    payout = await _payout(world, drawdown, rail, _reference(rail, repayment.id), repayment.amount)
    written = rail.render_payout(payout)

    async def unit(tx: Tx) -> None:
        await drawdowns.lock(tx, drawdown.id)
        held = await tx.one(sql.repayments.find, Repayment, repayment_id=repayment_id)
        if held is not None and held.state is RepaymentState.scheduled and held.end_to_end_id is None:
            await tx.run(sql.repayments.refer, repayment_id=repayment_id, end_to_end_id=payout.end_to_end_id)
            await _store(
                tx, world, drawdown, payout, kind=REFUND, rail=rail_name, repayment_id=repayment_id, body=written
            )

    await world.store.write(unit)


async def _payout(world: World, drawdown: Drawdown, rail: Rail, reference: str, amount: int) -> Payout:
    """Money of the bank's to the merchant of a drawdown: the loan itself, or what was paid too much."""
    return Payout(
        end_to_end_id=reference,
        message_id=await _message_id(world, drawdown.bank_id, rail, reference),
        amount=Money(amount, drawdown.currency),
        debtor=banks.party(world, drawdown.bank_id),
        creditor=await payee(world, drawdown.merchant_id),
        execute_on=banks.pays_on(world, rail),
        created_at=world.clock.now(),
        remittance=f"Restock {end_to_end_id(drawdown.id)}",
    )


async def _store(
    tx: Tx,
    world: World,
    drawdown: Drawdown,
    order: Payout | Collection,
    *,
    kind: str,
    rail: str,
    repayment_id: str | None,
    body: bytes,
) -> None:
    reference = order.end_to_end_id
    await tx.run(
        sql.instructions.add,
        end_to_end_id=reference,
        message_id=order.message_id,
        kind=kind,
        bank_id=drawdown.bank_id,
        rail=rail,
        merchant_id=drawdown.merchant_id,
        drawdown_id=drawdown.id,
        repayment_id=repayment_id,
        currency=order.amount.currency,
        amount=order.amount.amount,
        body=world.vault.seal(body, reference),
        created_at=world.clock.now(),
    )
    await jobs.enqueue(tx, world, SEND, reference)


async def _collection(
    world: World, repayment: Repayment, drawdown: Drawdown, rail: Rail, mandate: Mandate
) -> Collection:
    reference, now = _reference(rail, repayment.id), world.clock.now()
    return Collection(
        end_to_end_id=reference,
        message_id=await _message_id(world, drawdown.bank_id, rail, reference),
        amount=Money(repayment.amount, repayment.currency),
        creditor=banks.party(world, drawdown.bank_id),
        creditor_scheme_id=mandate.creditor_scheme_id,
        debtor=await payee(world, drawdown.merchant_id),
        mandate_id=mandate.reference,
        mandate_signed_on=mandate.signed_at.date(),
        sequence=mandate.sequence,
        collect_on=banks.collects_on(world, rail, repayment.collect_on),
        created_at=now,
        remittance=f"Restock {end_to_end_id(drawdown.id)} {repayment.business_on}",
    )


def _reference(rail: Rail, noun_id: str) -> str:
    """In the rail's own length, always the same: rendering again can never make a second payment."""
    return references.shortened(end_to_end_id(noun_id), rail.capabilities.reference_length)


async def _message_id(world: World, bank_id: str, rail: Rail, reference: str) -> str:
    """Derived from the payment's own reference; for a rail that numbers its files, the next number of its day.

    A number is given before the bytes are made and never taken back: who dies in between leaves a gap, no copy.
    """
    most = rail.capabilities.files_per_day
    if most is None:
        return f"M{reference}"
    today = world.clock.now().astimezone(ZoneInfo(rail.capabilities.timezone)).date()
    row = await world.store.write(lambda tx: tx.one(sql.instructions.number, bank_id=bank_id, given_on=today))
    assert row is not None  # noqa: S101 - the statement returns what it wrote
    if row[0] > most:
        raise OutOfNumbers(f"All {most} numbers of {today} are given", retry_after=3_600)
    return references.numbered(today, row[0] - 1)


async def payee(world: World, merchant_id: str) -> Party:
    """The merchant as payee and debtor: its name and the payout account in force."""
    row = await world.store.one(sql.merchants.payee, merchant_id=merchant_id)
    assert row is not None  # noqa: S101 - a drawdown's merchant exists by foreign key
    number = world.vault.unseal(row[1], merchant_id).decode()
    if accounts.is_valid_iban(number):
        return Party(row[0], Account(iban=number))
    read = accounts.read(number)
    return Party(row[0], Account(other_id=read.number, clearing_id=read.clearing_id, savings=read.savings))
