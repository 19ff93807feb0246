"""Stripe's payloads → our records. Pure.

A **sale** is a charge that succeeded and was captured: every payment, whatever it began as (a payment intent, a
checkout, an invoice), ends in exactly one charge that succeeds, and payment intents are not counted beside it.
`charge.succeeded`, `charge.captured`, `charge.updated` and `charge.refunded` all carry the whole charge and yield the
same record. A **refund** is a refund that succeeded, by `refund.created`, `refund.updated` and `charge.refund.updated`:
the sum a charge says was refunded is not counted beside it. A refund that the customer's bank turns away after it
succeeded stays counted: the limit errs on the low side. An uncaptured charge that is canceled was never counted, so
nothing has to be voided. Balance transactions and payouts tell of the same money once more, disputes of money that
may come back; they are taken note of and not stored.

Amounts are integers of the smallest unit, in the currencies without decimals of whole ones. The version is the time of
the event, which has the object as it was then. (Stripe API, Event, Charge, Refund; Stripe currencies)
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import msgspec

from adapters import payloads
from gateway.domain.sales import NewSale, SaleKind, Tender
from gateway.source_ports import Converted

if TYPE_CHECKING:
    from gateway.source_ports import About

SUCCEEDED = "succeeded"
CHARGES = ("charge.succeeded", "charge.captured", "charge.updated", "charge.refunded")
REFUNDS = ("refund.created", "refund.updated", "charge.refund.updated")
KINDS = frozenset({*CHARGES, *REFUNDS})
TWO_DECIMALS_OF_NONE = "ISK"
"""Has no decimals any more, but Stripe goes on writing it with two, which are zero."""


class Head(msgspec.Struct, frozen=True):
    """What every event begins with; `account` is a connected account's."""

    id: str
    type: str
    livemode: bool
    account: str | None = None


class Means(msgspec.Struct, frozen=True):
    """How a charge was paid."""

    type: str


class Charge(msgspec.Struct, frozen=True):
    """What we use of a charge."""

    id: str
    status: str
    captured: bool
    created: int
    amount: int
    currency: str
    amount_captured: int | None = None
    payment_method_details: Means | None = None
    customer: str | None = None


class Refund(msgspec.Struct, frozen=True):
    """What we use of a refund."""

    id: str
    created: int
    amount: int
    currency: str
    status: str | None = None
    charge: str | None = None


class _ChargeData(msgspec.Struct, frozen=True):
    object: Charge


class _RefundData(msgspec.Struct, frozen=True):
    object: Refund


class ChargeEvent(msgspec.Struct, frozen=True):
    """An event about a charge."""

    created: int
    data: _ChargeData


class RefundEvent(msgspec.Struct, frozen=True):
    """An event about a refund."""

    created: int
    data: _RefundData


def convert(kind: str, body: bytes, about: About) -> Converted:  # noqa: ARG001 - Stripe says all itself
    """See Platform."""
    if kind in CHARGES:
        told = payloads.decode(body, ChargeEvent)
        return payloads.collect([("/data/object", partial(_sale, told))])
    if kind in REFUNDS:
        back = payloads.decode(body, RefundEvent)
        return payloads.collect([("/data/object", partial(_refund, back))])
    return Converted()


def _sale(told: ChargeEvent) -> NewSale | None:
    charge = told.data.object
    if charge.status != SUCCEEDED or not charge.captured:
        return None
    amount, currency = _money(charge.amount_captured or charge.amount, charge.currency)
    means = payloads.short(None if charge.payment_method_details is None else charge.payment_method_details.type)
    return NewSale(
        sale_id=charge.id,
        kind=SaleKind.sale,
        occurred_at=payloads.since_1970(charge.created),
        amount=amount,
        currency=currency,
        version=payloads.version(payloads.since_1970(told.created)),
        tenders=None if means is None else [Tender(means, amount)],
        customer_ref=payloads.customer_ref("stripe", charge.customer),
    )


def _refund(told: RefundEvent) -> NewSale | None:
    refund = told.data.object
    if refund.status != SUCCEEDED:
        return None
    amount, currency = _money(refund.amount, refund.currency)
    return NewSale(
        sale_id=refund.id,
        kind=SaleKind.refund,
        occurred_at=payloads.since_1970(refund.created),
        amount=amount,
        currency=currency,
        refund_of=refund.charge,
        version=payloads.version(payloads.since_1970(told.created)),
    )


def _money(amount: int, currency: str) -> tuple[int, str]:
    """An amount in our minor units, and its code in capitals. Raises Unfit."""
    code = currency.upper()
    if code != TWO_DECIMALS_OF_NONE:
        return amount, code
    if amount % 100:
        raise payloads.Unfit("bad_amount", "an amount in ISK has decimals")
    return amount // 100, code
