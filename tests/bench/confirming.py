"""`python -m tests.bench.confirming FOLDER COUNT`: from the click to the stored instruction, in process.

Shops with an offer at a real bank draw COUNT times while the worker runs as it does in a server: the click commits, the
bank's decision is recorded, and the exact bytes to be sent are stored. The next draw comes when they were sent. One
JSON line: milliseconds, a draw each.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from gateway.demo.bank_process import start_mock_bank
from gateway.server import settle_garbage
from gateway.worker import Worker
from tests import banks, shops

if TYPE_CHECKING:
    from tests.shops import Shop

DRAWS_COUNT = 20
"""Of one shop: no more than 24 may be confirmed in a day."""
TAKINGS_AMOUNT = 1_000_000
_WARM_COUNT = 5
_LOOK_SECONDS = 0.0005
_STORED = "SELECT COUNT(*) FROM instructions WHERE drawdown_id = ?"
_SENT = "SELECT COUNT(*) FROM instructions WHERE drawdown_id = ? AND sent_at IS NOT NULL"


async def run(folder: Path, count: int) -> list[float]:
    """Milliseconds of each draw; the first few, which fill caches, are not among them."""
    url = f"sqlite:///{folder / 'confirming.db'}"
    with start_mock_bank(banks.CLOCK) as bank:
        async with shops.opened(url, folder, bank.base_url, takings_amount=TAKINGS_AMOUNT) as shop:
            opened = [shop]
            while len(opened) * DRAWS_COUNT < _WARM_COUNT + count:
                opened.append(shops.Shop(shop.gateway, shop.partner, shop.bank))
                await opened[-1].open(takings_amount=TAKINGS_AMOUNT)
            settle_garbage()
            worker = Worker(shop.world)
            working = asyncio.create_task(worker.run())
            try:
                taken = [await _draw(opened[number // DRAWS_COUNT]) for number in range(_WARM_COUNT + count)]
            finally:
                worker.stop()
                await working
    return taken[_WARM_COUNT:]


async def _draw(shop: Shop) -> float:
    offer = await shop.offer()
    proposed = await shop.propose(await shop.quote(offer["step_amount"]))
    looking = sqlite3.connect(shop.world.settings.database_url.removeprefix("sqlite:///"))
    try:
        started = perf_counter()
        answer = await shop.confirm(proposed)
        assert answer.is_success, answer.text
        await _until(looking, _STORED, proposed["id"])
        taken = perf_counter() - started
        await _until(looking, _SENT, proposed["id"])
    finally:
        looking.close()
    return taken * 1_000


async def _until(looking: sqlite3.Connection, query: str, drawdown_id: str) -> None:
    for pause in itertools.repeat(_LOOK_SECONDS):
        if looking.execute(query, (drawdown_id,)).fetchone() != (0,):
            return
        await asyncio.sleep(pause)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))))
