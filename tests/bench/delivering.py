"""`python -m tests.bench.delivering FILE ROUNDS` sends events to 100 endpoints, receivers in process, on one core.

In every second round one endpoint takes its requests and never answers; only the other 99 are counted. One JSON line:
deliveries a second with the dead one, round by round, then without it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from gateway.domain.events import Event
from gateway.domain.rights import Caller, Right
from gateway.domain.tiers import Tier
from gateway.domain.webhooks import MOST_COUNT, NewWebhook
from gateway.main import open_world
from gateway.server import settle_garbage
from gateway.store import sql
from gateway.usecases import events, webhooks
from gateway.usecases.courier import Courier
from tests.bench import seed
from tests.webhooks.receivers import receiving

if TYPE_CHECKING:
    from gateway.usecases.world import World
    from tests.webhooks.receivers import Receiver

ENDPOINTS_COUNT, EVENTS_COUNT = 100, 20


async def run(path: Path, rounds: int) -> list[float]:
    """Deliveries a second to the 99: with a dead endpoint beside them, then without."""
    dead, none_dead = [], []
    async with open_world(seed.settings(path)) as world, receiving() as living, receiving() as other:
        partners = await _endpoints(world, living.url, other.url)
        settle_garbage()
        await _round(world, partners, living, other, dead=False)  # what is opened once is opened
        for _ in range(rounds):
            dead.append(await _round(world, partners, living, other, dead=True))
            none_dead.append(await _round(world, partners, living, other, dead=False))
    return dead + none_dead


async def _endpoints(world: World, living: str, other: str) -> list[str]:
    """100 endpoints of as many partners as that takes; one of them is at `other`."""
    partners: list[str] = []
    for number in range(ENDPOINTS_COUNT):
        if number % MOST_COUNT == 0:
            partners.append(world.ids.new("partner"))
            await world.store.write(
                lambda tx: tx.run(
                    sql.clients.add_partner, id=partners[-1], name=partners[-1], tier=Tier.settled,
                    created_at=world.system_clock.now(),
                )
            )  # fmt: skip
        caller = Caller("cli_bench", partners[-1], frozenset({Right.webhooks_write}))
        new = NewWebhook(other if number == 0 else living)
        await world.store.write(lambda tx, caller=caller, new=new: webhooks.add(tx, world, caller, new))  # type: ignore[misc]
    return partners


async def _round(world: World, partners: list[str], living: Receiver, other: Receiver, *, dead: bool) -> float:
    """Everybody's partner has events; how many a second the 99 heard."""
    wanted = len(living.heard) + (ENDPOINTS_COUNT - 1) * EVENTS_COUNT
    if dead:
        other.open.clear()
    await _happen(world, partners)
    courier = Courier(world)
    started = perf_counter()
    task = asyncio.create_task(courier.run())
    await living.until(wanted)
    seconds = perf_counter() - started
    other.open.set()
    courier.stop()
    await task
    await Courier(world).settle()  # what the dead one held back is none of the next round's
    return (ENDPOINTS_COUNT - 1) * EVENTS_COUNT / seconds


async def _happen(world: World, partners: list[str]) -> None:
    now = world.clock.now()
    for partner_id in partners:
        told = [
            Event("merchant", merchant_id, "merchant.created", merchant_id, partner_id,
                  {"id": merchant_id, "merchant_id": merchant_id}, now)
            for merchant_id in (world.ids.new("merchant") for _ in range(EVENTS_COUNT))
        ]  # fmt: skip
        await world.store.write(lambda tx, told=told: events.emit(tx, world, told))  # type: ignore[misc]
    while await events.place(world):
        pass


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))))
