"""What a chart of a loan shows is what its statement says."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import outlooks
from gateway.domain.progress import Ahead, ahead
from gateway.domain.schedules import Due

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
TODAY = date(2026, 3, 2)


async def progress(shop: Shop, drawdown_id: str) -> dict[str, Any]:
    return await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/progress")


async def test_each_sum_is_the_statements_to_the_cent_until_all_is_repaid(shop_on_both: Shop) -> None:
    shop = shop_on_both
    drawdown_id = await shop.draw(60_000)
    begun = await progress(shop, drawdown_id)
    assert (begun["plan"], begun["paid"], begun["ahead"], begun["days"], begun["payoff"]) == ([], [], [], [], None)
    await shop.work()
    for takings, refunds in ((50_000, 0), (50_123, 60_000), (50_000, 1), (40_000, 0)):
        await shop.sell(takings)
        if refunds:
            await shop.sell(refunds, "refund")
        await shop.close()
        await shop.pass_days(1)
    found = await progress(shop, drawdown_id)
    totals = (await shop.partner.seen(f"/v1/drawdowns/{drawdown_id}/statement"))["totals"]
    drawdown = await shop.drawdown(drawdown_id)
    assert found["paid"][-1]["amount"] == totals["repaid_amount"] + totals["rebate_amount"] > 0
    assert found["paid"][-1]["amount"] + drawdown["outstanding_amount"] == drawdown["total_amount"]
    assert [point["amount"] for point in found["plan"]] == [0, drawdown["total_amount"]]
    assert found["plan"][-1]["on"] == found["planned_payoff_on"]
    days = found["days"]
    assert [day["business_on"] for day in days] == sorted((day["business_on"] for day in days), reverse=True)
    assert {day["net_amount"]: day["state"] for day in days}[-9_877] == "carried_over"
    shares = [one for one in await shop.repayments(drawdown_id) if one["kind"] == "share"]
    assert sum(day["amount"] for day in days) == sum(one["amount"] for one in shares)
    settled = sum(day["amount"] for day in days if day["state"] == "settled")
    assert settled == drawdown["repaid_amount"]
    assert sum(day["amount"] for day in days if day["state"] == "pending") == drawdown["pending_amount"]
    assert found["payoff"]["p10_on"] <= found["payoff"]["p50_on"] <= found["payoff"]["p90_on"]
    assert found["ahead"][0]["likely_amount"] == found["paid"][-1]["amount"]
    assert found["ahead"][-1]["low_amount"] == drawdown["total_amount"]
    await shop.partner.done(f"/v1/drawdowns/{drawdown_id}/repayments", {"payoff": True})
    await shop.live(8)
    ended = await progress(shop, drawdown_id)
    assert (await shop.drawdown(drawdown_id))["state"] == "repaid"
    assert (ended["paid"][-1]["amount"], ended["ahead"], ended["payoff"]) == (drawdown["total_amount"], [], None)
    assert len(ended["days"]) < 31


@given(
    rows=st.lists(st.tuples(*[st.integers(0, 10**9)] * 3).map(lambda row: tuple(sorted(row))), min_size=8, max_size=8),
    loan=st.tuples(st.integers(1, 10**10), st.integers(0, 10_000), st.integers(0, 10**6), st.integers(0, 3_000)),
    term=st.integers(1, 300),
    rest=st.integers(-5, 90) | st.none(),
)
def test_the_way_ahead_never_falls_never_crosses_and_ends_when_all_is_repaid(
    rows: list[tuple[int, int, int]], loan: tuple[int, int, int, int], term: int, rest: int | None
) -> None:
    total, base_bps, pending, withhold_bps = loan
    paths = [[sum(row[which] for row in rows[: n + 1]) for n in range(len(outlooks.KNOTS))] for which in range(3)]
    paid = total * base_bps // 10_001
    known = Ahead(
        total, paid, min(total, paid + pending), withhold_bps, paths, TODAY - timedelta(days=1), TODAY,
        None if rest is None else TODAY + timedelta(days=rest), (Due(TODAY + timedelta(days=term), total),),
    )  # fmt: skip
    points, payoff = ahead(known)
    assert payoff is not None
    assert TODAY <= payoff.p10_on <= payoff.p50_on <= payoff.p90_on <= TODAY + timedelta(days=term)
    assert all(one.low_amount <= one.likely_amount <= one.high_amount <= total for one in points)
    for before, after in pairwise(points):
        assert before.on < after.on
        assert before.low_amount <= after.low_amount
        assert before.high_amount <= after.high_amount
    assert points[-1].low_amount == total or points[-1].on == TODAY
