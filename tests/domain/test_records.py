"""The rules of versions and refunds, on records in memory."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.records import Records
from gateway.domain.sales import BadSale, NewSale, SaleKind, Totals
from tests.gateways import NOW

ON = date(2026, 3, 2)
IDS = st.sampled_from("abc")


def sale(sale_id: str, amount: int = 100, **more: Any) -> NewSale:
    fields: dict[str, Any] = {"kind": SaleKind.sale, "occurred_at": NOW, "currency": "EUR"} | more
    return NewSale(sale_id=sale_id, amount=amount, **fields)


@st.composite
def rows(draw: st.DrawFn) -> NewSale:
    kind = draw(st.sampled_from(list(SaleKind)))
    of = draw(IDS) if kind is not SaleKind.sale and draw(st.booleans()) else None
    return sale(draw(IDS), draw(st.integers(1, 20)), kind=kind, refund_of=of, version=draw(st.integers(1, 4)))


@given(sent=st.lists(rows(), max_size=30))
def test_days_are_what_the_records_add_up_to_and_never_more_is_given_back_than_was_sold(sent: list[NewSale]) -> None:
    records, day = Records([]), Totals()
    for number, one in enumerate(sent):
        if one.refund_of == one.sale_id:
            continue  # refused before it gets here
        try:
            change = records.take(one, ON, f"row{number}")
        except BadSale:
            continue
        for _, totals in change.days:
            day += totals
    held = records.by_id.values()
    assert day == sum((record.totals for record in held), Totals())
    for record in held:
        back = sum(other.amount for other in held if other.refund_of == record.sale_id)
        assert record.refunded_amount == back
        assert back == 0 or record.version == 0 or back <= record.amount
        assert back == 0 or record.kind is SaleKind.sale


@given(sent=st.lists(rows(), max_size=12))
def test_the_same_rows_again_change_nothing(sent: list[NewSale]) -> None:
    records = Records([])
    taken = []
    for number, one in enumerate(sent):
        if one.refund_of == one.sale_id:
            continue
        try:
            records.take(one, ON, f"row{number}")
        except BadSale:
            continue
        taken.append(one)
    before = {
        sale_id: (record.version, record.amount, record.refunded_amount) for sale_id, record in records.by_id.items()
    }
    for number, one in enumerate(taken):
        assert records.take(one, ON, f"again{number}").taken is False
    assert before == {sale_id: (r.version, r.amount, r.refunded_amount) for sale_id, r in records.by_id.items()}


def test_a_sale_that_a_refund_names_cannot_turn_out_to_be_a_refund() -> None:
    records = Records([])
    records.take(sale("r", kind=SaleKind.refund, refund_of="a"), ON, "1")
    with pytest.raises(BadSale, match="names this record as the sale"):
        records.take(sale("a", kind=SaleKind.refund), ON, "2")
    assert records.by_id["a"].version == 0
