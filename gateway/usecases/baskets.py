"""What the lines and customers of incoming records add to a day, kept in the unit that stores the records.

Rows that name neither cost one comparison. A refund without lines takes nothing off a category.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import categories
from gateway.domain.records import PLACEHOLDER
from gateway.domain.sales import SaleDetail, SaleKind, net_amount
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.domain.categories import Stocking
    from gateway.domain.positions import Position
    from gateway.domain.records import Record
    from gateway.domain.sales import Line, NewSale
    from gateway.store import Reader, Tx

Key = tuple[str, str, str]
"""Merchant, source, and the source's own id of a record: what a record is unique by."""


class Sold(msgspec.Struct, frozen=True):
    """A stored record as far as its day's categories are made of it."""

    merchant_id: str
    source: str
    sale_id: str
    kind: SaleKind
    business_on: date
    net_amount: int
    detail: SaleDetail


class _Known(msgspec.Struct, frozen=True):
    merchant_id: str
    business_on: date
    category: str


class Baskets:
    """What one run of rows adds to days' categories and customers."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, date], dict[str, int]] = defaultdict(dict)
        self._visits: set[tuple[str, date, int]] = set()
        self._stored: dict[Key, Sold] = {}

    def add(self, merchant_id: str, on: date, sale: NewSale) -> None:
        """Count a record that is new, or the newest version of one."""
        if sale.lines:
            self._count(merchant_id, on, sale.kind, net_amount(sale), sale.lines)
        if sale.customer_ref and sale.kind is SaleKind.sale:
            self._visits.add((merchant_id, on, _customer(merchant_id, sale.customer_ref)))

    def take_back(self, key: Key, before: Record, written: NewSale | None) -> None:
        """Uncount the version that a newer one replaces: `written` in this very run, or as the store has it."""
        if before.version == PLACEHOLDER:
            return
        if written is None:
            stored = self._stored.get(key)
            lines = None if stored is None else stored.detail.lines
        else:
            lines = written.lines
        if lines:
            self._count(key[0], before.business_on, before.kind, -before.net_amount, lines)

    def remove(self, merchant_id: str, sold: Sold) -> None:
        """Uncount a record that is deleted."""
        if sold.detail.lines:
            self._count(merchant_id, sold.business_on, sold.kind, -sold.net_amount, sold.detail.lines)

    async def look_up(self, tx: Tx, keys: Iterable[Key]) -> None:
        """Read what the store has of records that may be corrected now."""
        wanted = sorted(keys)
        if wanted:
            found = await tx.all(sql.categories.replaced, Sold, keys_json=wanted)
            self._stored = {(one.merchant_id, one.source, one.sale_id): one for one in found}

    async def write(self, tx: Tx) -> None:
        """Put it into the unit's transaction. The merchants' positions must be held."""
        if self._days:
            await tx.many(sql.categories.add, await self._rows(tx))
        if self._visits:
            await tx.many(sql.categories.visit, [
                {"merchant_id": merchant_id, "business_on": on, "customer": customer}
                for merchant_id, on, customer in sorted(self._visits)
            ])  # fmt: skip

    async def _rows(self, tx: Tx) -> list[dict[str, Any]]:
        days = [(merchant_id, on.isoformat()) for merchant_id, on in sorted(self._days)]
        known: dict[tuple[str, date], set[str]] = defaultdict(set)
        for one in await tx.all(sql.categories.known, _Known, days_json=days):
            known[one.merchant_id, one.business_on].add(one.category)
        return [
            {"merchant_id": key[0], "business_on": key[1], "category": category, "amount": amount}
            for key, change in sorted(self._days.items())
            for category, amount in sorted(categories.kept(change, known[key]).items())
        ]

    def _count(self, merchant_id: str, on: date, kind: SaleKind, net: int, lines: list[Line]) -> None:
        day = self._days[merchant_id, on]
        for category, amount in categories.taken(kind, net, lines).items():
            day[category] = day.get(category, 0) + amount


def _customer(merchant_id: str, reference: str) -> int:
    """63 bits that stand for a customer at this shop alone."""
    digest = hashlib.blake2b(reference.encode(), digest_size=8, key=merchant_id.encode()).digest()
    return int.from_bytes(digest) >> 1


async def stocking(reader: Reader, position: Position, need_amount: int) -> list[Stocking]:
    """The stocking need by category: by the shelves, else as the last closed weeks sold; none where nothing tells."""
    if position.scores is not None and position.scores.stocking is not None:
        return list(position.scores.stocking)
    if position.history is None:
        return []
    return categories.stocking(need_amount, await sold(reader, position.merchant_id, position.history.through_on))


async def sold(reader: Reader, merchant_id: str, through_on: date) -> dict[str, int]:
    """What each category took in the last closed weeks, minor units."""
    after_on = date.fromordinal(through_on.toordinal() - categories.WINDOW)
    values = {"merchant_id": merchant_id, "after_on": after_on, "through_on": through_on}
    return dict(await reader.all(sql.categories.sold, **values))
