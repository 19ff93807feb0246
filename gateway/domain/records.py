"""What we hold of a merchant's records, and what one more row does to them: the rules of versions and refunds.

Rows are taken in the order they came. A refund or void that names its sale counts against that sale, so that never
more is given back than was sold. When it comes before its sale, a placeholder of version 0 keeps the count.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.sales import BadSale, NewSale, SaleKind, Totals, net_amount, totals

if TYPE_CHECKING:
    from collections.abc import Iterable

PLACEHOLDER = 0
"""The version of a sale that was refunded before it arrived: older than any a till can send."""


class Record(msgspec.Struct):
    """One record as held; `row_id` names the row that wrote it last, `refunded_amount` what was given back of it."""

    sale_id: str
    row_id: str
    version: int
    kind: SaleKind
    business_on: date
    amount: int
    net_amount: int
    refund_of: str | None
    refunded_amount: int

    @property
    def totals(self) -> Totals:
        """What it adds to its day."""
        return Totals() if self.version == PLACEHOLDER else totals(self.kind, self.net_amount)


class Change(msgspec.Struct, frozen=True):
    """What a row added to business days; a row that is known already has `taken` False and adds nothing."""

    taken: bool
    days: tuple[tuple[date, Totals], ...] = ()


class Records:
    """The records some rows touch, changed row by row; `changed` are the ids of those that differ from the store."""

    def __init__(self, found: Iterable[Record]) -> None:
        self.by_id = {record.sale_id: record for record in found}
        self.changed: dict[str, None] = {}

    def take(self, sale: NewSale, on: date, row_id: str) -> Change:
        """Take one row; raises BadSale, and then nothing changed."""
        there = self.by_id.get(sale.sale_id)
        if there is not None and there.row_id == row_id and there.version == sale.version:
            return Change(taken=True, days=((on, there.totals),))  # the store took it in already
        if there is not None and sale.version <= there.version:
            return Change(taken=False)
        if there is not None:
            _check(there, sale)
        if sale.refund_of is not None:
            self._give_back(sale, sale.refund_of, on, row_id, 0 if there is None else there.amount)
        net, given_back = net_amount(sale), 0 if there is None else there.refunded_amount
        record = Record(sale.sale_id, row_id, sale.version, sale.kind, on, sale.amount, net, sale.refund_of, given_back)
        self.by_id[sale.sale_id] = record
        self.changed[sale.sale_id] = None
        before = () if there is None else ((there.business_on, -there.totals),)
        return Change(taken=True, days=(*before, (on, record.totals)))

    def _give_back(self, sale: NewSale, sold_id: str, on: date, row_id: str, before: int) -> None:
        sold = self.by_id.get(sold_id)
        if sold is None:
            sold = Record(sold_id, row_id, PLACEHOLDER, SaleKind.sale, on, 0, 0, None, 0)
            self.by_id[sold_id] = sold
        if sold.kind is not SaleKind.sale:
            raise BadSale("not_a_sale", "refund_of names a record that is no sale")
        given_back = sold.refunded_amount + sale.amount - before
        if sold.version != PLACEHOLDER and given_back > sold.amount:
            left = sold.amount - sold.refunded_amount + before
            raise BadSale("refund_above_sale", f"the sale has {left} left that could be given back")
        sold.refunded_amount = given_back
        self.changed[sold_id] = None


def _check(there: Record, sale: NewSale) -> None:
    """What a newer version cannot change."""
    if there.version == PLACEHOLDER and sale.kind is not SaleKind.sale:
        raise BadSale("kind_changed", "a refund or void names this record as the sale it gives back")
    if sale.kind is not there.kind or sale.refund_of != there.refund_of:
        raise BadSale("kind_changed", "a newer version cannot change what kind of record it is or what it refunds")
    if there.refunded_amount > sale.amount:
        raise BadSale("refunded_above_amount", f"{there.refunded_amount} of it was given back already")
