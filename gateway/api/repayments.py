"""Money: what comes back of a drawdown, what pays it off, and paying it early."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency, paging
from gateway.api.drawdowns import own
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.payoffs import NewRepayment
from gateway.domain.repayments import Channel, Repayment, RepaymentKind, RepaymentState
from gateway.domain.rights import Caller, Right
from gateway.store import sql
from gateway.usecases import early, payoffs
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx

_TAGS = ["Money"]


class RepaymentView(msgspec.Struct, frozen=True):
    """Money on its way to the bank, or there: a share of a day's net sales, or what `kind` says.

    `rebate_amount` is what of the fee need not be paid once it settles. `transfer_reference` is what a transfer must
    carry to be known. `fee_amount` below zero: so much of the fee paid before pays principal.
    """

    id: str
    drawdown_id: str
    kind: RepaymentKind
    channel: Channel
    business_on: date
    state: RepaymentState
    currency: str
    amount: int
    principal_amount: int
    fee_amount: int
    suspense_amount: int
    recovered_amount: int
    rebate_amount: int
    transfer_reference: str | None
    collect_on: date | None
    settled_on: date | None
    reason: str | None
    retry_of: str | None
    attempts_count: int


class PayoffView(msgspec.Struct, frozen=True):
    """What clears a drawdown today: `amount`, beside `pending_amount` on its way already, and `rebate_amount` less."""

    drawdown_id: str
    as_of_on: date
    currency: str
    outstanding_amount: int
    pending_amount: int
    rebate_amount: int
    amount: int


@get(
    "/v1/drawdowns/{drawdown_id:str}/repayments",
    opt={"right": Right.drawdowns_read, "checks_merchant": True},
    tags=_TAGS,
)
async def listed(
    drawdown_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[RepaymentView]:
    """List a drawdown's repayments, oldest first."""
    await own(world, drawdown_id, caller)
    after = paging.decode(cursor, "repayment") or ""
    found = await world.store.all(sql.repayments.page, Repayment, drawdown_id=drawdown_id, after=after, limit=limit + 1)
    return paging.page(found, limit, view, lambda repayment: repayment.id)


@get("/v1/drawdowns/{drawdown_id:str}/payoff", opt={"right": Right.drawdowns_read, "checks_merchant": True}, tags=_TAGS)
async def payoff(
    drawdown_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> PayoffView:
    """Tell what clears a drawdown today, with the rebate of paying early."""
    drawdown, today = await own(world, drawdown_id, caller), world.clock.now().date()
    found = await payoffs.of(world.store, drawdown, today)
    return PayoffView(drawdown_id, today, drawdown.currency, **msgspec.structs.asdict(found))


@post(
    "/v1/drawdowns/{drawdown_id:str}/repayments",
    opt={"right": Right.drawdowns_write, "idempotency": "required", "checks_merchant": True},
    tags=_TAGS,
)
async def pay(
    drawdown_id: FromPath[str],
    data: JSONBody[NewRepayment],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[RepaymentView]:
    """Pay early: a part, or with `payoff` all that is owed less the rebate.

    By debit, or by a transfer that carries the answer's `transfer_reference`; its rebate holds until `collect_on`.
    """
    await own(world, drawdown_id, caller, Right.drawdowns_write)

    async def unit(tx: Tx) -> Repayment:
        return await early.pay(tx, world, caller, drawdown_id, data)

    return await idempotency.once(request, world, caller, unit, view)


def view(repayment: Repayment) -> RepaymentView:
    """A repayment as clients see it."""
    names = set(RepaymentView.__struct_fields__) - {"transfer_reference"}
    reference = repayment.end_to_end_id if repayment.channel is Channel.transfer else None
    return RepaymentView(**{name: getattr(repayment, name) for name in names}, transfer_reference=reference)


ROUTES = (listed, payoff, pay)
