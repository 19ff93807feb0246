"""Money: what a partner withheld from its merchants' settlements, and owes the bank until it has paid."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency, paging
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.remittances import Line, NewRemittance, Remittance, RemittanceState
from gateway.domain.rights import Caller, Right
from gateway.store import sql
from gateway.usecases import remittances
from gateway.usecases.remittances import Outcome, Reported
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx

_TAGS = ["Money"]


class RemittanceView(msgspec.Struct, frozen=True):
    """What was withheld and reported. Pay `outstanding_amount` to the bank with exactly `transfer_reference`."""

    id: str
    reference: str
    bank_id: str
    currency: str
    amount: int
    received_amount: int
    outstanding_amount: int
    state: RemittanceState
    transfer_reference: str
    created_at: datetime
    state_at: datetime


class RemittanceLines(RemittanceView, frozen=True):
    """The same with its lines."""

    lines: tuple[Line, ...] = ()


class ReportedView(RemittanceView, frozen=True):
    """The same with what became of each line that was sent."""

    outcomes: tuple[Outcome, ...] = ()


@post("/v1/remittances", opt={"right": Right.remittances_write, "idempotency": "required"}, tags=_TAGS)
async def report(
    data: JSONBody[NewRemittance],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[ReportedView]:
    """Report what was withheld, at most 1,000 lines. Each line that was due discharges its merchant.

    A line of more than was due is refused, of less leaves the rest due with the next close.
    """

    async def unit(tx: Tx) -> Reported:
        return await remittances.report(tx, world, caller, data)

    return await idempotency.once(
        request, world, caller, unit,
        lambda made: ReportedView(**_values(made.remittance), outcomes=tuple(made.outcomes)),
    )  # fmt: skip


@get("/v1/remittances", opt={"right": Right.remittances_read}, tags=_TAGS)
async def listed(
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[RemittanceView]:
    """List the partner's remittances, oldest first."""
    after = paging.decode(cursor, "remittance") or ""
    found = await world.store.all(
        sql.remittances.page, Remittance, partner_id=caller.partner_id, after=after, limit=limit + 1
    )
    return paging.page(found, limit, lambda one: RemittanceView(**_values(one)), lambda one: one.id)


@get("/v1/remittances/{remittance_id:str}", opt={"right": Right.remittances_read}, tags=_TAGS)
async def show(
    remittance_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> RemittanceLines:
    """Show a remittance, line by line."""
    found = await remittances.find(world.store, remittance_id, caller.partner_id)
    lines = await world.store.all(sql.remittances.lines, Line, remittance_id=remittance_id)
    return RemittanceLines(**_values(found), lines=tuple(lines))


def _values(found: Remittance) -> dict[str, Any]:
    values = msgspec.structs.asdict(found)
    for name in ("partner_id", "entries"):
        values.pop(name)
    values["transfer_reference"] = values.pop("end_to_end_id")
    return values | {"outstanding_amount": found.amount - found.received_amount}


ROUTES = (report, listed, show)
