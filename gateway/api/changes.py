"""/v1/merchants/{id}/payout-account and /contact: ask for another one. The holder approves it on its own page."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency, paging
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.calendars import Instant
from gateway.domain.changes import Change, ChangeKind, ChangeState, NewContact, NewPayoutAccount
from gateway.domain.rights import Caller, Right
from gateway.usecases import changes
from gateway.usecases.world import World

_TAGS = ["Merchants"]
_ASK: dict[str, Any] = {
    "opt": {"right": Right.merchants_write, "idempotency": "required"},
    "tags": _TAGS,
    "status_code": 201,
}


class ChangeView(msgspec.Struct, frozen=True):
    """A change of a payout account or contact.

    `shown` is as much of the new value as one needs to recognise it. While it is `awaiting_approval`, the holder
    approves it at `approval_url` with a passkey, until `expires_at`; then it is `waiting` until `effective_at`, and the
    old value stays in force. The holder can stop it there at any time before.
    """

    id: str
    merchant_id: str
    kind: ChangeKind
    state: ChangeState
    shown: str
    holder_name: str | None
    approval_url: str | None
    expires_at: Instant | None
    effective_at: Instant | None
    created_at: Instant
    state_at: Instant


@put("/v1/merchants/{merchant_id:str}/payout-account", **_ASK)
async def payout_account(
    merchant_id: FromPath[str],
    data: JSONBody[NewPayoutAccount],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[ChangeView]:
    """Ask to pay a shop's loans out to another account, which must be its own.

    The first one takes effect at once. Any other needs the holder's passkey and then 72 hours.
    """
    return await idempotency.once(
        request,
        world,
        caller,
        lambda tx: changes.ask_payout_account(tx, world, caller, merchant_id, data),
        lambda change: _view(world, change),
    )


@put("/v1/merchants/{merchant_id:str}/contact", **_ASK)
async def contact(
    merchant_id: FromPath[str],
    data: JSONBody[NewContact],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[ChangeView]:
    """Ask to send a shop's one-time codes and notices elsewhere.

    The first contact takes effect at once. Any other needs the holder's passkey and then 72 hours.
    """
    return await idempotency.once(
        request,
        world,
        caller,
        lambda tx: changes.ask_contact(tx, world, caller, merchant_id, data),
        lambda change: _view(world, change),
    )


@get("/v1/merchants/{merchant_id:str}/changes", opt={"right": Right.merchants_read}, tags=_TAGS)
async def page(
    merchant_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ChangeView]:
    """List the changes of a shop's payout account and contact."""
    found = await changes.page(
        world.store, merchant_id, caller.partner_id, paging.decode(cursor, "change") or "", limit + 1
    )
    return paging.page(found, limit, lambda change: _view(world, change), lambda change: change.id)


def _view(world: World, change: Change) -> ChangeView:
    asked, waiting = change.state is ChangeState.awaiting_approval, change.state is ChangeState.waiting
    return ChangeView(
        id=change.id,
        merchant_id=change.merchant_id,
        kind=change.kind,
        state=change.state,
        shown=changes.shown(world, change),
        holder_name=change.holder_name,
        approval_url=changes.address(world, change.merchant_id) if asked else None,
        expires_at=change.due_at if asked else None,
        effective_at=change.due_at if waiting else change.state_at if change.state is ChangeState.effective else None,
        created_at=change.created_at,
        state_at=change.state_at,
    )


ROUTES = (payout_account, contact, page)
