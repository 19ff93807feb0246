"""Send stored instructions, at most once.

A crash, a silence or a server error after sending is a doubt, never a second instruction: only the identical bytes
under the same ids may go again, while the bank surely knows them as a copy, and a bank that calls them a duplicate has
them already.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.bank_ports import Ack, Unanswered, Unreachable
from gateway.domain import doubts as rules
from gateway.domain.banks import Way
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.repayments import Repayment, RepaymentState
from gateway.store import sql
from gateway.usecases import doubts, drawdowns, instructions, jobs, openness, payouts, repayments, retries
from gateway.usecases.instructions import COLLECTION, PAYOUT, Instruction
from gateway.usecases.statuses import DUPLICATE

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.store import Tx
    from gateway.usecases.world import World


class Attempt(StrEnum):
    """Whether bytes go for the first time, or may be with the bank already."""

    first = "first"
    again = "again"


async def send(world: World, reference: str) -> None:
    """Send the stored bytes; what is already past sending is left alone.

    An attempt that was begun and never recorded, because we crashed or the bank was silent, leaves a doubt: a bank that
    can be asked is asked first, then the identical bytes go again, and the answer to a copy proves no more than that
    the bank has the instruction. A bank that is stopped is sent nothing.
    """
    instruction = await instructions.find(world.store, reference)
    body, rail = await instructions.body(world, reference), instructions.rail(world, instruction)
    collects = instruction.kind == COLLECTION
    await openness.admit(world, instruction.bank_id, instruction.rail, Way.send, collects=collects)
    if instruction.sent_at is not None:
        await doubts.inquire(world, instruction)
    job, began_at = jobs.claimed(), world.system_clock.now()
    attempt = await world.store.write(lambda tx: _begin(tx, world, instruction, job))
    if attempt is None:
        return
    try:
        _check_prompt(world, began_at)
        ack = await openness.heard(world, instruction.bank_id, instruction.rail, Way.send, rail.submit(body))
    except (Unreachable, jobs.LeaseLost):
        if attempt is Attempt.first:
            await world.store.write(lambda tx: _unsent_after_all(tx, world, instruction, job))
        raise
    except Unanswered as silence:
        known = silence.facts.get("bank_reference")
        await world.store.write(
            lambda tx: _unanswered(tx, world, instruction, known if isinstance(known, str) else None)
        )
        raise
    await world.store.write(lambda tx: _acknowledge(tx, world, instruction, ack, attempt, job=job))


async def _begin(tx: Tx, world: World, instruction: Instruction, job: jobs.Job | None) -> Attempt | None:
    """Note that the bytes are about to go; None when they must not.

    They must not when the bank has answered already, or may have them and would not know the copy. Raises LeaseLost.
    """
    await jobs.hold(tx, world, job)
    if not await _unsent(tx, instruction):
        return None
    reference, now = instruction.end_to_end_id, world.system_clock.now()
    if await tx.run(sql.instructions.sending, end_to_end_id=reference, sent_at=world.clock.now(), tried_at=now):
        return Attempt.first
    await doubts.begin(tx, world, instruction)
    tried_at = (await instructions.find(tx, reference)).tried_at or now
    hours = instructions.rail(world, instruction).capabilities.resend_hours
    return Attempt.again if rules.may_resend(hours, tried_at, now) else None


def _check_prompt(world: World, began_at: datetime) -> None:
    """Raise LeaseLost where this process stood still since it began: the bank may know no copy as one any more."""
    if world.system_clock.now() - began_at >= jobs.LEASE:
        raise jobs.LeaseLost("the lease ended before anything was sent")


async def _unsent(tx: Tx, instruction: Instruction) -> bool:
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    if instruction.kind == PAYOUT:
        return drawdown.state in {DrawdownState.approved, DrawdownState.in_doubt}
    repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
    return repayment is not None and repayment.state in {RepaymentState.scheduled, RepaymentState.in_doubt}


async def _unanswered(tx: Tx, world: World, instruction: Instruction, bank_reference: str | None) -> None:
    await tx.run(
        sql.instructions.answered,
        end_to_end_id=instruction.end_to_end_id, bank_reference=bank_reference, detail=None,
    )  # fmt: skip
    await doubts.begin(tx, world, instruction)


async def _unsent_after_all(tx: Tx, world: World, instruction: Instruction, job: jobs.Job | None) -> None:
    """The bank was not reached, so nothing is with it: unless another worker has tried since."""
    if await _alone(tx, world, job):
        await tx.run(sql.instructions.unsent, end_to_end_id=instruction.end_to_end_id)


async def _alone(tx: Tx, world: World, job: jobs.Job | None) -> bool:
    """Whether no other worker took the job over: if one did, its copy may be what the bank answered, or has."""
    try:
        await jobs.hold(tx, world, job)
    except jobs.LeaseLost:
        return False
    return True


async def _acknowledge(
    tx: Tx, world: World, instruction: Instruction, ack: Ack, attempt: Attempt, *, job: jobs.Job | None
) -> None:
    """Record the bank's immediate answer; a word from its mailbox may have come first and then stands.

    The refusal of a copy says nothing about the first one: that stays in doubt until the bank's own word, in a status
    message or a booked entry, or a person decides.
    """
    taken = ack.accepted or ack.reason in DUPLICATE
    refused = not taken and attempt is Attempt.first and await _alone(tx, world, job)
    if not taken and not refused:
        log.get().warning("bank.refused_copy", error=ack.reason)
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    await tx.run(
        sql.instructions.answered,
        end_to_end_id=instruction.end_to_end_id, bank_reference=ack.bank_reference, detail=ack.detail,
    )  # fmt: skip
    if taken:
        await instructions.follow(tx, world, instruction, after=instructions.ASKED_AFTER)
    if instruction.kind != PAYOUT:
        await _acknowledge_collection(tx, world, instruction, ack, refused=refused, taken=taken)
    elif drawdown.state not in {DrawdownState.approved, DrawdownState.in_doubt}:
        return
    elif refused:
        await payouts.fail(tx, world, drawdown, ack.reason)
    elif taken:
        known = DrawdownState.submitted if drawdown.state is DrawdownState.approved else DrawdownState.pending
        await drawdowns.move(tx, world, drawdown, known)


async def _acknowledge_collection(
    tx: Tx, world: World, instruction: Instruction, ack: Ack, *, refused: bool, taken: bool
) -> None:
    repayment = await tx.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)
    unsaid = {RepaymentState.scheduled, RepaymentState.in_doubt}
    if repayment is None or repayment.state not in unsaid or not (refused or taken):
        return
    await repayments.move(tx, world, repayment, RepaymentState.initiated)
    if refused:
        initiated = msgspec.structs.replace(repayment, state=RepaymentState.initiated)
        await repayments.move(tx, world, initiated, RepaymentState.failed, reason=ack.reason)
        await retries.follow(tx, world, initiated, ack.reason)
