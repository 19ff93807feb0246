from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.domain.errors import Conflict
from gateway.usecases import jobs, work
from tests import gateways, shops

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.usecases.world import World
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


@pytest.fixture
async def open_gateway(database_url: str, tmp_path: Path) -> AsyncIterator[Gateway]:
    async with gateways.start(database_url, tmp_path) as gateway:
        yield gateway


class Works:
    """A handler that notes its subjects, and fails at those it is told to."""

    def __init__(self, *bad: str) -> None:
        self.bad, self.seen = bad, []  # type: tuple[str, ...], list[str]

    async def __call__(self, _world: World, subject_id: str) -> None:
        self.seen.append(subject_id)
        if subject_id in self.bad:
            raise Conflict("not now")


async def enqueue(world: World, *subjects: str, kind: str = "note") -> None:
    for subject in subjects:
        await world.store.write(lambda tx, subject=subject: jobs.enqueue(tx, world, kind, subject))  # type: ignore[misc]


async def waiting(world: World) -> list[tuple[str, int, str | None]]:
    query = "SELECT subject_id, attempts_count, problem FROM jobs ORDER BY subject_id"
    return await shops.rows(world.settings.database_url, query)


async def test_the_same_work_is_enqueued_once_while_it_waits(open_gateway: Gateway) -> None:
    works = Works()
    await enqueue(open_gateway.world, "a", "a")
    assert await jobs.run_due(open_gateway.world, {"note": works}) == 1
    assert (works.seen, await waiting(open_gateway.world)) == (["a"], [])


async def test_a_failing_job_does_not_stop_the_others_and_keeps_its_problem(open_gateway: Gateway) -> None:
    works = Works("a")
    await enqueue(open_gateway.world, "a", "b", "c")
    await enqueue(open_gateway.world, "x", kind="nobody_knows_this_kind")
    await jobs.run_due(open_gateway.world, {"note": works})
    assert works.seen == ["a", "b", "c"]
    assert await waiting(open_gateway.world) == [("a", 1, "conflict"), ("x", 1, "KeyError")]


async def test_a_failing_job_is_tried_for_ever_after_growing_pauses(open_gateway: Gateway) -> None:
    works, clock = Works("a"), open_gateway.clock
    await enqueue(open_gateway.world, "a")
    for pause in (*jobs.PAUSES, jobs.PAUSES[-1]):
        await jobs.run_due(open_gateway.world, {"note": works})
        count = len(works.seen)
        clock.at += pause - timedelta(milliseconds=100)
        await jobs.run_due(open_gateway.world, {"note": works})
        assert len(works.seen) == count
        clock.at += timedelta(milliseconds=200)
    works.bad = ()
    await jobs.run_due(open_gateway.world, {"note": works})
    assert len(works.seen) == len(jobs.PAUSES) + 2
    assert await waiting(open_gateway.world) == []


async def test_a_job_is_held_by_one_until_its_lease_is_over(open_gateway: Gateway) -> None:
    world = open_gateway.world
    await enqueue(world, "a")
    first = await jobs.claim(world)
    assert first is not None
    assert await jobs.claim(world) is None
    open_gateway.clock.at += jobs.LEASE + timedelta(seconds=1)
    second = await jobs.claim(world)
    assert second is not None
    assert (second.id, second.fence) == (first.id, first.fence + 1)


@pytest.mark.parametrize("fails", [True, False])
async def test_a_holder_whose_lease_is_over_can_neither_finish_nor_put_back(
    open_gateway: Gateway, *, fails: bool
) -> None:
    world = open_gateway.world
    await enqueue(world, "a")
    old = await jobs.claim(world)
    open_gateway.clock.at += jobs.LEASE + timedelta(seconds=1)
    new = await jobs.claim(world)
    assert old is not None
    assert new is not None
    await jobs.run(world, old, {"note": Works("a") if fails else Works()})
    assert await waiting(world) == [("a", 2, None)]
    assert await jobs.claim(world) is None  # the new holder's lease stands
    await jobs.run(world, new, {"note": Works()})
    assert await waiting(world) == []


async def test_many_workers_at_once_share_the_jobs_and_do_each_once(open_gateway: Gateway) -> None:
    import asyncio  # noqa: PLC0415

    works, subjects = Works(), [f"s{number:02}" for number in range(30)]
    await enqueue(open_gateway.world, *subjects)
    await asyncio.gather(*(jobs.run_due(open_gateway.world, {"note": works}) for _ in range(5)))
    assert sorted(works.seen) == subjects


async def test_work_that_comes_up_during_a_round_does_not_wait_for_its_end(
    open_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, works, seen_by_the_next = open_gateway.world, Works(), []

    async def click(world: World) -> int:
        await enqueue(world, "clicked")
        return 0

    async def following(_world: World) -> int:
        seen_by_the_next.extend(works.seen)
        return 0

    monkeypatch.setitem(work.HANDLERS, "note", works)
    monkeypatch.setattr(work, "SWEEPS", (click, following))
    assert await work.once(world) == 1
    assert seen_by_the_next == ["clicked"]
