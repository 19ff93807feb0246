"""`python -m tests.store.writer_process URL PREFIX`: writes for ever, printing each acknowledged id."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count

from gateway.store import open_store
from tests.store import notes


async def _write_for_ever(url: str, prefix: str) -> None:
    store = await open_store(url)
    numbers = count()

    async def write_on() -> None:
        for number in numbers:
            id_ = f"{prefix}{number:06}"
            await notes.write(store, id_)
            os.write(1, f"{id_}\n".encode())

    await asyncio.gather(*[write_on() for _ in range(16)])


asyncio.run(_write_for_ever(sys.argv[1], sys.argv[2]))
