from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.store import Stale, open_store
from gateway.store.database import ATTEMPTS_COUNT, WAITING_COUNT, Busy
from tests.store import notes
from tests.store.notes import query, unheard

if TYPE_CHECKING:
    from gateway.store import Store, Tx

pytestmark = pytest.mark.anyio


class Refused(Exception):
    """What a unit of these tests raises."""


async def _refuse(tx: Tx, id_: str = "lost") -> None:
    await notes.add(tx, id_)
    raise Refused(id_)


async def test_a_write_is_there_for_every_reader_when_it_returns(store: Store) -> None:
    assert await store.write(lambda tx: tx.run(notes.ADD, id="a", body="")) == 1
    assert await notes.held(store) == ["a"]


async def test_a_unit_reads_what_it_has_written(store: Store) -> None:
    async def unit(tx: Tx) -> list[str]:
        await notes.add(tx, "a")
        return await notes.held(tx)

    assert await store.write(unit) == ["a"]


async def test_a_failing_unit_rolls_back_alone_and_its_neighbours_commit(store: Store) -> None:
    answers = await asyncio.gather(
        notes.write(store, "a"),
        store.write(_refuse),
        notes.write(store, "b"),
        notes.write(store, "c", "b", "c"),
        notes.write(store, "d"),
        return_exceptions=True,
    )
    assert await notes.held(store) == ["a", "b", "d"]
    assert [answer is None for answer in answers] == [True, False, True, False, True]
    assert isinstance(answers[1], Refused)


async def test_two_hundred_writes_at_once_all_stand(store: Store) -> None:
    ids = [f"{number:03}" for number in range(200)]
    await asyncio.gather(*[notes.write(store, id_) for id_ in ids])
    assert await notes.held(store) == ids


async def test_a_stale_unit_is_run_again_from_a_clean_slate(store: Store) -> None:
    runs = 0

    async def unit(tx: Tx) -> int:
        nonlocal runs
        runs += 1
        await notes.add(tx, "a")
        if runs < ATTEMPTS_COUNT:
            raise Stale
        return runs

    assert await store.write(unit) == ATTEMPTS_COUNT
    assert await notes.held(store) == ["a"]


async def test_a_unit_that_stays_stale_gives_up_and_leaves_nothing(store: Store) -> None:
    runs: list[int] = []

    async def unit(tx: Tx) -> None:
        runs.append(1)
        await notes.add(tx, "a")
        raise Stale

    with pytest.raises(Busy, match="every attempt"):
        await store.write(unit)
    assert len(runs) == ATTEMPTS_COUNT
    assert await notes.held(store) == []


async def test_what_follows_a_commit_is_called_before_the_answer(store: Store) -> None:
    told: list[str] = []

    async def unit(tx: Tx) -> None:
        tx.on_commit(lambda: told.append("followed"))
        await notes.add(tx, "a")
        told.append("ran")

    await store.write(unit)
    told.append("answered")
    assert told == ["ran", "followed", "answered"]


async def test_nothing_follows_a_rollback(store: Store) -> None:
    told: list[str] = []
    stale = [Stale()]

    async def failing(tx: Tx) -> None:
        tx.on_commit(lambda: told.append("failed"))
        await _refuse(tx)

    async def again(tx: Tx) -> None:
        tx.on_commit(lambda: told.append("again"))
        if stale:
            raise stale.pop()

    await asyncio.gather(store.write(failing), store.write(again), return_exceptions=True)
    assert told == ["again"]


async def test_what_follows_a_commit_may_fail_and_the_write_stands(store: Store) -> None:
    told: list[str] = []

    async def unit(tx: Tx) -> str:
        tx.on_commit(lambda: told.remove("not there"))
        tx.on_commit(lambda: told.append("the next is called all the same"))
        await notes.add(tx, "a")
        return "stored"

    assert await store.write(unit) == "stored"
    assert len(told) == 1
    assert await notes.held(store) == ["a"]


async def test_an_asker_who_leaves_does_not_take_the_unit_along(database_url: str) -> None:
    store = await open_store(database_url)
    await store.write(lambda tx: tx.run(notes.CREATE))
    started, proceed = asyncio.Event(), asyncio.Event()

    async def unit(tx: Tx) -> None:
        await notes.add(tx, "a")
        started.set()
        await proceed.wait()
        await notes.add(tx, "b")

    asker = asyncio.create_task(store.write(unit))
    await started.wait()
    asker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asker
    proceed.set()
    await store.close()
    store = await open_store(database_url)
    assert await notes.held(store) == ["a", "b"]
    await store.close()


async def test_a_failure_nobody_waits_for_makes_no_noise(store: Store) -> None:
    started, proceed = asyncio.Event(), asyncio.Event()

    async def unit(_tx: Tx) -> None:
        started.set()
        await proceed.wait()
        raise Refused

    asker = asyncio.create_task(store.write(unit))
    await started.wait()
    asker.cancel()
    proceed.set()
    await asyncio.wait([asker])
    await notes.write(store, "a")
    del asker  # its traceback holds on to what is looked for
    assert await unheard() == []


async def test_a_unit_cancelled_from_inside_fails_alone(store: Store) -> None:
    async def unit(tx: Tx) -> None:
        await notes.add(tx, "lost")
        raise asyncio.CancelledError

    with pytest.raises(RuntimeError, match="cancelled from inside"):
        await store.write(unit)
    await notes.write(store, "a")
    assert await notes.held(store) == ["a"]


async def test_one_write_too_many_is_refused_at_once(store: Store) -> None:
    proceed = asyncio.Event()

    async def unit(_tx: Tx) -> None:
        await proceed.wait()

    running = asyncio.create_task(store.write(unit))
    await asyncio.sleep(0)
    await asyncio.sleep(0)  # the committer has taken it up
    waiting = [asyncio.create_task(store.write(unit)) for _ in range(WAITING_COUNT - store.waiting_count())]
    await asyncio.sleep(0)
    assert store.waiting_count() == WAITING_COUNT
    with pytest.raises(Busy) as refused:
        await notes.write(store, "a")
    assert refused.value.facts == {"retry_after": 1}
    proceed.set()
    await asyncio.gather(running, *waiting)
    await notes.write(store, "b")
    assert await notes.held(store) == ["b"]


async def test_closing_finishes_what_waits_and_takes_nothing_more(database_url: str) -> None:
    store = await open_store(database_url)
    await store.write(lambda tx: tx.run(notes.CREATE))
    ids = [f"{number:02}" for number in range(40)]
    waiting = [asyncio.create_task(notes.write(store, id_)) for id_ in ids]
    await asyncio.sleep(0)
    closing = asyncio.create_task(store.close())
    await asyncio.sleep(0)
    with pytest.raises(Busy, match="closing"):
        await notes.write(store, "late")
    await asyncio.gather(closing, *waiting)
    await store.close()  # a second time is harmless
    store = await open_store(database_url)
    assert await notes.held(store) == ids
    await store.close()


async def test_a_commit_that_fails_is_answered_and_the_next_succeeds(store: Store) -> None:
    told: list[str] = []
    child = "CREATE TABLE children (note_id TEXT REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)"
    await store.write(lambda tx: tx.run(query(child)))

    async def orphan(tx: Tx) -> None:
        tx.on_commit(lambda: told.append("committed"))
        await tx.run(query("INSERT INTO children (note_id) VALUES (:id)"), id="nobody")

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await store.write(orphan)
    await notes.write(store, "a")
    assert told == []
    assert await store.all(query("SELECT note_id FROM children")) == []
    assert await notes.held(store) == ["a"]
