"""Authorization details (RFC 9396): what a partner may ask a merchant for, and the limits of asking.

Four types, told apart by `type`. An unknown type or member is refused, never ignored: what we do not understand we
cannot show to the person who is to agree to it.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain import money
from gateway.domain.errors import Invalid
from gateway.domain.money import MAX_AMOUNT

DEFAULT_DAYS = 180
"""How long an agreement lasts when the request names no end."""
LONGEST_MONTHS = 12
MOST_DETAILS = 8
MOST_WITHHOLD_BPS = 5_000
"""More than half of a day's sales is nobody's to take."""


class InvalidDetails(Invalid):
    """The authorization details are malformed, of an unknown type, or ask for more than can be agreed to."""

    code = "invalid_authorization_details"
    title = "The authorization details cannot be granted"


class Datatype(StrEnum):
    """A kind of data a merchant can agree to share."""

    sales = "sales"
    stock = "stock"
    purchases = "purchases"
    tax = "signals.tax"
    utility = "signals.utility"
    logistics = "signals.logistics"
    rating = "signals.rating"
    device = "signals.device"
    cash = "signals.cash"


class Purpose(StrEnum):
    """What data may be used for; one consent line never serves two."""

    credit_assessment = "credit_assessment"
    repayment_servicing = "repayment_servicing"


class DataAction(StrEnum):
    """What a partner may do with data."""

    push = "push"


class OfferAction(StrEnum):
    """What a partner may do with offers."""

    read = "read"


class DrawAction(StrEnum):
    """What a partner may do towards a drawdown; only the merchant confirms one."""

    quote = "quote"
    propose = "propose"


class CollectAction(StrEnum):
    """How a repayment may be taken."""

    withhold = "withhold"
    debit = "debit"


MerchantId = Annotated[str, msgspec.Meta(pattern=r"\Amer_[0-9a-hjkmnp-tv-z]{26}\Z")]
BankId = Annotated[str, msgspec.Meta(min_length=4, max_length=40, pattern=r"\A[a-z]{3}_[0-9a-z_]+\Z")]
Amount = Annotated[int, msgspec.Meta(ge=1, le=MAX_AMOUNT)]
Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
Few = msgspec.Meta(min_length=1, max_length=8)


class Merchant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose data."""

    id: MerchantId


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A bank the data is passed to, and the licensed channel it goes through where the law wants one."""

    bank: BankId
    via: BankId | None = None


class MerchantData(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="type",
                   tag="merchant_data"):  # fmt: skip
    """Send us the shop's data: which kinds, how far back, for what, kept how long, passed on to whom, until when.

    `expires_at` is the last day (UTC) on which it holds.
    """

    actions: Annotated[tuple[DataAction, ...], Few]
    datatypes: Annotated[tuple[Datatype, ...], msgspec.Meta(min_length=1, max_length=len(Datatype))]
    merchant: Merchant
    lookback_days: Annotated[int, msgspec.Meta(ge=1, le=1_830)]
    purpose: Purpose
    retention_days: Annotated[int, msgspec.Meta(ge=1, le=3_660)]
    recipients: Annotated[tuple[Recipient, ...], msgspec.Meta(max_length=4)] = ()
    expires_at: date | None = None


class Offers(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="offers"):
    """See what can be borrowed."""

    actions: Annotated[tuple[OfferAction, ...], Few]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that may be proposed: at once, and outstanding in all, in minor units."""

    per_draw_amount: Amount
    outstanding_amount: Amount
    currency: Currency


class Drawdown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="drawdown"):
    """Prepare a loan for the merchant to confirm."""

    actions: Annotated[tuple[DrawAction, ...], Few]
    limits: Limits


class RepaymentCollection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type",
                          tag="repayment_collection"):  # fmt: skip
    """Take repayments out of sales, never more than this share of a day's net sales."""

    actions: Annotated[tuple[CollectAction, ...], Few]
    max_withhold_bps: Annotated[int, msgspec.Meta(ge=1, le=MOST_WITHHOLD_BPS)]


Detail = MerchantData | Offers | Drawdown | RepaymentCollection
Details = tuple[Detail, ...]
_KINDS = {one: str(one.__struct_config__.tag) for one in (MerchantData, Offers, Drawdown, RepaymentCollection)}

_DECODER = msgspec.json.Decoder(Annotated[tuple[Detail, ...], msgspec.Meta(min_length=1, max_length=MOST_DETAILS)])


def parse(raw: bytes | str, today: date) -> Details:
    """The details in a request's JSON array, each end of validity filled in. Raises InvalidDetails."""
    try:
        found = _DECODER.decode(raw)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidDetails(f"authorization_details: {str(error)[:200]}") from None
    checked = tuple(_with_end(detail, today) for detail in found)
    _check(checked)
    return checked


def encode(details: Details) -> bytes:
    """The JSON that is shown, hashed and stored."""
    return msgspec.json.encode(details)


def merchant_id(details: Details) -> str | None:
    """The merchant the details are about, where they name one."""
    return next((detail.merchant.id for detail in details if isinstance(detail, MerchantData)), None)


def kind(detail: Detail) -> str:
    """The value of its `type`."""
    return _KINDS[type(detail)]


def slot(detail: Detail) -> tuple[str, str]:
    """What a request may hold once: each type, and merchant data once a purpose."""
    return kind(detail), detail.purpose.value if isinstance(detail, MerchantData) else ""


def last_day(details: Details, today: date) -> date:
    """The last day (UTC) on which anything in `details` holds."""
    ends = [detail.expires_at for detail in details if isinstance(detail, MerchantData) and detail.expires_at]
    return max(ends, default=today + timedelta(days=DEFAULT_DAYS))


def year_after(day: date) -> date:
    """The same day twelve months on; the 28th for the 29th of February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _with_end(detail: Detail, today: date) -> Detail:
    if not isinstance(detail, MerchantData):
        return detail
    end = detail.expires_at or today + timedelta(days=DEFAULT_DAYS)
    if not today < end <= year_after(today):
        raise InvalidDetails(f"expires_at must lie after today and at most {LONGEST_MONTHS} months ahead")
    return msgspec.structs.replace(detail, expires_at=end)


def _check(details: Details) -> None:
    if len({slot(detail) for detail in details}) != len(details):
        raise InvalidDetails("Each type may come once, merchant_data once for each purpose")
    if len({d.merchant.id for d in details if isinstance(d, MerchantData)}) > 1:
        raise InvalidDetails("One request is about one merchant")
    for detail in details:
        _check_values(detail)


def _check_values(detail: Detail) -> None:
    lists = [detail.actions]
    if isinstance(detail, MerchantData):
        lists += [detail.datatypes, tuple(recipient.bank for recipient in detail.recipients)]  # type: ignore[list-item]
    if any(len(set(values)) != len(values) for values in lists):
        raise InvalidDetails("A list holds a value twice")
    if isinstance(detail, Drawdown):
        if detail.limits.currency not in money.EXPONENTS:
            raise InvalidDetails(f"{detail.limits.currency} is not a currency we lend in")
        if detail.limits.per_draw_amount > detail.limits.outstanding_amount:
            raise InvalidDetails("per_draw_amount cannot be more than outstanding_amount")
