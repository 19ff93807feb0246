from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests import tills

if TYPE_CHECKING:
    from tests.gateways import Partner
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


async def log(partner: Partner, limit: int = 100, after: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while page := (await partner.seen("/v1/events", after=after, limit=limit))["data"]:
        found += page
        after = page[-1]["position"]
    return found


async def test_the_log_has_one_order_whatever_the_page_and_is_never_numbered_anew(shop_on_both: Shop) -> None:
    shop = shop_on_both
    await shop.work()
    before = await log(shop.partner)
    drawdown_id = await shop.draw()
    await shop.live(2)
    after = await log(shop.partner)
    assert after[: len(before)] == before
    assert await log(shop.partner, limit=3) == after
    positions = [event["position"] for event in after]
    assert positions == sorted(set(positions))
    sequences = [event["sequence"] for event in after if event["data"]["id"] == drawdown_id]
    assert sequences == list(range(1, len(sequences) + 1))
    assert len({event["id"] for event in after}) == len(after)


async def test_a_reader_goes_on_where_it_was_and_an_empty_page_keeps_its_place(shop: Shop) -> None:
    await shop.work()
    page = await shop.partner.seen("/v1/events", limit=2)
    rest = await log(shop.partner, after=page["next_after"])
    assert page["data"] + rest == await log(shop.partner)
    last = rest[-1]["position"] if rest else page["next_after"]
    empty = await shop.partner.seen("/v1/events", after=last)
    assert (empty["data"], empty["next_after"]) == ([], last)


async def test_a_reader_can_ask_for_one_type_or_one_merchant_and_keeps_its_place(
    shop_on_both: Shop,
) -> None:
    shop = shop_on_both
    other = await tills.trading(shop.partner)
    await shop.work()
    told = await log(shop.partner)
    for name, value in (("type", "offer.created"), ("merchant_id", other.id)):
        found = (await shop.partner.seen("/v1/events", limit=100, **{name: value}))["data"]
        assert found == [event for event in told if event[name] == value] != []
    assert (await shop.partner.get("/v1/events", type="offer.invented")).json()["code"] == "unknown_event"
    assert (await shop.partner.seen("/v1/events", merchant_id="mer_nobodys"))["data"] == []


async def test_nobody_reads_another_partners_events(shop: Shop) -> None:
    stranger = await shop.gateway.partner()
    await shop.draw()
    await shop.work()
    assert await log(stranger) == []


async def test_an_event_says_nothing_of_bank_accounts_or_persons(shop: Shop) -> None:
    await shop.draw()
    await shop.live(2)
    told = str(await log(shop.partner))
    assert "MOCK" not in told
    assert "Corner Bakery" not in told


@pytest.mark.parametrize("query", [{"after": -1}, {"after": "x"}, {"limit": 0}, {"limit": 101}, {"after": 2**63}])
async def test_a_place_that_is_none_is_refused(shop: Shop, query: dict[str, Any]) -> None:
    assert (await shop.partner.get("/v1/events", **query)).status_code == 422
