"""The sandbox plays a shop's platform: it calls as the real one does, signed, and goes the same way into the books.

What is left out is the network, and with it how often a platform may call. What was told is taken in at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.domain.connections import ConnectionState, NotActive
from gateway.source_ports import Account
from gateway.usecases import connections, platforms
from gateway.usecases.connections import place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.connections import Connection
    from gateway.source_ports import Told
    from gateway.usecases.world import World

TOGETHER_COUNT = 100
"""So many events are on their way at once."""


async def active(world: World, merchant_id: str, connection_id: str, partner_id: str) -> Connection:
    """A connection by which a platform may call. Raises UnknownConnection or NotActive."""
    found = await connections.find(world.store, merchant_id, connection_id, partner_id)
    if found.state is not ConnectionState.active:
        raise NotActive("Tell the secret it signs by first", state=found.state)
    return found


async def tell(world: World, connection: Connection, told: Sequence[Told]) -> None:
    """Say what happened as the connection's platform does. Raises UnknownConnection or ConsentRequired."""
    for start in range(0, len(told), TOGETHER_COUNT):
        await asyncio.gather(*(_call(world, connection, one) for one in told[start : start + TOGETHER_COUNT]))


async def _call(world: World, connection: Connection, told: Told) -> None:
    platform, _, secret = await platforms.called(world, connection.platform, connection.id)
    account = Account(connection.account_id, platforms.address(world, connection), secret)
    call = world.simulated[platform.name].call(told, account, world.system_clock.now())
    platform.verify(call, secret)
    await platforms.note(world, platform, connection, call, at_once=True)
    await platforms.convert(world, place(connection.id, platform.identify(call).event_id))
