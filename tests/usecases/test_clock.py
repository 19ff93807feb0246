from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.main import open_world
from gateway.settings import Settings
from gateway.usecases import clock, turns, work
from gateway.worker import Worker
from tests.gateways import NOW

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def test_two_calls_at_once_move_the_clock_by_the_days_of_both(shop_on_both: Shop) -> None:
    shop = shop_on_both
    await asyncio.gather(shop.pass_days(2), shop.pass_days(3))
    assert (shop.world.clock.now() - NOW).days == 5
    assert (await shop.bank.now()).date() == (NOW + timedelta(days=5)).date()


async def test_worker_and_clock_at_once_do_everything_once(shop_on_both: Shop) -> None:
    """The worker's rounds run while the clock is moved: one payout, each event once, books in order."""
    shop = shop_on_both
    worker = Worker(shop.world)
    running = asyncio.create_task(worker.run())
    try:
        drawdown_id = await shop.draw()
        await shop.live(3)
        await asyncio.gather(shop.pass_days(1), shop.pass_days(1))
    finally:
        worker.stop()
        await running
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"
    assert await shop.sent(drawdown_id) == 1
    states = await shop.states(drawdown_id)
    assert len(states) == len(set(states))
    references = [collection.end_to_end_id for collection in await shop.bank.collections()]
    assert len(references) == len(set(references)) == len(await shop.repayments(drawdown_id))
    assert (await shop.verify()).problems == ()


async def test_two_processes_on_one_database_take_turns(
    fresh_postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(database_url=fresh_postgres_url, data_dir=tmp_path_factory.mktemp("keys"))
    async with open_world(settings) as first, open_world(settings) as second:
        async with turns.turn(first, patience_seconds=0):
            with pytest.raises(turns.WorkUnderWay):
                await work.drain(second, patience_seconds=0)
            waiting = asyncio.create_task(clock.advance(second, 1))
            await asyncio.sleep(0)
        await waiting
        await work.drain(first, patience_seconds=0)


async def test_a_turn_whose_holder_died_falls_free(
    fresh_postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = Settings(database_url=fresh_postgres_url, data_dir=tmp_path_factory.mktemp("keys"))
    async with open_world(settings) as world:
        assert await turns._lease(world, "the dead one")
        with pytest.raises(turns.WorkUnderWay):
            await work.drain(world, patience_seconds=0)

        class Later:
            def now(self):  # type: ignore[no-untyped-def]  # noqa: ANN202
                return system.now() + turns.LEASE + timedelta(seconds=1)

        system, world.system_clock = world.system_clock, Later()
        await work.drain(world, patience_seconds=0)


async def test_a_sweep_that_fails_does_not_stop_the_others(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(_: object) -> int:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(work, "SWEEPS", (broken, *work.SWEEPS))
    drawdown_id = await shop.draw()
    await shop.work()
    assert (await shop.drawdown(drawdown_id))["state"] == "active"


async def test_the_clock_of_a_live_gateway_cannot_be_moved(shop: Shop) -> None:
    import msgspec  # noqa: PLC0415

    from gateway.settings import Mode  # noqa: PLC0415

    shop.world.settings = msgspec.structs.replace(shop.world.settings, mode=Mode.live)
    with pytest.raises(clock.NotSandbox):
        await clock.advance(shop.world, 1)
