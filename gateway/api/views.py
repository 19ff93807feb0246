"""Shapes more than one route answers with, made from what the use cases return."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import explanations, outlooks, reasons, underwriting, weekdays
from gateway.domain.calendars import Instant
from gateway.domain.categories import Stocking
from gateway.domain.offers import Commitment
from gateway.domain.reasons import Reason
from gateway.domain.routing import Standing
from gateway.domain.underwriting import Outcome, Terms
from gateway.domain.weekdays import DayAhead
from gateway.usecases import banks

if TYPE_CHECKING:
    from gateway.domain.histories import History
    from gateway.domain.positions import Offered, Position, Scores
    from gateway.domain.routing import Candidate, Route
    from gateway.domain.underwriting import Assessment
    from gateway.usecases.limits import Judged
    from gateway.usecases.world import World


class Lender(msgspec.Struct, frozen=True):
    """A programme and its bank."""

    programme_id: str
    programme_version: int
    bank_id: str
    lender_name: str


class LimitChange(msgspec.Struct, frozen=True):
    """The current offer's limit against the one it replaced: `amount` is what it is more, or less."""

    amount: int
    limit_before_amount: int
    at: Instant


class Alternative(msgspec.Struct, frozen=True):
    """What one of several lenders says of a merchant, and why it is first or not (`standing`).

    `cost_amount` is what borrowing costs in all at the amount at which all lenders were compared; it and `fee_bps` are
    null where this one does not offer. `pays_on` is the bank's day on which money drawn now goes out. `reason` holds
    its limit where it is, or stops it.
    """

    lender: Lender
    standing: Standing
    limit_amount: int
    available_amount: int
    fee_bps: int | None
    cost_amount: int | None
    pays_on: date | None
    reason: Reason


class CurrentOffer(msgspec.Struct, frozen=True):
    """Where the merchant stands this moment.

    `limit_amount` and `available_amount` are fresh: limit = min(grade_bps x min(base, affordability) / 10000,
    programme cap, headroom), available = limit less exposure, in steps. `offered_limit_amount` is what the current
    immutable offer `id` says; it follows material changes only. `state` is `open`, `frozen` or `none`; while it is not
    `open`, both fresh amounts are 0 and `reasons` say why.
    """

    merchant_id: str
    id: str | None
    state: str
    commitment: Commitment
    currency: str
    limit_amount: int
    offered_limit_amount: int | None
    available_amount: int
    exposure_amount: int
    step_amount: int
    minimum_amount: int
    suggested_amount: int
    terms: Terms
    pd: int | None
    reasons: tuple[Reason, ...]
    decision_id: str | None
    decided_at: Instant | None
    data_as_of: Instant | None
    lender: Lender
    """Whose limit and terms these are."""
    alternatives: list[Alternative]
    """What every other lender says; a quote may name one of them that offers. Empty where there is one lender."""
    change: LimitChange | None = None
    """Told in a summary; `reasons` say why."""


class ForecastView(msgspec.Struct, frozen=True):
    """Net sales of the next `days` days in minor units: quantiles, p50 the middle. `fallback`: too little history."""

    days: int
    p05_amount: int
    p10_amount: int
    p25_amount: int
    p50_amount: int
    p75_amount: int
    p90_amount: int
    p95_amount: int
    fallback: bool


class WeekView(msgspec.Struct, frozen=True):
    """Net sales from now until the end of a week ahead, in minor units; p50 the middle."""

    week: int
    p10_amount: int
    p50_amount: int
    p90_amount: int


class Forecasts(msgspec.Struct, frozen=True):
    """What the models expect of the days from `as_of_on` on, and what to buy for the next week.

    Where stock is counted, that is what the week's sales use up less what is there and what is on its way.
    """

    as_of_on: date
    currency: str
    forecast_7: ForecastView
    forecast_30: ForecastView
    stocking_need_amount: int
    year: list[WeekView]
    """Cumulative net sales until the end of each of the next 52 weeks."""
    days: list[DayAhead]
    """The next week day by day: estimates from the middle of its sum, the shop's own weekdays, and how it strays."""
    stocking: list[Stocking]
    """The need by category, adding up to it exactly; empty while neither the till's lines nor counts of stock tell."""


def current_offer(world: World, judged: Judged) -> CurrentOffer:
    """A judged position as clients see it."""
    position, fresh = judged.position, judged.assessment
    offered, verdict, scores = _open(world, position.offered), position.verdict, position.scores
    programme = judged.programme
    step = programme.step_amount(position.currency)
    need = underwriting.stocking_need_amount(scores)
    suggested = min(-(-need // step) * step, fresh.available_amount)
    return CurrentOffer(
        merchant_id=position.merchant_id,
        id=None if offered is None else offered.id,
        state=_state(offered, fresh),
        commitment=Commitment.bank_approved if offered is not None and offered.bank_approved else Commitment.indicative,
        currency=position.currency,
        limit_amount=fresh.limit_amount,
        offered_limit_amount=None if offered is None else offered.limit_amount,
        available_amount=fresh.available_amount,
        exposure_amount=position.exposure_amount,
        step_amount=step,
        minimum_amount=step,
        suggested_amount=suggested,
        terms=fresh.terms,
        pd=None if scores is None else scores.pd,
        reasons=explanations.standing(offered, verdict, fresh, scores, programme),
        decision_id=None if verdict is None else verdict.decision_id,
        decided_at=None if verdict is None else verdict.decided_at,
        data_as_of=position.data_at,
        lender=Lender(programme.id, programme.version, programme.bank_id, banks.name(world, programme.bank_id)),
        alternatives=[] if judged.route is None else _alternatives(world, judged.route, programme.id),
    )


def _alternatives(world: World, route: Route, programme_id: str) -> list[Alternative]:
    return [lender(world, one) for one in route.candidates if one.programme.id != programme_id]


def lender(world: World, one: Candidate) -> Alternative:
    """What one of several lenders said."""
    return Alternative(
        lender=Lender(one.programme.id, one.programme.version, one.bank_id, banks.name(world, one.bank_id)),
        standing=one.standing,
        limit_amount=one.limit_amount,
        available_amount=one.available_amount,
        fee_bps=one.fee_bps,
        cost_amount=one.cost_amount,
        pays_on=one.pays_on,
        reason=reasons.make(one.reason),
    )


def _open(world: World, offered: Offered | None) -> Offered | None:
    """The current offer while its time has not run out."""
    return None if offered is None or world.clock.now() >= offered.expires_at else offered


def _state(offered: Offered | None, fresh: Assessment) -> str:
    if offered is None or fresh.outcome is Outcome.declined:
        return "none"
    return "frozen" if fresh.outcome is Outcome.frozen or offered.frozen else "open"


def forecast(days: int, quantiles: tuple[int, ...], *, fallback: bool) -> ForecastView:
    """Seven quantiles by name."""
    p05, p10, p25, p50, p75, p90, p95 = quantiles
    return ForecastView(days, p05, p10, p25, p50, p75, p90, p95, fallback)


def year(scores: Scores) -> list[WeekView]:
    """The weeks that the model says something of; none of scores from before it was asked."""
    knots = outlooks.KNOTS if scores.year else ()
    return [WeekView(week, *amounts) for week, amounts in zip(knots, scores.year, strict=True)]


def weeks(scores: Scores) -> list[WeekView]:
    """All of the weeks ahead, straight lines between."""
    if not scores.year:
        return []
    paths = list(zip(*scores.year, strict=True))
    count = outlooks.KNOTS[-1]
    return [WeekView(week, *(outlooks.until(path, 7 * week) for path in paths)) for week in range(1, count + 1)]


def forecasts(position: Position, scores: Scores, as_of_on: date, stocking: list[Stocking]) -> Forecasts:
    """Both horizons, and the days of the first one."""
    return Forecasts(
        as_of_on=as_of_on,
        currency=position.currency,
        forecast_7=forecast(7, scores.forecast_7, fallback=scores.fallback),
        forecast_30=forecast(30, scores.forecast_30, fallback=scores.fallback),
        stocking_need_amount=underwriting.stocking_need_amount(scores),
        year=weeks(scores),
        days=[] if position.history is None else _days(position.history, scores),
        stocking=stocking,
    )


def _days(history: History, scores: Scores) -> list[DayAhead]:
    """The week after the days that were scored; days closed since then wait for their scores."""
    since = (history.through_on - scores.scored_through_on).days
    known = history.net[: len(history.net) - since]
    return weekdays.ahead(known, history.length - since, scores.scored_through_on, scores.forecast_7[underwriting.P50])
