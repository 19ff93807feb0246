"""Data in, on both engines: what is counted, what is counted once, what is refused."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.usecases import positions
from tests import books, tills
from tests.gateways import NOW
from tests.tills import TODAY, YESTERDAY, refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio


async def told(shop: Till, *rows: dict[str, Any]) -> tuple[int, int, list[str], int]:
    """Accepted, duplicates, codes of the refused, takings: what the answer to `rows` says."""
    answer = await shop.push(*rows)
    codes = [f"{one['index']}:{one['code']}" for one in answer["rejected"]]
    return answer["accepted"], answer["duplicates"], codes, answer["takings_today_amount"]


async def test_a_record_counts_once_however_often_it_comes(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    one, other = row(500), row(300)
    assert await told(shop, one, other, one) == (2, 1, [], 800)
    assert await told(shop, other, one) == (0, 2, [], 800)
    assert await told(shop, one, row(7)) == (1, 1, [], 807)
    await books.check(gateway.world, shop.id)


async def test_the_newest_version_counts_in_whatever_order_versions_come(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    first, third = row(500, sale_id="a"), row(900, sale_id="a", version=3)
    second = row(700, sale_id="a", version=2)
    assert await told(shop, first) == (1, 0, [], 500)
    assert await told(shop, third) == (1, 0, [], 900)
    assert await told(shop, second, first) == (0, 2, [], 900)
    assert await told(shop, row(5, sale_id="b", version=2), row(4, sale_id="b"), row(6, sale_id="b", version=3)) == (
        2, 1, [], 906,
    )  # fmt: skip
    await books.check(gateway.world, shop.id)


async def test_a_correction_moves_a_sale_to_its_own_day(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    assert await told(shop, row(500, sale_id="a")) == (1, 0, [], 500)
    assert await told(shop, row(400, NOW - timedelta(days=1), sale_id="a", version=2)) == (1, 0, [], 0)
    days = await books.check(gateway.world, shop.id)
    assert {on: totals.net_amount for on, totals in days.items()} == {YESTERDAY: 400}
    assert (await shop.close())["tickets_count"] == 1


async def test_tax_and_tip_do_not_count(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    assert await told(shop, row(1_000, tax_amount=90, tip_amount=10)) == (1, 0, [], 900)
    assert await told(shop, refund(1_000, tax_amount=500, tip_amount=500), row(1)) == (2, 0, [], 901)
    await books.check(gateway.world, shop.id)


async def test_refunds_and_voids_lower_the_day_they_happen_on(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    rows = [row(1_000, sale_id="a"), refund(100), refund(200, of="a"), row(50, kind="void", refund_of="a")]
    assert await told(shop, *rows) == (4, 0, [], 650)
    closed = await shop.close(TODAY)
    assert [closed[f"{kind}_amount"] for kind in ("sales", "refunds", "voids", "net")] == [1_000, 300, 50, 650]
    await books.check(gateway.world, shop.id)


async def test_more_than_was_sold_is_never_given_back(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    assert await told(shop, row(1_000, sale_id="a"), refund(600, of="a")) == (2, 0, [], 400)
    assert await told(shop, refund(401, of="a"), refund(400, of="a")) == (1, 0, ["0:refund_above_sale"], 0)
    assert await told(shop, row(1, kind="void", refund_of="a"), row(5)) == (1, 0, ["0:refund_above_sale"], 5)
    await books.check(gateway.world, shop.id)


async def test_a_refused_refund_leaves_its_id_free(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    rows = [row(100, sale_id="a"), refund(101, of="a", sale_id="r"), refund(100, of="a", sale_id="r")]
    assert await told(shop, *rows) == (2, 0, ["1:refund_above_sale"], 0)
    await books.check(gateway.world, shop.id)


async def test_a_refund_may_come_before_its_sale(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    assert await told(shop, refund(600, of="a")) == (1, 0, [], -600)
    assert await told(shop, refund(300, of="a")) == (1, 0, [], -900)
    assert await told(shop, row(1_000, sale_id="a")) == (1, 0, [], 100)
    assert await told(shop, refund(101, of="a"), refund(100, of="a")) == (1, 0, ["0:refund_above_sale"], 0)
    assert (await shop.close(TODAY))["tickets_count"] == 1
    await books.check(gateway.world, shop.id)


async def test_a_sale_smaller_than_what_was_given_back_of_it_is_refused(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    assert await told(shop, refund(600, of="a")) == (1, 0, [], -600)
    codes = ["0:refunded_above_amount"]
    assert await told(shop, row(599, sale_id="a"), row(1)) == (1, 0, codes, -599)
    assert await told(shop, row(600, sale_id="a")) == (1, 0, [], 1)
    assert await told(shop, row(599, sale_id="a", version=2), row(1)) == (1, 0, codes, 2)
    await books.check(gateway.world, shop.id)


async def test_a_refund_can_be_corrected_within_its_sale(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    await shop.push(row(1_000, sale_id="a"), refund(900, of="a", sale_id="r"))
    assert await told(shop, refund(100, of="a", sale_id="r", version=2)) == (1, 0, [], 900)
    assert await told(shop, refund(900, of="a", sale_id="q")) == (1, 0, [], 0)
    codes = ["0:refund_above_sale"]
    assert await told(shop, refund(101, of="a", sale_id="r", version=3), row(1)) == (1, 0, codes, 1)
    await books.check(gateway.world, shop.id)


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (refund(10, of="r"), "not_a_sale"),
        (refund(10, of="x", sale_id="x"), "not_a_refund"),
        (row(10, refund_of="a"), "not_a_refund"),
        (refund(10, sale_id="a", version=2), "kind_changed"),
        (refund(10, of="a", sale_id="r", version=2), "kind_changed"),
        (row(10, NOW + timedelta(minutes=6)), "in_the_future"),
        (row(10, NOW - timedelta(days=1_101)), "too_old"),
        (row(10, currency="USD"), "wrong_currency"),
        (row(10, tax_amount=11), "tax_above_amount"),
        (row(10, business_on="2026-02-27"), "business_on_apart"),
        (row(10, business_on="2026-03-03"), "in_the_future"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_row_no_shop_could_have_sold_is_refused_alone(gateway: Gateway, bad: dict[str, Any], code: str) -> None:
    shop = await tills.new(await gateway.partner())
    await shop.push(row(1_000, sale_id="a"), refund(10, sale_id="r"))
    assert await told(shop, row(1), bad, row(2)) == (2, 0, [f"1:{code}"], 993)
    before = await books.check(gateway.world, shop.id)
    answer = await shop.send(bad)
    assert (answer.status_code, answer.json()["code"]) == (422, "nothing_taken")
    assert answer.json()["errors"] == [{"pointer": "/0", "code": code, "detail": answer.json()["detail"]}]
    assert await books.check(gateway.world, shop.id) == before


async def test_a_row_may_name_its_own_business_day(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    assert await told(shop, row(10, business_on=YESTERDAY.isoformat())) == (1, 0, [], 0)
    assert list(await books.check(gateway.world, shop.id)) == [YESTERDAY]


async def test_a_day_no_shop_could_have_is_refused_whole(gateway: Gateway) -> None:
    shop = await tills.new(await gateway.partner())
    most = 10**15
    assert (await shop.push(row(most)))["takings_today_amount"] == most
    answer = await shop.send([row(1), row(2)])
    assert (answer.status_code, answer.json()["code"]) == (422, "day_too_large")
    assert (await shop.push(refund(most)))["takings_today_amount"] == 0
    await shop.close(TODAY)
    answer = await shop.send([row(most) for _ in range(3)])
    assert (answer.status_code, answer.json()["code"]) == (422, "day_too_large")
    await books.check(gateway.world, shop.id)


@pytest.mark.parametrize(
    ("timezone", "cutoff", "at", "on"),
    [
        ("Asia/Seoul", "00:00", "2026-02-28T15:00:00Z", "2026-03-01"),
        ("Asia/Seoul", "00:00", "2026-02-28T14:59:59.999999Z", "2026-02-28"),
        ("Asia/Seoul", "04:00", "2026-03-01T02:00:00+09:00", "2026-02-28"),
        ("Asia/Seoul", "04:00", "2026-03-01T04:00:00+09:00", "2026-03-01"),
        ("America/New_York", "00:00", "2025-11-02T05:30:00Z", "2025-11-02"),  # 01:30, the first time
        ("America/New_York", "01:30", "2025-11-02T05:45:00Z", "2025-11-02"),
        ("America/New_York", "01:30", "2025-11-02T06:15:00Z", "2025-11-02"),  # 01:15 again: the cut-off is over
    ],
)
async def test_a_sale_lands_on_the_shops_own_business_day(
    gateway: Gateway, timezone: str, cutoff: str, at: str, on: str
) -> None:
    shop = await tills.new(await gateway.partner(), timezone=timezone, day_cutoff=cutoff)
    await shop.push(row(5) | {"occurred_at": at})
    assert list(await books.check(gateway.world, shop.id)) == [date.fromisoformat(on)]


async def test_late_rows_of_closed_days_move_the_limit_in_the_same_answer(gateway: Gateway) -> None:
    shop = await tills.trading(await gateway.partner())
    before = await shop.offer()
    late = NOW - timedelta(days=3)
    raised = (await shop.push(row(60_000, late, sale_id="late")))["offer"]
    assert raised["terms"]["base_amount"] == before["terms"]["base_amount"] + 48_000
    position = await positions.current(gateway.world, shop.id)
    assert position is not None
    assert position.scores is not None
    lowered = (await shop.push(refund(60_000, of="late", at=late)))["offer"]
    assert lowered["terms"]["base_amount"] == before["terms"]["base_amount"]
    again = await positions.current(gateway.world, shop.id)
    assert again is not None
    assert again.scores is not None
    assert again.scores.features != position.scores.features
    await books.check(gateway.world, shop.id)


async def test_a_sale_worth_a_step_raises_and_a_refund_lowers_what_is_available_at_once(gateway: Gateway) -> None:
    shop = await tills.trading(await gateway.partner())
    before = await shop.offer()
    # The 30th day leaves the window when today is counted: its sale, and then a step's worth at any grade.
    raised = (await shop.push(row(40_000 + 4 * before["step_amount"], sale_id="big")))["offer"]
    assert raised["available_amount"] > before["available_amount"] > 0
    lowered = (await shop.push(refund(40_000 + 4 * before["step_amount"], of="big")))["offer"]
    assert lowered["available_amount"] == before["available_amount"]
    below = (await shop.push(refund(3 * before["step_amount"])))["offer"]
    assert below["available_amount"] < before["available_amount"]
    assert below["reasons"][0]["code"] == "sales_fell"


async def test_merged_requests_are_each_answered_and_a_bad_one_fails_nobody(gateway: Gateway) -> None:
    partner, stranger = await gateway.partner(), await gateway.partner()
    busy, *others = [await tills.new(partner) for _ in range(6)]
    theirs = await tills.new(stranger)
    poison = tills.Till(partner, theirs.id)
    flood = await tills.new(partner)
    many = [busy.send(row(10 + n)) for n in range(40)] + [other.send([row(7), row(8)]) for other in others]
    many += [poison.send(row(99)), busy.send(row(5, currency="USD")), flood.send([row(10**15), row(10**15)])]
    many += [busy.send(refund(1_000_000, of="nothing-we-hold")), busy.send(row(11, sale_id="twin")),
             busy.send(row(11, sale_id="twin"))]  # fmt: skip
    answers = await asyncio.gather(*many)
    codes = [answer.status_code for answer in answers]
    assert codes == [200] * 45 + [404, 422, 422] + [200] * 3
    total = sum(10 + n for n in range(40)) - 1_000_000 + 11
    assert (await busy.push())["takings_today_amount"] == total
    assert sorted(answer.json()["accepted"] for answer in answers[-2:]) == [0, 1]
    for shop in (busy, *others, theirs, flood):
        days = await books.check(gateway.world, shop.id)
        expected = {busy.id: total, theirs.id: 0, flood.id: 0}.get(shop.id, 15)
        assert sum(day.net_amount for day in days.values()) == expected
