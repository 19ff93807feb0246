"""After any sequence of requests: rows, days, memory and SQL say the same."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import books, tills
from tests.gateways import NOW
from tests.tills import TODAY, row

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio

IDS = st.sampled_from("abcd")
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """Any row of a few records, so that they meet: sales, refunds, versions, days back and forth."""
    kind = draw(st.sampled_from(["sale", "sale", "refund", "void"]))
    amount = draw(st.integers(1, 60))
    more: dict[str, Any] = {"kind": kind, "version": draw(st.integers(1, 3)), "sale_id": draw(IDS)}
    more["tax_amount"] = draw(st.integers(0, amount))
    if kind != "sale" and draw(st.booleans()):
        more["refund_of"] = draw(IDS)
    return row(amount, NOW - timedelta(days=draw(st.integers(0, 4)), hours=1), **more)


BATCHES = st.lists(
    st.one_of(
        st.lists(rows(), min_size=1, max_size=6),
        st.lists(st.lists(rows(), min_size=1, max_size=3), min_size=2, max_size=4),  # at the same time
        st.integers(0, 4),  # a day's close
    ),
    min_size=1,
    max_size=8,
)


@FEW
@given(batches=BATCHES)
async def test_rows_days_memory_and_sql_agree_after_anything(gateway: Gateway, batches: list[Any]) -> None:
    shop = await tills.new(await gateway.partner())
    for batch in batches:
        if isinstance(batch, int):
            await shop.close(TODAY - timedelta(days=batch))
        elif isinstance(batch[0], list):
            answers = await asyncio.gather(*[shop.send(part) for part in batch])
            assert {answer.status_code for answer in answers} <= {200, 422}
        else:
            assert (await shop.send(batch)).status_code in {200, 422}
    days = await books.check(gateway.world, shop.id)
    today = days[TODAY].net_amount if TODAY in days else 0
    assert (await shop.push())["takings_today_amount"] == today


@FEW
@given(sent=st.lists(rows(), min_size=2, max_size=12))
async def test_one_request_or_many_come_to_the_same(gateway: Gateway, sent: list[dict[str, Any]]) -> None:
    partner = await gateway.partner()
    together, apart = await tills.new(partner), await tills.new(partner)
    first = await together.send(sent)
    singles = [await apart.send(one) for one in sent]
    assert await books.records(gateway.world, together.id) == await books.records(gateway.world, apart.id)
    codes = {(one["index"], one["code"]) for one in first.json().get("rejected", [])} | {
        (int(one["pointer"][1:]), one["code"]) for one in first.json().get("errors", [])
    }
    assert codes == {(n, a.json()["errors"][0]["code"]) for n, a in enumerate(singles) if a.status_code == 422}
