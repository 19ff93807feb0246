"""Open the database an address names, and bring its schema up to this version."""

from __future__ import annotations

import importlib
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosqlite

from gateway.store.database import BadDatabaseUrl
from gateway.store.sqlite import SqliteReader, SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.store.database import Reader, Store

SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


async def open_store(url: str, *, pool_count: int = 8) -> Store:
    """`sqlite:///path` or `postgresql://…` → an open, migrated Store. Raises BadDatabaseUrl, or Owned (SQLite)."""
    if url.startswith(SQLITE):
        return await _open_sqlite(Path(url.removeprefix(SQLITE)))
    store: Store = await _postgres(url).PostgresStore.open(url, pool_count)
    return store


async def _open_sqlite(path: Path) -> Store:
    if path.name in ("", ":memory:"):
        raise BadDatabaseUrl("the address names no file: sqlite:///restock.db, or sqlite:////var/lib/restock.db")
    try:
        return await SqliteStore.open(path)
    except (OSError, sqlite3.Error) as error:
        raise BadDatabaseUrl(f"{path} cannot be used: {error}") from error


@asynccontextmanager
async def reading(url: str) -> AsyncIterator[Reader]:
    """Only look at a database, beside whoever owns it; nothing is migrated and nothing can be written."""
    if url.startswith(SQLITE):
        path = Path(url.removeprefix(SQLITE))
        if not path.is_file():  # noqa: ASYNC240 - once, and nobody else is served
            raise BadDatabaseUrl(f"{path} is not there")
        async with aiosqlite.connect(path, isolation_level=None) as connection:
            connection.row_factory = sqlite3.Row
            await connection.execute("PRAGMA query_only=ON")
            yield SqliteReader(connection)
        return
    async with _postgres(url).reading(url) as reader:
        yield reader


def _postgres(url: str) -> Any:
    """The module of the other engine: asyncpg is an extra."""
    if not url.startswith(POSTGRES):
        raise BadDatabaseUrl(f"{url.split(':', 1)[0]!r} is no database we know: use sqlite:///path or postgresql://…")
    try:
        return importlib.import_module("gateway.store.postgres")
    except ImportError:
        raise BadDatabaseUrl("PostgreSQL needs the extra: pip install 'restock-gateway[postgres]'") from None
