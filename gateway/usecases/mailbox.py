"""What the bank says: messages are stored before they are read, and each fact is applied once.

A status is a hint, a booked statement entry is the truth about money. The same booking arrives in a camt.054 and
again in a camt.053; an unreadable message is parked and nothing moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.domain import ledger
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.repayments import Repayment, RepaymentState
from gateway.domain.states import IllegalMove
from gateway.ports import BankEvent, BankEventKind, PaymentStatus, Unreadable, Unreachable
from gateway.store import sql
from gateway.usecases import drawdowns, limits, payments, positions, repayments
from gateway.usecases import ledger as books
from gateway.usecases.ledger import AlreadyBooked
from gateway.usecases.payments import COLLECTION, Instruction

if TYPE_CHECKING:
    from datetime import date

    from gateway.ports import InboundMessage
    from gateway.store import Tx
    from gateway.usecases.world import World

REFUSED = frozenset({PaymentStatus.RJCT, PaymentStatus.CANC, PaymentStatus.BLCK})
ACCEPTED = frozenset({
    PaymentStatus.ACTC, PaymentStatus.ACCP, PaymentStatus.ACFC, PaymentStatus.ACSP, PaymentStatus.ACSC,
    PaymentStatus.ACCC, PaymentStatus.ACWC, PaymentStatus.PDNG,
})  # fmt: skip
"""Any other status, and any we do not know, changes nothing: unknown is pending, never success."""


class Contradiction(Exception):  # noqa: N818 - parks a message for a person, never an error anybody sees
    """A bank's word that does not fit what is known: nothing moves, the message is parked."""


async def poll(world: World) -> int:
    """Fetch, store, acknowledge and apply what waits in the bank's mailbox; how many messages were applied."""
    if world.bank is None:
        return 0
    try:
        fetched = await world.bank.fetch()
    except Unreachable as error:
        log.get().warning("bank.unreachable", error=error.code)
        fetched = []
    if fetched:
        await _keep(world, fetched)
    return await _apply_unread(world)


async def _keep(world: World, fetched: list[InboundMessage]) -> None:
    now, bank_id = world.clock.now(), world.programme.bank_id

    async def unit(tx: Tx) -> None:
        await tx.many(sql.bank_messages.add, [
            {
                "bank_id": bank_id,
                "message_id": message.message_id,
                "body": world.vault.seal(message.body, message.message_id),
                "received_at": now,
            }
            for message in fetched
        ])  # fmt: skip

    await world.store.write(unit)
    if world.bank is not None:
        await world.bank.acknowledge([message.message_id for message in fetched])


async def _apply_unread(world: World) -> int:
    bank_id, count = world.programme.bank_id, 0
    while unread := await world.store.all(sql.bank_messages.unread, bank_id=bank_id):
        for message_id, sealed in unread:
            await _apply_message(world, message_id, world.vault.unseal(sealed, message_id))
        count += len(unread)
    return count


async def _apply_message(world: World, message_id: str, body: bytes) -> None:
    assert world.bank is not None  # noqa: S101 - messages come from a bank
    try:
        facts = world.bank.read(body)
    except Unreadable as error:
        await _done(world, message_id, "parked", error.detail[:500])
        return
    problems = []
    for fact in facts:
        problem = await _apply_fact(world, fact)
        if problem is not None:
            problems.append(problem)
    await _done(world, message_id, "parked" if problems else "applied", "; ".join(problems)[:500] or None)


async def _done(world: World, message_id: str, state: str, problem: str | None) -> None:
    bank_id = world.programme.bank_id
    if problem is not None:
        log.get().warning("bank.message_parked", bank_message_id=message_id)
    await world.store.write(
        lambda tx: tx.run(
            sql.bank_messages.done, bank_id=bank_id, message_id=message_id, state=state, problem=problem
        )
    )


async def _apply_fact(world: World, fact: BankEvent) -> str | None:
    """Apply one fact in a unit of its own; what cannot be applied is told, and nothing of it stays."""
    try:
        await world.store.write(lambda tx: _apply(tx, world, fact))
    except AlreadyBooked:
        return None
    except (Contradiction, IllegalMove) as problem:
        return f"{fact.source} {fact.end_to_end_id}: {problem}"
    return None


async def _apply(tx: Tx, world: World, fact: BankEvent) -> None:
    for instruction in await _about(tx, world, fact):
        drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
        _check_amount(fact, instruction)
        if instruction.kind == COLLECTION:
            repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
            if repayment is not None:
                await _to_repayment(tx, world, fact, drawdown, repayment)
        else:
            await _to_drawdown(tx, world, fact, drawdown)


async def _about(tx: Tx, world: World, fact: BankEvent) -> list[Instruction]:
    """The instruction a fact is about: by its reference, or by the file when the bank names only that."""
    if fact.end_to_end_id is not None:
        found = await tx.one(sql.instructions.find, Instruction, end_to_end_id=fact.end_to_end_id)
        if found is None and fact.kind is not BankEventKind.status:
            raise Contradiction("a booking for a payment we never sent")
        return [] if found is None else [found]
    if fact.original_message_id is None:
        return []
    bank_id = world.programme.bank_id
    return await tx.all(sql.instructions.by_message, Instruction, message_id=fact.original_message_id, bank_id=bank_id)


def _check_amount(fact: BankEvent, instruction: Instruction) -> None:
    if fact.amount is None:
        return
    if (fact.amount.amount, fact.amount.currency) != (instruction.amount, instruction.currency):
        raise Contradiction(f"{fact.amount.amount} {fact.amount.currency} booked, {instruction.amount} instructed")


async def _to_drawdown(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    if fact.kind is BankEventKind.status:
        await _status_of_payout(tx, world, fact, drawdown)
    elif fact.kind is BankEventKind.booked and fact.credit is False:
        await _activate(tx, world, fact, drawdown)
    elif fact.kind is BankEventKind.returned and fact.credit is True and fact.booked_on is not None:
        await _return_payout(tx, world, fact, drawdown)


async def _status_of_payout(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    S = DrawdownState  # noqa: N806
    if fact.status in REFUSED:
        if fact.reason in payments.DUPLICATE or drawdown.state is S.failed:
            return
        if drawdown.state not in {S.approved, S.submitted, S.pending, S.in_doubt}:
            raise Contradiction(f"refused by the bank ({fact.reason}) while {drawdown.state}")
        await payments.fail(tx, world, drawdown, fact.reason)
    elif fact.status in ACCEPTED and drawdown.state in {S.approved, S.submitted, S.in_doubt}:
        drawdown = await _submitted(tx, world, drawdown)
        await drawdowns.move(tx, world, drawdown, S.pending)


async def _submitted(tx: Tx, world: World, drawdown: Drawdown) -> Drawdown:
    """The bank's word overtook its acknowledgement: it certainly has the instruction."""
    if drawdown.state is not DrawdownState.approved:
        return drawdown
    await drawdowns.move(tx, world, drawdown, DrawdownState.submitted)
    return msgspec.structs.replace(drawdown, state=DrawdownState.submitted)


async def _activate(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    """The booked entry on the funding account: the money went."""
    await books.book(tx, world, ledger.disbursement_settled(books.loan(drawdown), drawdown.amount))
    await books.book(tx, world, ledger.fee_charged(books.loan(drawdown), drawdown.fee_amount))
    drawdown = await _submitted(tx, world, drawdown)
    await tx.run(
        sql.drawdowns.activate, drawdown_id=drawdown.id, active_on=fact.booked_on, bank_reference=fact.bank_reference
    )
    await drawdowns.move(tx, world, drawdown, DrawdownState.active)


async def _return_payout(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown) -> None:
    """The money came back: nothing is owed, unless part of it was repaid, which a person must look at."""
    principal, fee = await books.owed(tx, drawdown.id)
    if (principal, fee) != (drawdown.amount, drawdown.fee_amount):
        raise Contradiction("the payout came back after part of it was repaid")
    await books.book(tx, world, ledger.disbursement_returned(books.loan(drawdown), drawdown.amount))
    await books.book(tx, world, ledger.fee_reversed(books.loan(drawdown), drawdown.fee_amount))
    await drawdowns.release_exposure(tx, world, drawdown, drawdown.amount)
    await drawdowns.move(tx, world, drawdown, DrawdownState.returned, reason=fact.reason)
    returned = msgspec.structs.replace(drawdown, state=DrawdownState.returned)
    await drawdowns.move(tx, world, returned, DrawdownState.canceled)


async def _to_repayment(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, repayment: Repayment) -> None:
    S = RepaymentState  # noqa: N806
    if fact.kind is BankEventKind.booked and fact.credit is True:
        await _settle(tx, world, drawdown, repayment, fact.booked_on)
    elif fact.kind is BankEventKind.returned and fact.credit is False and fact.booked_on is not None:
        await _take_back(tx, world, fact, drawdown, repayment)
    elif fact.kind is BankEventKind.status and fact.status in REFUSED:
        if fact.reason in payments.DUPLICATE or repayment.state is S.failed:
            return
        if repayment.state not in {S.scheduled, S.initiated, S.pending}:
            raise Contradiction(f"refused by the bank ({fact.reason}) while {repayment.state}")
        repayment = await _initiated(tx, world, repayment)
        await repayments.move(tx, world, repayment, S.failed, reason=fact.reason)
    elif fact.kind is BankEventKind.status and fact.status in ACCEPTED and repayment.state in {S.scheduled, S.initiated}:
        repayment = await _initiated(tx, world, repayment)
        await repayments.move(tx, world, repayment, S.pending)


async def _initiated(tx: Tx, world: World, repayment: Repayment) -> Repayment:
    if repayment.state is not RepaymentState.scheduled:
        return repayment
    await repayments.move(tx, world, repayment, RepaymentState.initiated)
    return msgspec.structs.replace(repayment, state=RepaymentState.initiated)


async def _settle(tx: Tx, world: World, drawdown: Drawdown, repayment: Repayment, on: date | None) -> None:
    """The booked entry on the collection account: the money came; with the last cent the drawdown is repaid."""
    entry = ledger.repayment_settled(
        books.loan(drawdown), repayment.id, repayment.principal_amount, repayment.fee_amount
    )
    await books.book(tx, world, entry)
    repayment = await _initiated(tx, world, repayment)
    await repayments.move(tx, world, repayment, RepaymentState.settled, settled_on=on)
    await drawdowns.release_exposure(tx, world, drawdown, repayment.principal_amount)
    if await books.owed(tx, drawdown.id) == (0, 0):
        await drawdowns.move(tx, world, drawdown, DrawdownState.repaid)


async def _take_back(tx: Tx, world: World, fact: BankEvent, drawdown: Drawdown, repayment: Repayment) -> None:
    """A settled debit was taken back: it is owed again."""
    if drawdown.state is not DrawdownState.active:
        raise Contradiction(f"a repayment was taken back while the drawdown is {drawdown.state}")
    entry = ledger.repayment_returned(
        books.loan(drawdown), repayment.id, repayment.principal_amount, repayment.fee_amount
    )
    await books.book(tx, world, entry)
    await repayments.move(tx, world, repayment, RepaymentState.returned, reason=fact.reason)
    amount = repayment.principal_amount
    await tx.run(sql.positions.take_back, merchant_id=drawdown.merchant_id, amount=amount)
    await tx.run(sql.exposures.take_back, scope=limits.programme_scope(world, drawdown.currency), amount=amount)
    positions.forget(tx, world, drawdown.merchant_id)
