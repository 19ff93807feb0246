"""Square's payloads → our records. Pure.

A **sale** is a payment that is COMPLETED, by `payment.created` and `payment.updated`: before that no money was taken,
and from there a payment goes to no other state. Orders are not counted: their events carry no amounts, and every order
that is paid has payments. A **refund** is one that is COMPLETED, by `refund.created` and `refund.updated`; it names its
payment. A payment that is canceled or fails was never counted, so nothing has to be voided. **Stock** is what
`inventory.count.updated` counts as IN_STOCK. Invoices, terminal checkouts and payouts tell of the same payments once
more; all of these are taken note of and not stored.

Amounts are integers of the smallest unit. A payment says what was tipped, and not what was tax. `updated_at` is the
version. (Square webhook events; objects Payment, PaymentRefund, InventoryCount)
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from adapters import payloads
from gateway.domain.calendars import Instant
from gateway.domain.sales import NewSale, SaleKind, Tender
from gateway.domain.stock import NewStock
from gateway.source_ports import Converted

if TYPE_CHECKING:
    from gateway.source_ports import About

COMPLETED = "COMPLETED"
PAYMENTS = ("payment.created", "payment.updated")
REFUNDS = ("refund.created", "refund.updated")
COUNTS = "inventory.count.updated"
KINDS = frozenset({*PAYMENTS, *REFUNDS, COUNTS})


class Head(msgspec.Struct, frozen=True):
    """What every event begins with."""

    event_id: str
    type: str
    merchant_id: str


class Money(msgspec.Struct, frozen=True):
    """An amount in the smallest unit of its currency; Square leaves a zero away."""

    currency: str
    amount: int = 0


class Payment(msgspec.Struct, frozen=True):
    """What we use of a payment; `total_money` includes the tip."""

    id: str
    status: str
    created_at: Instant
    updated_at: Instant
    amount_money: Money
    total_money: Money | None = None
    tip_money: Money | None = None
    source_type: str | None = None
    location_id: str | None = None
    customer_id: str | None = None


class Refund(msgspec.Struct, frozen=True):
    """What we use of a refund; one that is not linked names no payment."""

    id: str
    status: str
    created_at: Instant
    updated_at: Instant
    amount_money: Money
    payment_id: str | None = None
    location_id: str | None = None


class Count(msgspec.Struct, frozen=True):
    """How much of an item is in which state at a location."""

    catalog_object_id: str
    state: str
    quantity: Decimal
    calculated_at: Instant
    location_id: str | None = None


class _PaymentObject(msgspec.Struct, frozen=True):
    payment: Payment


class _RefundObject(msgspec.Struct, frozen=True):
    refund: Refund


class _CountsObject(msgspec.Struct, frozen=True):
    inventory_counts: list[Count]


class _PaymentData(msgspec.Struct, frozen=True):
    object: _PaymentObject


class _RefundData(msgspec.Struct, frozen=True):
    object: _RefundObject


class _CountsData(msgspec.Struct, frozen=True):
    object: _CountsObject


class PaymentEvent(msgspec.Struct, frozen=True):
    """`payment.created` and `payment.updated`."""

    data: _PaymentData


class RefundEvent(msgspec.Struct, frozen=True):
    """`refund.created` and `refund.updated`."""

    data: _RefundData


class CountEvent(msgspec.Struct, frozen=True):
    """`inventory.count.updated`."""

    data: _CountsData


def convert(kind: str, body: bytes, about: About) -> Converted:
    """See Platform."""
    if kind in PAYMENTS:
        payment = payloads.decode(body, PaymentEvent).data.object.payment
        return payloads.collect([("/data/object/payment", partial(_sale, payment))])
    if kind in REFUNDS:
        refund = payloads.decode(body, RefundEvent).data.object.refund
        return payloads.collect([("/data/object/refund", partial(_refund, refund))])
    if kind == COUNTS:
        counts = payloads.decode(body, CountEvent).data.object.inventory_counts
        return payloads.collect(
            (f"/data/object/inventory_counts/{n}", partial(_stock, count, about.currency))
            for n, count in enumerate(counts)
        )
    return Converted()


def _sale(payment: Payment) -> NewSale | None:
    total = payment.total_money or payment.amount_money
    if payment.status != COMPLETED or not total.amount:
        return None
    tip = payment.tip_money
    if tip is not None and tip.currency != total.currency:
        raise payloads.Unfit("mixed_currencies", "the tip is in another currency")
    means = payloads.short(payment.source_type)
    return NewSale(
        sale_id=payment.id,
        kind=SaleKind.sale,
        occurred_at=payment.created_at,
        amount=total.amount,
        currency=total.currency,
        tip_amount=0 if tip is None else tip.amount,
        version=payloads.version(payment.updated_at),
        location_id=payloads.short(payment.location_id),
        tenders=None if means is None else [Tender(means.lower(), total.amount)],
        customer_ref=payloads.customer_ref("square", payment.customer_id),
    )


def _refund(refund: Refund) -> NewSale | None:
    if refund.status != COMPLETED or not refund.amount_money.amount:
        return None
    return NewSale(
        sale_id=refund.id,
        kind=SaleKind.refund,
        occurred_at=refund.created_at,
        amount=refund.amount_money.amount,
        currency=refund.amount_money.currency,
        refund_of=refund.payment_id,
        version=payloads.version(refund.updated_at),
        location_id=payloads.short(refund.location_id),
    )


def _stock(count: Count, currency: str) -> NewStock | None:
    """A count each time: the newest of an item and location is what is there."""
    if count.state != "IN_STOCK":
        return None
    at = payloads.version(count.calculated_at)
    item, place = payloads.short(count.catalog_object_id), payloads.short(count.location_id)
    return NewStock(
        stock_id=f"{item}:{place or ''}:{at}",
        item_id=item or "",
        counted_at=count.calculated_at,
        quantity=payloads.quantity(count.quantity),
        currency=currency,
        location_id=place,
    )
