"""What waits for a person, and what became of it: opened, contested, canceled, shown. Deciding is `reviewing`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import grants, states
from gateway.domain.errors import NotFound
from gateway.domain.events import Event
from gateway.domain.reviews import (
    CONTEST,
    DUE_WITHIN,
    MOVES,
    OPEN_CONTESTS_COUNT,
    ContestUnderWay,
    NothingToContest,
    Review,
    ReviewKind,
    ReviewState,
    TooManyContests,
    UnknownReview,
)
from gateway.store import sql
from gateway.usecases import decisions, events, positions

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.positions import Position
    from gateway.domain.rights import Caller
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE_COUNT = 20
"""The most reviews of one page: with their texts they must fit into one answer of the control socket."""
RETRY_AFTER_SECONDS = 24 * 3600


class Waiting(Review, frozen=True):
    """A review with what it is about: a draw's `amount` and `currency`, a decision's `outcome` and `limit_amount`."""

    amount: int | None = None
    currency: str | None = None
    outcome: str | None = None
    limit_amount: int | None = None


class Shown(msgspec.Struct, frozen=True):
    """A review as the person who decides sees it, its texts opened."""

    id: str
    merchant_id: str
    kind: ReviewKind
    subject_id: str
    reasons: tuple[str, ...]
    state: ReviewState
    overdue: bool
    amount: int | None
    currency: str | None
    outcome: str | None
    limit_amount: int | None
    statement: str | None
    reason: str | None
    decided_by: str | None
    opened_at: datetime
    due_at: datetime
    decided_at: datetime | None


async def find(reader: Reader, review_id: str) -> Review:
    """One review; raises UnknownReview."""
    found = await reader.one(sql.reviews.find, Review, review_id=review_id)
    if found is None:
        raise UnknownReview(f"There is no review {review_id[:40]}")
    return found


async def page(world: World, state: ReviewState, after: str, limit: int) -> list[Shown]:
    """Reviews in a state in the order they were opened, at most PAGE_COUNT, for the operator alone."""
    limit = max(1, min(limit, PAGE_COUNT))
    found = await world.store.all(sql.reviews.page, Waiting, state=state, after=after, limit=limit)
    return [_shown(world, review) for review in found]


async def contests(reader: Reader, decision_ids: Collection[str]) -> dict[str, Review]:
    """The last contest of each decision that was ever contested."""
    found = await reader.all(sql.reviews.latest_of_many, Review, subject_ids_json=list(decision_ids))
    return {review.subject_id: review for review in found}


async def latest(reader: Reader, drawdown_id: str) -> Review | None:
    """A drawdown's last review; None when nobody had to look."""
    return await reader.one(sql.reviews.latest_of, Review, subject_id=drawdown_id)


async def state_of(reader: Reader, drawdown_id: str) -> ReviewState | None:
    """What became of it."""
    last = await latest(reader, drawdown_id)
    return None if last is None else last.state


async def contest(tx: Tx, world: World, caller: Caller, decision_id: str, statement: str) -> Review:
    """Have a person look at a decision again. The same words twice are one contest.

    Raises NotFound, ConsentRequired, NothingToContest, ContestUnderWay for other words, or TooManyContests.
    """
    decision = await decisions.find(tx, decision_id, caller.partner_id)
    if not caller.reaches(decision.merchant_id):
        raise NotFound("There is no such decision")
    await tx.one(sql.consents.hold_merchant, merchant_id=decision.merchant_id)  # first, as a revocation does
    position = await positions.certain(tx, world, decision.merchant_id)
    positions.permit(position, caller, grants.READ_OFFERS, world.clock.now())
    if decision.sealed:
        raise NothingToContest("The data the decision was made of is erased")
    earlier = await tx.one(sql.reviews.open_of, Review, subject_id=decision_id)
    if earlier is not None:
        if _opened(world, earlier.id, earlier.statement) != statement:
            raise ContestUnderWay("Wait for what the person says", review_id=earlier.id)
        return earlier
    waiting = await tx.one(sql.reviews.contests_count, merchant_id=decision.merchant_id)
    if waiting is not None and waiting[0] >= OPEN_CONTESTS_COUNT:
        said = f"{OPEN_CONTESTS_COUNT} decisions of this shop are being contested"
        raise TooManyContests(said, retry_after=RETRY_AFTER_SECONDS)
    return await _open(tx, world, position, (ReviewKind.contest, decision_id, (CONTEST,)), statement)


async def open_drawdown(tx: Tx, world: World, drawdown: Drawdown, reasons: tuple[str, ...]) -> Review:
    """Have a person look at a draw before the bank is asked."""
    return await _open(tx, world, drawdown, (ReviewKind.drawdown, drawdown.id, reasons))


async def open_referral(tx: Tx, world: World, drawdown: Drawdown, reasons: tuple[str, ...]) -> Review:
    """Have an officer of the bank look at a draw that the bank referred."""
    return await _open(tx, world, drawdown, (ReviewKind.bank_referral, drawdown.id, reasons))


async def cancel(tx: Tx, world: World, subject_id: str) -> None:
    """Nobody need look any more: what the open review is about, if there is one, was taken back."""
    found = await tx.one(sql.reviews.open_of, Review, subject_id=subject_id)
    if found is not None:
        await move(tx, world, found, ReviewState.canceled)


async def cancel_contests(tx: Tx, world: World, merchant_id: str) -> None:
    """The data of a merchant goes: no person could look at its decisions again."""
    for review in await tx.all(sql.reviews.contests_of, Review, merchant_id=merchant_id):
        await move(tx, world, review, ReviewState.canceled)


async def move(
    tx: Tx, world: World, review: Review, target: ReviewState, *, by: str | None = None, reason: str | None = None
) -> Review:
    """One step of the state machine, with its event; the SQL repeats the guard. Raises IllegalMove."""
    states.check(MOVES, review.state, target)
    sealed = None if reason is None else world.vault.seal(reason.encode(), _place(review.id, "reason"))
    moved = await tx.run(
        sql.reviews.decide,
        review_id=review.id,
        target=target,
        reason=sealed,
        decided_by=by,
        decided_at=world.clock.now(),
    )
    if not moved:
        raise states.IllegalMove("the review was decided meanwhile", state=review.state, wanted=target)
    decided = await find(tx, review.id)
    await _tell(tx, world, decided)
    return decided


async def _open(
    tx: Tx,
    world: World,
    whose: Drawdown | Position,
    about: tuple[ReviewKind, str, tuple[str, ...]],
    statement: str | None = None,
) -> Review:
    review_id, now, (kind, subject_id, reasons) = world.ids.new("review"), world.clock.now(), about
    review = Review(
        id=review_id,
        merchant_id=whose.merchant_id,
        partner_id=whose.partner_id,
        kind=kind,
        subject_id=subject_id,
        reasons=reasons,
        state=ReviewState.open,
        statement=None if statement is None else world.vault.seal(statement.encode(), _place(review_id, "statement")),
        reason=None,
        decided_by=None,
        opened_at=now,
        due_at=now + DUE_WITHIN[kind],
        decided_at=None,
    )
    await tx.run(sql.reviews.add, reasons_json=reasons, **msgspec.structs.asdict(review))
    await _tell(tx, world, review)
    return review


async def _tell(tx: Tx, world: World, review: Review) -> None:
    state = "opened" if review.state is ReviewState.open else review.state.value
    data = {"id": review.id, "merchant_id": review.merchant_id, "kind": review.kind, "subject_id": review.subject_id}
    at = review.decided_at or review.opened_at
    event = Event("review", review.id, f"review.{state}", review.merchant_id, review.partner_id, data, at)
    await events.emit(tx, world, [event])


def _shown(world: World, review: Waiting) -> Shown:
    values = msgspec.structs.asdict(review)
    values.pop("partner_id")
    values["statement"] = _opened(world, review.id, review.statement)
    values["reason"] = _opened(world, review.id, review.reason, "reason")
    overdue = review.state is ReviewState.open and review.due_at <= world.clock.now()
    return Shown(**values, overdue=overdue)


def _opened(world: World, review_id: str, sealed: bytes | None, what: str = "statement") -> str | None:
    return None if sealed is None else world.vault.unseal(bytes(sealed), _place(review_id, what)).decode()


def _place(review_id: str, what: str) -> str:
    """A text's place, which it is sealed for."""
    return f"{review_id}:{what}"
