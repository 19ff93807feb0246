"""Databases that have this version's schema already: copied, because migrating an empty one is most of opening it.

Migrating has tests of its own, on databases that are empty.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.store import open_store

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


@cache
def _sqlite() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder, "restock.db")
        migrate(f"{_SQLITE}{path}")
        return path.read_bytes()
