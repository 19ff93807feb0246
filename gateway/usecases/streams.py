"""What happens to a shop, told to whoever stands at its till: by position from the event log, on any replica.

Each event is asked anew whether the token still stands and the merchant's consent still opens it. No connection to the
database is held between two events.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from gateway.domain import streams as rules
from gateway.domain.consents import ConsentRequired
from gateway.domain.errors import Forbidden, Unauthenticated
from gateway.domain.rights import Right
from gateway.oauth import tokens
from gateway.usecases import events, positions

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from datetime import datetime

    from gateway.domain.events import StoredEvent
    from gateway.domain.positions import Position
    from gateway.domain.rights import Caller
    from gateway.usecases.tailing import Seat
    from gateway.usecases.world import World

HEARTBEAT_SECONDS = 10.0
"""How long a stream is silent at most; how long it may outlive a session that was ended."""

NAMED = frozenset(rules.NEEDED.values())


class Told(NamedTuple):
    """How far the log was read, and what is told of it: nothing at the beginning and at a heartbeat."""

    position: int
    event: StoredEvent | None


async def follow(world: World, token: str, caller: Caller, after: int | None) -> AsyncGenerator[Told]:
    """What happens to the caller's merchant after a position, None = from now on; ends with the token or its consent.

    The first thing told is where it begins. Raises Forbidden or TooManyStreams.
    """
    if caller.merchant_id is None:
        raise Forbidden("A stream is about one merchant: open it with the token of a widget session")
    position = await _begin(world, after)
    async with (
        world.streams.seat(caller.merchant_id, tokens.digest(token)) as seat,
        contextlib.aclosing(_told(world, seat, position)) as told,
    ):
        yield Told(position, None)
        async for event in told:
            opened = await _opened(world, token, seat.merchant_id)
            if seat.ended or Right.merchants_read not in opened:
                return
            position = position if event is None else event.position
            if event is None or rules.needed(event, caller) in opened:
                yield Told(position, event)


async def _begin(world: World, after: int | None) -> int:
    """Where to begin; nobody is ahead of the log, whatever they heard of it before it was restored."""
    last = await events.last_position(world.store)
    return last if after is None else min(after, last)


async def _told(world: World, seat: Seat, after: int) -> AsyncGenerator[StoredEvent | None]:
    """Every event about the seat's merchant after a position, in order, each once; None where nothing came for a while.

    The seat was taken before the log is read here: what is numbered meanwhile waits there.
    """
    position = after
    while page := await events.about(world.store, seat.merchant_id, position):
        for event in page:
            position = event.position
            seat.skip(position)
            yield event
    while not seat.ended:
        found = await seat.next(HEARTBEAT_SECONDS)
        if found is None or found.position > position:
            position = position if found is None else found.position
            yield found


async def _opened(world: World, token: str, merchant_id: str) -> frozenset[Right]:
    """What the token opens this very moment: nothing once it, its session or the merchant's consent has ended."""
    await world.refresh()
    try:
        caller = await world.tokens.identify(token)
    except Unauthenticated:
        return frozenset()
    position = await positions.current(world, merchant_id)
    if position is None:
        return frozenset()
    return frozenset(right for right in caller.rights & NAMED if _holds(position, caller, right, world.clock.now()))


def _holds(position: Position, caller: Caller, right: Right, now: datetime) -> bool:
    try:
        positions.permit_right(position, caller, right, now)
    except ConsentRequired:
        return False
    return True
