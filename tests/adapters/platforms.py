"""Square, Shopify and Stripe as they speak: what they send of a shop's day, and how each signs it. Made up by us."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from adapters.sources.shopify.client import Shopify
from adapters.sources.square.client import Square
from adapters.sources.stripe.client import Stripe
from tests.adapters.source_contract import ADDRESS, NOW, SECRET

if TYPE_CHECKING:
    from gateway.source_ports import Platform

_numbers = itertools.count(1)
Told = tuple[str, dict[str, Any]]
"""The kind of an event, and its payload."""


def _mac(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def _at(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


class SquareSeller:
    """A seller at Square."""

    account_id = "6SSW7HV8K2ST5"

    def __init__(self, address: str = ADDRESS, currency: str = "EUR") -> None:
        self.platform: Platform = Square()
        self.address, self.currency = address, currency

    def sign(self, body: bytes, *, kind: str, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
        return {"x-square-hmacsha256-signature": _mac(secret, self.address.encode() + body)}

    def _event(self, kind: str, thing: dict[str, Any], at: datetime) -> Told:
        return kind, {
            "merchant_id": self.account_id, "type": kind, "event_id": f"event-{next(_numbers)}", "created_at": _at(at),
            "data": {"type": kind.partition(".")[0], "id": "thing", "object": thing},
        }  # fmt: skip

    def payment(
        self, amount: int, *, at: datetime = NOW, name: str | None = None, tip: int = 0, updated: int = 0,
        status: str = "COMPLETED",
    ) -> Told:  # fmt: skip
        payment = {
            "id": name or f"payment-{next(_numbers)}", "status": status, "created_at": _at(at),
            "updated_at": _at(at + timedelta(milliseconds=updated)), "source_type": "CARD", "location_id": "L1",
            "amount_money": self._money(amount - tip), "total_money": self._money(amount),
            "customer_id": "CUSTOMER",
        } | ({"tip_money": self._money(tip)} if tip else {})  # fmt: skip
        return self._event("payment.updated" if updated else "payment.created", {"payment": payment}, at)

    def refund(
        self, amount: int, of: str, *, at: datetime = NOW, name: str | None = None, updated: int = 0,
        status: str = "COMPLETED",
    ) -> Told:  # fmt: skip
        refund = {
            "id": name or f"refund-{next(_numbers)}", "status": status, "payment_id": of, "created_at": _at(at),
            "updated_at": _at(at + timedelta(milliseconds=updated)), "amount_money": self._money(amount),
            "location_id": "L1",
        }  # fmt: skip
        return self._event("refund.updated" if updated else "refund.created", {"refund": refund}, at)

    def stock(self, quantity: str, *, at: datetime = NOW) -> Told:
        count = {"catalog_object_id": "bread", "state": "IN_STOCK", "quantity": quantity, "calculated_at": _at(at),
                 "location_id": "L1"}  # fmt: skip
        return self._event("inventory.count.updated", {"inventory_counts": [count]}, at)

    def _money(self, amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": self.currency}

    def history(self, at: datetime = NOW) -> list[Told]:
        """A payment that is approved, completed and given back in two parts, as Square tells it."""
        name, later = f"payment-{next(_numbers)}", at + timedelta(minutes=10)
        back = [f"refund-{next(_numbers)}" for _ in range(2)]
        return [
            self.payment(10_000, at=at, name=name, tip=500, status="APPROVED"),
            self.payment(10_000, at=at, name=name, tip=500, updated=2_000),
            self.payment(10_000, at=at, name=name, tip=500, updated=3_000),
            self.refund(3_000, name, at=later, name=back[0], status="PENDING"),
            self.refund(3_000, name, at=later, name=back[0], updated=1_000),
            self.payment(10_000, at=at, name=name, tip=500, updated=900_000),
            self.refund(7_000, name, at=later, name=back[1], updated=1_000),
            self.refund(2_000, name, at=later, updated=1_000, status="FAILED"),
        ]

    def events(self) -> dict[str, list[dict[str, Any]]]:
        told = [self.payment(1_250, tip=50), self.payment(900, updated=5), self.refund(300, "p1"),
                self.refund(300, "p1", updated=5), self.stock("12.5")]  # fmt: skip
        return {kind: [payload] for kind, payload in told}

    def unread(self) -> Told:
        """An event of a kind that tells of nothing of ours."""
        return self._event("order.updated", {"order_updated": {"order_id": "o1", "state": "COMPLETED"}}, NOW)

    def ignored(self) -> dict[str, dict[str, Any]]:
        return dict([
            self.payment(1_250, status="APPROVED"), self.refund(5, "p1", status="PENDING"),
            self.unread(), self._event("payout.paid", {"payout": {}}, NOW),
        ])  # fmt: skip


class ShopifyShop:
    """A shop at Shopify."""

    account_id = "corner.myshopify.com"

    def __init__(self, address: str = ADDRESS, currency: str = "EUR") -> None:
        self.platform: Platform = Shopify()
        self.address, self.currency = address, currency

    def sign(self, body: bytes, *, kind: str, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
        return {
            "x-shopify-hmac-sha256": _mac(secret, body), "x-shopify-topic": kind,
            "x-shopify-shop-domain": self.account_id, "x-shopify-webhook-id": hashlib.sha256(body).hexdigest(),
        }  # fmt: skip

    def order(
        self, total: str, *, at: datetime = NOW, name: int | None = None, updated: int = 0, status: str = "paid",
        refunds: list[dict[str, Any]] | None = None, cancelled: datetime | None = None, **more: Any,
    ) -> Told:  # fmt: skip
        kind = "orders/updated" if updated else "orders/create"
        order = {
            "id": name or next(_numbers), "currency": self.currency, "created_at": _at(at), "processed_at": _at(at),
            "updated_at": _at(at + timedelta(seconds=updated)), "total_price": total, "financial_status": status,
            "total_tax": "2.00", "total_outstanding": "0.00", "test": False, "source_name": "pos", "location_id": 7,
            "payment_gateway_names": ["cash"], "refunds": refunds or [], "customer": {"id": 99},
            "cancelled_at": None if cancelled is None else _at(cancelled),
            "line_items": [{"id": 1, "variant_id": 2, "sku": "BREAD", "quantity": 2, "price": "6.25",
                            "total_discount": "0.50", "tax_lines": [{"price": "2.00"}]}],
        } | more  # fmt: skip
        return ("orders/cancelled" if cancelled else kind), order

    def refund(self, amount: str, at: datetime, *, name: int | None = None, status: str = "success") -> dict[str, Any]:
        return {
            "id": name or next(_numbers), "created_at": _at(at),
            "transactions": [{"kind": "refund", "status": status, "amount": amount, "id": next(_numbers)}],
            "refund_line_items": [{"quantity": 1, "total_tax": 0.25}],
            "order_adjustments": [{"amount": "-1.00", "tax_amount": "-0.05"}],
        }  # fmt: skip

    def stock(self, available: int, *, at: datetime = NOW) -> Told:
        return "inventory_levels/update", {
            "inventory_item_id": 5, "location_id": 7, "available": available, "updated_at": _at(at),
        }  # fmt: skip

    def history(self, at: datetime = NOW) -> list[Told]:
        """An order that is placed, paid, added to, given back in part and cancelled, as Shopify tells it."""
        name, later = next(_numbers), at + timedelta(minutes=10)
        early, late = self.refund("30.00", later), self.refund("90.00", at + timedelta(minutes=20))
        pending = early | {"transactions": [one | {"status": "pending"} for one in early["transactions"]]}
        over = at + timedelta(minutes=20)
        return [
            self.order("100.00", at=at, name=name, status="authorized"),
            self.order("100.00", at=at, name=name, updated=2),
            self.order("120.00", at=at, name=name, updated=60, status="partially_paid", total_outstanding="20.00"),
            self.order("120.00", at=at, name=name, updated=90),
            self.order("120.00", at=at, name=name, updated=600, refunds=[pending]),
            self.order("120.00", at=at, name=name, updated=700, refunds=[early], status="partially_refunded"),
            self.order("120.00", at=at, name=name, updated=1_200, refunds=[early], status="partially_refunded",
                       cancelled=over),
            self.order("120.00", at=at, name=name, updated=1_300, refunds=[early, late], status="refunded",
                       cancelled=over),
        ]  # fmt: skip

    def events(self) -> dict[str, list[dict[str, Any]]]:
        back = self.refund("5.00", NOW + timedelta(minutes=5))
        told = [
            self.order("12.50"), self.order("12.50", updated=400, refunds=[back]),
            self.order("12.50", updated=500, refunds=[back], cancelled=NOW + timedelta(minutes=8)), self.stock(12),
        ]  # fmt: skip
        return {kind: [payload] for kind, payload in told}

    def ignored(self) -> dict[str, dict[str, Any]]:
        return {
            "orders/create": self.order("12.50", status="pending")[1],
            "orders/cancelled": self.order("12.50", status="voided", cancelled=NOW)[1],
            "refunds/create": self.refund("5.00", NOW), "products/update": {"id": 1}, "app/uninstalled": {"id": 1},
        }  # fmt: skip


class StripeAccount:
    """An account at Stripe."""

    account_id = "acct_1PgafTB7WZ01zgkW"

    def __init__(self, address: str = ADDRESS, currency: str = "EUR") -> None:
        self.platform: Platform = Stripe()
        self.address, self.currency = address, currency

    def sign(self, body: bytes, *, kind: str, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
        seconds = int(at.timestamp())
        mac = hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()
        return {"stripe-signature": f"t={seconds},v1={mac}"}

    def _event(self, kind: str, thing: dict[str, Any], at: datetime, **more: Any) -> Told:
        return kind, {
            "id": f"evt_{next(_numbers)}", "object": "event", "type": kind, "livemode": True,
            "created": int(at.timestamp()), "account": self.account_id, "data": {"object": thing},
        } | more  # fmt: skip

    def charge(
        self, amount: int, *, at: datetime = NOW, name: str | None = None, updated: int = 0,
        kind: str = "charge.updated", captured: bool = True, status: str = "succeeded", **more: Any,
    ) -> Told:  # fmt: skip
        charge = {
            "id": name or f"ch_{next(_numbers)}", "status": status, "captured": captured, "amount": amount,
            "amount_captured": amount if captured else 0, "currency": self.currency.lower(),
            "created": int(at.timestamp()), "payment_method_details": {"type": "card"}, "customer": "cus_1",
        }  # fmt: skip
        return self._event(kind if updated else "charge.succeeded", charge, at + timedelta(seconds=updated), **more)

    def refund(
        self, amount: int, of: str, *, at: datetime = NOW, name: str | None = None, updated: int = 0,
        status: str = "succeeded",
    ) -> Told:  # fmt: skip
        refund = {
            "id": name or f"re_{next(_numbers)}", "status": status, "charge": of, "amount": amount,
            "currency": self.currency.lower(), "created": int(at.timestamp()),
        }  # fmt: skip
        kind = "refund.updated" if updated else "refund.created"
        return self._event(kind, refund, at + timedelta(seconds=updated))

    def history(self, at: datetime = NOW) -> list[Told]:
        """A charge that is authorised, captured and given back in two parts, as Stripe tells it."""
        name, later = f"ch_{next(_numbers)}", at + timedelta(minutes=10)
        back = [f"re_{next(_numbers)}" for _ in range(2)]
        return [
            self.charge(10_000, at=at, name=name, captured=False),
            self.charge(10_000, at=at, name=name, updated=60, kind="charge.captured"),
            self.charge(10_000, at=at, name=name, updated=61),
            self.refund(3_000, name, at=later, name=back[0], status="pending"),
            self.refund(3_000, name, at=later, name=back[0], updated=5),
            self.charge(10_000, at=at, name=name, updated=605, kind="charge.refunded"),
            self.refund(7_000, name, at=later, name=back[1]),
            self.refund(2_000, name, at=later, status="failed", updated=9),
        ]

    def events(self) -> dict[str, list[dict[str, Any]]]:
        told = [
            self.charge(1_250), self.charge(1_250, updated=9), self.charge(1_250, updated=9, kind="charge.refunded"),
            self.refund(300, "ch_1"), self.refund(300, "ch_1", updated=9),
        ]  # fmt: skip
        return {kind: [payload] for kind, payload in told}

    def ignored(self) -> dict[str, dict[str, Any]]:
        return dict([
            self.charge(1_250, captured=False), self.refund(5, "ch_1", status="pending"),
            self._event("payment_intent.succeeded", {"id": "pi_1", "amount": 5}, NOW),
            self._event("payout.paid", {"id": "po_1"}, NOW), self._event("plan.created", {"id": "price_1"}, NOW),
        ])  # fmt: skip


PLATFORMS = (SquareSeller, ShopifyShop, StripeAccount)
