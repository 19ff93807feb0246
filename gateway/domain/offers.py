"""An offer: an immutable, dated statement of a limit and its price. A material change makes a new one."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from gateway.domain import reasons
from gateway.domain.errors import Conflict
from gateway.domain.money import share
from gateway.domain.positions import Offered
from gateway.domain.programmes import Programme, ProgrammeRef
from gateway.domain.reasons import Reason
from gateway.domain.underwriting import Assessment, Outcome, Terms


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

    5 %, a grade, a stop, or, when a day closes, any cut below the shown limit. A raise waits for its cool-down, a cut
    never does.
    """
    if fresh.outcome is not Outcome.offered:
        return _stopped(current, fresh)
    if current is None or now >= current.expires_at:
        return Change.make
    difference = fresh.limit_amount - current.limit_amount
    material = abs(difference) >= max(1, share(current.limit_amount, programme.material_bps))
    raised = difference > 0 and (material or fresh.terms.grade != current.grade)
    cooling = current.raised_at is not None and now < current.raised_at + timedelta(hours=programme.raise_cooldown_hours)
    if raised and not cooling:
        return Change.make
    if difference < 0 and (material or closing or fresh.terms.grade != current.grade):
        return Change.make
    return Change.unfreeze if current.frozen else Change.none


def _stopped(current: Offered | None, fresh: Assessment) -> Change:
    if current is None:
        return Change.none
    if fresh.outcome is Outcome.declined:
        return Change.withdraw
    return Change.none if current.frozen else Change.freeze


def explain(current: Offered | None, fresh: Assessment) -> tuple[Reason, ...]:
    """The fresh reasons, led by what changed since the current offer."""
    if current is None or fresh.outcome is not Outcome.offered:
        return fresh.reasons
    led: list[Reason] = []
    names = [current.grade, fresh.terms.grade or ""]
    if names[0] != names[1]:
        led.append(reasons.make("grade_lowered" if names[0] < names[1] else "grade_raised"))
    net = fresh.terms.net_closed_amount + fresh.terms.net_open_amount
    if net != current.net_amount:
        led.append(reasons.make("sales_rose" if net > current.net_amount else "sales_fell", net - current.net_amount))
    return (*led, *fresh.reasons)
