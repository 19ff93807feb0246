"""Where a shop stands among its like, on both engines: percentiles of cohorts that are large enough, nothing else."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain import peers as rules
from gateway.domain.peers import GROWTH, LEAST, REFUNDS, REPURCHASE, TICKET, TURNOVER
from gateway.domain.stock import NewStock
from gateway.usecases import peers, receiving, work
from gateway.usecases.receiving import Teller
from tests import granting, shops, tills
from tests.gateways import NOW
from tests.tills import refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def shop(partner: Partner, ticket: int, growth: float = 1.0, mcc: str = "5411", **more: Any) -> Till:
    """A shop that sold two tickets on each of 56 days, `growth` times as much on the last 28, and took one back."""
    till = await tills.new(partner, mcc=mcc, **more)
    rows = []
    for back in range(1, 57):
        amount = ticket if back <= 28 else round(ticket / growth)
        rows += [row(amount, NOW - timedelta(days=back, hours=hour)) for hour in (0, 1)]
    await till.push(*rows, refund(ticket, at=NOW - timedelta(days=1)))
    await till.close()
    return till


async def standing(till: Till) -> dict[str, Any]:
    return await till.partner.seen(f"{till.path}/peers")


def percentiles(found: dict[str, Any]) -> dict[str, int]:
    return {one["metric"]: one["percentile"] for one in found["metrics"]}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many shops are a cohort in tests that are not about that number."""
    monkeypatch.setattr(rules, "LEAST", 4)
    return 4


async def test_a_shop_sees_where_it_stands_among_its_like(own_gateway: Gateway) -> None:
    partners = [await own_gateway.partner() for _ in range(2)]
    cohort = [await shop(partners[n % 2], 5_000 + 10 * n, 1 + n / 100, mcc=f"54{n:02}") for n in range(LEAST)]
    await shop(partners[0], 5_000, mcc="5811"), await shop(partners[0], 5_000, country="BE")
    await work.drain(own_gateway.world)
    low, high = await standing(cohort[0]), await standing(cohort[-1])
    assert {key: value for key, value in low.items() if key != "metrics"} == {
        "available": True, "industry": "54", "country": "NL", "currency": "EUR", "merchants_count": LEAST,
        "built_on": NOW.date().isoformat(),
    }  # fmt: skip
    assert percentiles(low) == {GROWTH: 0, TICKET: 0, REFUNDS: 50}
    assert percentiles(high) == {GROWTH: 100, TICKET: 100, REFUNDS: 50}
    middle = {one["metric"]: one for one in (await standing(cohort[15]))["metrics"]}
    assert (middle[TICKET]["value"], middle[TICKET]["percentile"]) == (5_150, 50)
    assert middle[REFUNDS]["value"] == 10_000 // 56


async def test_below_thirty_or_without_an_industry_nothing_is_told_or_kept(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    cohort = [await shop(partner, 5_000) for _ in range(LEAST - 1)]
    bare = await tills.trading(partner)
    await work.drain(own_gateway.world)
    nothing: dict[str, Any] = {
        "available": False, "built_on": None, "industry": None, "country": None, "currency": None,
        "merchants_count": None, "metrics": [],
    }  # fmt: skip
    assert await standing(cohort[0]) == await standing(bare) == nothing
    assert await standing(await tills.new(partner, mcc="5411")) == nothing
    assert await shops.rows(own_gateway.world.settings.database_url, "SELECT * FROM peer_sketches") == []


async def test_who_takes_consent_back_is_gone_at_the_next_build(own_gateway: Gateway, few: int) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    cohort = [await shop(partner, 5_000) for _ in range(few)]
    await work.drain(world)
    assert (await standing(cohort[0]))["available"]
    await granting.take_back(world, cohort[-1].id)
    own_gateway.clock.at += timedelta(days=1)
    await work.drain(world)
    assert not (await standing(cohort[0]))["available"]
    assert await shops.rows(world.settings.database_url, "SELECT * FROM peer_sketches") == []


async def test_sketches_that_were_not_built_anew_are_not_believed(own_gateway: Gateway, few: int) -> None:
    partner = await own_gateway.partner()
    cohort = [await shop(partner, 5_000) for _ in range(few)]
    await work.drain(own_gateway.world)
    own_gateway.clock.at += peers.FRESH
    assert (await standing(cohort[0]))["available"]
    own_gateway.clock.at += timedelta(days=1)
    assert not (await standing(cohort[0]))["available"]


async def test_customers_who_came_back_are_counted_by_days_not_by_tickets(own_gateway: Gateway, few: int) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await shop(partner, 5_000)
    now = world.clock.now()
    once = [row(5, now - timedelta(days=3, minutes=n), customer_ref=f"once {n}") for n in range(30)]
    twice_a_day = [row(5, now - timedelta(days=3), customer_ref="often") for _ in range(2)]
    again = [row(5, now - timedelta(days=day), customer_ref=f"again {n}") for day in (3, 4) for n in range(9)]
    await till.push(*once, *twice_a_day, *again, refund(1, customer_ref="back"))
    assert (await peers.visits(world, [till.id], now.date()))[till.id] == (40, 9)
    others = [await shop(partner, 5_000) for _ in range(few - 1)]
    await work.drain(world)
    assert REPURCHASE not in percentiles(await standing(till)), "one shop that knows its customers is no cohort"
    assert TICKET in percentiles(await standing(others[0]))


async def test_how_long_stock_lasts_is_compared_among_those_who_count_it(own_gateway: Gateway, few: int) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    cohort = [await shop(partner, 5_000) for _ in range(few)]
    for number, till in enumerate(cohort):
        count = NewStock("s", "tea", world.clock.now() - timedelta(days=2), str(number + 1), "EUR", 30_000)
        assert (await receiving.take_records(world, Teller(till.id, "partner"), "stock", [count])).accepted == 1
    await work.drain(world)
    found = {one["metric"]: one for one in (await standing(cohort[-1]))["metrics"]}
    assert found[TURNOVER] == {"metric": TURNOVER, "value": few * 30_000 * 28 // 165_000, "percentile": 90}


async def test_old_visits_are_forgotten(own_gateway: Gateway) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    till = await tills.trading(partner)
    await till.push(*[row(5, NOW - timedelta(days=back), customer_ref="c") for back in (1, 80)])
    await work.drain(world)
    url, query = world.settings.database_url, "SELECT business_on FROM visits"
    assert len(await shops.rows(url, query)) == 2
    own_gateway.clock.at += timedelta(days=12)
    await work.drain(world)
    assert await shops.rows(url, query) == [((NOW - timedelta(days=1)).date().isoformat(),)]


def test_a_sketch_of_any_size_is_small_and_ranks_are_near_the_true_ones() -> None:
    build, chance = peers.Build(), random.Random(1)
    values = [round(chance.lognormvariate(8, 1)) for _ in range(20_000)]
    for value in values:
        build.add("54|NL|EUR|5", {TICKET: value}, "par_x")
    (kept,) = build.rows(NOW.date())
    assert kept["merchants_count"] == len(values)
    assert len(kept["sketch"]) < 8_000
    values.sort()
    for share in (0.1, 0.5, 0.9):
        sketch = peers._Sketch(TICKET, NOW.date(), len(values), kept["sketch"])
        assert abs(peers._metric(sketch, values[int(share * len(values))]).percentile - 100 * share) <= 5


async def test_a_partner_that_fills_a_cohort_with_its_own_shops_learns_nothing_of_a_few_others(
    own_gateway: Gateway,
) -> None:
    mine, theirs = [await own_gateway.partner() for _ in range(2)]
    probes = [await shop(mine, 5_000 + 10 * n) for n in range(LEAST - 1)]
    await shop(theirs, 5_105)
    await work.drain(own_gateway.world)
    assert {(await standing(probe))["available"] for probe in probes} == {False}
