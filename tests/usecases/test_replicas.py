"""Two processes on one PostgreSQL: neither believes what it remembers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.usecases import days
from tests import books, gateways, tills
from tests.gateways import NOW, Partner
from tests.tills import TODAY, YESTERDAY, Till, days_back, refund, row
from tests.usecases.revocations import Pushers, over_http, revoke, through_the_lane

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.gateways import Gateway
    from tests.usecases.revocations import Door

pytestmark = pytest.mark.anyio
Twins = tuple["Gateway", Till, "Gateway", Till]


@pytest.fixture
async def twins(fresh_postgres_url: str, tmp_path: Path) -> AsyncIterator[Twins]:
    """Two gateways and the same shop seen through each."""
    async with (
        gateways.start(fresh_postgres_url, tmp_path) as one,
        gateways.start(fresh_postgres_url, tmp_path) as other,
    ):
        partner = await one.partner()
        there = Partner(other.http, other.world, partner.token, partner.partner_id, partner.client_id)
        there.grants = partner.grants
        shop = await tills.new(partner)
        yield one, shop, other, Till(there, shop.id)


async def test_sales_taken_by_two_at_once_are_all_counted_once(twins: Twins) -> None:
    one, here, other, there = twins
    same = [row(1, sale_id=f"same{n}") for n in range(20)]
    sent = [place.send(row(100 + n)) for n in range(20) for place in (here, there)]
    sent += [place.send(twin) for twin in same for place in (here, there)]
    answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["accepted"] for answer in answers) == 60
    assert (await there.push())["takings_today_amount"] == 2 * sum(100 + n for n in range(20)) + 20
    for world in (one.world, other.world):
        await books.check(world, here.id)


async def test_refunds_taken_by_two_at_once_never_exceed_their_sale(twins: Twins) -> None:
    one, here, _, there = twins
    await here.push(row(1_000, sale_id="a"))
    answers = await asyncio.gather(*[place.send(refund(300, of="a")) for _ in range(4) for place in (here, there)])
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [422] * 5
    await books.check(one.world, here.id)


async def test_many_merchants_through_both_lose_nothing(twins: Twins) -> None:
    one, here, _, there = twins
    pairs = []
    for _ in range(10):
        shop = await tills.new(here.partner)
        pairs.append((shop, Till(there.partner, shop.id)))
    answers = await asyncio.gather(*[shop.send(row(1)) for _ in range(5) for pair in pairs for shop in pair])
    assert {answer.status_code for answer in answers} == {200}
    for shop, _ in pairs:
        assert (await books.check(one.world, shop.id))[TODAY].net_amount == 10


async def test_what_one_took_the_other_shows_at_once(twins: Twins) -> None:
    _, here, other, there = twins
    await here.push(*days_back(40))
    await there.close()
    before = await there.offer()
    assert before["limit_amount"] > 0
    lowered = await here.push(refund(200_000))
    assert (await there.offer())["limit_amount"] == lowered["offer"]["limit_amount"] < before["limit_amount"]
    await books.check(other.world, here.id)


async def test_a_day_both_close_is_closed_once(twins: Twins) -> None:
    one, here, other, there = twins
    await here.push(*days_back(40))
    before = await books.reloaded(one.world, one.world.store, here.id)
    await asyncio.gather(*[place.close(YESTERDAY) for place in (here, there) for _ in range(3)])
    assert len(await here.decisions()) == 1
    for gateway in (one, other):
        gateway.clock.at = NOW.replace(day=3, hour=3)
    await asyncio.gather(*[days.close_due(gateway.world, gateway.world.closing) for gateway in (one, other)])
    position = await books.reloaded(one.world, one.world.store, here.id)
    assert position.history is not None
    assert (position.history.through_on, position.version) == (TODAY, before.version + 2)
    await books.check(other.world, here.id)


@pytest.mark.parametrize("door", [over_http, through_the_lane])
async def test_what_one_took_back_the_other_takes_no_more(twins: Twins, door: Door) -> None:
    one, here, other, there = twins
    pushers = Pushers([await door(one, here), await door(other, there)])
    await pushers.race(one, here, revoke)
    await books.check(other.world, here.id)
