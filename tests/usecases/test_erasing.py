"""Erasure goes in chunks: killed, raced or called off between two of them, days and records still agree."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.consents import ConsentRequired
from gateway.domain.records import PLACEHOLDER
from gateway.domain.rights import GRANTABLE, Caller
from gateway.domain.sales import NewSale, SaleKind, Totals, totals
from gateway.domain.states import IllegalMove
from gateway.usecases import consents, erasing, positions, sales, work
from tests import gateways, granting, processes, shops, tills
from tests.gateways import ISSUER, NOW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio

CHUNK_COUNT = 7
"""Small, so that little data makes many chunks."""


async def rows(gateway: Gateway, query: str) -> list[Any]:
    return await shops.rows(gateway.world.settings.database_url, query)


async def agrees(gateway: Gateway) -> bool:
    """Whether every day adds up to its records, and the position in memory to its days."""
    days: dict[tuple[str, str], Totals] = {}
    query = "SELECT merchant_id, business_on, kind, net_amount, version FROM sales"
    for merchant_id, on, kind, net, version in await rows(gateway, query):
        add = Totals() if version == PLACEHOLDER else totals(SaleKind(kind), net)
        days[merchant_id, on] = days.get((merchant_id, on), Totals()) + add
    query = "SELECT merchant_id, business_on, sales_amount, refunds_amount, voids_amount, tickets_count FROM days"
    found = {(merchant_id, on): Totals(*amounts) for merchant_id, on, *amounts in await rows(gateway, query)}
    bare = Totals()
    in_days = all(days.get(key, bare) == found.get(key, bare) for key in days.keys() | found.keys())
    return in_days and all([await _remembered(gateway, merchant_id, found) for merchant_id, _ in found])


async def _remembered(gateway: Gateway, merchant_id: str, found: dict[tuple[str, str], Totals]) -> bool:
    position = await positions.current(gateway.world, merchant_id)
    assert position is not None
    net = sum(day.net_amount for (whose, _), day in found.items() if whose == merchant_id)
    closed = 0 if position.history is None else sum(position.history.net)
    return net == closed + sum(day.net_amount for day in position.open_days.values())


async def step(gateway: Gateway, count: int = 1) -> None:
    """So many chunks of the erasure that waits, and no more: as if its process died then."""
    ((erasure_id,),) = await rows(gateway, "SELECT id FROM erasures WHERE superseded_at IS NULL")
    for _ in range(count):
        await gateway.world.store.write(lambda tx: erasing._step(gateway.world, erasure_id, tx))


async def test_days_and_records_agree_after_every_chunk(own_gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "CHUNK_COUNT", CHUNK_COUNT)
    partner = await own_gateway.partner()
    till = await tills.trading(partner, 30)
    await till.push(tills.refund(300, of="not-there-yet"), tills.row(900, sale_id="a"))
    await till.push(tills.row(950, sale_id="a", version=2), tills.refund(100, of="a"), tills.row(70, kind="void"))
    assert await agrees(own_gateway)
    grant_id = await granting.take_back(own_gateway.world, till.id)
    for _ in range(6):
        await step(own_gateway)
        assert await agrees(own_gateway)
    await work.drain(own_gateway.world)
    assert (await partner.seen(f"/v1/grants/{grant_id}/erasure"))["erased"][0]["count"] == 35


async def test_called_off_between_two_chunks_what_comes_again_counts_once(
    own_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "CHUNK_COUNT", CHUNK_COUNT)
    partner = await own_gateway.partner()
    till = await tills.new(partner)
    past = tills.days_back(30)
    await till.push(*past)
    await till.close()
    before = await till.offer()
    said = await granting.said(own_gateway.world, till.id)
    await granting.take_back(own_gateway.world, till.id)
    await step(own_gateway, 3)
    await granting.give(partner, till.id, said)
    await granting.use(partner, till.id)
    await work.drain(own_gateway.world)
    assert await agrees(own_gateway)
    again = await till.push(*past)
    assert (again["accepted"], again["duplicates"]) == (2 * CHUNK_COUNT, 30 - 2 * CHUNK_COUNT)
    assert await agrees(own_gateway)
    after = await till.offer()
    assert after["terms"] == before["terms"]
    assert after["state"] == "open"


async def test_run_twice_or_by_two_at_once_it_erases_and_tells_once(
    own_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "CHUNK_COUNT", CHUNK_COUNT)
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner, 30)
    grant_id = await granting.take_back(world, till.id)
    ((erasure_id,),) = await rows(own_gateway, "SELECT id FROM erasures")
    await asyncio.gather(*(erasing.erase(world, erasure_id) for _ in range(3)))
    await erasing.erase(world, erasure_id)
    await work.drain(world)
    done = await partner.seen(f"/v1/grants/{grant_id}/erasure")
    assert {one["kind"]: one["count"] for one in done["erased"]} == {"sales": 30, "days": 30}
    page = (await partner.seen("/v1/events", limit=100))["data"]
    assert [event["type"] for event in page].count("consent.erased") == 1


# --- races ----------------------------------------------------------------------------------------------------------


def push(gateway: Gateway, till: Till, grant_id: str, number: int) -> Any:
    """One sale under a grant, past the edge, where a dead token would have stopped it."""
    caller = Caller(till.partner.client_id, till.partner.partner_id, frozenset(GRANTABLE), grant_id, till.id)
    sale = NewSale(f"{grant_id}-{number}", SaleKind.sale, NOW - timedelta(hours=1), 1_000, "EUR")
    request = sales.Request(till.id, caller, [sale], gateway.world.clock.now())
    return gateway.world.store.merge(gateway.world.intake, request)


@pytest.mark.parametrize("seed", range(3))
async def test_no_row_comes_in_after_a_revocation_was_acknowledged(own_gateway: Gateway, seed: int) -> None:
    chance, world = random.Random(seed), own_gateway.world
    partner = await own_gateway.partner()
    till = await tills.trading(partner, 3)
    old = await granting.of(world, till.id)
    acknowledged: list[int] = []

    async def revoke() -> None:
        await world.store.write(lambda tx: consents.revoke(tx, world, old.grant_id, by=till.id))
        acknowledged.append(await _of(own_gateway, old.grant_id))

    async def again() -> str:
        return await granting.give(partner, till.id, old.details)

    calls: list[Callable[[], Any]] = [partial(push, own_gateway, till, old.grant_id, n) for n in range(20)]
    calls += [revoke, again, lambda: work.drain(world)]
    chance.shuffle(calls)
    answers = await asyncio.gather(*(call() for call in calls), return_exceptions=True)
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert all(isinstance(one, ConsentRequired | IllegalMove) for one in refused), refused
    counted = await _of(own_gateway, old.grant_id)
    assert all(counted <= before for before in acknowledged)  # none where it was given again first: superseded
    with pytest.raises(ConsentRequired):
        await push(own_gateway, till, old.grant_id, 99)
    assert await agrees(own_gateway)
    new = await granting.of(world, till.id)
    await push(own_gateway, till, new.grant_id, 1)
    await work.drain(world)
    assert await _of(own_gateway, new.grant_id) == 1
    assert await agrees(own_gateway)


async def _of(gateway: Gateway, grant_id: str) -> int:
    found = await rows(gateway, "SELECT sale_id FROM sales")
    return sum(sale_id.startswith(grant_id) for (sale_id,) in found)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_a_shop_lived_through_nothing_is_left_at_the_end(
    own_gateway: Gateway, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Sales, refunds, corrections, closes, consents taken back and given again, chunks, in any order."""
    monkeypatch.setattr(erasing, "CHUNK_COUNT", CHUNK_COUNT)
    chance, world = random.Random(seed), own_gateway.world
    partner = await own_gateway.partner()
    till = await tills.new(partner)
    said = await granting.said(world, till.id)
    for _ in range(30):
        await _live_on(own_gateway, till, chance, said)
        assert await agrees(own_gateway)
    if (await positions.current(world, till.id)).grants:  # type: ignore[union-attr]
        await granting.take_back(world, till.id)
    await work.drain(world)
    for table in ("sales", "days"):
        assert await rows(own_gateway, f"SELECT COUNT(*) FROM {table}") == [(0,)]  # noqa: S608
    assert await rows(own_gateway, "SELECT COUNT(*) FROM decisions WHERE sealed IS NULL") == [(0,)]
    empty = "SELECT started_on, closed_through_on, closes_at, data_at, scores_json, offered_json, verdict_json"
    assert set((await rows(own_gateway, f"{empty} FROM positions"))[0]) == {None}
    open_offers = "SELECT COUNT(*) FROM offers WHERE state IN ('undelivered', 'delivered')"
    assert await rows(own_gateway, open_offers) == [(0,)]


async def _live_on(gateway: Gateway, till: Till, chance: random.Random, said: Any) -> None:
    world, now = gateway.world, gateway.clock.at
    position = await positions.current(world, till.id)
    assert position is not None
    if not position.grants:
        if chance.random() < 0.5:
            await step(gateway, chance.randint(0, 4))
        else:
            await granting.give(till.partner, till.id, said)
            await granting.use(till.partner, till.id)
        return
    match chance.randrange(5):
        case 0:
            await granting.take_back(world, till.id, chance.choice(["", granting.ASSESSING]))
            if (await positions.current(world, till.id)).grants:  # type: ignore[union-attr]
                await granting.take_back(world, till.id)
        case 1:
            gateway.clock.at += timedelta(days=1)
            await till.push(tills.row(chance.randint(1, 900), gateway.clock.at - timedelta(minutes=1)))
            await till.close(gateway.clock.at.date() - timedelta(days=1))
        case _:
            ids = [f"s-{n}" for n in range(60)]
            batch = [_row(chance, ids, now) for _ in range(chance.randint(1, 15))]
            assert (await till.send(batch)).status_code in {200, 422}


def _row(chance: random.Random, ids: list[str], now: Any) -> dict[str, Any]:
    at, amount = now - timedelta(hours=chance.randint(1, 400)), chance.randint(0, 5_000)
    if chance.random() < 0.2:
        return tills.refund(amount // 10, chance.choice([None, *ids]), at=at)
    return tills.row(amount, at, sale_id=chance.choice(ids), version=chance.randint(1, 4))


# --- kill -9 --------------------------------------------------------------------------------------------------------

MANY_COUNT = 6_000


async def test_kill_minus_nine_between_chunks_loses_no_count_and_leaves_nothing(
    database_url: str, tmp_path: Path
) -> None:
    """A real process erases and is killed in the midst; who comes after its leases ran out goes on where it was."""
    await _ready_to_erase(database_url, tmp_path)
    environment = processes.environment(database_url=database_url, data_dir=str(tmp_path / "keys"), issuer=ISSUER)
    words = ("serve", "--port", str(processes.free_port())) if database_url.startswith("sqlite") else ("worker",)
    last = "SELECT 1 FROM sales ORDER BY merchant_id DESC, source DESC, sale_id DESC LIMIT 1"
    async with shops.holding(database_url, last):  # a quick database would have done it all before anybody looked
        with processes.running(environment, tmp_path / "log", *words) as process:
            midway = await _until_fewer(database_url, MANY_COUNT)
            process.kill()
            process.wait()
    assert 0 < midway < MANY_COUNT
    later = datetime.now(UTC) + timedelta(minutes=5)
    async with gateways.start(database_url, tmp_path, starts_at=later) as gateway:
        assert await agrees(gateway)
        await work.drain(gateway.world)
        told = [row[0] for row in await rows(gateway, "SELECT type FROM events ORDER BY position")]
        done = await rows(gateway, "SELECT state, sales_count, days_count FROM erasures")
    assert done == [("erased", MANY_COUNT, 30)]
    assert told.count("consent.erased") == 1
    assert await shops.rows(database_url, "SELECT COUNT(*) FROM sales") == [(0,)]


async def _ready_to_erase(database_url: str, folder: Path) -> None:
    """A shop of many records whose consent was taken back, and nobody to erase it yet."""
    async with gateways.start(database_url, folder) as gateway:
        till = await tills.new(await gateway.partner())
        for back in range(30, 0, -1):
            at = NOW - timedelta(days=back)
            await till.push(*(tills.row(100 + n, at) for n in range(MANY_COUNT // 30)))
        await till.close()
        await granting.take_back(gateway.world, till.id)


async def _until_fewer(database_url: str, than: int) -> int:
    """How many records are left as soon as some are gone."""
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        ((count,),) = await shops.rows(database_url, "SELECT COUNT(*) FROM sales")
        if count < than:
            return int(count)
        await asyncio.sleep(0.005)
    raise AssertionError("nothing was erased")
