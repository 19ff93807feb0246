from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.store import migrate, open_store
from gateway.store.migrate import Migration, MigrationChanged
from tests.store.notes import query

if TYPE_CHECKING:
    from gateway.store import Store, Tx

pytestmark = pytest.mark.anyio

APPLIED = query(migrate.APPLIED)


async def test_a_new_database_has_every_migration_of_this_version(empty_database_url: str) -> None:
    known = [(one.number, one.checksum) for one in migrate.migrations()]
    store = await open_store(empty_database_url)
    assert await store.all(APPLIED) == known
    assert [number for number, _ in known] == list(range(1, len(known) + 1))
    await store.close()


async def test_opening_again_changes_nothing(empty_database_url: str) -> None:
    for _ in range(2):
        store = await open_store(empty_database_url)
        assert len(await store.all(APPLIED)) == len(migrate.migrations())
        await store.close()


@pytest.mark.parametrize(
    "change",
    ["UPDATE migrations SET checksum = 'another' WHERE number = 1", "INSERT INTO migrations VALUES (9999, 'new', 'x')"],
    ids=["another text", "from a later version"],
)
async def test_a_database_of_another_version_is_refused_and_let_go(database_url: str, change: str) -> None:
    store = await open_store(database_url)
    await store.write(lambda tx: tx.run(query(change)))
    await store.close()
    for _ in range(2):
        with pytest.raises(MigrationChanged):
            await open_store(database_url)


async def test_a_migration_that_fails_leaves_nothing(store: Store) -> None:
    known = [
        *migrate.migrations(),
        Migration(9998, "good", ("CREATE TABLE kept (id BIGINT)",), "a"),
        Migration(9999, "bad", ("CREATE TABLE lost (id BIGINT)", "nonsense"), "b"),
    ]
    before = await store.all(APPLIED)

    async def unit(tx: Tx) -> None:
        await migrate.migrate([(row[0], row[1]) for row in before], lambda text: tx.run(query(text)), known)

    with pytest.raises(Exception, match="nonsense"):
        await store.write(unit)
    assert await store.all(APPLIED) == before
    await store.write(lambda tx: tx.run(query("CREATE TABLE kept (id BIGINT)")))


async def test_replicas_that_start_together_migrate_one_after_another(empty_postgres_url: str) -> None:
    stores = await asyncio.gather(*[open_store(empty_postgres_url) for _ in range(3)])
    assert len(await stores[0].all(APPLIED)) == len(migrate.migrations())
    for store in stores:
        await store.close()
