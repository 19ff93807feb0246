"""A person decides: lets a draw go on to the bank or not, and has policy heed what it lifts or gives for a while."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import reviews, states
from gateway.domain.audit_entries import OPERATOR, Action
from gateway.domain.bank_decisions import BankOutcome
from gateway.domain.drawdowns import DrawdownState
from gateway.domain.positions import Override
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.quotes import QuoteExpired
from gateway.domain.reviews import MOVES, Review, ReviewKind, ReviewState, Ruling
from gateway.domain.underwriting import Outcome
from gateway.store import sql
from gateway.usecases import audit, bank_decisions, drawdowns, jobs, limits, messages, positions, scoring
from gateway.usecases import reviews as records

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.errors import Fact
    from gateway.domain.programmes import Programme
    from gateway.store import Tx
    from gateway.usecases.world import World

DECLINED = "review_declined"


class Heeded(msgspec.Struct, frozen=True):
    """What policy said at once when it was overruled, and until when it heeds that."""

    until_at: datetime
    decision_id: str
    outcome: Outcome
    limit_amount: int


class Ruled(msgspec.Struct, frozen=True):
    """What a ruling came to."""

    review_id: str
    kind: ReviewKind
    subject_id: str
    state: ReviewState
    decided_at: datetime | None
    heeded: Heeded | None


class _Under(msgspec.Struct, frozen=True):
    programme: ProgrammeRef


async def approve(world: World, review_id: str, ruling: Ruling) -> Ruled:
    """A draw goes on to the bank's decision, a referred one is lent; what a contest overrules is heeded, judged anew.

    Raises UnknownReview, BadRuling, IllegalMove; for a draw that may not be lent any more also QuoteExpired,
    QuoteSuperseded or ConsentRequired. Then nothing was decided, and the review stays as it was.
    """
    return await world.store.write(partial(_approve, world, review_id, ruling))


async def decline(world: World, review_id: str, ruling: Ruling) -> Ruled:
    """A draw is rejected and its room freed; a contested decision stands. Raises as `approve`."""
    return await world.store.write(partial(_decline, world, review_id, ruling))


async def _approve(world: World, review_id: str, ruling: Ruling, tx: Tx) -> Ruled:
    review, drawdown = await _hold(tx, world, review_id)
    programme = await _programme(tx, world, review, drawdown)
    reviews.check_approval(ruling, review.kind, [grade.name for grade in programme.grades])
    states.check(MOVES, review.state, ReviewState.approved)
    heeded = await _overrule(tx, world, review, ruling, programme.id) if ruling.overrules else None
    if drawdown is not None:
        _check_held(world, review)
        await drawdowns.check_again(tx, world, drawdown)
        if review.kind is ReviewKind.bank_referral:
            await bank_decisions.rule(tx, world, drawdown, BankOutcome.approved, ruling.by)
        else:
            await jobs.enqueue(tx, world, drawdowns.DECIDE, drawdown.id)
    decided = await records.move(tx, world, review, ReviewState.approved, by=ruling.by, reason=ruling.reason)
    return await _conclude(tx, world, decided, ruling, heeded)


async def _decline(world: World, review_id: str, ruling: Ruling, tx: Tx) -> Ruled:
    review, drawdown = await _hold(tx, world, review_id)
    reviews.check(ruling)
    states.check(MOVES, review.state, ReviewState.declined)
    if review.kind is ReviewKind.bank_referral and drawdown is not None:
        await bank_decisions.rule(tx, world, drawdown, BankOutcome.rejected, ruling.by)
    elif drawdown is not None:
        await drawdowns.release_exposure(tx, world, drawdown, drawdown.new_money_amount)
        await drawdowns.move(tx, world, drawdown, DrawdownState.rejected, reason=DECLINED)
    decided = await records.move(tx, world, review, ReviewState.declined, by=ruling.by, reason=ruling.reason)
    return await _conclude(tx, world, decided, ruling, None)


async def _programme(tx: Tx, world: World, review: Review, drawdown: Drawdown | None) -> Programme:
    """The programme drawn under, or the one that made the contested decision: what a ruling overrules."""
    if drawdown is not None:
        return world.programme_of(drawdown.programme_id)
    made = await tx.one(sql.decisions.under, _Under, id=review.subject_id)
    return world.programmes[0] if made is None else world.programme_of(made.programme.id)


async def _hold(tx: Tx, world: World, review_id: str) -> tuple[Review, Drawdown | None]:
    """A review, after the drawdown it is about and the merchant's position, as a cancel or a revocation holds them."""
    known = await records.find(tx, review_id)
    drawdown = None if known.kind is ReviewKind.contest else await drawdowns.lock(tx, known.subject_id)
    await tx.one(sql.consents.hold_merchant, merchant_id=known.merchant_id)
    await positions.certain(tx, world, known.merchant_id)
    return await records.find(tx, review_id), drawdown


def _check_held(world: World, review: Review) -> None:
    """Terms reckoned from the day of the click (final due date, APR) must still be what the merchant agreed to."""
    held_until_at = review.opened_at + timedelta(days=reviews.HELD_DAYS)
    if world.clock.now() >= held_until_at:
        held = f"The terms were held for {reviews.HELD_DAYS} days; decline the draw, and have the merchant quote anew"
        raise QuoteExpired(held, expired_at=held_until_at.isoformat())


async def _overrule(tx: Tx, world: World, review: Review, ruling: Ruling, programme_id: str) -> Heeded:
    """Have a programme's policy heed the ruling, in place of any earlier one, and decide again at once."""
    until_at = world.clock.now() + timedelta(days=ruling.days)
    override = Override(review.id, until_at, tuple(dict.fromkeys(ruling.clears)), ruling.grade, programme_id)
    await tx.run(sql.positions.override, merchant_id=review.merchant_id, override_json=override)
    position = await positions.certain(tx, world, review.merchant_id)
    (judged,) = await limits.judge(tx, world, [await scoring.afresh(tx, world, position)], closing=False, always=True)
    await positions.save(tx, world, [], [judged.position])
    verdict = judged.position.verdict
    assert verdict is not None  # noqa: S101 - the line before wrote one
    return Heeded(until_at, verdict.decision_id, judged.assessment.outcome, judged.assessment.limit_amount)


async def _conclude(tx: Tx, world: World, decided: Review, ruling: Ruling, heeded: Heeded | None) -> Ruled:
    # An approved draw shows by itself, and what the bank's officer declines is told where the bank's own no is.
    declined = decided.kind is ReviewKind.drawdown and decided.state is ReviewState.declined
    if decided.kind is ReviewKind.contest or declined:
        await messages.send(tx, world, decided.merchant_id, f"{decided.kind}_{decided.state}")
    facts: dict[str, Fact] = {"by": ruling.by, "about": decided.subject_id}
    facts["reason_hash"] = hashlib.sha256(ruling.reason.encode()).hexdigest()
    if heeded is not None:
        grade = None if ruling.grade is None else ruling.grade.lower()
        facts |= {"clears": list(ruling.clears), "grade": grade, "days": ruling.days, "decision": heeded.decision_id}
    action = Action.review_approved if decided.state is ReviewState.approved else Action.review_declined
    await audit.note(tx, world, OPERATOR, action, decided.id, **facts)
    return Ruled(decided.id, decided.kind, decided.subject_id, decided.state, decided.decided_at, heeded)
