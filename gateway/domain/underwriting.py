"""The limit: integer policy over a position. No float, no clock, no model; scores come in as integers.

    net(d)        = sales - refunds - voids of business day d, without tax and tips
    base          = 80 % x max(net of the last 30 closed days + min(0, open), net of the last 30 - k closed + open)
    affordability = what the withheld share of the cautious path (P10) repays within the term, fee included
    limit         = min(grade x min(base, affordability), programme cap, headroom)
    available     = max(0, floor_to_step(limit - exposure))

`open` is the net of the k calendar days since the last closed one, today among them and never more than 30. So the
base is at most 80 % of the better of two whole 30-day windows: the closed one, and the one that ends today.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import reasons
from gateway.domain.histories import WINDOW
from gateway.domain.merchants import MerchantState
from gateway.domain.money import BPS, floor_to_step, share
from gateway.domain.positions import Override, Profile
from gateway.domain.reasons import Reason

if TYPE_CHECKING:
    from gateway.domain.positions import GradeScore, Position, Scores
    from gateway.domain.programmes import Grade, Programme

P10, P50 = 1, 3
"""Where the cautious and the middle quantile stand in a forecast."""


class Outcome(StrEnum):
    """What a decision comes to."""

    offered = "offered"
    frozen = "frozen"
    declined = "declined"


class Terms(msgspec.Struct, frozen=True):
    """The terms of the formula: `limit_amount` can be recomputed from them alone."""

    base_amount: int
    affordability_amount: int
    grade: str | None
    grade_bps: int
    programme_cap_amount: int
    headroom_amount: int
    net_closed_amount: int
    net_open_amount: int
    haircut_bps: int = 0
    """Taken off sales for the trust tier of their source; within base and affordability already."""
    dial_bps: int = BPS
    """Sector, thin history and monitoring together: multiplies the grade's share."""


class Inputs(msgspec.Struct, frozen=True):
    """Everything policy reads, kept with the decision so that `gateway replay` can repeat it exactly."""

    currency: str
    merchant_state: MerchantState
    exposure_amount: int
    headroom_amount: int
    trading_days_count: int
    open_days_count: int
    net_open_amount: int
    tails: tuple[int, ...]
    forecast_30: tuple[int, ...]
    grade: str | None
    pd: int | None
    scored: bool
    stale: bool
    withdrawn: bool = False
    profile: Profile = Profile()
    today: date | None = None
    length_days: int = 0
    year_p10: tuple[int, ...] = ()
    """Cumulative cautious net sales until the weeks of `paths.KNOTS`."""
    season_ago_amount: int = 0
    season_ahead_amount: int = 0
    """The 30 days a year before the last 30 closed ones, and the 30 days after those; 0 = not known."""
    anomaly: int | None = None
    flags: tuple[str, ...] = ()
    override: Override | None = None
    monitoring_bps: int = BPS


class Assessment(msgspec.Struct, frozen=True):
    """What policy says of a position at one moment."""

    outcome: Outcome
    terms: Terms
    limit_amount: int
    available_amount: int
    reasons: tuple[Reason, ...]


def inputs(position: Position, programme: Programme, headroom_amount: int, now: datetime) -> Inputs:
    """Read a position once, for policy and for the record; of one that may not be assessed, nothing of its sales."""
    withdrawn = not position.assessed_under(now)
    if withdrawn:
        position = msgspec.structs.replace(position, history=None, open_days={}, scores=None)
    history, scores, today = position.history, position.scores, position.today(now)
    open_days = 0 if history is None else max(0, (today - history.through_on).days)
    oldest = now - timedelta(days=programme.stale_days)
    return Inputs(
        currency=position.currency,
        merchant_state=position.merchant_state,
        exposure_amount=position.exposure_amount,
        headroom_amount=headroom_amount,
        trading_days_count=0 if history is None else history.trading_days_count,
        open_days_count=open_days,
        net_open_amount=sum(
            totals.net_amount for on, totals in position.open_days.items() if 0 <= (today - on).days < WINDOW
        ),
        tails=(0,) * (WINDOW + 1) if history is None else history.tails,
        forecast_30=() if scores is None else scores.forecast_30,
        grade=None if scores is None else scores.grade,
        pd=None if scores is None else scores.pd,
        scored=scores is not None,
        stale=position.data_at is None or position.data_at < oldest,
        withdrawn=withdrawn,
    )


def base_amount(given: Inputs, programme: Programme) -> int:
    """80 % of the better of two 30-day windows; see the module. Never below zero."""
    cautious = given.tails[WINDOW] + min(0, given.net_open_amount)
    moving = given.tails[max(0, WINDOW - given.open_days_count)] + given.net_open_amount
    return share(max(0, cautious, moving), programme.base_bps)


def affordability_amount(forecast_30: tuple[int, ...], grade: Grade, programme: Programme) -> int:
    """The principal that the withheld share of the P10 path repays within the term, its fee included."""
    if not forecast_30:
        return 0
    withheld = share(max(0, forecast_30[P10]) * programme.term_days // WINDOW, programme.withhold_bps)
    return withheld * BPS // (BPS + grade.fee_bps)


def assess(given: Inputs, programme: Programme) -> Assessment:
    """Stops first, then the formula."""
    grade = next((g for g in programme.grades if g.name == given.grade), None)
    terms = _terms(given, programme, grade)
    limit = limit_amount(terms)
    step = programme.step_amount(given.currency)
    available = floor_to_step(limit - given.exposure_amount, step)
    if stop := _stop(given, programme, grade):
        outcome = Outcome.frozen if stop in _FREEZING else Outcome.declined
        return Assessment(outcome, terms, 0, 0, (reasons.make(stop),))
    if limit < step:
        code = "no_sales" if terms.base_amount == 0 else "below_minimum"
        return Assessment(Outcome.declined, terms, 0, 0, (reasons.make(code),))
    return Assessment(Outcome.offered, terms, limit, available, (_binding(terms),))


def limit_amount(terms: Terms) -> int:
    """The formula itself."""
    common = share(min(terms.base_amount, terms.affordability_amount), terms.grade_bps)
    return max(0, min(common, terms.programme_cap_amount, terms.headroom_amount))


def candidates(history_net_30: int, forecast_30: tuple[int, ...], currency: str, programme: Programme) -> list[int]:
    """The whole limit of each grade, for the PD that is asked of it."""
    base = share(max(0, history_net_30), programme.base_bps)
    cap = programme.cap_amount(currency)
    return [
        min(share(min(base, affordability_amount(forecast_30, grade, programme)), grade.limit_bps), cap)
        for grade in programme.grades
    ]


def best_grade(scored: tuple[GradeScore, ...], programme: Programme) -> GradeScore | None:
    """The largest limit consistent with its own PD."""
    consistent = [s for s, grade in zip(scored, programme.grades, strict=True) if s.pd <= grade.pd_max]
    return max(consistent, key=lambda s: s.exposure_amount, default=None)


def stocking_need_amount(scores: Scores | None) -> int:
    """What the next 7 days' forecast sales (P50) would use up, at cost: 60 % of sales until stock data say better."""
    return 0 if scores is None else share(max(0, scores.forecast_7[P50]), COST_BPS)


COST_BPS = 6_000
"""Cost of goods as a share of sales where no purchase data exist; small retail lies around 55-70 %."""

_FREEZING = {"data_stale", "consent_withdrawn"}
"""Stops that may pass: the offer waits for them instead of ending."""


def _stop(given: Inputs, programme: Programme, grade: Grade | None) -> str | None:
    if given.merchant_state is not MerchantState.verified:
        return "merchant_not_verified"
    if given.withdrawn:
        return "consent_withdrawn"
    if not given.scored:
        return "no_closed_day"
    if given.trading_days_count < programme.thin_days:
        return "thin_history"
    if given.stale:
        return "data_stale"
    if given.tails[WINDOW] <= 0:
        return "no_sales"
    if grade is None:
        return "risk_too_high"
    return None


def _terms(given: Inputs, programme: Programme, grade: Grade | None) -> Terms:
    return Terms(
        base_amount=base_amount(given, programme),
        affordability_amount=0 if grade is None else affordability_amount(given.forecast_30, grade, programme),
        grade=None if grade is None else grade.name,
        grade_bps=0 if grade is None else grade.limit_bps,
        programme_cap_amount=programme.cap_amount(given.currency),
        headroom_amount=given.headroom_amount,
        net_closed_amount=given.tails[WINDOW],
        net_open_amount=given.net_open_amount,
    )


def _binding(terms: Terms) -> Reason:
    """The term that holds the limit where it is."""
    common = share(min(terms.base_amount, terms.affordability_amount), terms.grade_bps)
    if terms.headroom_amount < min(common, terms.programme_cap_amount):
        return reasons.make("headroom_binds", terms.headroom_amount)
    if terms.programme_cap_amount < common:
        return reasons.make("programme_cap_binds", terms.programme_cap_amount)
    if terms.affordability_amount < terms.base_amount:
        return reasons.make("affordability_binds", terms.affordability_amount)
    return reasons.make("base_binds", terms.base_amount)
