"""Money: what a drawdown's schedule asks for, and what of it has been paid."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api.drawdowns import own
from gateway.domain.rights import Caller, Right
from gateway.usecases import loans
from gateway.usecases.world import World


class DueView(msgspec.Struct, frozen=True):
    """By the end of `due_on`, `amount` of the total has to be repaid; `paid_amount` of it has arrived."""

    due_on: date
    amount: int
    paid_amount: int


class RestView(msgspec.Struct, frozen=True):
    """Nothing falls due from `from_on` until `until_on`."""

    from_on: date
    until_on: date


class ScheduleView(msgspec.Struct, frozen=True):
    """What has to be repaid by when, shares of sales included; a surplus counts for the next due date.

    Empty before the money went and after the loan was written off, unless a plan was agreed after that. `pauses` are
    in the dates already.
    """

    drawdown_id: str
    currency: str
    total_amount: int
    paid_amount: int
    pending_amount: int
    dues: list[DueView]
    pauses: list[RestView]


@get("/v1/drawdowns/{drawdown_id:str}/schedule",
     opt={"right": Right.drawdowns_read, "checks_merchant": True}, tags=["Money"])  # fmt: skip
async def show(
    drawdown_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> ScheduleView:
    """Show a drawdown's due dates, with what has been paid of each."""
    drawdown = await own(world, drawdown_id, caller)
    account = await loans.account(world.store, drawdown, world.clock.now().date())
    return ScheduleView(
        drawdown_id=drawdown.id,
        currency=drawdown.currency,
        total_amount=drawdown.total_amount,
        paid_amount=account.paid_amount if account.dues else 0,
        pending_amount=account.pending_amount,
        dues=[DueView(due.due_on, amount, paid) for due, amount, paid in account.by_due()],
        pauses=[RestView(one.from_on, one.until_on) for one in account.pauses],
    )


ROUTES = (show,)
