"""/v1/merchants/{id}/connections: a shop's accounts at platforms that call us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency, paging
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.calendars import Instant
from gateway.domain.connections import Connection, ConnectionChange, ConnectionState, NewConnection
from gateway.domain.rights import Caller, Right
from gateway.usecases import connections, merchants, platforms
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx

_TAGS = ["Connections"]
_ADDRESS = "/v1/merchants/{merchant_id:str}/connections"
_ONE = "/v1/merchants/{merchant_id:str}/connections/{connection_id:str}"


class ConnectionView(msgspec.Struct, frozen=True):
    """A connection; its secret is never shown. The platform is to be told to call `address`."""

    id: str
    platform: str
    account_id: str
    state: ConnectionState
    address: str
    created_at: Instant
    state_at: Instant


@post(_ADDRESS, opt={"right": Right.merchants_write, "idempotency": "optional"}, tags=_TAGS)
async def add(
    merchant_id: FromPath[str],
    data: JSONBody[NewConnection],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[ConnectionView]:
    """Connect a shop's account at a platform.

    Leave `secret` away where the platform makes it once it knows the `address`, and tell it afterwards. What comes in
    is taken under the merchant's consent to you, asked again at each call; without it calls are refused.
    """

    async def unit(tx: Tx) -> ConnectionView:
        return _view(world, await connections.add(tx, world, merchant_id, caller, data))

    return await idempotency.once(request, world, caller, unit, lambda view: view)


@get(_ADDRESS, opt={"right": Right.merchants_read}, tags=_TAGS)
async def page(
    merchant_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[ConnectionView]:
    """List a shop's connections, oldest first, removed ones too."""
    await merchants.find(world.store, merchant_id, caller.partner_id)
    after = paging.decode(cursor, "connection") or ""
    found = await connections.page(world.store, merchant_id, caller.partner_id, after, limit + 1)
    return paging.page(found, limit, lambda one: _view(world, one), lambda one: one.id)


@get(_ONE, opt={"right": Right.merchants_read}, tags=_TAGS)
async def show(
    merchant_id: FromPath[str],
    connection_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> ConnectionView:
    """Show a connection."""
    return _view(world, await connections.find(world.store, merchant_id, connection_id, caller.partner_id))


@patch(_ONE, opt={"right": Right.merchants_write}, tags=_TAGS)
async def change(
    merchant_id: FromPath[str],
    connection_id: FromPath[str],
    data: JSONBody[ConnectionChange],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> ConnectionView:
    """Tell the secret by which the platform signs from now on; calls signed by another are refused at once."""
    return _view(world, await connections.tell(world, merchant_id, connection_id, caller, data.secret))


@delete(_ONE, opt={"right": Right.merchants_write}, status_code=204, tags=_TAGS)
async def remove(
    merchant_id: FromPath[str],
    connection_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> None:
    """Take nothing in by a connection any more. What came by it stays."""
    await connections.remove(world, merchant_id, connection_id, caller)


def _view(world: World, found: Connection) -> ConnectionView:
    return ConnectionView(
        id=found.id,
        platform=found.platform,
        account_id=found.account_id,
        state=found.state,
        address=platforms.address(world, found),
        created_at=found.created_at,
        state_at=found.state_at,
    )


ROUTES = (add, page, show, change, remove)
