"""The sandbox's test clock: gateway and bank move on together, day by day, with all due work done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.domain.errors import Conflict
from gateway.usecases import work

if TYPE_CHECKING:
    from gateway.usecases.world import World


class NotSandbox(Conflict):
    """Real money keeps real time."""

    code = "not_sandbox"
    title = "Only the sandbox has this"


async def advance(world: World, days: int) -> datetime:
    """Move `days` on; on each day the bank moves too, days close, money settles. The new business time."""
    if not world.settings.sandbox:
        raise NotSandbox("the clock of a live gateway cannot be moved")
    for _ in range(days):
        to = world.clock.now() + timedelta(days=1)
        await work.drain(world)
        await world.clock.set(world.store, to)
        if world.bank_clock is not None:
            await world.bank_clock.advance(to)
        await work.drain(world)
    return world.clock.now()
