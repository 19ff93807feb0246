"""Connect a shop's accounts at platforms, tell their secrets, and take connections away again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import states
from gateway.domain.connections import (
    MOVES,
    AlreadyConnected,
    BadAccount,
    Connection,
    ConnectionState,
    UnknownConnection,
    UnknownPlatform,
)
from gateway.store import sql
from gateway.usecases import audit, merchants
from gateway.usecases.audit import Action

if TYPE_CHECKING:
    from gateway.domain.connections import NewConnection
    from gateway.domain.rights import Caller
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


CONVERT = "platform.convert"
"""The job that takes in what an event of a platform says, by the event's `place`."""


def place(connection_id: str, event_id: str) -> str:
    """What an event is known by; neither part has a space in it."""
    return f"{connection_id} {event_id}"


async def add(tx: Tx, world: World, merchant_id: str, caller: Caller, new: NewConnection) -> Connection:
    """Connect an account. Raises NotFound, UnknownPlatform, BadAccount, AlreadyConnected."""
    await merchants.find(tx, merchant_id, caller.partner_id)
    platform = world.platforms.get(new.platform)
    if platform is None:
        known = ", ".join(sorted(world.platforms))
        raise UnknownPlatform(f"{new.platform} is not one of {known}", platform=new.platform)
    if platform.account.fullmatch(new.account_id) is None:
        raise BadAccount(f"{platform.name} has no account ids of this form", platform=platform.name)
    connection_id = world.ids.new("connection")
    added = await tx.run(
        sql.connections.add, id=connection_id, merchant_id=merchant_id, partner_id=caller.partner_id,
        client_id=caller.client_id, platform=platform.name, account_id=new.account_id,
        state=ConnectionState.waiting if new.secret is None else ConnectionState.active,
        secret=_sealed(world, connection_id, new.secret), created_at=world.clock.now(),
    )  # fmt: skip
    if not added:
        raise AlreadyConnected(f"This account at {platform.name} is connected already", platform=platform.name)
    await audit.note(tx, world, caller.client_id, Action.connection_made, connection_id, merchant=merchant_id)
    return await find(tx, merchant_id, connection_id, caller.partner_id)


async def find(reader: Reader, merchant_id: str, connection_id: str, partner_id: str) -> Connection:
    """One of a merchant's connections. Raises UnknownConnection."""
    found = await reader.one(
        sql.connections.find, Connection,
        connection_id=connection_id, merchant_id=merchant_id, partner_id=partner_id,
    )  # fmt: skip
    if found is None:
        raise UnknownConnection("There is no such connection")
    return found


async def page(reader: Reader, merchant_id: str, partner_id: str, after: str, limit: int) -> list[Connection]:
    """A merchant's connections in the order they were made, removed ones too."""
    return await reader.all(
        sql.connections.page, Connection, merchant_id=merchant_id, partner_id=partner_id, after=after, limit=limit
    )


async def tell(world: World, merchant_id: str, connection_id: str, caller: Caller, secret: str) -> Connection:
    """The secret by which the platform signs from now on. Raises UnknownConnection, IllegalMove."""

    async def unit(tx: Tx) -> Connection:
        held = await find(tx, merchant_id, connection_id, caller.partner_id)
        await _move(tx, world, held, ConnectionState.active, secret)
        await audit.note(tx, world, caller.client_id, Action.connection_secret_told, connection_id)
        return await find(tx, merchant_id, connection_id, caller.partner_id)

    return await world.store.write(unit)


async def remove(world: World, merchant_id: str, connection_id: str, caller: Caller) -> None:
    """Take nothing in by it any more, and forget its secret; once removed it stays so. Raises UnknownConnection."""

    async def unit(tx: Tx) -> None:
        held = await find(tx, merchant_id, connection_id, caller.partner_id)
        if held.state is not ConnectionState.removed:
            await _move(tx, world, held, ConnectionState.removed, None)
            await audit.note(tx, world, caller.client_id, Action.connection_removed, connection_id)

    await world.store.write(unit)


async def _move(tx: Tx, world: World, held: Connection, target: ConnectionState, secret: str | None) -> None:
    states.check(MOVES, held.state, target)
    moved = await tx.run(
        sql.connections.move, connection_id=held.id, source=held.state, target=target,
        secret=_sealed(world, held.id, secret), state_at=world.clock.now(),
    )  # fmt: skip
    if not moved:
        raise states.IllegalMove("the connection moved meanwhile", state=held.state, wanted=target)


def _sealed(world: World, connection_id: str, secret: str | None) -> bytes | None:
    return None if secret is None else world.vault.seal(secret.encode(), connection_id)
