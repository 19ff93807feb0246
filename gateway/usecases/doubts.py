"""Payments in doubt, payouts and debits alike: ask the bank, wait for its statement, tell a person, do as two decide.

Whatever a bank says when it is asked is stored and read like any message of its mailbox: there is one way to believe.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.bank_ports import Sent
from gateway.domain import doubts as rules
from gateway.domain import four_eyes
from gateway.domain.alerts import Severity
from gateway.domain.doubts import NotInDoubt, Proposal, Verdict
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.errors import Upstream
from gateway.domain.four_eyes import NothingProposed
from gateway.domain.repayments import Repayment, RepaymentState
from gateway.store import sql
from gateway.usecases import (
    alerts,
    audit,
    banks,
    drawdowns,
    instructions,
    mailbox,
    payouts,
    repayments,
    servicing,
)
from gateway.usecases.audit import OPERATOR, Action
from gateway.usecases.instructions import PAYOUT, Instruction

if TYPE_CHECKING:
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

IN_DOUBT, UNDECIDED = "payment_in_doubt", "payment_undecided"
"""Kinds of alert: a doubt a person should know of, and one that a person must decide."""
UNPAID = "found_unpaid"
"""Why a payment failed that two officers found not to be with the bank."""
SILENT = {DrawdownState.submitted: "bank_silent", DrawdownState.pending: "not_on_statement"}
"""Why a payment that stays too long in a state is in doubt; a debit's `initiated` is a payout's `submitted`."""
_UNTOLD = {DrawdownState.submitted, DrawdownState.in_doubt, RepaymentState.initiated, RepaymentState.in_doubt}
"""States in which the bank is asked again and again."""


class StillUntold(Upstream):
    """The bank was asked and has not said what became of a payment: it is asked again later."""

    code = "payment_untold"
    title = "The bank does not say what became of the payment"


class Doubt(msgspec.Struct, frozen=True):
    """A payment in doubt as an officer sees it; `amount` in minor units, `proposed` and by whom where somebody did."""

    reference: str
    kind: str
    bank_id: str
    rail: str
    bank_reference: str | None
    currency: str
    amount: int
    drawdown_id: str
    repayment_id: str | None
    since_at: datetime
    proposed: Verdict | None
    proposed_by: str | None


class Listed(Doubt, frozen=True):
    """The same with the proposal's reason, opened."""

    reason: str | None = None


class Decided(msgspec.Struct, frozen=True):
    """A proposal, or what came of it once `approved_by` another officer; `state` is the payment's now."""

    reference: str
    verdict: Verdict
    state: str
    proposed_by: str
    approved_by: str | None = None


# --- how a doubt begins ---------------------------------------------------------------------------------------------


async def begin(tx: Tx, world: World, instruction: Instruction) -> None:
    """What was sent and never answered is in doubt; what the bank has answered already is not."""
    noun = await _held(tx, instruction)
    if isinstance(noun, Drawdown) and noun.state is DrawdownState.approved:
        await drawdowns.move(tx, world, noun, DrawdownState.in_doubt, reason="bank_unanswered")
    elif isinstance(noun, Repayment) and noun.state is RepaymentState.scheduled:
        await repayments.move(tx, world, noun, RepaymentState.in_doubt, reason="bank_unanswered")
    await instructions.follow(tx, world, instruction)


async def begin_silent(world: World) -> int:
    """What a bank says nothing about, or accepted and never booked, is in doubt; how many became so."""
    now = world.clock.now()
    told_before, booked_before = now - rules.SILENCE, now - rules.UNBOOKED
    payouts_ = await world.store.all(
        sql.drawdowns.to_doubt, submitted_before_at=told_before, pending_before_at=booked_before
    )
    debits = await world.store.all(
        sql.repayments.to_doubt,
        initiated_before_at=told_before, initiated_on=told_before.date(),
        pending_before_at=booked_before, pending_on=booked_before.date(),
    )  # fmt: skip
    for (reference,) in [*payouts_, *debits]:
        await world.store.write(partial(_doubt_silent, world, reference))
    return len(payouts_) + len(debits)


async def _doubt_silent(world: World, reference: str, tx: Tx) -> None:
    instruction = await instructions.find(tx, reference)
    noun = await _held(tx, instruction)
    if isinstance(noun, Drawdown) and noun.state in SILENT:
        await drawdowns.move(tx, world, noun, DrawdownState.in_doubt, reason=SILENT[noun.state])
    elif isinstance(noun, Repayment) and noun.state in {RepaymentState.initiated, RepaymentState.pending}:
        why = "bank_silent" if noun.state is RepaymentState.initiated else "not_on_statement"
        await repayments.move(tx, world, noun, RepaymentState.in_doubt, reason=why)
    await instructions.follow(tx, world, instruction)


# --- asking the bank ------------------------------------------------------------------------------------------------


async def ask(world: World, reference: str) -> None:
    """Ask the bank after one payment, once, and again later while it says nothing. Raises Unreachable, StillUntold."""
    instruction = await instructions.find(world.store, reference)
    if instructions.inquiries(world, instruction) is None:
        return
    await inquire(world, instruction)
    noun = await _noun(world.store, instruction)
    if noun is not None and noun.state in _UNTOLD:
        raise StillUntold("the bank has not said what became of the payment", reference=reference)


async def inquire(world: World, instruction: Instruction) -> None:
    """Ask the bank, store what it says, and believe it as far as its rail reads it. Raises Unreachable."""
    rail = instructions.inquiries(world, instruction)
    if rail is None:
        return
    reference = instruction.end_to_end_id
    sent = Sent(reference, await instructions.body(world, reference), instruction.bank_reference)
    told = await rail.status(sent)
    if told:
        bank = banks.find(world, instruction.bank_id)
        await mailbox.keep(world, bank, instruction.rail, told)
        await mailbox.apply_stored(world, bank)


# --- telling a person -----------------------------------------------------------------------------------------------


async def watch(world: World) -> int:
    """Alert a person to what stays in doubt, urgently when it must be decided; close what the bank has told since."""
    now, count = world.clock.now(), 0
    if await world.store.one(sql.doubts.any) is None:
        return 0
    for kind, severity, age in (
        (IN_DOUBT, Severity.warning, rules.ALERTED),
        (UNDECIDED, Severity.critical, rules.OVERDUE),
    ):
        for doubt in await world.store.all(sql.doubts.unalerted, Doubt, kind=kind, before_at=now - age):
            await world.store.write(partial(_alert, world, doubt, kind, severity))
            count += 1
        for (reference,) in await world.store.all(sql.doubts.told, kind=kind):
            await world.store.write(partial(_close, world, kind, reference))
            count += 1
    return count


async def _close(world: World, kind: str, reference: str, tx: Tx) -> None:
    await alerts.close(tx, world, kind, reference)


async def _alert(world: World, doubt: Doubt, kind: str, severity: Severity, tx: Tx) -> None:
    evidence = {
        "bank_id": doubt.bank_id, "rail": doubt.rail, "payment": doubt.kind, "amount": doubt.amount,
        "currency": doubt.currency, "drawdown_id": doubt.drawdown_id, "repayment_id": doubt.repayment_id,
        "since_at": doubt.since_at.isoformat(),
    }  # fmt: skip
    await alerts.start(tx, world, kind, doubt.reference, severity=severity, evidence=evidence)


# --- two people decide ----------------------------------------------------------------------------------------------


async def listed(world: World) -> list[Listed]:
    """The payments in doubt, the oldest first, each with what is proposed."""
    found = []
    for doubt in await world.store.all(sql.doubts.listed, Doubt):
        reason = None
        if doubt.proposed is not None:
            sealed = (await _proposal(world.store, doubt.reference, doubt.since_at)).reason
            reason = world.vault.unseal(sealed, doubt.reference).decode()
        found.append(Listed(**msgspec.structs.asdict(doubt), reason=reason))
    return found


async def propose(world: World, reference: str, verdict: Verdict, *, by: str, reason: str) -> Decided:
    """What an officer found out at the bank; nothing moves before another one approves. A new proposal replaces it.

    Raises UnknownPayment, BadProposal, NotInDoubt.
    """
    four_eyes.check(by, reason)

    async def unit(tx: Tx) -> Decided:
        instruction, noun = await _doubtful(tx, reference)
        now = world.clock.now()
        values = {"end_to_end_id": reference, "doubted_at": noun.state_at, "verdict": verdict, "proposed_by": by}
        await tx.run(sql.doubts.propose, **values, reason=world.vault.seal(reason.encode(), reference), proposed_at=now)
        told = hashlib.sha256(reason.encode()).hexdigest()
        facts = {"verdict": verdict.value, "by": by, "about": _about(instruction), "reason_hash": told}
        await audit.note(tx, world, OPERATOR, Action.doubt_proposed, reference.lower(), **facts)
        return Decided(reference, verdict, noun.state.value, by)

    return await world.store.write(unit)


async def approve(world: World, reference: str, *, by: str) -> Decided:
    """Another officer has seen the same: what was proposed is done. A statement that says otherwise is a contradiction.

    Raises UnknownPayment, BadProposal, NotInDoubt, NothingProposed (for this doubt), SamePerson.
    """
    four_eyes.check_officer(by)

    async def unit(tx: Tx) -> Decided:
        instruction, noun = await _doubtful(tx, reference)
        proposal = await _proposal(tx, reference, noun.state_at)
        four_eyes.check_other(by, proposal.proposed_by)
        state = await _decide(tx, world, noun, proposal.verdict)
        now = world.clock.now()
        await tx.run(
            sql.doubts.approve, end_to_end_id=reference, doubted_at=noun.state_at, approved_by=by, approved_at=now
        )
        facts = {"verdict": proposal.verdict.value, "by": by, "proposed_by": proposal.proposed_by}
        facts["about"] = _about(instruction)
        await audit.note(tx, world, OPERATOR, Action.doubt_approved, reference.lower(), **facts)
        return Decided(reference, proposal.verdict, state, proposal.proposed_by, by)

    return await world.store.write(unit)


async def _decide(tx: Tx, world: World, noun: Drawdown | Repayment, verdict: Verdict) -> str:
    """Paid = the statement must still show it, or it is in doubt again; the state it is in now."""
    paid = verdict is Verdict.paid
    if isinstance(noun, Repayment):
        target = RepaymentState.pending if paid else RepaymentState.failed
        await repayments.move(tx, world, noun, target, reason=None if paid else UNPAID)
        await servicing.refresh(tx, world, noun.drawdown_id)
        return target.value
    if not paid:
        await payouts.fail(tx, world, noun, UNPAID)
        return DrawdownState.failed.value
    await drawdowns.move(tx, world, noun, DrawdownState.pending)
    return DrawdownState.pending.value


async def _doubtful(tx: Tx, reference: str) -> tuple[Instruction, Drawdown | Repayment]:
    instruction = await instructions.find(tx, reference)
    noun = await _held(tx, instruction)
    if noun is None or noun.state not in {DrawdownState.in_doubt, RepaymentState.in_doubt}:
        state = "gone" if noun is None else noun.state.value
        raise NotInDoubt(f"The payment is {state}: nobody needs to decide", state=state)
    return instruction, noun


async def _proposal(reader: Reader, reference: str, doubted_at: datetime) -> Proposal:
    found = await reader.one(sql.doubts.proposal, Proposal, end_to_end_id=reference, doubted_at=doubted_at)
    if found is None:
        raise NothingProposed("Nobody has proposed how this doubt ends; an earlier one was another doubt")
    return found


async def _held(tx: Tx, instruction: Instruction) -> Drawdown | Repayment | None:
    """What an instruction is for, its drawdown held against other writers."""
    drawdown = await drawdowns.lock(tx, instruction.drawdown_id)
    return drawdown if instruction.kind == PAYOUT else await _noun(tx, instruction)


async def _noun(reader: Reader, instruction: Instruction) -> Drawdown | Repayment | None:
    if instruction.kind == PAYOUT:
        return await drawdowns.find(reader, instruction.drawdown_id)
    return await reader.one(sql.repayments.find, Repayment, repayment_id=instruction.repayment_id)


def _about(instruction: Instruction) -> str:
    return instruction.repayment_id or instruction.drawdown_id
