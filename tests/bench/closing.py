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
from gateway.domain.sales import NewSale, SaleKind
from gateway.main import open_world
from gateway.server import settle_garbage
from gateway.usecases import sales
from tests.bench import seed

if TYPE_CHECKING:
    from gateway.usecases.world import World


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
        merchants = _merchants(path)
        for day in range(days_count + 1):
            await _sell(world, merchants, day)
            on = clock.at.astimezone(calendars.zone(seed.TIMEZONE)).date()
            started = perf_counter()
            await seed.close(world, [merchant_id for merchant_id, _ in merchants], on)
            if day:
                rates.append(len(merchants) / (perf_counter() - started))
            clock.at += timedelta(days=1)
    return rates


def _merchants(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        return list(connection.execute("SELECT id, partner_id FROM merchants"))
    finally:
        connection.close()


async def _sell(world: World, merchants: list[tuple[str, str]], day: int) -> None:
    now = world.clock.now()
    sold = [NewSale(f"close-{day}", SaleKind.sale, now, 90_000 + 7_000 * (day % 5), seed.CURRENCY)]
    requests = [sales.Request(merchant_id, partner_id, sold, now) for merchant_id, partner_id in merchants]
    await asyncio.gather(*(world.store.merge(world.intake, request) for request in requests))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))))
