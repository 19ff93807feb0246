"""Erasure: what goes when a merchant's data may not be assessed any more, what stays, why, and until when."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import calendars, consents
from gateway.domain.details import DataAction, Datatype, Details, MerchantData, Purpose
from gateway.domain.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KEPT_YEARS = 5
"""How long what proves the gateway's deeds is kept: as long as a lender keeps a customer's papers (Directive (EU)
2015/849, article 40). Where a law wants it shorter or longer, this is the one place."""


class ErasureState(StrEnum):
    """Where an erasure stands; `partial` waits for an open loan to be repaid."""

    scheduled = "scheduled"
    erasing = "erasing"
    partial = "partial"
    erased = "erased"
    canceled = "canceled"


_S = ErasureState
MOVES = {
    _S.scheduled: frozenset({_S.erasing, _S.canceled}),
    _S.erasing: frozenset({_S.partial, _S.erased, _S.canceled}),
    _S.partial: frozenset({_S.erasing, _S.canceled}),
    _S.erased: frozenset({_S.erasing}),  # a repayment was taken back, and sales came in to service the loan again
    _S.canceled: frozenset[ErasureState](),
}


class UnknownErasure(NotFound):
    """Nothing was, or is to be, erased because of this grant."""

    code = "erasure_not_found"
    title = "No such erasure"


class Erasure(msgspec.Struct, frozen=True):
    """One erasure; the counts are what went so far, `decisions_count` those that were sealed instead."""

    id: str
    merchant_id: str
    grant_id: str
    """The consent whose end it follows."""
    state: ErasureState
    due_at: datetime
    sales_count: int
    days_count: int
    decisions_count: int
    offers_count: int
    created_at: datetime
    state_at: datetime
    superseded_at: datetime | None
    kept_until_on: date | None


class Ended(msgspec.Struct, frozen=True):
    """What a consent said until `at`, when it ended or was narrowed; `by_time` when nobody chose that."""

    grant_id: str
    details: Details
    at: datetime
    by_time: bool = False


def assessing(details: Details) -> MerchantData | None:
    """The detail that lets a limit be worked out of the sales, run out or not."""
    return next((detail for detail in _pushing(details) if Datatype.sales in detail.datatypes), None)


def _pushing(details: Details) -> list[MerchantData]:
    """The details under which data come in to be assessed."""
    data = (detail for detail in details if isinstance(detail, MerchantData))
    return [one for one in data if one.purpose is Purpose.credit_assessment and DataAction.push in one.actions]


def due_at(ended: Ended) -> datetime | None:
    """When the data must go: at once when it was taken back, after its retention when time ended it.

    None when nothing to be assessed could come in under what ended.
    """
    detail = assessing(ended.details) or next(iter(_pushing(ended.details)), None)
    if detail is None:
        return None
    return ended.at + timedelta(days=detail.retention_days) if ended.by_time else ended.at


def lapses_at(details: Details) -> datetime | None:
    """When leave to assess runs out, if it is given and has an end."""
    detail = assessing(details)
    return None if detail is None or detail.expires_at is None else consents.end_of(detail.expires_at)


class Loan(msgspec.Struct, frozen=True):
    """A loan that is open or on its way, as far as its sales are concerned."""

    active_on: date | None
    created_at: datetime


def kept_from(loans: Sequence[Loan], timezone: str, day_cutoff: str) -> date:
    """The first business day that the repayment of these loans needs; without loans none is."""
    return min((_start(loan, timezone, day_cutoff) for loan in loans), default=date.max)


def _start(loan: Loan, timezone: str, day_cutoff: str) -> date:
    """The day the money went, or the earliest it can be booked: the bank's calendar may be a day behind the shop's."""
    shops_on = calendars.business_date(loan.created_at, timezone, day_cutoff)
    return loan.active_on or min(shops_on, loan.created_at.astimezone(UTC).date())


def keeping_ends_on(erased_on: date) -> date:
    """The last day on which what is kept as evidence is kept."""
    try:
        return erased_on.replace(year=erased_on.year + KEPT_YEARS)
    except ValueError:  # the 29th of February
        return erased_on.replace(year=erased_on.year + KEPT_YEARS, day=28)


# --- the report -----------------------------------------------------------------------------------------------------


class Kind(StrEnum):
    """A kind of data that a report speaks of."""

    sales = "sales"
    days = "days"
    decisions = "decisions"
    offers = "offers"
    consents = "consents"
    loans = "loans"
    agreements = "agreements"
    verifications = "verifications"
    audit = "audit"
    shop = "shop"


class Reason(StrEnum):
    """Why something is kept; the dashboard has words for each."""

    open_loan = "open_loan"
    agreement = "agreement"
    credit_records = "credit_records"
    books = "books"
    customer = "customer"
    audit_chain = "audit_chain"
    account = "account"


class Gone(msgspec.Struct, frozen=True):
    """How many records of a kind were erased."""

    kind: Kind
    count: int


class Kept(msgspec.Struct, frozen=True):
    """How many records of a kind are kept, why, and the last day; None: until the reason is gone, or as it says.

    `sealed` ones are encrypted and read for nothing but an inquiry into them.
    """

    kind: Kind
    reason: Reason
    count: int | None
    sealed: bool = False
    until_on: date | None = None


class Held(msgspec.Struct, frozen=True):
    """How many records of a merchant there are."""

    sales_count: int
    days_count: int
    decisions_count: int
    """Decisions, people's reviews of them and of draws, and notices of them."""
    offers_count: int
    """Offers and quotes."""
    consents_count: int
    loans_count: int
    agreements_count: int
    """Loan agreements and debit mandates."""
    verifications_count: int
    """Answers about who the merchant is, their evidence sealed."""


class Report(msgspec.Struct, frozen=True):
    """What became of a merchant's data."""

    erasure: Erasure
    erased: tuple[Gone, ...]
    kept: tuple[Kept, ...]


def report(erasure: Erasure, held: Held) -> Report:
    """What went and what is there; while it is only scheduled, what will stay."""
    erased = (Gone(Kind.sales, erasure.sales_count), Gone(Kind.days, erasure.days_count))
    return Report(erasure, tuple(gone for gone in erased if gone.count), tuple(_kept(erasure, held)))


def _kept(erasure: Erasure, held: Held) -> Iterable[Kept]:
    until = erasure.kept_until_on
    if erasure.state is ErasureState.partial:
        yield from _some(Kept(Kind.sales, Reason.open_loan, held.sales_count))
        yield from _some(Kept(Kind.days, Reason.open_loan, held.days_count))
    sealed = erasure.state in {ErasureState.partial, ErasureState.erased}
    yield from _some(Kept(Kind.decisions, Reason.credit_records, held.decisions_count, sealed, until))
    yield from _some(Kept(Kind.offers, Reason.credit_records, held.offers_count, until_on=until))
    yield from _some(Kept(Kind.consents, Reason.agreement, held.consents_count, until_on=until))
    yield from _some(Kept(Kind.loans, Reason.books, held.loans_count))
    yield from _some(Kept(Kind.agreements, Reason.books, held.agreements_count))
    yield from _some(Kept(Kind.verifications, Reason.customer, held.verifications_count, until_on=until))
    yield Kept(Kind.audit, Reason.audit_chain, None)
    yield Kept(Kind.shop, Reason.account, None)


def _some(kept: Kept) -> Iterable[Kept]:
    return (kept,) if kept.count else ()
