"""An offer: an immutable, dated statement of a limit and its price. A material change makes a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Conflict
from gateway.domain.money import share
from gateway.domain.programmes import Programme, ProgrammeRef
from gateway.domain.quality import Finding
from gateway.domain.reasons import Reason
from gateway.domain.underwriting import Assessment, Outcome, Terms

if TYPE_CHECKING:
    from gateway.domain.positions import Offered


class OfferState(StrEnum):
    """Where an offer stands; `frozen` is an overlay beside it."""

    undelivered = "undelivered"
    delivered = "delivered"
    replaced = "replaced"
    expired = "expired"
    canceled = "canceled"


_ENDS = {OfferState.replaced, OfferState.expired, OfferState.canceled}
MOVES = {
    OfferState.undelivered: frozenset({OfferState.delivered, *_ENDS}),
    OfferState.delivered: frozenset(_ENDS),
    OfferState.replaced: frozenset[OfferState](),
    OfferState.expired: frozenset[OfferState](),
    OfferState.canceled: frozenset[OfferState](),
}


class Commitment(StrEnum):
    """Whether the bank decides after the click, or has decided before it."""

    indicative = "indicative"
    bank_approved = "bank_approved"


class Price(msgspec.Struct, frozen=True):
    """What borrowing costs and how it is repaid."""

    kind: str
    fee_bps: int
    withhold_bps: int
    term_days: int


class Offer(msgspec.Struct, frozen=True):
    """See the module. `data_at` is the newest data the limit rests on."""

    id: str
    merchant_id: str
    decision_id: str
    state: OfferState
    commitment: Commitment
    currency: str
    limit_amount: int
    terms: Terms
    price: Price
    reasons: tuple[Reason, ...]
    programme: ProgrammeRef
    data_at: datetime | None
    findings: tuple[Finding, ...]
    created_at: datetime
    expires_at: datetime
    frozen_at: datetime | None
    delivered_at: datetime | None
    replaces_id: str | None
    replaced_by_id: str | None


class OfferFrozen(Conflict):
    """The offer is on hold."""

    code = "offer_frozen"
    title = "The offer is on hold"


class OfferClosed(Conflict):
    """The offer was replaced, expired or canceled: nothing can be drawn on it."""

    code = "offer_closed"
    title = "The offer is no longer open"


class Change(StrEnum):
    """What a fresh assessment means for the current offer."""

    none = "none"
    make = "make"
    freeze = "freeze"
    unfreeze = "unfreeze"
    withdraw = "withdraw"


def change(current: Offered | None, fresh: Assessment, programme: Programme, now: datetime, closing: bool) -> Change:  # noqa: FBT001
    """Whether the fresh assessment differs materially from what was offered (see product.md).

    5 %, a grade, a stop, another lender, a price that a new programme version changed, or, when a day closes, any cut
    below the shown limit. A raise waits for its cool-down, a cut never does; a worse grade, whose price is another, is
    no raise whatever the amount. Whether a better lender is better enough was decided before (`routing`).
    """
    if current is not None and now >= current.expires_at:
        current = None
    if fresh.outcome is not Outcome.offered:
        return _stopped(current, fresh)
    if current is None or current.programme_id not in {None, programme.id}:
        return Change.make
    if current.price not in {None, programme.price(current.grade)}:
        return Change.make
    difference = fresh.limit_amount - current.limit_amount
    material = abs(difference) >= max(1, share(current.limit_amount, programme.material_bps))
    grade = fresh.terms.grade or ""  # an offered limit always has one; "A" is the best
    if grade > current.grade or (difference < 0 and (material or closing or grade != current.grade)):
        return Change.make
    raised = (difference > 0 and material) or grade < current.grade
    if raised and not _cooling(current, programme, now):
        return Change.make
    return Change.unfreeze if current.frozen else Change.none


def _cooling(current: Offered, programme: Programme, now: datetime) -> bool:
    return current.raised_at is not None and now < current.raised_at + timedelta(hours=programme.raise_cooldown_hours)


def _stopped(current: Offered | None, fresh: Assessment) -> Change:
    if current is None:
        return Change.none
    if fresh.outcome is Outcome.declined:
        return Change.withdraw
    return Change.none if current.frozen else Change.freeze
