"""/v1/merchants/{id}/authority: a partner proposes who may draw by one click and how much; the signatory decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency
from gateway.domain.authorities import Authority, AuthorityState, Caps, NewAuthority, User
from gateway.domain.calendars import Instant
from gateway.domain.rights import Caller, Right
from gateway.usecases import authorities, merchants
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx

_TAGS = ["Merchants"]
_ADDRESS = "/v1/merchants/{merchant_id:str}/authority"


class AuthorityView(msgspec.Struct, frozen=True):
    """An authority: its users and caps never change. The signatory approves or refuses it at `approval_url`."""

    id: str
    state: AuthorityState
    users: tuple[User, ...]
    caps: Caps
    approval_url: str
    created_at: Instant
    expires_at: Instant
    approved_at: Instant | None
    state_at: Instant


class AuthoritiesView(msgspec.Struct, frozen=True):
    """The authority in force, and the one that waits for the signatory; either may be absent."""

    merchant_id: str
    active: AuthorityView | None
    proposed: AuthorityView | None


@post(_ADDRESS, opt={"right": Right.merchants_write, "idempotency": "optional"}, tags=_TAGS)
async def propose(
    merchant_id: FromPath[str],
    data: JSONBody[NewAuthority],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[AuthorityView]:
    """Propose who may draw by one click, and up to which caps. It counts only once the signatory approved it.

    Another proposal replaces one that still waits; the one in force stays until a new one is approved.
    """

    async def unit(tx: Tx) -> AuthorityView:
        return _view(world, await authorities.propose(tx, world, merchant_id, caller.partner_id, data))

    return await idempotency.once(request, world, caller, unit, lambda view: view)


@get(_ADDRESS, opt={"right": Right.merchants_read}, tags=_TAGS)
async def show(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> AuthoritiesView:
    """Show the authority in force and the one that waits for the signatory."""
    await merchants.find(world.store, merchant_id, caller.partner_id)
    found = await authorities.standing(world.store, world, merchant_id)
    return AuthoritiesView(
        merchant_id=merchant_id,
        active=None if found.active is None else _view(world, found.active),
        proposed=None if found.proposed is None else _view(world, found.proposed),
    )


def _view(world: World, found: Authority) -> AuthorityView:
    query = urlencode({"merchant_id": found.merchant_id, "authority": found.id})
    return AuthorityView(
        id=found.id,
        state=found.state,
        users=found.users,
        caps=found.caps,
        approval_url=f"{world.settings.address}{authorities.PAGE}?{query}",
        created_at=found.created_at,
        expires_at=found.expires_at,
        approved_at=None if found.approval is None else found.approval.approved_at,
        state_at=found.state_at,
    )


ROUTES = (propose, show)
