"""Money: a merchant that needs relief asks for it; officers decide."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency
from gateway.api.drawdowns import own
from gateway.domain.arrangements import ArrangementKind, ArrangementState, NewArrangement
from gateway.domain.rights import Caller, Right
from gateway.usecases import hardship
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx


class ArrangementView(msgspec.Struct, frozen=True):
    """What was asked for: `proposed` until officers have decided, who also say for how many `days`."""

    id: str
    drawdown_id: str
    kind: ArrangementKind
    state: ArrangementState
    days: int | None
    created_at: datetime


@post(
    "/v1/drawdowns/{drawdown_id:str}/arrangements",
    opt={"right": Right.drawdowns_write, "idempotency": "required", "checks_merchant": True},
    tags=["Money"],
)
async def ask(
    drawdown_id: FromPath[str],
    data: JSONBody[NewArrangement],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[ArrangementView]:
    """Ask for a pause of a loan, for the merchant. Nothing changes until two officers of the lender have agreed.

    The merchant's own word is not one of the two: it asks in its own interest. One request of a loan is open at a time.
    """
    await own(world, drawdown_id, caller, Right.drawdowns_write)

    async def unit(tx: Tx) -> ArrangementView:
        made = await hardship.ask(tx, world, caller, drawdown_id, data)
        return ArrangementView(**{name: getattr(made, name) for name in ArrangementView.__struct_fields__})

    return await idempotency.once(request, world, caller, unit, lambda made: made)


ROUTES = (ask,)
