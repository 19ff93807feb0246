"""What a shop buys of its suppliers: orders, invoices, credit notes, and what it paid of them.

Amounts are positive, the kind gives the sign. A record is unique by (merchant, source, purchase_id); a newer version
corrects it. After UBL Invoice and CreditNote (EN 16931): `issued_on` is IssueDate (BT-2), `due_on` DueDate (BT-9),
`amount` what is payable with tax (BT-112), `supplier_ref` whatever tells suppliers apart, hashed by whoever sends it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain.incoming import BadRecord
from gateway.domain.sales import Amount, Line, NativeId, Part

if TYPE_CHECKING:
    from gateway.domain.incoming import Shop


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


def check(purchase: NewPurchase, shop: Shop) -> None:
    """Raise BadRecord for a document that cannot be: of another currency or the future, or more tax than amount."""
    shop.check_currency(purchase.currency)
    shop.check_past(purchase.issued_on, "issued_on")
    if purchase.tax_amount > purchase.amount:
        raise BadRecord("tax_above_amount", "the tax is more than the amount that includes it")
    if purchase.refers_to == purchase.purchase_id:
        raise BadRecord("refers_to_itself", "a document cannot refer to itself")
    if purchase.due_on is not None:
        if purchase.due_on < purchase.issued_on:
            raise BadRecord("due_before_issue", "due_on lies before issued_on")
        shop.check_reach(purchase.due_on, "due_on")
