"""Stock as a shop counts it: how much of an item lies where, and how much more is ordered.

A record is unique by (merchant, source, stock_id); a newer version corrects it. What is there is the newest count of
each item and location. After UBL StockAvailabilityReportLine and SAF-T PhysicalStockEntry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain import calendars
from gateway.domain.sales import NativeId, Part, Short

if TYPE_CHECKING:
    from gateway.domain.incoming import Shop

Quantity = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,9}(\.[0-9]{1,6})?\Z")]
"""A decimal number as a string, never negative."""


class NewStock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One count of one item at one location; `unit_cost_amount` is what one cost, in minor units without tax."""

    stock_id: NativeId
    item_id: Short
    counted_at: calendars.Instant
    quantity: Quantity
    currency: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
    unit_cost_amount: Part | None = None
    on_order_quantity: Quantity = "0"
    location_id: Short | None = None
    category: Short | None = None
    gtin: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{8,14}\Z")] | None = None
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1


def check(stock: NewStock, shop: Shop) -> None:
    """Raise BadRecord for a count that cannot be: in another currency, of the future, or further back than is taken."""
    shop.check_currency(stock.currency)
    shop.check_instant(stock.counted_at, "counted_at")
