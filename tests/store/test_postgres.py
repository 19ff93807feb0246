from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from gateway.store import Lane, open_store, sql
from gateway.store.database import ATTEMPTS_COUNT, Busy
from gateway.store.postgres import PostgresStore
from tests.store import notes
from tests.store.notes import query

if TYPE_CHECKING:
    from gateway.store import Store, Tx

pytestmark = pytest.mark.anyio

RAISE = query("UPDATE exposures SET amount = amount + 1 WHERE scope = :scope")
REPEATABLE = query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def _open_scopes(store: Store, *scopes: str) -> None:
    await store.write(lambda tx: tx.many(sql.exposures.open, [{"scope": scope} for scope in scopes]))


async def _amount(store: Store, scope: str) -> int:
    ((_, amount),) = await store.all(sql.exposures.of, scopes_json=[scope])
    return int(amount)


async def test_a_real_deadlock_is_run_again_and_both_stand(postgres_store: Store) -> None:
    await _open_scopes(postgres_store, "a", "b")
    both_hold_one, runs = asyncio.Barrier(2), 0

    async def raise_in_order(tx: Tx, *scopes: str) -> None:
        nonlocal runs
        runs += 1
        await tx.run(RAISE, scope=scopes[0])
        if runs <= 2:
            await both_hold_one.wait()
        await tx.run(RAISE, scope=scopes[1])

    await asyncio.gather(
        postgres_store.write(lambda tx: raise_in_order(tx, "a", "b")),
        postgres_store.write(lambda tx: raise_in_order(tx, "b", "a")),
    )
    assert runs == 3
    assert (await _amount(postgres_store, "a"), await _amount(postgres_store, "b")) == (2, 2)


async def test_a_real_serialisation_failure_is_run_again(postgres_store: Store) -> None:
    await _open_scopes(postgres_store, "a")
    both_have_read, runs = asyncio.Barrier(2), 0

    async def unit(tx: Tx) -> None:
        nonlocal runs
        runs += 1
        await tx.run(REPEATABLE)
        await tx.all(sql.exposures.of, scopes_json=["a"])
        if runs <= 2:
            await both_have_read.wait()
        await tx.run(RAISE, scope="a")

    await asyncio.gather(postgres_store.write(unit), postgres_store.write(unit))
    assert runs == 3
    assert await _amount(postgres_store, "a") == 2


async def test_a_unit_that_never_serialises_gives_up(postgres_store: Store) -> None:
    runs: list[int] = []

    async def unit(_tx: Tx) -> None:
        runs.append(1)
        raise asyncpg.SerializationError("could not serialize access")

    with pytest.raises(Busy) as refused:
        await postgres_store.write(unit)
    assert len(runs) == ATTEMPTS_COUNT
    assert isinstance(refused.value.__cause__, asyncpg.SerializationError)


async def test_two_replicas_write_to_one_database(fresh_postgres_url: str) -> None:
    replicas = await asyncio.gather(open_store(fresh_postgres_url), open_store(fresh_postgres_url))
    await _open_scopes(replicas[0], "a")

    async def take(tx: Tx) -> int:
        return await tx.run(sql.exposures.guard, scope="a", amount=1, cap_amount=150)

    async def take_each(tx: Tx, items: list[int]) -> list[int | Exception]:
        return [await take(tx) for _ in items]

    lane = Lane("take", take_each)
    taken = await asyncio.gather(*[
        replica.merge(lane, number) if number % 2 else replica.write(take)
        for number in range(100)
        for replica in replicas
    ])  # fmt: skip
    assert sum(taken) == 150
    assert [await _amount(replica, "a") for replica in replicas] == [150, 150]
    for replica in replicas:
        await replica.close()


async def test_writers_never_take_the_last_connection_from_readers(fresh_postgres_url: str) -> None:
    store = await open_store(fresh_postgres_url, pool_count=2)
    await store.write(lambda tx: tx.run(notes.CREATE))
    started, proceed = asyncio.Event(), asyncio.Event()

    async def unit(_tx: Tx) -> None:
        started.set()
        await proceed.wait()

    writing = [asyncio.create_task(store.write(unit)) for _ in range(10)]
    await started.wait()
    assert await notes.held(store) == []
    proceed.set()
    await asyncio.gather(*writing)
    await store.close()


async def test_a_merged_run_whose_connection_breaks_is_not_run_again(postgres_store: Store) -> None:
    runs: list[int] = []

    async def run(tx: Tx, items: list[str]) -> list[str | Exception]:
        runs.append(len(items))
        await notes.add(tx, *items)
        await tx.all(query("SELECT pg_terminate_backend(pg_backend_pid())"))
        return [*items]

    lane = Lane("breaking", run)
    answers = await asyncio.gather(*[postgres_store.merge(lane, item) for item in "abc"], return_exceptions=True)
    assert runs == [3]
    assert all(isinstance(answer, Exception) for answer in answers)
    await notes.write(postgres_store, "d")
    assert await notes.held(postgres_store) == ["d"]


async def test_nobody_waits_for_ever_when_the_event_loop_is_torn_down(postgres_store: Store) -> None:
    assert isinstance(postgres_store, PostgresStore)
    started = asyncio.Event()

    async def run(_tx: Tx, _items: list[str]) -> list[str | Exception]:
        started.set()
        await asyncio.Event().wait()
        return []

    lane = Lane("hanging", run)
    first = asyncio.create_task(postgres_store.merge(lane, "a"))
    await started.wait()
    second = asyncio.create_task(postgres_store.merge(lane, "b"))
    await asyncio.sleep(0)
    postgres_store._runners[lane].cancel()
    answers = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 2
