"""Rows of sales on their way through the lane, and the records they become or correct."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain.records import PLACEHOLDER, Record, Records
from gateway.domain.sales import NewSale, SaleDetail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.usecases.baskets import Key

Teller = tuple[str, str]
"""A merchant, and the source that tells of its sales."""


class HeldRecord(Record):
    """A record as stored, and whose it is."""

    merchant_id: str = ""
    source: str = ""

    @property
    def key(self) -> Key:
        """What it is unique by."""
        return self.merchant_id, self.source, self.sale_id


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row on its way through the lane: row `index` of request number `request`."""

    request: int
    index: int
    merchant_id: str
    source: str
    sale: NewSale
    business_on: date
    row_id: str

    @property
    def key(self) -> Key:
        """What its record is unique by."""
        return self.merchant_id, self.source, self.sale.sale_id


def sorted_out(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows of merchants none of whose rows bears on another, and the others: a refund, or one record sent twice."""
    seen: set[Key] = set()
    merchants: set[str] = set()
    for row in rows:
        key = row.key
        if row.sale.refund_of is not None or key in seen:
            merchants.add(row.merchant_id)
        seen.add(key)
    if not merchants:
        return rows, []
    return [r for r in rows if r.merchant_id not in merchants], [r for r in rows if r.merchant_id in merchants]


def corrected(rows: list[Row], records: dict[Teller, Records], sent: Mapping[str, NewSale]) -> Iterator[Key]:
    """The stored records of which a row has a newer version; none of them was written by these rows."""
    for row in rows:
        there = records[row.merchant_id, row.source].by_id.get(row.sale.sale_id)
        if there is not None and PLACEHOLDER < there.version < row.sale.version and there.row_id not in sent:
            yield row.key


def columns(record: Record) -> dict[str, Any]:
    """What a record says itself; the rest of its columns is the row's that wrote it."""
    columns = {
        "sale_id": record.sale_id,
        "version": record.version,
        "kind": record.kind.value,
        "amount": record.amount,
        "net_amount": record.net_amount,
        "refund_of": record.refund_of,
        "refunded_amount": record.refunded_amount,
    }
    return columns | ({"detail_json": SaleDetail()} if record.version == PLACEHOLDER else {})
