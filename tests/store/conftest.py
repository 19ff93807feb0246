"""An open store on each engine, with the table `notes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.store import Store, open_store
from tests.store import notes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


async def _opened(url: str) -> AsyncIterator[Store]:
    store = await open_store(url)
    await store.write(lambda tx: tx.run(notes.CREATE))
    yield store
    await store.close()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Open on both engines in turn."""
    async for store in _opened(database_url):
        yield store


@pytest.fixture
async def postgres_store(fresh_postgres_url: str) -> AsyncIterator[Store]:
    """Open on PostgreSQL only."""
    async for store in _opened(fresh_postgres_url):
        yield store
