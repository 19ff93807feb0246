from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.usecases import jobs, work
from gateway.worker import Worker

if TYPE_CHECKING:
    from gateway.usecases.world import World
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def test_a_click_wakes_the_worker_and_the_bank_is_asked_at_once(shop: Shop) -> None:
    worker = Worker(shop.world)
    running = asyncio.create_task(worker.run())
    drawdown_id = await shop.draw()
    await shop.reaches(drawdown_id, "active")
    worker.stop()
    await running


async def test_a_round_that_fails_does_not_end_the_worker(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds, real, failed = 0, work.rounds, asyncio.Event()

    async def fail_once(world: World) -> int:
        nonlocal rounds
        rounds += 1
        if rounds == 1:
            world.wake.set()
            failed.set()
            raise RuntimeError("a fault of ours")
        return await real(world)

    monkeypatch.setattr(work, "rounds", fail_once)
    worker, drawdown_id = Worker(shop.world), await shop.draw()
    running = asyncio.create_task(worker.run())
    await failed.wait()
    await shop.reaches(drawdown_id, "active")
    worker.stop()
    await running


async def test_stopping_finishes_the_job_under_way(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, let_go, finished = asyncio.Event(), asyncio.Event(), []

    async def slow(_: World, subject_id: str) -> None:
        begun.set()
        await let_go.wait()
        finished.append(subject_id)

    monkeypatch.setitem(work.HANDLERS, "slow", slow)
    await shop.world.store.write(lambda tx: jobs.enqueue(tx, shop.world, "slow", "a"))
    worker = Worker(shop.world)
    running = asyncio.create_task(worker.run())
    await begun.wait()
    worker.stop()
    let_go.set()
    await running
    assert finished == ["a"]
