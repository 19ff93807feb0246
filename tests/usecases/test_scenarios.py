"""What each scenario promises, told by the offer; all shops live at one gateway, so that a day passes once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain import scenarios
from gateway.domain.scenarios import Books, Scenario, ScenarioKind
from tests import books, granting, shops
from tests.adapters.platforms import PLATFORMS

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio

HISTORY_DAYS = 100
SEEN_AFTER = (0, 1, 6, 35)
BOOKS = Books("EUR", "Europe/Amsterdam", "00:00")


async def founded(partner: Partner, currency: str = "EUR") -> str:
    shop = {"legal_name": "Corner Bakery", "country": "NL", "currency": currency, "timezone": "Europe/Amsterdam"}
    merchant_id: str = (await partner.done("/v1/merchants", shop))["id"]
    return merchant_id


async def begun(partner: Partner, merchant_id: str, kind: str, **more: int | str) -> dict[str, Any]:
    return await partner.done(f"/v1/sandbox/merchants/{merchant_id}/scenario", {"scenario": kind} | more)


async def offer(partner: Partner, merchant_id: str) -> dict[str, Any]:
    return await partner.seen(f"/v1/merchants/{merchant_id}/offer")


@pytest.fixture(scope="module")
async def lived(site: Gateway) -> dict[str, list[dict[str, Any]]]:
    """Kind → the shop's offer after each of `SEEN_AFTER` days; `told`: what was said of sales, shop by shop."""
    partner = await site.partner()
    ids = {kind: await founded(partner) for kind in ScenarioKind}
    for kind, merchant_id in ids.items():
        await begun(partner, merchant_id, kind, history_days=HISTORY_DAYS)
    seen: dict[str, list[dict[str, Any]]] = {kind: [] for kind in ids}
    passed = 0
    for days in SEEN_AFTER:
        if days:
            await partner.done("/v1/sandbox/clock/advance", {"days": days - passed})
        passed = days
        for kind, merchant_id in ids.items():
            seen[kind].append(await offer(partner, merchant_id))
    by_id = {merchant_id: kind for kind, merchant_id in ids.items()}
    query = "SELECT merchant_id, type FROM events WHERE type LIKE 'sales.%' ORDER BY occurred_at"
    rows = await shops.rows(site.world.settings.database_url, query)
    return seen | {"told": [{by_id[merchant_id]: name} for merchant_id, name in rows if merchant_id in by_id]}


def limits(seen: list[dict[str, Any]]) -> list[int]:
    return [one["limit_amount"] for one in seen]


def codes(one: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in one["reasons"]}


async def test_a_year_of_sales_in_one_call_is_an_open_offer(lived: dict[str, list[dict[str, Any]]]) -> None:
    assert {lived[kind][0]["state"] for kind in ScenarioKind} == {"open"}
    assert min(limits(lived[kind])[0] for kind in ScenarioKind) > 0


async def test_healthy_stays_about_where_it_is(lived: dict[str, list[dict[str, Any]]]) -> None:
    first, *_, last = limits(lived["healthy"])
    assert 0.7 * first < last < 1.4 * first


async def test_seasonal_rises_before_the_season(lived: dict[str, list[dict[str, Any]]]) -> None:
    first, *_, last = limits(lived["seasonal"])
    assert last > 1.15 * first


async def test_declining_lowers_the_limit_and_says_why(lived: dict[str, list[dict[str, Any]]]) -> None:
    first, *_, last = limits(lived["declining"])
    assert 0 < last < 0.85 * first
    assert codes(lived["declining"][-1]) & {"sales_fell", "forecast_fell"}


async def test_inflated_sales_open_the_anomaly_stop(lived: dict[str, list[dict[str, Any]]]) -> None:
    assert (lived["inflated_sales"][2]["state"], lived["inflated_sales"][2]["limit_amount"]) == ("frozen", 0)
    assert "anomaly_suspected" in codes(lived["inflated_sales"][2])


async def test_data_silence_freezes_the_offer(lived: dict[str, list[dict[str, Any]]]) -> None:
    assert (lived["data_silence"][2]["state"], codes(lived["data_silence"][2])) == ("frozen", {"data_stale"})
    assert {"data_silence": "sales.stale"} in lived["told"]
    assert {"healthy": "sales.stale"} not in lived["told"]


async def test_a_refund_wave_cuts_the_limit_the_same_day(lived: dict[str, list[dict[str, Any]]]) -> None:
    first, next_day, _, _ = limits(lived["refund_wave"])
    assert next_day < 0.92 * first
    assert "sales_fell" in codes(lived["refund_wave"][1])


async def test_a_closed_shop_can_draw_nothing_in_the_end(lived: dict[str, list[dict[str, Any]]]) -> None:
    assert limits(lived["closed_shop"])[-1] == 0


async def test_asked_again_it_tells_the_same_records_and_ended_it_tells_no_more(own_gateway: Gateway) -> None:
    partner = await own_gateway.partner()
    merchant_id = await founded(partner, "KRW")
    path = f"/v1/sandbox/merchants/{merchant_id}/scenario"

    async def counted() -> int:
        ((count,),) = await shops.rows(own_gateway.world.settings.database_url, "SELECT COUNT(*) FROM sales")
        return int(count)

    first = await begun(partner, merchant_id, "healthy", history_days=40)
    told = await counted()
    assert first["daily_amount"] == 1_200_000
    assert (await begun(partner, merchant_id, "healthy", history_days=40))["since_on"] == first["since_on"]
    assert await counted() == told > 0
    await partner.done("/v1/sandbox/clock/advance", {"days": 2})
    assert (await partner.seen(path))["told_at"] > first["told_at"]
    assert (more := await counted()) > told
    assert (await partner.send("DELETE", path)).status_code == 204
    assert (await partner.get(path)).json()["code"] == "no_scenario"
    await partner.done("/v1/sandbox/clock/advance", {"days": 1})
    assert await counted() == more


async def connected(partner: Partner, speaks: Any) -> tuple[str, str]:
    """A new shop, and its connection to a platform that the sandbox plays."""
    merchant_id = await founded(partner)
    account = {"platform": speaks().platform.name, "account_id": speaks.account_id, "secret": "one-of-our-own-making"}
    return merchant_id, (await partner.done(f"/v1/merchants/{merchant_id}/connections", account))["id"]


async def test_a_platform_that_the_sandbox_plays_tells_what_a_till_would_by_its_own_signed_events(
    own_gateway: Gateway,
) -> None:
    partner, world = await own_gateway.partner(), own_gateway.world
    found = {speaks().platform.name: await connected(partner, speaks) for speaks in PLATFORMS}
    for merchant_id, connection_id in found.values():
        for _ in range(2):
            view = await begun(partner, merchant_id, "refund_wave", history_days=1, connection_id=connection_id)
        assert view["connection_id"] == connection_id
    since_on = date.fromisoformat(view["since_on"])
    await partner.done("/v1/sandbox/clock/advance", {"days": 1})
    for name, (merchant_id, connection_id) in found.items():
        runs = Scenario(merchant_id, ScenarioKind.refund_wave, 1, view["daily_amount"], since_on, world.clock.now())
        days = [scenarios.day(runs, BOOKS, since_on + timedelta(days=n)) for n in (-1, 0, 1)]
        held = await books.records(world, merchant_id)
        assert {row.source for row in held} == {name}
        made = [(one.kind, one.amount) for day in days for one in day if one.occurred_at <= world.clock.now()]
        assert sorted((row.kind, row.amount) for row in held if row.amount) == sorted(made)
        at = f"/v1/merchants/{merchant_id}/connections/{connection_id}"
        assert (await partner.send("DELETE", at)).status_code == 204
        body = {"scenario": "healthy", "connection_id": connection_id}
        answer = await partner.post(f"/v1/sandbox/merchants/{merchant_id}/scenario", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "connection_not_active")
    await partner.done("/v1/sandbox/clock/advance", {"days": 1})
    assert await books.records(world, merchant_id) == held


async def test_without_consent_no_till_tells_anything(site: Gateway) -> None:
    partner, stranger = await site.partner(), await site.partner()
    merchant_id = await founded(partner)
    await begun(partner, merchant_id, "healthy", history_days=3)
    assert (await stranger.get(f"/v1/sandbox/merchants/{merchant_id}/scenario")).status_code == 404
    await granting.take_back(site.world, merchant_id, granting.ASSESSING)
    query = f"SELECT COUNT(*) FROM sales WHERE merchant_id = '{merchant_id}'"  # noqa: S608 - our own id
    before = await shops.rows(site.world.settings.database_url, query)
    await partner.done("/v1/sandbox/clock/advance", {"days": 1})
    assert await shops.rows(site.world.settings.database_url, query) <= before
    answer = await partner.post(f"/v1/sandbox/merchants/{merchant_id}/scenario", {"scenario": "healthy"})
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_required")
