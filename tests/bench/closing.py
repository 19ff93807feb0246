"""Row 5: `python -m tests.bench.closing FILE DAYS` closes DAYS days for every merchant, in process, on one core.

In between every merchant sells something, untimed. One JSON line: merchants a second, day by day.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from gateway.domain import calendars
from gateway.domain.rights import Caller, Right
from gateway.domain.sales import NewSale, SaleKind
from gateway.main import open_world
from gateway.server import settle_garbage
from gateway.usecases import sales
from tests.bench import seed

if TYPE_CHECKING:
    from gateway.usecases.world import World

_RIGHTS = frozenset({Right.sales_write})


class Clock:
    """A system clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        """See Clock."""
        return self.at


async def run(path: Path, days_count: int) -> list[float]:
    """Merchants closed a second, of each day; the first, which loads everybody, is not among them."""
    clock = Clock()
    rates = []
    async with open_world(seed.settings(path), system_clock=clock) as world:
        settle_garbage()
        callers = _callers(path)
        for day in range(days_count + 1):
            await _sell(world, callers, day)
            on = clock.at.astimezone(calendars.zone(seed.TIMEZONE)).date()
            started = perf_counter()
            await seed.close(world, list(callers), on)
            if day:
                rates.append(len(callers) / (perf_counter() - started))
            clock.at += timedelta(days=1)
    return rates


def _callers(path: Path) -> dict[str, Caller]:
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("SELECT merchant_id, client_id, partner_id, grant_id FROM consents")
        return {m: Caller(client, partner, _RIGHTS, grant, m) for m, client, partner, grant in found}
    finally:
        connection.close()


async def _sell(world: World, callers: dict[str, Caller], day: int) -> None:
    now = world.clock.now()
    sold = [NewSale(f"close-{day}", SaleKind.sale, now, 90_000 + 7_000 * (day % 5), seed.CURRENCY)]
    requests = [sales.Request(merchant_id, caller, sold, now) for merchant_id, caller in callers.items()]
    await asyncio.gather(*(world.store.merge(world.intake, request) for request in requests))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))))
