"""What else tells how a shop does: taxes, utilities, logistics, ratings, devices, and the cash on its account.

Each kind is a type of its own, told apart by `kind`, and needs the merchant's consent to the datatype `signals.<kind>`.
A record is unique by (merchant, source, signal_id); a newer version corrects it.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain.details import Datatype
from gateway.domain.incoming import BadRecord, check_period
from gateway.domain.money import MAX_AMOUNT
from gateway.domain.sales import NativeId, Part, Short
from gateway.domain.stock import Quantity

if TYPE_CHECKING:
    from gateway.domain.incoming import Shop

Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Version = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Utility(StrEnum):
    """What is supplied."""

    power = "power"
    gas = "gas"
    water = "water"
    telecom = "telecom"
    rent = "rent"


class Tax(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, tag_field="kind", tag="tax"):
    """One return: the turnover declared for a period, what is due on it by when, and what was paid (SAF-T TaxTable)."""

    signal_id: NativeId
    from_on: date
    to_on: date
    currency: Currency
    declared_amount: Part
    due_amount: Part
    due_on: date
    paid_amount: Part = 0
    paid_on: date | None = None
    version: Version = 1


class UtilityBill(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, tag_field="kind", tag="utility"):
    """One bill of a utility or the landlord; `consumption` in the utility's own unit, the same every time."""

    signal_id: NativeId
    utility: Utility
    from_on: date
    to_on: date
    currency: Currency
    due_amount: Part
    due_on: date
    paid_amount: Part = 0
    paid_on: date | None = None
    consumption: Quantity | None = None
    version: Version = 1


class Logistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, tag_field="kind", tag="logistics"):
    """Parcels and deliveries of one day."""

    signal_id: NativeId
    on: date
    sent_count: Count
    received_count: Count = 0
    version: Version = 1


class Rating(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, tag_field="kind", tag="rating"):
    """What customers say on a platform as of a day: the mean score (10,000 = the best), over so many reviews."""

    signal_id: NativeId
    on: date
    platform: Short
    score_bps: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    reviews_count: Count
    version: Version = 1


class Device(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, tag_field="kind", tag="device"):
    """How long a shop's tills or machines were at work on one day."""

    signal_id: NativeId
    on: date
    devices_count: Count
    active_minutes_count: Count
    version: Version = 1


class Cash(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, tag_field="kind", tag="cash"):
    """One day of one of the shop's own bank accounts (camt.053): money in, money out, and the balance at its end.

    `account_ref` tells accounts apart and is no account number. The balance is negative when overdrawn.
    """

    signal_id: NativeId
    on: date
    account_ref: Short
    currency: Currency
    in_amount: Part
    out_amount: Part
    balance_amount: Annotated[int, msgspec.Meta(ge=-MAX_AMOUNT, le=MAX_AMOUNT)] | None = None
    version: Version = 1


NewSignal = Tax | UtilityBill | Logistics | Rating | Device | Cash
DATATYPES = tuple(one for one in Datatype if one.startswith("signals."))
"""What a merchant can agree to of them."""


def kind(signal: NewSignal) -> str:
    """`tax`, `utility`, …: what tells it apart."""
    return str(signal.__struct_config__.tag)


def datatype(signal: NewSignal) -> Datatype:
    """What a merchant must have agreed to for it to be taken in."""
    return Datatype(f"signals.{kind(signal)}")


def days(signal: NewSignal) -> tuple[date, date]:
    """The first and the last day it is about."""
    if isinstance(signal, Tax | UtilityBill):
        return signal.from_on, signal.to_on
    return signal.on, signal.on


def check(signal: NewSignal, shop: Shop) -> None:
    """Raise BadRecord for a signal that cannot be: of another currency, of the future, or paid without a payment.

    A bill may be for months to come (rent in advance), a tax return or a day's figures may not.
    """
    if isinstance(signal, Tax | UtilityBill | Cash):
        shop.check_currency(signal.currency)
    from_on, to_on = days(signal)
    check_period(from_on, to_on)
    if isinstance(signal, UtilityBill):
        shop.check_reach(to_on, "to_on")
    else:
        shop.check_past(to_on, "to_on" if isinstance(signal, Tax) else "on")
    if isinstance(signal, Tax | UtilityBill):
        shop.check_reach(signal.due_on, "due_on")
        if signal.paid_on is not None:
            shop.check_past(signal.paid_on, "paid_on")
            if not signal.paid_amount:
                raise BadRecord("paid_on_without_payment", "paid_on is given, but nothing was paid")
