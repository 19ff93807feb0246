"""Shopify's payloads → our records. Pure.

Every topic about an order (`orders/create`, `orders/updated`, `orders/paid`, `orders/cancelled`) carries the whole
order as it was at its `updated_at`, refunds and all, and each is read alike. So any of them yields the order's records
whole, the newest wins, and none is counted twice:

- a **sale**, of what was paid: the total less what is outstanding, once Shopify says that money was taken (`paid`,
  `partially_paid`, `partially_refunded`, `refunded`). What is `pending` or `authorized` is no money yet;
- a **refund** for each of its refunds, of the refunding transactions that succeeded;
- a **void** of what was left of the sale when the order was cancelled: what was paid, less what had been given back
  or was on its way back. What is given back after that is the same money, so it is no refund as well.

`refunds/create` and the topics of transactions tell of what the next `orders/updated` carries; they are taken note of
and not stored. **Stock** is what `inventory_levels/update` has available. Products carry no cost and are not stored.

Amounts are decimal strings of the shop's currency, `updated_at` in milliseconds is the version. (Shopify Admin REST
resources Order, Refund, InventoryLevel)
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from adapters import payloads
from gateway.domain.calendars import Instant
from gateway.domain.sales import Line, NewSale, SaleKind, Tender
from gateway.domain.stock import NewStock
from gateway.source_ports import Converted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from gateway.source_ports import About

ORDERS = ("orders/create", "orders/updated", "orders/paid", "orders/partially_paid", "orders/cancelled")
LEVELS = ("inventory_levels/update", "inventory_levels/connect")
KINDS = frozenset({*ORDERS, *LEVELS})
TAKEN = frozenset({"paid", "partially_paid", "partially_refunded", "refunded"})
"""What Shopify calls an order of which money was taken."""
_NOTHING = Decimal(0)
_MOST_LINES, _MOST_TENDERS = 500, 20


class Head(msgspec.Struct, frozen=True):
    """Whether an order is a test of the shop's owner."""

    test: bool = False


class Tax(msgspec.Struct, frozen=True):
    """One tax on a line; `price` is its amount."""

    price: Decimal = _NOTHING


class Item(msgspec.Struct, frozen=True):
    """A line of an order."""

    id: int
    quantity: int
    price: Decimal
    variant_id: int | None = None
    sku: str | None = None
    total_discount: Decimal | None = None
    tax_lines: list[Tax] = []


class ReturnedItem(msgspec.Struct, frozen=True):
    """How many of a line were given back, and the tax in that."""

    quantity: int
    line_item: Item | None = None
    total_tax: Decimal | None = None


class Adjustment(msgspec.Struct, frozen=True):
    """What a refund holds beside items, shipping for one: negative."""

    tax_amount: Decimal = _NOTHING


class Transaction(msgspec.Struct, frozen=True):
    """Money that moved, or was to."""

    kind: str
    status: str
    amount: Decimal


class Refund(msgspec.Struct, frozen=True):
    """One refund of an order."""

    id: int
    created_at: Instant
    transactions: list[Transaction] = []
    refund_line_items: list[ReturnedItem] = []
    order_adjustments: list[Adjustment] = []


class Customer(msgspec.Struct, frozen=True):
    """Who bought."""

    id: int | None = None


class Order(msgspec.Struct, frozen=True):
    """What we use of an order."""

    id: int
    currency: str
    created_at: Instant
    updated_at: Instant
    total_price: Decimal
    financial_status: str | None = None
    processed_at: Instant | None = None
    cancelled_at: Instant | None = None
    total_tax: Decimal | None = None
    total_tip_received: Decimal | None = None
    total_outstanding: Decimal | None = None
    location_id: int | None = None
    source_name: str | None = None
    payment_gateway_names: list[str] = []
    line_items: list[Item] = []
    refunds: list[Refund] = []
    customer: Customer | None = None


class Level(msgspec.Struct, frozen=True):
    """How much of an item a location has to sell; null where Shopify does not count it."""

    inventory_item_id: int
    location_id: int
    updated_at: Instant
    available: int | None = None


class _Parts(msgspec.Struct, frozen=True):
    """An amount in minor units, and how much of it is tax and tip."""

    amount: int
    tax_amount: int = 0
    tip_amount: int = 0


def convert(kind: str, body: bytes, about: About) -> Converted:
    """See Platform."""
    if kind in ORDERS:
        return payloads.collect(_records(payloads.decode(body, Order)))
    if kind in LEVELS:
        level = payloads.decode(body, Level)
        return payloads.collect([("", partial(_stock, level, about.currency))])
    return Converted()


def _records(order: Order) -> Iterator[tuple[str, Callable[[], NewSale | None]]]:
    """Sale, void, refunds: a void that has become smaller makes room for a refund, so it goes first."""
    if order.financial_status not in TAKEN:
        return
    yield "", partial(_sale, order)
    before = [refund for refund in order.refunds if not _with_cancelling(order, refund)]
    if order.cancelled_at is not None:
        yield "/cancelled_at", partial(_void, order, before)
    for refund in before:
        yield f"/refunds/{order.refunds.index(refund)}", partial(_refund, order, refund)


def _with_cancelling(order: Order, refund: Refund) -> bool:
    """Whether a refund gives back what the cancelled order's void has taken back already."""
    return order.cancelled_at is not None and refund.created_at >= order.cancelled_at


def _sale(order: Order) -> NewSale | None:
    paid = _paid(order)
    if not paid.amount:
        return None
    names = [name for name in map(payloads.short, order.payment_gateway_names[:_MOST_TENDERS]) if name]
    return _record(
        order,
        paid,
        sale_id=str(order.id),
        kind=SaleKind.sale,
        occurred_at=order.processed_at or order.created_at,
        tenders=[Tender(names[0], paid.amount)] if len(names) == 1 else None,
        lines=_lines(order),
        customer_ref=payloads.customer_ref("shopify", None if order.customer is None else order.customer.id),
    )


def _void(order: Order, before: list[Refund]) -> NewSale | None:
    """What is left of the sale when the order is cancelled; nothing where all was given back before."""
    paid = _paid(order)
    backs = [_given_back(order, refund, {"success", "pending"}) for refund in before]
    amount = paid.amount - sum(back.amount for back in backs)
    if amount <= 0 or order.cancelled_at is None:
        return None
    tax = min(amount, max(0, paid.tax_amount - sum(back.tax_amount for back in backs)))
    return _record(
        order,
        _Parts(amount, tax, min(amount - tax, paid.tip_amount)),
        sale_id=f"{order.id}:void",
        kind=SaleKind.void,
        occurred_at=order.cancelled_at,
        refund_of=str(order.id),
    )


def _refund(order: Order, refund: Refund) -> NewSale | None:
    back = _given_back(order, refund)
    if not back.amount:
        return None
    return _record(
        order,
        back,
        sale_id=str(refund.id),
        kind=SaleKind.refund,
        occurred_at=refund.created_at,
        refund_of=str(order.id),
    )


def _record(order: Order, parts: _Parts, **more: object) -> NewSale:
    """A record with what all of an order have in common."""
    fields = {
        "amount": parts.amount,
        "tax_amount": parts.tax_amount,
        "tip_amount": parts.tip_amount,
        "currency": order.currency,
        "version": payloads.version(order.updated_at),
        "location_id": payloads.short(order.location_id),
        "channel": payloads.short(order.source_name),
    }
    return NewSale(**fields | more)  # type: ignore[arg-type]


def _paid(order: Order) -> _Parts:
    """What was paid of an order; of one that is paid in part, its share of tax and tip."""
    total = payloads.minor(order.total_price, order.currency)
    left = order.total_outstanding
    if left is None and order.financial_status == "partially_paid":
        raise payloads.Unfit("paid_unknown", "the order is paid in part, and does not say how much")
    amount = total - max(0, 0 if left is None else payloads.minor(left, order.currency))
    if amount <= 0:
        return _Parts(0)
    tax, tip = (_minor(value, order.currency) for value in (order.total_tax, order.total_tip_received))
    return _Parts(amount, tax * amount // total, tip * amount // total)


def _given_back(order: Order, refund: Refund, states: Collection[str] = ("success",)) -> _Parts:
    """What a refund gave back by transactions in these states, and the tax in it as far as Shopify says."""
    moved = [one.amount for one in refund.transactions if one.kind == "refund" and one.status in states]
    amount = sum(payloads.minor(one, order.currency) for one in moved)
    tax = sum(_returned_tax(item, order.currency) for item in refund.refund_line_items)
    tax += sum(abs(payloads.minor(one.tax_amount, order.currency)) for one in refund.order_adjustments)
    return _Parts(amount, min(tax, amount))


def _returned_tax(item: ReturnedItem, currency: str) -> int:
    """The tax in the pieces that came back; where Shopify does not say, their share of the line's."""
    if item.total_tax is not None:
        return payloads.minor(item.total_tax, currency)
    line = item.line_item
    if line is None or line.quantity < 1:
        return 0
    tax = sum(payloads.minor(one.price, currency) for one in line.tax_lines)
    return tax * max(0, item.quantity) // line.quantity


def _lines(order: Order) -> list[Line] | None:
    """Items without their discounts; a ticket with more lines than we keep goes without."""
    if not 0 < len(order.line_items) <= _MOST_LINES:
        return None
    return [
        Line(
            item_id=payloads.short(item.sku or item.variant_id or item.id) or str(item.id),
            quantity=payloads.quantity(Decimal(item.quantity)),
            amount=max(
                0, _minor(item.price, order.currency) * item.quantity - _minor(item.total_discount, order.currency)
            ),
        )
        for item in order.line_items
    ]


def _minor(value: Decimal | None, currency: str) -> int:
    return 0 if value is None else payloads.minor(value, currency)


def _stock(level: Level, currency: str) -> NewStock | None:
    """A count each time: the newest of an item and location is what is there."""
    if level.available is None:
        return None
    item, place = str(level.inventory_item_id), str(level.location_id)
    return NewStock(
        stock_id=f"{item}:{place}:{payloads.version(level.updated_at)}",
        item_id=item,
        counted_at=level.updated_at,
        quantity=payloads.quantity(Decimal(level.available)),
        currency=currency,
        location_id=place,
    )
