"""A merchant: the shop, as its partner vouches for it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from gateway.domain import calendars, money
from gateway.domain.errors import FieldError, Invalid


class MerchantState(StrEnum):
    """Where a merchant stands."""

    created = "created"
    verified = "verified"
    suspended = "suspended"
    closed = "closed"


MOVES = {
    MerchantState.created: frozenset({MerchantState.verified, MerchantState.closed}),
    MerchantState.verified: frozenset({MerchantState.suspended, MerchantState.closed}),
    MerchantState.suspended: frozenset({MerchantState.verified, MerchantState.closed}),
    MerchantState.closed: frozenset[MerchantState](),
}

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=140, pattern=r"\S")]
Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\A[\x21-\x7e]+\Z")]
Country = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{2}\Z", description="ISO 3166-1 alpha-2")]
Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z", description="ISO 4217")]
Timezone = Annotated[str, msgspec.Meta(max_length=60, description="IANA name, such as Asia/Shanghai")]
Cutoff = Annotated[str, msgspec.Meta(pattern=r"\A0[0-9]:[0-5][0-9]\Z", description="local hour the business day ends")]
Email = Annotated[
    str,
    msgspec.Meta(
        max_length=254,
        pattern=r"\A[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+\Z",
        description="where the shop reads its one-time codes; never shown again",
    ),
]
RegisteredOn = Annotated[date, msgspec.Meta(description="when the company was registered, by its registry")]
Mcc = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{4}\Z", description="ISO 18245 merchant category code")]


class CompanyId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A registry's number for the company, and which registry."""

    scheme: Annotated[str, msgspec.Meta(min_length=1, max_length=35)]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=35)]


class NewMerchant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a partner says of a shop it brings."""

    legal_name: Name
    country: Country
    currency: Currency
    timezone: Timezone
    day_cutoff: Cutoff = "00:00"
    partner_reference: Reference | None = None
    company_id: CompanyId | None = None
    mcc: Mcc | None = None
    registered_on: RegisteredOn | None = None
    contact_email: Email | None = None


class MerchantChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a partner may correct later. Currency and time zone stay: the books are kept in them."""

    legal_name: Name | msgspec.UnsetType = msgspec.UNSET
    company_id: CompanyId | msgspec.UnsetType | None = msgspec.UNSET
    mcc: Mcc | msgspec.UnsetType | None = msgspec.UNSET
    registered_on: RegisteredOn | msgspec.UnsetType | None = msgspec.UNSET


class Merchant(msgspec.Struct, frozen=True):
    """A shop the gateway knows."""

    id: str
    partner_id: str
    state: MerchantState
    legal_name: str
    country: str
    currency: str
    timezone: str
    day_cutoff: str
    partner_reference: str | None
    company: CompanyId | None
    mcc: str | None
    registered_on: date | None
    created_at: datetime
    updated_at: datetime


class RegisteredLater(Invalid):
    """A company's date of registration that is still to come."""

    code = "registered_in_future"
    title = "The company cannot have been registered on that day yet"


def check(new: NewMerchant, now: datetime) -> None:
    """Raise Invalid when a name the types cannot judge (currency, time zone) is unknown, or RegisteredLater."""
    money.exponent(new.currency)
    calendars.zone(new.timezone)
    check_registered(new.registered_on, new.timezone, now)


def check_registered(registered_on: date | None, timezone: str, now: datetime) -> None:
    """Raise RegisteredLater for a date that is still to come where the company is."""
    today = now.astimezone(calendars.zone(timezone)).date()
    if registered_on is not None and registered_on > today:
        error = FieldError("/registered_on", RegisteredLater.code, f"today is {today}")
        raise RegisteredLater("registered_on lies in the future", errors=(error,))
