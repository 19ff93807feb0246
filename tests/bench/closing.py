"""Row 5: `python -m tests.bench.closing FILE DAYS [cut]` closes DAYS days for every merchant, in process, on one core.

In between every merchant sells, untimed, what it usually does, a little more or less, so that few limits change.
With `cut` it sells less every day, so that every close writes a decision, an offer and a notice, the dearest day there
is. One JSON line: merchants a second, day by day.
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
from gateway.domain.histories import WINDOW
from gateway.domain.rights import Caller, Right
from gateway.domain.sales import NewSale, SaleKind
from gateway.main import open_world
from gateway.server import settle_garbage
from gateway.usecases import positions, sales
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


async def run(path: Path, days_count: int, *, cut: bool = False) -> list[float]:
    """Merchants closed a second, of each day; the first, which loads everybody, is not among them."""
    clock = Clock()
    rates = []
    async with open_world(seed.settings(path), system_clock=clock) as world:
        settle_garbage()
        callers = _callers(path)
        for day in range(days_count + 1):
            await _sell(world, callers, day, cut=cut)
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


async def _sell(world: World, callers: dict[str, Caller], day: int, *, cut: bool) -> None:
    now, known = world.clock.now(), await positions.load(world.store, world, callers.keys())
    requests = []
    for number, (merchant_id, caller) in enumerate(callers.items()):
        history = known[merchant_id].history
        usual = 0 if history is None else history.tails[WINDOW] // WINDOW
        percent = 88 - day % 5 if cut else 97 + (number + 3 * day) % 7
        sold = NewSale(f"close-{day}", SaleKind.sale, now, max(1, usual * percent // 100), seed.CURRENCY)
        requests.append(sales.Request(merchant_id, caller, [sold], now))
    await asyncio.gather(*(world.store.merge(world.intake, request) for request in requests))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2]), cut="cut" in sys.argv[3:]))))
