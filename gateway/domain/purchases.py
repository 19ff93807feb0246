"""What a shop buys of its suppliers: orders, invoices, credit notes, and what it paid of them.

Amounts are positive, the kind gives the sign. A record is unique by (merchant, source, purchase_id); a newer version
corrects it. After UBL Invoice and CreditNote (EN 16931): `issued_on` is IssueDate (BT-2), `due_on` DueDate (BT-9),
`amount` what is payable with tax (BT-112), `supplier_ref` whatever tells suppliers apart, hashed by whoever sends it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain.sales import Amount, Line, NativeId, Part


class PurchaseKind(StrEnum):
    """What the record is."""

    order = "order"
    invoice = "invoice"
    credit_note = "credit_note"
    payment = "payment"


class NewPurchase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One document; `refers_to` is the order an invoice bills, or the invoice that is credited or paid."""

    purchase_id: NativeId
    kind: PurchaseKind
    issued_on: date
    amount: Amount
    currency: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
    due_on: date | None = None
    tax_amount: Part = 0
    supplier_ref: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    refers_to: NativeId | None = None
    lines: Annotated[list[Line], msgspec.Meta(max_length=500)] | None = None
    version: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
