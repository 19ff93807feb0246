"""A consent: what a merchant lets a partner's client do, version by version, each line given or refused by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gateway.domain.details import (
    Datatype,
    Detail,
    Details,
    Drawdown,
    Limits,
    MerchantData,
    Offers,
    Purpose,
    Recipient,
    RepaymentCollection,
    slot,
)
from gateway.domain.errors import Conflict, Forbidden, Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

REMINDERS_DAYS = (30, 7)
"""How many days before its end a consent is announced to run out."""

D = TypeVar("D", bound=Detail)


class ConsentState(StrEnum):
    """Where a consent stands; one that awaits its merchant is the pushed request itself."""

    awaiting_authorisation = "awaiting_authorisation"
    authorised = "authorised"
    revoked = "revoked"
    expired = "expired"
    superseded = "superseded"
    rejected = "rejected"


MOVES = {
    ConsentState.awaiting_authorisation: frozenset({ConsentState.authorised, ConsentState.rejected}),
    ConsentState.authorised: frozenset({ConsentState.revoked, ConsentState.expired, ConsentState.superseded}),
    ConsentState.revoked: frozenset[ConsentState](),
    ConsentState.expired: frozenset[ConsentState](),
    ConsentState.superseded: frozenset[ConsentState](),
    ConsentState.rejected: frozenset[ConsentState](),
}


class ConsentRequired(Forbidden):
    """The merchant has not agreed to this, or has taken it back, or its time ran out."""

    code = "consent_required"
    title = "The merchant's consent does not cover this"


class UnknownConsent(NotFound):
    """No such consent for whoever asks."""

    code = "consent_not_found"
    title = "No such consent"


class TooWide(Invalid):
    """More would be granted than was asked for."""

    code = "grant_too_wide"
    title = "A grant cannot be wider than its request"


class NothingLeft(Conflict):
    """What is to be taken back leaves as much as there was."""

    code = "nothing_narrowed"
    title = "Nothing of this consent was taken back"


class Evidence(msgspec.Struct, frozen=True):
    """Who agreed, how they proved who they are, from where, and in which words they were asked."""

    granted_by: str
    """Who, as the gateway knows them: the passkey they signed in with, else the merchant's id."""
    method: str
    """How they were authenticated, `one_time_code` or `passkey`."""
    remote_address: str
    locale: str
    text_version: str


class Consent(msgspec.Struct, frozen=True):
    """One consent; its `grant_id` stays the same through renewals, its versions never change."""

    grant_id: str
    merchant_id: str
    partner_id: str
    client_id: str
    state: ConsentState
    version: int
    expires_at: datetime
    created_at: datetime
    state_at: datetime
    last_used_at: datetime | None


class Version(msgspec.Struct, frozen=True):
    """What was shown and what was granted of it, and how; `*_hash` are hex SHA-256 of the stored JSON."""

    grant_id: str
    version: int
    shown: Details
    shown_hash: str
    details: Details
    details_hash: str
    locale: str
    text_version: str
    granted_by: str
    method: str
    remote_address: str
    granted_at: datetime


class Topic(StrEnum):
    """What one switch is about; a page has words for each."""

    sales = "sales"
    goods = "goods"
    tax = "tax"
    utility = "utility"
    logistics = "logistics"
    rating = "rating"
    device = "device"
    cash = "cash"
    bank = "bank"
    offers = "offers"
    drawdown = "drawdown"
    repayment = "repayment"


TOPICS = {
    Topic.sales: (Datatype.sales,), Topic.goods: (Datatype.stock, Datatype.purchases), Topic.tax: (Datatype.tax,),
    Topic.utility: (Datatype.utility,), Topic.logistics: (Datatype.logistics,), Topic.rating: (Datatype.rating,),
    Topic.device: (Datatype.device,), Topic.cash: (Datatype.cash,),
}  # fmt: skip
"""Data that makes sense only together is one switch."""
_OTHER_TOPICS: dict[type[Detail], Topic] = {
    Offers: Topic.offers, Drawdown: Topic.drawdown, RepaymentCollection: Topic.repayment
}  # fmt: skip


class Line(msgspec.Struct, frozen=True):
    """One thing to agree to or refuse: a switch on the page. `key` is stable within its request."""

    key: str
    topic: Topic
    detail: Detail
    datatypes: tuple[Datatype, ...] = ()
    recipient: Recipient | None = None

    @property
    def needed(self) -> bool:
        """Whether no limit can be offered without it."""
        serving = isinstance(self.detail, MerchantData) and self.detail.purpose is Purpose.repayment_servicing
        return self.topic in {Topic.sales, Topic.bank, Topic.offers, Topic.repayment} and not serving


def lines(details: Details) -> list[Line]:
    """Everything in `details` that can be refused by itself; passing data on to a bank is a line of its own."""
    return [line for detail in details for line in _lines(detail)]


def _lines(detail: Detail) -> Iterator[Line]:
    name = "-".join(filter(None, slot(detail)))
    if not isinstance(detail, MerchantData):
        yield Line(name, _OTHER_TOPICS[type(detail)], detail)
        return
    for topic, datatypes in TOPICS.items():
        asked = tuple(datatype for datatype in detail.datatypes if datatype in datatypes)
        if asked:
            yield Line(f"{name}-{topic}", topic, detail, asked)
    for recipient in detail.recipients:
        yield Line(f"{name}-{recipient.bank}", Topic.bank, detail, (), recipient)


def narrow(details: Details, keys: Collection[str]) -> Details:
    """What remains of `details` when only the lines with these keys are agreed to."""
    kept: list[Detail] = []
    for detail in details:
        chosen = [line for line in _lines(detail) if line.key in keys]
        if isinstance(detail, MerchantData):
            allowed = {datatype for line in chosen for datatype in line.datatypes}
            datatypes = tuple(d for d in detail.datatypes if d in allowed)
            recipients = tuple(line.recipient for line in chosen if line.recipient is not None)
            if datatypes:
                kept.append(msgspec.structs.replace(detail, datatypes=datatypes, recipients=recipients))
        elif chosen:
            kept.append(detail)
    return tuple(kept)


def within(granted: Details, asked: Details) -> bool:
    """Whether nothing in `granted` goes beyond `asked`."""
    by_slot = {slot(detail): detail for detail in asked}
    slots = [slot(detail) for detail in granted]
    return len(set(slots)) == len(slots) and all(
        slot(detail) in by_slot and _covers(by_slot[slot(detail)], detail) for detail in granted
    )


def _covers(asked: Detail, granted: Detail) -> bool:
    if not set(granted.actions) <= set(asked.actions):
        return False
    if isinstance(asked, MerchantData) and isinstance(granted, MerchantData):
        return _covers_data(asked, granted)
    if isinstance(asked, Drawdown) and isinstance(granted, Drawdown):
        return _covers_limits(asked.limits, granted.limits)
    if isinstance(asked, RepaymentCollection) and isinstance(granted, RepaymentCollection):
        return granted.max_withhold_bps <= asked.max_withhold_bps
    return type(asked) is type(granted)


def _covers_data(asked: MerchantData, granted: MerchantData) -> bool:
    ends = asked.expires_at is None or (granted.expires_at is not None and granted.expires_at <= asked.expires_at)
    return (
        ends
        and asked.merchant == granted.merchant
        and set(granted.datatypes) <= set(asked.datatypes)
        and set(granted.recipients) <= set(asked.recipients)
        and granted.lookback_days <= asked.lookback_days
        and granted.retention_days <= asked.retention_days
    )


def _covers_limits(asked: Limits, granted: Limits) -> bool:
    return (
        granted.currency == asked.currency
        and granted.per_draw_amount <= asked.per_draw_amount
        and granted.outstanding_amount <= asked.outstanding_amount
    )


def end_of(day: date) -> datetime:
    """The instant at which `day` is over, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
