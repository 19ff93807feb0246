from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import asyncpg
import pytest

from gateway.store.database import BadDatabaseUrl
from gateway.store.open import reading
from tests.store import notes

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store import Store

pytestmark = pytest.mark.anyio


async def test_a_bystander_sees_what_the_owner_commits_and_cannot_write(store: Store, database_url: str) -> None:
    async with reading(database_url) as reader:
        await notes.write(store, "a")
        assert await reader.all(notes.IDS) == [("a",)]
        with pytest.raises((sqlite3.OperationalError, asyncpg.ReadOnlySQLTransactionError)):
            await reader.all(notes.ADD, id="b", body="")
    assert await notes.held(store) == ["a"]


async def test_looking_migrates_nothing(empty_postgres_url: str) -> None:
    async with reading(empty_postgres_url) as reader:
        assert await reader.one(notes.query("SELECT CAST(to_regclass('migrations') AS TEXT)")) == (None,)


@pytest.mark.parametrize("url", ["sqlite:///{}/absent.db", "mysql://x/y"])
async def test_looking_at_nothing_is_refused_and_makes_no_file(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadDatabaseUrl):
        async with reading(url.format(tmp_path)):
            pass
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - an empty folder
