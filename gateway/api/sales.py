"""Data in: sales, and the close of a business day."""

from __future__ import annotations

import contextlib
import re
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import exchange, limits, views
from gateway.api.strict_json import Rows
from gateway.api.views import CurrentOffer, ForecastView
from gateway.domain.calendars import Instant
from gateway.domain.errors import FieldError, Invalid, NotFound
from gateway.domain.rights import Caller, Right
from gateway.domain.sales import NewSale
from gateway.usecases import days, sales
from gateway.usecases.days import ZTotals
from gateway.usecases.tellings import RowResult
from gateway.usecases.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.usecases.limits import Judged
    from gateway.usecases.receiving import Outcome

_TAGS = ["Data in"]
PUSH = "/v1/merchants/{merchant_id}/sales"
"""The address of `push`, which `fast_lane` answers too."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Taken(msgspec.Struct, frozen=True):
    """What became of the rows, and where the merchant stands after them.

    `rejected` rows are not stored; `duplicates` were known already. `takings_today_amount` is the current business
    day's net sales so far.
    """

    accepted: int
    duplicates: int
    rejected: list[RowResult]
    data_as_of: Instant | None
    takings_today_amount: int
    offer: CurrentOffer


class ClosedDay(msgspec.Struct, frozen=True):
    """A closed business day without tax and tip, what was withheld for repayment, and what comes next."""

    business_on: date
    state: str
    sales_amount: int
    refunds_amount: int
    voids_amount: int
    net_amount: int
    tickets_count: int
    withheld_amount: int
    offer: CurrentOffer
    next_7_days: ForecastView | None


class NothingTaken(Invalid):
    """Every row was refused; `errors` says why each was."""

    code = "nothing_taken"
    title = "None of the rows could be taken"


@post(
    "/v1/merchants/{merchant_id:str}/sales",
    opt={"right": Right.sales_write},
    status_code=200,
    tags=_TAGS,
    request_max_body_size=limits.MAX_BATCH_BYTES,
)
async def push(
    merchant_id: FromPath[str],
    data: JSONBody[Rows[NewSale]],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Taken:
    """Push sales, refunds and voids: one object, an array, or NDJSON, at most 10,000 rows.

    A record is unique by its `sale_id`; a newer `version` corrects it; late rows land on their own business day. Rows
    are judged one by one; only when none could be taken the whole request is refused.
    """
    exchange.line(request).rows_count = data.count
    return await take(world, caller, merchant_id, data)


async def take(world: World, caller: Caller, merchant_id: str, data: Rows[NewSale]) -> Taken:
    """What `push` does once it is known who asks and what was sent. Raises NothingTaken, NotFound or Busy."""
    now = world.clock.now()
    received = await world.store.merge(world.intake, sales.Request(merchant_id, caller, data.items, now))
    return answer(world, data, received, received.judged)


def answer(world: World, data: Rows[Any], outcome: sales.Received | Outcome, judged: Judged) -> Taken:
    """What became of rows of any kind, each by its place in the body as sent. Raises NothingTaken."""
    rejected = _rejected(data, outcome.rejected)
    if rejected and not outcome.accepted and not outcome.duplicates:
        errors = tuple(FieldError(f"/{row.index}", row.code, row.detail) for row in rejected[:100])
        raise NothingTaken(rejected[0].detail, errors=errors, reason=rejected[0].code)
    return Taken(
        accepted=outcome.accepted,
        duplicates=outcome.duplicates,
        rejected=rejected,
        data_as_of=judged.position.data_at,
        takings_today_amount=judged.position.takings_amount(world.clock.now()),
        offer=views.current_offer(world, judged),
    )


def _rejected(data: Rows[Any], judged: Sequence[RowResult]) -> list[RowResult]:
    """Rows of the wrong shape, and rows that were judged and refused."""
    if not data.faults and not judged:
        return []
    rejected = [RowResult(fault.index, fault.code, fault.detail) for fault in data.faults]
    rejected += [msgspec.structs.replace(row, index=data.indexes[row.index]) for row in judged]
    return sorted(rejected, key=lambda row: row.index)


@post(
    "/v1/merchants/{merchant_id:str}/days/{business_on:str}/close",
    opt={"right": Right.sales_write},
    status_code=200,
    tags=_TAGS,
)
async def close(
    merchant_id: FromPath[str],
    business_on: FromPath[str],
    data: JSONBody[ZTotals],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> ClosedDay:
    """Close a business day and every open day before it.

    Z-totals that are given must agree with the rows received, else nothing is closed. Closing a closed day again
    changes nothing.
    """
    closed = await world.store.merge(world.closing, days.Closing(merchant_id, caller, _date(business_on), data))
    totals, scores = closed.totals, closed.judged.position.scores
    return ClosedDay(
        business_on=closed.business_on,
        state="closed",
        sales_amount=totals.sales_amount,
        refunds_amount=totals.refunds_amount,
        voids_amount=totals.voids_amount,
        net_amount=totals.net_amount,
        tickets_count=totals.tickets_count,
        withheld_amount=closed.withheld_amount,
        offer=views.current_offer(world, closed.judged),
        next_7_days=None if scores is None else views.forecast(7, scores.forecast_7, fallback=scores.fallback),
    )


def _date(text: str) -> date:
    if _DATE.fullmatch(text):  # `fromisoformat` also reads 2026-W47-7
        with contextlib.suppress(ValueError):
            return date.fromisoformat(text)
    raise NotFound("A business day is written as 2026-11-22")


ROUTES = (push, close)
