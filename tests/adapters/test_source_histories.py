"""Whatever a platform tells of one payment, in any order and any number of times, ends in the same books."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.records import Records
from gateway.domain.sales import BadSale, Totals
from tests.adapters.platforms import ShopifyShop, SquareSeller, StripeAccount
from tests.adapters.source_contract import NOW, converted

if TYPE_CHECKING:
    from tests.adapters.platforms import Told
    from tests.adapters.source_contract import Scene

Books = tuple[set[tuple[Any, ...]], dict[date, Totals]]
LATER = [NOW + timedelta(minutes=10 * n) for n in range(12)]
amounts = st.integers(1, 60)


def kept(scene: Scene, told: list[Told]) -> Books:
    """The records and the days that come of events in this order."""
    records, days = Records([]), defaultdict[date, Totals](Totals)
    for number, (kind, payload) in enumerate(told):
        found = converted(scene, kind, payload)
        assert found.refused == ()
        for sale in found.sales:
            try:
                change = records.take(sale, sale.occurred_at.date(), f"{number}.{sale.sale_id}")
            except BadSale:
                continue
            for on, totals in change.days:
                days[on] += totals
    rows = {(one.sale_id, one.version, one.kind, one.amount, one.refunded_amount) for one in records.by_id.values()}
    return rows, {on: day for on, day in days.items() if day != Totals()}


@st.composite
def squares(draw: st.DrawFn) -> list[Told]:
    scene, paid = SquareSeller(), draw(st.integers(100, 300))
    tip = draw(st.integers(0, 50))
    told = [scene.payment(paid, name="p", tip=tip, status="APPROVED")]
    told += [scene.payment(paid, name="p", tip=tip, updated=draw(st.integers(1, 9_000))) for _ in range(3)]
    for number, amount in enumerate(draw(st.lists(amounts, max_size=3))):
        told.append(scene.refund(amount, "p", at=LATER[number], name=f"r{number}", status="PENDING"))
        for updated, status in draw(st.sampled_from([[(5, "COMPLETED"), (9, "COMPLETED")], [(5, "FAILED")]])):
            told.append(scene.refund(amount, "p", at=LATER[number], name=f"r{number}", status=status, updated=updated))
    return told


@st.composite
def stripes(draw: st.DrawFn) -> list[Told]:
    scene, paid = StripeAccount(), draw(st.integers(100, 300))
    told = [scene.charge(paid, name="c", captured=False)]
    told += [scene.charge(paid, name="c", updated=draw(st.integers(1, 900))) for _ in range(3)]
    for number, amount in enumerate(draw(st.lists(amounts, max_size=3))):
        told.append(scene.refund(amount, "c", at=LATER[number], name=f"r{number}", status="pending"))
        status = draw(st.sampled_from(["succeeded", "failed"]))
        told += [
            scene.refund(amount, "c", at=LATER[number], name=f"r{number}", status=status, updated=n) for n in (5, 9)
        ]
        told.append(scene.charge(paid, name="c", updated=1_000 + number, kind="charge.refunded"))
    return told


@st.composite
def shopifys(draw: st.DrawFn) -> list[Told]:
    """An order that is paid, added to, given back in parts that succeed or fail, and cancelled, one snapshot a step."""
    scene, total = ShopifyShop(), draw(st.integers(100, 300))
    refunds: list[dict[str, Any]] = []
    told, cancelled = [scene.order(f"{total}.00", name=1, status="authorized")], None
    for minute, at in enumerate(LATER[1:9], 1):
        does = draw(st.sampled_from(["nothing", "add", "refund", "settle", "fail", "cancel"]))
        if does == "add" and cancelled is None:
            total += draw(amounts)
        elif does == "refund":
            left = total - sum(int(float(one["transactions"][0]["amount"])) for one in refunds)
            if left > 0:
                amount = draw(st.sampled_from([left, 1 + left // 3]))
                refunds = [*refunds, scene.refund(f"{amount}.00", at, name=100 + minute, status="pending")]
        elif does in {"settle", "fail"}:
            refunds = [_settled(one, "success" if does == "settle" else "failure") for one in refunds]
        elif does == "cancel":
            cancelled = cancelled or at
        known: dict[str, Any] = {"refunds": refunds, "cancelled": cancelled, "total_tax": "0"}
        told.append(scene.order(f"{total}.00", name=1, updated=600 * minute, **known))
    return told


def _settled(refund: dict[str, Any], status: str) -> dict[str, Any]:
    (one,) = refund["transactions"]
    return refund | {"transactions": [one | {"status": status if one["status"] == "pending" else one["status"]}]}


@pytest.mark.parametrize(
    ("speaks", "histories"),
    [(SquareSeller, squares()), (ShopifyShop, shopifys()), (StripeAccount, stripes())],
    ids=["square", "shopify", "stripe"],
)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_order_and_repetition_ends_in_the_same_books(
    speaks: type[Scene], histories: st.SearchStrategy[list[Told]], data: st.DataObject
) -> None:
    scene, history = speaks(), data.draw(histories)
    again = data.draw(st.lists(st.sampled_from(history), max_size=4))
    order = data.draw(st.permutations(history + again))
    assert kept(scene, order) == kept(scene, history)
