"""Shopify, played by the sandbox: an order when it is paid, and whole once more when something of it is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from adapters import payloads
from adapters.sources.shopify import client
from gateway.domain.money import Money
from gateway.domain.sales import SaleKind
from gateway.source_ports import Call

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.sales import Line, NewSale
    from gateway.source_ports import Account, Told

LOCATION = 1
_ID_LENGTH = 12


class SimulatedShopify:
    """See SimulatedPlatform."""

    name: ClassVar[str] = client.Shopify.name

    def call(self, told: Told, account: Account, at: datetime) -> Call:
        """See SimulatedPlatform."""
        topic, order = ("orders/create", _order(told.record, "paid"))
        if told.record.kind is not SaleKind.sale:
            topic, order = "orders/updated", _given_back(told)
        body = payloads.written(order)
        headers = {
            client.SIGNATURE: payloads.mac_base64(account.secret, body), client.TOPIC: topic,
            client.SHOP: account.id, client.EVENT: payloads.made_up("event", told.record.sale_id, 32),
        }  # fmt: skip
        return Call(account.url, headers, body, at)


def _given_back(told: Told) -> dict[str, Any]:
    """The order with its refund; one from before the shop was connected is told without the money it once took."""
    back, sale = told.record, told.refunded or told.record
    order = _order(sale, "refunded") | {"updated_at": back.occurred_at, "refunds": [_refund(back)]}
    return order if told.refunded else order | {"total_outstanding": order["total_price"]}


def _order(sale: NewSale, status: str) -> dict[str, Any]:
    customer = None if sale.customer_ref is None else {"id": _id("customer", sale.customer_ref)}
    return {
        "id": _id("order", sale.sale_id), "currency": sale.currency, "created_at": sale.occurred_at,
        "processed_at": sale.occurred_at, "updated_at": sale.occurred_at, "cancelled_at": None, "test": False,
        "total_price": _major(sale.amount, sale), "total_tax": _major(sale.tax_amount, sale),
        "total_tip_received": _major(sale.tip_amount, sale), "total_outstanding": _major(0, sale),
        "financial_status": status, "source_name": "pos", "location_id": LOCATION, "customer": customer,
        "payment_gateway_names": [tender.means for tender in sale.tenders or ()],
        "line_items": [_item(item, sale) for item in sale.lines or ()], "refunds": [],
    }  # fmt: skip


def _item(item: Line, sale: NewSale) -> dict[str, Any]:
    quantity = int(item.quantity)
    return {
        "id": _id("item", item.item_id), "sku": item.item_id, "quantity": quantity,
        "price": _major(item.amount // quantity, sale), "total_discount": _major(0, sale), "tax_lines": [],
    }  # fmt: skip


def _refund(back: NewSale) -> dict[str, Any]:
    """All of an order given back, its tax with it."""
    return {
        "id": _id("refund", back.sale_id), "created_at": back.occurred_at, "refund_line_items": [],
        "transactions": [{"kind": "refund", "status": "success", "amount": _major(back.amount, back)}],
        "order_adjustments": [{"amount": _major(-back.amount, back), "tax_amount": _major(-back.tax_amount, back)}],
    }  # fmt: skip


def _major(amount: int, of: NewSale) -> str:
    """Minor units as a decimal of the record's currency."""
    return format(Money(amount, of.currency).decimal(), "f")


def _id(kind: str, name: str) -> int:
    """A number that is the same for the same thing; Shopify's ids are integers."""
    return int(payloads.made_up(kind, name, _ID_LENGTH), 16) + 1
