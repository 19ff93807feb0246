"""The bank decides each loan itself: it is asked after the click, and every answer is kept and moves a draw once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import approvals, ledger
from gateway.domain.bank_decisions import (
    ASK_AGAIN,
    HELD,
    Applicant,
    Application,
    BankDecision,
    BankOutcome,
    DecisionSource,
    Recorded,
)
from gateway.domain.consents import ConsentRequired
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.offers import Offer
from gateway.domain.quotes import QuoteSuperseded
from gateway.domain.reviews import ReviewKind, ReviewState
from gateway.store import sql
from gateway.usecases import banks, debiting, decisions, drawdowns, jobs, merchants, messages, positions, reviews
from gateway.usecases import ledger as books

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

REFERRED, DECLINED, UNDECIDED, SUPERSEDED = "bank_referred", "bank_declined", "bank_undecided", "quote_superseded"
"""Why a draw is reviewed or rejected, as its state's reason says it."""
BANK = "bank"
"""Who ended a referral that the bank itself answered at last."""


async def latest(reader: Reader, drawdown_id: str) -> Recorded | None:
    """The bank's last answer on a draw; None before the first."""
    return await reader.one(sql.bank_decisions.latest, Recorded, drawdown_id=drawdown_id)


async def history(reader: Reader, drawdown_id: str) -> list[Recorded]:
    """Every answer on a draw, the first one first."""
    return await reader.all(sql.bank_decisions.all_of, Recorded, drawdown_id=drawdown_id)


async def decide(world: World, drawdown_id: str) -> None:
    """Ask the bank and heed its answer. The job of `drawdowns.DECIDE`; raises what the bank's LoanDecision does.

    An approval stores the instruction's job in the same unit. Terms that were held too long end the draw instead.
    """
    drawdown = await drawdowns.find(world.store, drawdown_id)
    if not await _waits(world.store, drawdown):
        return
    if drawdown.evidence is not None and world.clock.now() >= drawdown.evidence.confirmed_at + HELD:
        await world.store.write(partial(_give_up, world, drawdown_id))
        return
    total = approvals.total_amount(world.programme_of(drawdown.programme_id), drawdown.currency)
    if total and await world.store.write(partial(_approved_beforehand, world, drawdown_id)):
        return
    asked = await _application(world, drawdown)
    answer = await banks.decision(world, drawdown.bank_id).decide(asked)
    await world.store.write(partial(_heed, world, drawdown_id, answer))


async def ask_again(world: World) -> int:
    """Have the bank asked again about draws it referred a while ago; how many."""
    asked_before_at = world.clock.now() - ASK_AGAIN
    found = await world.store.all(
        sql.bank_decisions.to_ask_again, asked_before_at=asked_before_at, kind=drawdowns.DECIDE
    )

    async def unit(tx: Tx) -> int:
        for (drawdown_id,) in found:
            await jobs.enqueue(tx, world, drawdowns.DECIDE, drawdown_id)
        return len(found)

    return await world.store.write(unit) if found else 0


async def rule(tx: Tx, world: World, drawdown: Drawdown, outcome: BankOutcome, by: str) -> None:
    """An officer of the bank decides a referred draw, held by this unit; its review is the caller's to end."""
    answer = BankDecision(outcome, world.clock.now())
    await _record(tx, world, drawdown, answer, by=by)
    if outcome is BankOutcome.approved:
        await _lend(tx, world, drawdown)
    else:
        await _reject(tx, world, drawdown, DECLINED)


async def _waits(reader: Reader, drawdown: Drawdown) -> bool:
    """Whether the bank is to decide: after the click, after the person who had to look, while its officer looks."""
    if drawdown.state is not DrawdownState.reviewing:
        return drawdown.state is DrawdownState.requested
    last = await reviews.latest(reader, drawdown.id)
    return last is not None and (last.state is ReviewState.approved or _is_referral(last.kind, last.state))


def _is_referral(kind: ReviewKind, state: ReviewState) -> bool:
    return kind is ReviewKind.bank_referral and state is ReviewState.open


async def _application(world: World, drawdown: Drawdown) -> Application:
    reader, merchant = world.store, await merchants.find(world.store, drawdown.merchant_id, drawdown.partner_id)
    position = await positions.current(world, drawdown.merchant_id)
    offer = await reader.one(sql.offers.find, Offer, offer_id=drawdown.offer_id, partner_id=drawdown.partner_id)
    assert position is not None  # noqa: S101 - a draw's shop has one
    assert offer is not None  # noqa: S101 - an offer that was drawn stays
    assert drawdown.evidence is not None  # noqa: S101 - nobody asks before the click
    decision = await decisions.find(reader, offer.decision_id, drawdown.partner_id)
    last = await latest(reader, drawdown.id)
    return Application(
        drawdown_id=drawdown.id,
        number=1 if last is None else last.number + 1,
        programme_id=drawdown.programme_id,
        merchant=Applicant(**{name: getattr(merchant, name) for name in Applicant.__struct_fields__}),
        currency=drawdown.currency,
        amount=drawdown.amount,
        fee_amount=drawdown.fee_amount,
        withhold_bps=drawdown.withhold_bps,
        minimum_amount=drawdown.minimum_amount,
        final_due_on=drawdown.final_due_on,
        terms_hash=drawdown.terms_hash,
        exposure_amount=position.exposure_amount,
        limit_amount=offer.limit_amount,
        grade=offer.terms.grade,
        pd=None if decision.scores is None else decision.scores.pd,
        reasons=tuple(reason.code for reason in offer.reasons),
        confirmed_at=drawdown.evidence.confirmed_at,
    )


# --- inside a unit -------------------------------------------------------------------------------------------------


async def _heed(world: World, drawdown_id: str, answer: BankDecision, tx: Tx) -> None:
    """Keep an answer; one that comes twice, or after the draw was taken back, moves nothing."""
    held = await drawdowns.lock(tx, drawdown_id)
    await _record(tx, world, held, answer)
    if not await _waits(tx, held):
        return
    if answer.outcome is BankOutcome.referred:
        await _refer(tx, world, held)
    elif answer.outcome is BankOutcome.rejected:
        await _end_referral(tx, world, drawdown_id, ReviewState.declined)
        await _reject(tx, world, held, DECLINED)
    elif await _still_stands(tx, world, held):
        await _end_referral(tx, world, drawdown_id, ReviewState.approved)
        await _lend(tx, world, held)
    else:
        await _end_referral(tx, world, drawdown_id, ReviewState.declined)
        await _reject(tx, world, held, SUPERSEDED)


async def _approved_beforehand(world: World, drawdown_id: str, tx: Tx) -> bool:
    """Lend what the bank approved beforehand, counted against its total; False = it has to be asked."""
    held = await drawdowns.lock(tx, drawdown_id)
    if not await _waits(tx, held) or await latest(tx, drawdown_id) is not None:
        return False
    await tx.one(sql.consents.hold_merchant, merchant_id=held.merchant_id)
    position, programme = await positions.certain(tx, world, held.merchant_id), world.programme_of(held.programme_id)
    offer = await tx.one(sql.offers.find, Offer, offer_id=held.offer_id, partner_id=held.partner_id)
    covered = offer is not None and approvals.covers(
        programme, held.currency, grade=offer.terms.grade, owed_amount=position.exposure_amount,
        through_on=world.clock.now().date(),
    )  # fmt: skip
    if not covered or not await _still_stands(tx, world, held):
        return False
    scope, total = approvals.scope(programme, held.currency), approvals.total_amount(programme, held.currency)
    await tx.run(sql.exposures.open, scope=scope)
    if not await tx.run(sql.exposures.guard, scope=scope, amount=held.amount, cap_amount=total):
        return False
    named = approvals.reference(programme)
    answer = BankDecision(BankOutcome.approved, world.clock.now(), approvals.WITHIN, named)
    await _record(tx, world, held, answer, source=DecisionSource.approval)
    await _lend(tx, world, held)
    return True


async def _give_up(world: World, drawdown_id: str, tx: Tx) -> None:
    held = await drawdowns.lock(tx, drawdown_id)
    if await _waits(tx, held):
        await _end_referral(tx, world, drawdown_id, ReviewState.declined)
        await _reject(tx, world, held, UNDECIDED)


async def _record(
    tx: Tx,
    world: World,
    drawdown: Drawdown,
    answer: BankDecision,
    *,
    by: str | None = None,
    source: DecisionSource = DecisionSource.bank,
) -> None:
    """Keep an answer: the bank's own, or that of its officer `by`."""
    last = await latest(tx, drawdown.id)
    recorded = Recorded(
        drawdown_id=drawdown.id,
        number=1 if last is None else last.number + 1,
        bank_id=drawdown.bank_id,
        source=source if by is None else DecisionSource.officer,
        decided_by=by,
        recorded_at=world.clock.now(),
        **msgspec.structs.asdict(answer),
    )
    await tx.run(sql.bank_decisions.add, **msgspec.structs.asdict(recorded))


async def _still_stands(tx: Tx, world: World, drawdown: Drawdown) -> bool:
    """Whether a draw that waited for an officer may still be lent; one that was answered at once was checked then."""
    if drawdown.state is not DrawdownState.reviewing:
        return True
    await tx.one(sql.consents.hold_merchant, merchant_id=drawdown.merchant_id)
    try:
        await drawdowns.check_again(tx, world, drawdown)
    except (QuoteSuperseded, ConsentRequired):
        return False
    return True


async def _refer(tx: Tx, world: World, drawdown: Drawdown) -> None:
    """The bank's officer looks: the draw waits under review. Saying so again changes nothing."""
    if drawdown.state is DrawdownState.requested:
        await drawdowns.move(tx, world, drawdown, DrawdownState.reviewing, reason=REFERRED)
    last = await reviews.latest(tx, drawdown.id)
    if last is None or last.state is not ReviewState.open:
        await reviews.open_referral(tx, world, drawdown, (REFERRED,))


async def _end_referral(tx: Tx, world: World, drawdown_id: str, target: ReviewState) -> None:
    last = await reviews.latest(tx, drawdown_id)
    if last is not None and _is_referral(last.kind, last.state):
        await reviews.move(tx, world, last, target, by=BANK)


async def _lend(tx: Tx, world: World, drawdown: Drawdown) -> None:
    await drawdowns.move(tx, world, drawdown, DrawdownState.approved)
    await books.book(tx, world, ledger.disbursed(books.loan(drawdown), drawdown.new_money_amount))
    await debiting.go_on(tx, world, drawdown)
    await jobs.enqueue(tx, world, drawdowns.INSTRUCT, drawdown.id)


async def _reject(tx: Tx, world: World, drawdown: Drawdown, reason: str) -> None:
    await drawdowns.release_exposure(tx, world, drawdown, drawdown.new_money_amount)
    await drawdowns.move(tx, world, drawdown, DrawdownState.rejected, reason=reason)
    await messages.send(tx, world, drawdown.merchant_id, "drawdown_bank_declined")
