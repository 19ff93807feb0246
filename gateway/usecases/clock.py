"""The sandbox's test clock: gateway and bank move on together, day by day, with all due work done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from gateway.domain.errors import Conflict
from gateway.usecases import turns, work

if TYPE_CHECKING:
    from gateway.usecases.world import World


class NotSandbox(Conflict):
    """Real money keeps real time."""

    code = "not_sandbox"
    title = "Only the sandbox has this"


async def advance(world: World, days: int) -> datetime:
    """Move `days` on; on each day the bank moves too, days close, money settles. The new business time.

    Nobody else works meanwhile: two calls at once move the clock by the days of both, one after the other. When the
    bank cannot be reached the clock has moved and the bank has not; the next call brings it to the same date.
    """
    if not world.settings.sandbox:
        raise NotSandbox("the clock of a live gateway cannot be moved")
    async with turns.turn(world, patience_seconds=work.PATIENCE_SECONDS):
        await world.clock.load(world.store)
        for _ in range(days):
            await work.rounds(world)
            to = world.clock.now() + timedelta(days=1)
            await world.clock.set(world.store, to)
            for bank in world.banks.values():
                if bank.clock is not None:
                    await bank.clock.advance(to)
            await work.rounds(world)
        return world.clock.now()
