"""Square, played by the sandbox: a completed payment or refund, signed over address and body."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from adapters import payloads
from adapters.sources.square import client
from gateway.domain.sales import SaleKind
from gateway.source_ports import Call

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.sales import NewSale
    from gateway.source_ports import Account, Told

MEANS = {"card": "CARD", "cash": "CASH"}


class SimulatedSquare:
    """See SimulatedPlatform."""

    name: ClassVar[str] = client.Square.name

    def call(self, told: Told, account: Account, at: datetime) -> Call:
        """See SimulatedPlatform."""
        kind, thing = _payment(told.record) if told.record.kind is SaleKind.sale else _refund(told.record)
        noun = kind.partition(".")[0]
        body = payloads.written({
            "merchant_id": account.id, "type": kind, "created_at": told.record.occurred_at,
            "event_id": str(uuid.UUID(payloads.made_up("event", told.record.sale_id, 32))),
            "data": {"type": noun, "id": thing["id"], "object": {noun: thing}},
        })  # fmt: skip
        signature = payloads.mac_base64(account.secret, account.url.encode() + body)
        return Call(account.url, {client.SIGNATURE: signature}, body, at)


def _payment(sale: NewSale) -> tuple[str, dict[str, Any]]:
    means = None if not sale.tenders else MEANS.get(sale.tenders[0].means)
    return "payment.created", _record(sale) | {"source_type": means or "EXTERNAL", "customer_id": sale.customer_ref}


def _refund(back: NewSale) -> tuple[str, dict[str, Any]]:
    of = None if back.refund_of is None else payloads.made_up("payment", back.refund_of, 32)
    return "refund.created", _record(back) | {"payment_id": of}


def _record(record: NewSale) -> dict[str, Any]:
    money = {"amount": record.amount, "currency": record.currency}
    noun = "payment" if record.kind is SaleKind.sale else "refund"
    return {
        "id": payloads.made_up(noun, record.sale_id, 32), "status": "COMPLETED", "created_at": record.occurred_at,
        "updated_at": record.occurred_at, "amount_money": money, "total_money": money, "location_id": "LSANDBOX",
    }  # fmt: skip
