"""/v1/decisions/{id}/contest: have a person look at a decision again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency
from gateway.domain.calendars import Instant
from gateway.domain.reviews import NewContest, Review, ReviewState
from gateway.domain.rights import Caller, Right
from gateway.usecases import reviews
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx


class ContestView(msgspec.Struct, frozen=True):
    """A merchant's contest of a decision: whether a person has decided, or by when one is to."""

    review_id: str
    state: ReviewState
    due_at: Instant


@post(
    "/v1/decisions/{decision_id:str}/contest",
    opt={"right": Right.offers_read, "idempotency": "optional", "checks_merchant": True},
    status_code=200,
    tags=["Credit"],
)
async def contest(
    decision_id: FromPath[str],
    data: JSONBody[NewContest],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[ContestView]:
    """Contest a decision in the merchant's words: a person looks at it and decides.

    Saying the same again while it waits changes nothing; other words are refused until a person has decided.
    """

    async def unit(tx: Tx) -> Review:
        return await reviews.contest(tx, world, caller, decision_id, data.statement)

    return await idempotency.once(request, world, caller, unit, view, status=200)


def view(review: Review) -> ContestView:
    """A contest as its decision shows it."""
    return ContestView(review.id, review.state, review.due_at)


ROUTES = (contest,)
