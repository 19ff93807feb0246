from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from tests.postgres import Server

pytestmark = pytest.mark.anyio


async def test_each_test_gets_an_empty_postgresql_of_its_own(empty_postgres_url: str) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.execute("CREATE TABLE left_behind (id INT)")
    await connection.close()
    assert tables == 0


async def test_a_second_test_sees_nothing_of_the_first(empty_postgres_url: str) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    encoding = await connection.fetchval("SHOW server_encoding")
    tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    assert (encoding, tables) == ("UTF8", 0)


async def test_a_database_is_copied_from_a_template(postgres_server: Server, empty_postgres_url: str) -> None:
    connection = await asyncpg.connect(empty_postgres_url)
    await connection.execute("CREATE TABLE kept (id INT)")
    await connection.close()
    name = postgres_server.create(template=empty_postgres_url.rsplit("/", 1)[1])
    copy = await asyncpg.connect(postgres_server.url(name))
    rows = await copy.fetch("SELECT * FROM kept")
    await copy.close()
    postgres_server.drop(name)
    assert rows == []


def test_both_engines_are_offered(database_url: str) -> None:
    assert database_url.startswith(("sqlite:///", "postgresql://"))
