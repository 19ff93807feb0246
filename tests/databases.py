"""Databases that have this version's schema already: copied, because migrating an empty one is most of opening it.

Migrating has tests of its own, on databases that are empty.
"""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.store import Store, open_store
from gateway.store.sqlite import SqliteStore

_SQLITE = "sqlite:///"


def migrate(url: str) -> None:
    """Bring a database up to this version; also where an event loop runs already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, _migrate(url)).result()


async def _migrate(url: str) -> None:
    await (await open_store(url)).close()


def lay(url: str) -> None:
    """Put a copy where a SQLite address names no file yet."""
    path = Path(url.removeprefix(_SQLITE))
    if url.startswith(_SQLITE) and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_sqlite())


def hurry(store: Store) -> None:
    """Wait for no disc: what a power cut leaves is the store's own to prove."""
    if isinstance(store, SqliteStore):
        # Past the connection's own `execute`, which would look for a transaction.
        sqlite3.Connection.execute(store._writer._conn, "PRAGMA synchronous=OFF")


@cache
def _sqlite() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "restock.db")
        migrate(f"{_SQLITE}{path}")
        return path.read_bytes()
