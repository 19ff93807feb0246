"""Stripe, played by the sandbox: a captured charge or a refund that succeeded, signed with the instant of the call."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, ClassVar

from adapters import payloads
from adapters.sources.stripe import client, wire
from gateway.domain.sales import SaleKind
from gateway.source_ports import Call

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.sales import NewSale
    from gateway.source_ports import Account, Told

_ID_LENGTH = 24


class SimulatedStripe:
    """See SimulatedPlatform."""

    name: ClassVar[str] = client.Stripe.name

    def call(self, told: Told, account: Account, at: datetime) -> Call:
        """See SimulatedPlatform. Its events are those of a test account."""
        record = told.record
        kind, thing = _charge(record) if record.kind is SaleKind.sale else _refund(record)
        body = payloads.written({
            "id": _id("evt", record.sale_id), "object": "event", "type": kind, "livemode": False,
            "account": account.id, "created": int(record.occurred_at.timestamp()), "data": {"object": thing},
        })  # fmt: skip
        seconds = int(at.timestamp())
        mac = hmac.new(account.secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()
        return Call(account.url, {client.SIGNATURE: f"t={seconds},v1={mac}"}, body, at)


def _charge(sale: NewSale) -> tuple[str, dict[str, Any]]:
    means = "card" if not sale.tenders else sale.tenders[0].means
    customer = None if sale.customer_ref is None else _id("cus", sale.customer_ref)
    return "charge.succeeded", _record("ch", sale) | {
        "object": "charge", "captured": True, "amount_captured": _amount(sale), "customer": customer,
        "payment_method_details": {"type": means},
    }  # fmt: skip


def _refund(back: NewSale) -> tuple[str, dict[str, Any]]:
    of = None if back.refund_of is None else _id("ch", back.refund_of)
    return "refund.created", _record("re", back) | {"object": "refund", "charge": of}


def _record(prefix: str, record: NewSale) -> dict[str, Any]:
    return {
        "id": _id(prefix, record.sale_id), "status": wire.SUCCEEDED, "amount": _amount(record),
        "currency": record.currency.lower(), "created": int(record.occurred_at.timestamp()),
    }  # fmt: skip


def _amount(record: NewSale) -> int:
    return record.amount * (100 if record.currency == wire.TWO_DECIMALS_OF_NONE else 1)


def _id(prefix: str, name: str) -> str:
    return f"{prefix}_{payloads.made_up(prefix, name, _ID_LENGTH)}"
