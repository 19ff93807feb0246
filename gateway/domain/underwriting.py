"""The limit: integer policy over a position. No float, no clock, no model; scores come in as integers.

    net(d)        = sales - refunds - voids of business day d, without tax and tips, less the haircut of its trust tier
    closed        = net of the last 30 closed days + min(0, open)
    base          = 80 % x max(closed, net of the last 30 - k closed + open, season x closed)
    affordability = what the withheld share of the cautious path (P10) repays within the term, fee included
    dial          = sector x thin history x monitoring
    limit         = min(grade x dial x min(base, affordability), programme cap, headroom)
    available     = max(0, floor_to_step(limit - exposure))

`open` is the net of the k calendar days since the last closed one, today among them and never more than 30. So the
base is at most 80 % of the better of two whole 30-day windows: the closed one, and the one that ends today. `season`
is what the next 30 days were to the last 30 a year ago, at least 1 and at most what the programme allows.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import eligibility, outlooks, reasons
from gateway.domain.eligibility import CURRENCY_NOT_SERVED
from gateway.domain.histories import WINDOW
from gateway.domain.inputs import Inputs, inputs
from gateway.domain.merchants import MerchantState
from gateway.domain.money import BPS, floor_to_step, share
from gateway.domain.programmes import TierRule
from gateway.domain.quality import IMPLAUSIBLE
from gateway.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.domain.positions import GradeScore, Scores
    from gateway.domain.programmes import Grade, Programme

OPEN_WEEKDAYS = 5
"""Days a week that a shop trades at least on, as far as the thin rule counts them."""
P10, P50, P90 = 1, 3, 5
"""Where the cautious, the middle and the hopeful quantile stand in a forecast."""
CLEARABLE = frozenset({*eligibility.STOPS, "thin_history", "anomaly_suspected", IMPLAUSIBLE})
"""The stops that a person may lift; what only data, the shop or its consent can lift is not among them."""
ANOMALY_FLAG = "anomaly"
"""The flag of sales that look unusual, though not so much that the offer stops."""

ARREARS = "arrears"
"""The flag, and the stop, of a shop with a repayment overdue: it gets no other loan before it has paid."""


class Outcome(StrEnum):
    """What a decision comes to."""

    offered = "offered"
    frozen = "frozen"
    declined = "declined"


class Terms(msgspec.Struct, frozen=True, gc=False):
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


class Assessment(msgspec.Struct, frozen=True, gc=False):
    """What policy says of a position at one moment."""

    outcome: Outcome
    terms: Terms
    limit_amount: int
    available_amount: int
    reasons: tuple[Reason, ...]


def base_amount(given: Inputs, programme: Programme) -> int:
    """80 % of the better of two 30-day windows, or of the coming season; see the module. Never below zero.

    More sales on any day that counts never lower it: a season is the past year's and does not move with them.
    """
    moving = given.tails[max(0, WINDOW - given.open_days_count)] + given.net_open_amount
    return _base_amount(given.tails[WINDOW] + min(0, given.net_open_amount), moving, given, programme)


def _base_amount(closed: int, moving: int, given: Inputs, programme: Programme) -> int:
    best = max(0, closed, moving)
    if programme.seasonal_max_bps > BPS and given.season_ago_amount > 0 < closed:
        season = max(0, given.season_ahead_amount) * closed // given.season_ago_amount
        best = max(best, min(season, share(closed, programme.seasonal_max_bps)))
    return share(_after_haircut(best, given, programme), programme.base_bps)


def affordability_amount(given: Inputs, grade: Grade, programme: Programme) -> int:
    """The principal that the withheld share of the P10 path repays within the term, its fee included."""
    return _repaid(_withheld_amount(given, programme), grade)


def _withheld_amount(given: Inputs, programme: Programme) -> int:
    if given.year_p10:
        sales = outlooks.until(given.year_p10, programme.term_days)
    elif given.forecast_30:
        sales = max(0, given.forecast_30[P10]) * programme.term_days // WINDOW
    else:
        return 0
    return share(_after_haircut(sales, given, programme), programme.withhold_bps)


def _repaid(withheld_amount: int, grade: Grade) -> int:
    return withheld_amount * BPS // (BPS + grade.fee_bps)


def assess(given: Inputs, programme: Programme) -> Assessment:
    """Stops first, then the formula."""
    by_name = {grade.name: grade for grade in programme.grades}
    given_by_person = None if given.override is None else given.override.grade
    # A grade that a later version of the programme does not know is no refusal: then its own counts again.
    grade = by_name.get(given_by_person or "", by_name.get(given.grade or ""))
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
    return max(0, min(_graded(terms), terms.programme_cap_amount, terms.headroom_amount))


def candidates(given: Inputs, programme: Programme) -> list[int]:
    """The whole limit of each grade on the closed days, no dial turned, for the PD that is asked of it.

    `given` needs no grade yet; headroom and exposure are not looked at.
    """
    closed = given.tails[WINDOW]
    base = _base_amount(closed, closed, given, programme)
    cap, withheld = programme.cap_amount(given.currency), _withheld_amount(given, programme)
    return [min(share(min(base, _repaid(withheld, grade)), grade.limit_bps), cap) for grade in programme.grades]


def best_grade(scored: tuple[GradeScore, ...], programme: Programme, given: Inputs) -> GradeScore | None:
    """The largest limit consistent with its own PD, of the grades that tier and length of history allow.

    `scored` is one per grade, in the programme's order. A grade better than `given.graded_from`, or any where there was
    none, asks for a PD as far below its bound as hysteresis says: so a PD that wavers at a bound does not move it.
    """
    names = [grade.name for grade in programme.grades]
    held = names.index(given.graded_from) if given.graded_from in names else len(names)
    first = max([names.index(name) for name in _best_names(given, programme)], default=0)
    margin = BPS - programme.hysteresis_bps
    best: GradeScore | None = None
    for at, (one, grade) in enumerate(zip(scored, programme.grades, strict=True)):
        consistent = at >= first and one.pd <= (grade.pd_max if at >= held else share(grade.pd_max, margin))
        if consistent and (best is None or one.exposure_amount > best.exposure_amount):
            best = one
    return best


def standing_flags(given: Inputs, programme: Programme) -> tuple[str, ...]:
    """What a person must look at before this shop's next draw: flags set and unusual sales, but for those cleared."""
    unusual = given.anomaly is not None and given.anomaly >= programme.review.anomaly
    cleared = () if given.override is None else given.override.clears
    flags = (*given.flags, ANOMALY_FLAG) if unusual else given.flags
    return tuple(flag for flag in flags if flag not in cleared)


def stocking_need_amount(scores: Scores | None) -> int:
    """What the next 7 days' forecast sales (P50) would use up, at cost: 60 % of sales until stock data say better."""
    if scores is not None and scores.stocking is not None:
        return sum(one.need_amount for one in scores.stocking)
    return 0 if scores is None else share(max(0, scores.forecast_7[P50]), COST_BPS)


COST_BPS = 6_000
"""Cost of goods as a share of sales where no purchase data exist; small retail lies around 55-70 %."""

BANK_STOPPED = "bank_stopped"
"""The stop of a bank that takes no new business for now."""
STALE = "data_stale"
"""The stop of a shop whose sales stopped arriving."""
_FREEZING = {STALE, "consent_withdrawn", "anomaly_suspected", IMPLAUSIBLE, ARREARS, BANK_STOPPED}
"""Stops that may pass: the offer waits for them instead of ending."""


def _tier(given: Inputs, programme: Programme) -> TierRule:
    return programme.tiers.get(given.profile.tier, _FULL)


_FULL = TierRule(best_grade="")
"""Of a tier that the programme says nothing of."""


def _after_haircut(amount: int, given: Inputs, programme: Programme) -> int:
    return share(amount, BPS - _tier(given, programme).haircut_bps)


def _thin(given: Inputs, programme: Programme) -> bool:
    """Known for too short a time, or only by the calendar: one row of long ago is no history."""
    below_days = programme.thin.below_days
    return given.length_days < below_days or given.trading_days_count * 7 < below_days * OPEN_WEEKDAYS


def _best_names(given: Inputs, programme: Programme) -> Iterator[str]:
    """The best grades that what is known of the shop can lead to, as far as the programme bounds them."""
    if tier := _tier(given, programme).best_grade:
        yield tier
    if _thin(given, programme):
        yield programme.thin.best_grade


def _stop(given: Inputs, programme: Programme, grade: Grade | None) -> str | None:
    """The first stop that no person has lifted."""
    lifted = frozenset[str]() if given.override is None else CLEARABLE.intersection(given.override.clears)
    return next((code for code in _stops(given, programme, grade) if code not in lifted), None)


def _stops(given: Inputs, programme: Programme, grade: Grade | None) -> Iterator[str]:
    yield from _of_the_shop(given)
    yield from eligibility.stops(given.profile, programme.eligibility, given.today, given.currency)
    if not given.scored:
        yield "no_closed_day"
    if given.trading_days_count < programme.thin_days:
        yield "thin_history"
    if given.stale:
        yield STALE
    if given.anomaly is not None and given.anomaly >= programme.review.anomaly_stop:
        yield "anomaly_suspected"
    if IMPLAUSIBLE in given.flags:
        yield IMPLAUSIBLE
    if given.tails[WINDOW] <= 0:
        yield "no_sales"
    if grade is None:
        yield "risk_too_high"
    if given.bank_stop is not None:
        yield given.bank_stop


def _of_the_shop(given: Inputs) -> Iterator[str]:
    """What stops it whatever it sells."""
    if given.merchant_state is not MerchantState.verified:
        yield "merchant_not_verified"
    if given.withdrawn:
        yield "consent_withdrawn"
    if ARREARS in given.flags:
        yield ARREARS


def _dial_bps(given: Inputs, programme: Programme) -> int:
    sector = eligibility.sector_bps(given.profile.mcc, programme.sectors)
    thin = programme.thin.dial_bps if _thin(given, programme) else BPS
    return share(share(sector, thin), given.monitoring_bps)


def _terms(given: Inputs, programme: Programme, grade: Grade | None) -> Terms:
    return Terms(
        base_amount=base_amount(given, programme),
        affordability_amount=0 if grade is None else affordability_amount(given, grade, programme),
        grade=None if grade is None else grade.name,
        grade_bps=0 if grade is None else grade.limit_bps,
        programme_cap_amount=programme.cap_amount(given.currency),
        headroom_amount=given.headroom_amount,
        net_closed_amount=given.tails[WINDOW],
        net_open_amount=given.net_open_amount,
        haircut_bps=_tier(given, programme).haircut_bps,
        dial_bps=_dial_bps(given, programme),
    )


def _graded(terms: Terms) -> int:
    """The share of the common limit that grade and dial leave, rounded down once."""
    return min(terms.base_amount, terms.affordability_amount) * terms.grade_bps * terms.dial_bps // BPS**2


def _binding(terms: Terms) -> Reason:
    """The term that holds the limit where it is."""
    graded = _graded(terms)
    if terms.headroom_amount < min(graded, terms.programme_cap_amount):
        return reasons.make("headroom_binds", terms.headroom_amount)
    if terms.programme_cap_amount < graded:
        return reasons.make("programme_cap_binds", terms.programme_cap_amount)
    if terms.affordability_amount < terms.base_amount:
        return reasons.make("affordability_binds", terms.affordability_amount)
    return reasons.make("base_binds", terms.base_amount)


__all__ = [
    "BANK_STOPPED",
    "CLEARABLE",
    "COST_BPS",
    "CURRENCY_NOT_SERVED",
    "P10",
    "P50",
    "Assessment",
    "Inputs",
    "Outcome",
    "Terms",
    "affordability_amount",
    "assess",
    "base_amount",
    "best_grade",
    "candidates",
    "inputs",
    "limit_amount",
    "standing_flags",
    "stocking_need_amount",
]
