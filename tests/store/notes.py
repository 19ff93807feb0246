"""A small table of the tests' own, made on either engine, and what asyncio complains of."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

from gateway.store import queries

if TYPE_CHECKING:
    from gateway.store import Store, Tx
    from gateway.store.queries import Query


def query(text: str, postgres: str | None = None) -> Query:
    """A query outside the named ones."""
    return queries._query("test", text, postgres or text)


CREATE = query("CREATE TABLE notes (id TEXT PRIMARY KEY, body TEXT)")
ADD = query("INSERT INTO notes (id, body) VALUES (:id, :body)")
IDS = query("SELECT id FROM notes ORDER BY id")


async def add(tx: Tx, *ids: str) -> None:
    """Write a note for each id."""
    for id_ in ids:
        await tx.run(ADD, id=id_, body="")


async def write(store: Store, *ids: str) -> None:
    """Write notes in one unit."""
    await store.write(lambda tx: add(tx, *ids))


async def held(store: Store | Tx) -> list[str]:
    """The ids stored."""
    return [row[0] for row in await store.all(IDS)]


async def unheard() -> list[str]:
    """What asyncio complains of when it drops the futures nobody holds any more: exceptions nobody retrieved."""
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: complaints.append(context["message"]))
    gc.collect()
    await asyncio.sleep(0)
    loop.set_exception_handler(before)
    return complaints
