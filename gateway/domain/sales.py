"""Sales, refunds and voids as a till reports them, and what each is worth to a business day.

`amount` is what the till took or gave back, tax and tip included; what counts is without both. Amounts are
positive, the kind gives the sign. A record is unique by (merchant, source, sale_id); a newer version corrects it.
`gc=False`: none of these can be part of a cycle, and a batch makes tens of thousands of them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain import calendars
from gateway.domain.errors import Invalid
from gateway.domain.money import MAX_AMOUNT

AHEAD = timedelta(minutes=5)
"""How far a till's clock may run ahead of ours."""
OLDEST = timedelta(days=1_100)
"""How far back a record may lie: three years."""

NativeId = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
Short = Annotated[str, msgspec.Meta(max_length=64)]
Amount = Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)]
Part = Annotated[int, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
Version = Annotated[int, msgspec.Meta(ge=1, le=10**15)]
"""Counts up with each correction of a record; wide enough for an instant in milliseconds or microseconds."""


class SaleKind(StrEnum):
    """What the record is."""

    sale = "sale"
    refund = "refund"
    void = "void"


class Tender(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One means of payment and what it paid (UBL PaymentMeans)."""

    means: Short
    amount: Part


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One item of the ticket (UBL InvoiceLine); `quantity` is a decimal string."""

    item_id: Short
    quantity: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,9}(\.[0-9]{1,6})?\Z")]
    amount: Part
    category: Short | None = None
    gtin: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{8,14}\Z")] | None = None


class NewSale(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """One record of a till; see the module for what `amount` means."""

    sale_id: NativeId
    kind: SaleKind
    occurred_at: calendars.Instant
    amount: Amount
    currency: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
    business_on: date | None = None
    tax_amount: Part = 0
    tip_amount: Part = 0
    refund_of: NativeId | None = None
    version: Version = 1
    location_id: Short | None = None
    channel: Short | None = None
    tenders: Annotated[list[Tender], msgspec.Meta(max_length=20)] | None = None
    lines: Annotated[list[Line], msgspec.Meta(max_length=500)] | None = None
    customer_ref: Annotated[str, msgspec.Meta(max_length=128)] | None = None


class SaleDetail(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is kept of a record beside its figures."""

    tax_amount: int = 0
    tip_amount: int = 0
    location_id: str | None = None
    channel: str | None = None
    tenders: list[Tender] | None = None
    lines: list[Line] | None = None
    customer_ref: str | None = None


class Totals(msgspec.Struct, frozen=True, gc=False):
    """What records add to one business day, without tax and tip; `tickets_count` counts sales."""

    sales_amount: int = 0
    refunds_amount: int = 0
    voids_amount: int = 0
    tickets_count: int = 0

    @property
    def net_amount(self) -> int:
        """Sales less refunds less voids."""
        return self.sales_amount - self.refunds_amount - self.voids_amount

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.sales_amount + other.sales_amount,
            self.refunds_amount + other.refunds_amount,
            self.voids_amount + other.voids_amount,
            self.tickets_count + other.tickets_count,
        )

    def __neg__(self) -> Totals:
        return Totals(-self.sales_amount, -self.refunds_amount, -self.voids_amount, -self.tickets_count)


class DayTooLarge(Invalid):
    """No shop sells that much in a day; sums over it would leave what 64 bits hold."""

    code = "day_too_large"
    title = "A business day's total is larger than any shop's"


class BadSale(Invalid):
    """A record that is well formed but cannot be taken; `reason` is its code in a row's result."""

    code = "sale_rejected"
    title = "The record cannot be taken"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail, reason=reason)
        self.reason = reason


def net_amount(sale: NewSale) -> int:
    """What counts of the record: its amount without tax and tip, never below zero."""
    return sale.amount - sale.tax_amount - sale.tip_amount


def totals(kind: SaleKind, net: int) -> Totals:
    """What one record adds to its day."""
    if kind is SaleKind.sale:
        return Totals(sales_amount=net, tickets_count=1)
    if kind is SaleKind.refund:
        return Totals(refunds_amount=net)
    return Totals(voids_amount=net)


def bounded(on: date, day: Totals) -> Totals:
    """The same totals; raises DayTooLarge where a sum over a year of such days would not fit into 64 bits."""
    if any(abs(amount) > MAX_AMOUNT for amount in (day.sales_amount, day.refunds_amount, day.voids_amount)):
        raise DayTooLarge(f"the records of {on} add up to more than {MAX_AMOUNT}", business_on=on.isoformat())
    return day


def place(sale: NewSale, currency: str, timezone: str, day_cutoff: str, now: datetime) -> date:
    """The business day the record lands on; raises BadSale for what no shop could have sold."""
    if sale.currency != currency:
        raise BadSale("wrong_currency", f"the merchant's books are in {currency}, not {sale.currency}")
    if net_amount(sale) < 0:
        raise BadSale("tax_above_amount", "tax and tip together are more than the amount that includes them")
    if sale.refund_of is not None and (sale.kind is SaleKind.sale or sale.refund_of == sale.sale_id):
        raise BadSale("not_a_refund", "only a refund or a void names a refund_of, and never itself")
    if sale.occurred_at > now + AHEAD:
        raise BadSale("in_the_future", f"occurred_at lies after now ({now.isoformat()})")
    if sale.occurred_at < now - OLDEST:
        raise BadSale("too_old", f"occurred_at lies more than {OLDEST.days} days back")
    day = calendars.business_date(sale.occurred_at, timezone, day_cutoff)
    if sale.business_on is None:
        return day
    if abs((sale.business_on - day).days) > 1:
        raise BadSale("business_on_apart", f"business_on is more than a day away from occurred_at's own day {day}")
    if sale.business_on > calendars.business_date(now, timezone, day_cutoff):
        raise BadSale("in_the_future", "business_on lies in the future")
    return sale.business_on


def detail(sale: NewSale) -> SaleDetail:
    """The part of a record that is kept as it came."""
    return SaleDetail(
        sale.tax_amount, sale.tip_amount, sale.location_id, sale.channel, sale.tenders, sale.lines, sale.customer_ref
    )
