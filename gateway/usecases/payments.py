"""Instructions to the bank: the exact bytes are stored before anything is sent, and sent at most once.

A crash, a silence or a server error after sending is a doubt, never a second instruction: only the identical bytes
under the same ids may go again, and a bank that calls them a duplicate has them already.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.domain import accounts, ledger
from gateway.domain.banks import Way
from gateway.domain.drawdowns import BankUnavailable, Drawdown, DrawdownState, end_to_end_id
from gateway.domain.money import Money
from gateway.domain.repayments import Repayment, RepaymentState
from gateway.ports import Account, Ack, Collection, Party, Payout, Rail, Unanswered, Unreachable
from gateway.store import sql
from gateway.usecases import authorities, banks, drawdowns, jobs, openness, repayments
from gateway.usecases import ledger as books

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import World

SEND = "instruction.send"
PAYOUT, COLLECTION = "payout", "collection"
DUPLICATE = frozenset({"DUPL", "AM05"})
"""What a bank says of bytes it has already (ISO 20022 external status reason codes)."""
SILENCE = timedelta(days=1)
"""After this long without a word on a submitted drawdown it is in doubt."""
UNBOOKED = timedelta(days=5)
"""After this long an accepted drawdown must be on a statement, week-end and holiday included, or it is in doubt."""


class Instruction(msgspec.Struct, frozen=True):
    """A stored instruction without its bytes; `sent_at` is when it may first have reached the bank."""

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


async def instruct(world: World, drawdown_id: str) -> None:
    """Store the payout of an approved drawdown, once, and have it sent."""
    drawdown = await drawdowns.find(world.store, drawdown_id)
    if drawdown.state is not DrawdownState.approved or drawdown.end_to_end_id is not None:
        return
    rail_name, rail = banks.paying(world, drawdown.bank_id)
    reference, now = end_to_end_id(drawdown.id), world.clock.now()
    payout = Payout(
        end_to_end_id=reference,
        message_id=_message_id(reference),
        amount=Money(drawdown.amount, drawdown.currency),
        debtor=banks.party(world, drawdown.bank_id),
        creditor=await _payee(world, drawdown.merchant_id),
        execute_on=now.date(),
        created_at=now,
        remittance=f"Restock {drawdown.id}",
    )
    body = rail.render_payout(payout)

    async def unit(tx: Tx) -> None:
        held = await drawdowns.lock(tx, drawdown_id)
        if held.state is DrawdownState.approved and held.end_to_end_id is None:
            await authorities.check_payee(tx, world, held)
            await tx.run(sql.drawdowns.refer, drawdown_id=drawdown_id, end_to_end_id=reference)
            await _store(
                tx,
                world,
                drawdown,
                kind=PAYOUT,
                rail=rail_name,
                repayment_id=None,
                amount=payout.amount,
                reference=reference,
                body=body,
            )

    await world.store.write(unit)


async def collect(world: World, repayment_id: str) -> None:
    """Store the debit of a scheduled repayment, once, and have it sent."""
    repayment = await world.store.one(sql.repayments.find, Repayment, repayment_id=repayment_id)
    if repayment is None or repayment.state is not RepaymentState.scheduled or repayment.end_to_end_id is None:
        return
    reference = repayment.end_to_end_id
    if await world.store.one(sql.instructions.find, Instruction, end_to_end_id=reference):
        return
    drawdown = await drawdowns.find(world.store, repayment.drawdown_id)
    rail_name, rail = banks.collecting(world, drawdown.bank_id)
    collection = await _collection(world, repayment, drawdown, reference)
    body = rail.render_collection(collection)

    async def unit(tx: Tx) -> None:
        await drawdowns.lock(tx, drawdown.id)
        if await tx.one(sql.instructions.find, Instruction, end_to_end_id=reference) is None:
            await _store(
                tx,
                world,
                drawdown,
                kind=COLLECTION,
                rail=rail_name,
                repayment_id=repayment_id,
                amount=collection.amount,
                reference=reference,
                body=body,
            )

    await world.store.write(unit)


async def send(world: World, reference: str) -> None:
    """Send the stored bytes; what is already past sending is left alone.

    An attempt that was begun and never recorded, because we crashed or the bank was silent, leaves a doubt: the
    identical bytes go again, and the answer to a copy proves no more than that the bank has the instruction.
    """
    instruction = await world.store.one(sql.instructions.find, Instruction, end_to_end_id=reference)
    row = await world.store.one(sql.instructions.body, end_to_end_id=reference)
    if instruction is None or row is None:
        return
    body, rail = world.vault.unseal(row[0], reference), _rail(world, instruction)
    collects = instruction.kind == COLLECTION
    await openness.admit(world, instruction.bank_id, instruction.rail, Way.send, collects=collects)
    attempt = await world.store.write(lambda tx: _begin(tx, world, instruction))
    if attempt is None:
        return
    try:
        ack = await openness.heard(world, instruction.bank_id, instruction.rail, Way.send, rail.submit(body))
    except Unreachable:
        if attempt is Attempt.first:
            await world.store.write(lambda tx: tx.run(sql.instructions.unsent, end_to_end_id=reference))
        raise
    except Unanswered:
        await world.store.write(lambda tx: _doubt(tx, world, instruction))
        raise
    await world.store.write(lambda tx: _acknowledge(tx, world, instruction, ack, attempt))


async def doubt_silence(world: World) -> int:
    """Drawdowns the bank says nothing about, or accepted and never booked, are in doubt; how many became so."""
    now = world.clock.now()
    found = await world.store.all(
        sql.drawdowns.to_doubt, submitted_before_at=now - SILENCE, pending_before_at=now - UNBOOKED
    )

    async def unit(tx: Tx) -> int:
        for (drawdown_id,) in found:
            drawdown = await drawdowns.lock(tx, drawdown_id)
            if drawdown.state in SILENT:
                await drawdowns.move(tx, world, drawdown, DrawdownState.in_doubt, reason=SILENT[drawdown.state])
        return len(found)

    return await world.store.write(unit) if found else 0


async def fail(tx: Tx, world: World, drawdown: Drawdown, reason: str | None) -> None:
    """The bank will not pay: take the booking back and free the room."""
    await books.book(tx, world, ledger.disbursement_failed(books.loan(drawdown), drawdown.amount))
    await drawdowns.release_exposure(tx, world, drawdown, drawdown.amount)
    await drawdowns.move(tx, world, drawdown, DrawdownState.failed, reason=reason or "bank_rejected")


class Attempt(StrEnum):
    """Whether bytes go for the first time, or may be with the bank already."""

    first = "first"
    again = "again"


SILENT = {DrawdownState.submitted: "bank_silent", DrawdownState.pending: "not_on_statement"}
"""Why a drawdown that stays too long in a state is in doubt."""


async def _begin(tx: Tx, world: World, instruction: Instruction) -> Attempt | None:
    """Note that the bytes are about to go; None when the bank has answered already and they must not."""
    if not await _unsent(tx, instruction):
        return None
    if await tx.run(sql.instructions.sending, end_to_end_id=instruction.end_to_end_id, sent_at=world.clock.now()):
        return Attempt.first
    await _doubt(tx, world, instruction)
    return Attempt.again


async def _unsent(tx: Tx, instruction: Instruction) -> bool:
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    if instruction.kind == PAYOUT:
        return drawdown.state in {DrawdownState.approved, DrawdownState.in_doubt}
    repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
    return repayment is not None and repayment.state is RepaymentState.scheduled


async def _doubt(tx: Tx, world: World, instruction: Instruction) -> None:
    if instruction.kind != PAYOUT:
        return
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    if drawdown.state is DrawdownState.approved:
        await drawdowns.move(tx, world, drawdown, DrawdownState.in_doubt, reason="bank_unanswered")


async def _acknowledge(tx: Tx, world: World, instruction: Instruction, ack: Ack, attempt: Attempt) -> None:
    """Record the bank's immediate answer; a word from its mailbox may have come first and then stands.

    The refusal of a copy says nothing about the first one: that stays in doubt until the bank's own word, in a status
    message or a booked entry, or a person decides.
    """
    taken = ack.accepted or ack.reason in DUPLICATE
    refused = not taken and attempt is Attempt.first
    if not taken and attempt is Attempt.again:
        log.get().warning("bank.refused_copy", error=ack.reason)
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    if instruction.kind == COLLECTION:
        await _acknowledge_collection(tx, world, instruction, refused=refused, reason=ack.reason)
    elif drawdown.state not in {DrawdownState.approved, DrawdownState.in_doubt}:
        return
    elif refused:
        await fail(tx, world, drawdown, ack.reason)
    elif taken:
        known = DrawdownState.submitted if drawdown.state is DrawdownState.approved else DrawdownState.pending
        await drawdowns.move(tx, world, drawdown, known)


async def _acknowledge_collection(
    tx: Tx, world: World, instruction: Instruction, *, refused: bool, reason: str | None
) -> None:
    repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
    if repayment is None or repayment.state is not RepaymentState.scheduled:
        return
    await repayments.move(tx, world, repayment, RepaymentState.initiated)
    if refused:
        initiated = msgspec.structs.replace(repayment, state=RepaymentState.initiated)
        await repayments.move(tx, world, initiated, RepaymentState.failed, reason=reason)


async def _store(
    tx: Tx,
    world: World,
    drawdown: Drawdown,
    *,
    kind: str,
    rail: str,
    repayment_id: str | None,
    amount: Money,
    reference: str,
    body: bytes,
) -> None:
    await tx.run(
        sql.instructions.add,
        end_to_end_id=reference,
        message_id=_message_id(reference),
        kind=kind,
        bank_id=drawdown.bank_id,
        rail=rail,
        merchant_id=drawdown.merchant_id,
        drawdown_id=drawdown.id,
        repayment_id=repayment_id,
        currency=amount.currency,
        amount=amount.amount,
        body=world.vault.seal(body, reference),
        created_at=world.clock.now(),
    )
    await jobs.enqueue(tx, world, SEND, reference)


async def _collection(world: World, repayment: Repayment, drawdown: Drawdown, reference: str) -> Collection:
    row = await world.store.one(sql.repayments.count, drawdown_id=drawdown.id)
    signed_at = drawdown.created_at if drawdown.evidence is None else drawdown.evidence.confirmed_at
    now = world.clock.now()
    return Collection(
        end_to_end_id=reference,
        message_id=_message_id(reference),
        amount=Money(repayment.amount, repayment.currency),
        creditor=banks.party(world, drawdown.bank_id),
        creditor_scheme_id=banks.find(world, drawdown.bank_id).creditor_scheme_id,
        debtor=await _payee(world, drawdown.merchant_id),
        mandate_id=f"M{end_to_end_id(drawdown.id)}",
        mandate_signed_on=signed_at.date(),
        sequence="FRST" if row == (1,) else "RCUR",
        collect_on=max(repayment.collect_on or date.min, now.date()),
        created_at=now,
        remittance=f"Restock {drawdown.id} {repayment.business_on}",
    )


def _rail(world: World, instruction: Instruction) -> Rail:
    """The rail that an instruction was written for: its bytes mean nothing to another one."""
    rail = banks.find(world, instruction.bank_id).rails.get(instruction.rail)
    if rail is None:
        raise BankUnavailable("The rail of that instruction is not connected", rail=instruction.rail)
    return rail


async def _payee(world: World, merchant_id: str) -> Party:
    row = await world.store.one(sql.merchants.payee, merchant_id=merchant_id)
    assert row is not None  # noqa: S101 - a drawdown's merchant exists by foreign key
    number = world.vault.unseal(row[1], merchant_id).decode()
    return Party(row[0], Account(iban=number) if accounts.is_valid_iban(number) else Account(other_id=number))


def _message_id(reference: str) -> str:
    """Derived from the payment's own reference, so that rendering it again can never make a second message."""
    return f"M{reference}"
