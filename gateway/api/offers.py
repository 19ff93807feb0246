"""Credit: the current offer, offers as they were made, the forecast, and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api import etags, paging, rights, views
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.api.reviews import ContestView, view
from gateway.api.views import Alternative, CurrentOffer, Forecasts, WeekView
from gateway.domain import underwriting
from gateway.domain.calendars import Instant
from gateway.domain.counterfactuals import Counterfactual
from gateway.domain.errors import NotFound
from gateway.domain.grants import Basis
from gateway.domain.offers import Commitment, Offer, OfferState, Price
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.quality import Finding
from gateway.domain.reasons import Reason
from gateway.domain.rights import Caller, Right
from gateway.domain.underwriting import Outcome, Terms
from gateway.usecases import baskets, counterfactuals, decisions, offers, reviews
from gateway.usecases.counterfactuals import NOTHING, Found
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.reviews import Review
    from gateway.domain.routing import Route
    from gateway.usecases.decisions import Decision

_TAGS = ["Credit"]


class OfferView(msgspec.Struct, frozen=True):
    """An offer as it was made: immutable but for `state`, `frozen_at` and what replaced it."""

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
    data_as_of: Instant | None
    findings: tuple[Finding, ...]
    created_at: Instant
    expires_at: Instant
    frozen_at: Instant | None
    delivered_at: Instant | None
    replaces: str | None
    replaced_by: str | None


class ContributionView(msgspec.Struct, frozen=True):
    """One feature's part of the PD's logit, in 1e-6; positive raises the risk."""

    feature: str
    logit: int


class AnomalyContributionView(msgspec.Struct, frozen=True):
    """One feature's part of the anomaly score, in 1e-6."""

    feature: str
    score: int


class RouteView(msgspec.Struct, frozen=True):
    """What every lender said, by their ids; `common_amount` is the one at which their prices were compared."""

    common_amount: int
    lenders: list[Alternative]


class DecisionView(msgspec.Struct, frozen=True):
    """A decision with its reasons and what the models said; `pd` in 1/100 bp.

    `consents` are the versions under which the data it rests on was held; once that was erased, what the models said is
    `sealed` and shows no more.
    """

    id: str
    merchant_id: str
    outcome: Outcome
    limit_amount: int
    terms: Terms
    reasons: tuple[Reason, ...]
    pd: int | None
    grade: str | None
    contributions: list[ContributionView]
    forecast_7: tuple[int, ...]
    forecast_30: tuple[int, ...]
    models: dict[str, str]
    programme: ProgrammeRef
    consents: tuple[Basis, ...]
    sealed: bool
    decided_at: Instant
    data_as_of: Instant | None
    model: str | None = None
    """Which model the PD is of: `pd`, or the scorecard `rules`."""
    anomaly: int | None = None
    """In 1e-6; 1,000,000 and above is an alert."""
    anomaly_contributions: list[AnomalyContributionView] = []
    year: list[WeekView] = []
    """Cumulative net sales until the weeks the model says something of."""
    counterfactuals: tuple[Counterfactual, ...] = ()
    """What one change alone would have raised the limit to; only with a single decision, the largest first."""
    counterfactuals_from: str | None = None
    """SHA-256 of the model asked; null in lists, or where the model, the programme or the data of then are gone."""
    contest: ContestView | None = None
    route: RouteView | None = None
    """Why this lender and no other; null where there was one, or once it is sealed."""


class NoForecast(NotFound):
    """No business day has been closed yet, so nothing was forecast."""

    code = "no_forecast"
    title = "There is no forecast yet"


@get("/v1/merchants/{merchant_id:str}/offer", opt={"right": Right.offers_read, "etag": True}, tags=_TAGS)
async def current(
    merchant_id: FromPath[str],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[CurrentOffer]:
    """Show where a shop stands this moment: limit, what is available, and why."""
    await rights.check_consent(world, caller, Right.offers_read, merchant_id)
    judged = await offers.standing(world, merchant_id, caller.partner_id)
    return etags.tagged(request, views.current_offer(world, judged))


@get("/v1/merchants/{merchant_id:str}/forecast", opt={"right": Right.offers_read}, tags=_TAGS)
async def forecast(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> Forecasts:
    """Forecast the next 7 and 30 days' net sales, and what the next week's sales will use up."""
    await rights.check_consent(world, caller, Right.offers_read, merchant_id)
    position = await offers.position_of(world, merchant_id, caller.partner_id)
    if position.scores is None:
        raise NoForecast("Close a business day first")
    stocking = await baskets.stocking(world.store, position, underwriting.stocking_need_amount(position.scores))
    return views.forecasts(position, position.scores, position.today(world.clock.now()), stocking)


@get("/v1/offers/{offer_id:str}", opt={"right": Right.offers_read, "checks_merchant": True, "etag": True}, tags=_TAGS)
async def show(
    offer_id: FromPath[str],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[OfferView]:
    """Show an offer as it was made."""
    found = await offers.find(world.store, offer_id, caller.partner_id)
    await rights.check_consent(world, caller, Right.offers_read, found.merchant_id, "offer")
    return etags.tagged(request, _view(found))


@post(
    "/v1/offers/{offer_id:str}/deliver",
    opt={"right": Right.offers_read, "checks_merchant": True},
    status_code=200,
    tags=_TAGS,
)
async def deliver(offer_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> OfferView:
    """Tell that an offer was shown to the merchant."""
    return _view(await offers.deliver(world, offer_id, caller))


@get("/v1/merchants/{merchant_id:str}/decisions", opt={"right": Right.offers_read}, tags=_TAGS)
async def decisions_page(
    merchant_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DecisionView]:
    """List the decisions about a shop, oldest first."""
    await rights.check_consent(world, caller, Right.offers_read, merchant_id)
    found = await decisions.page(world.store, merchant_id, paging.decode(cursor, "decision") or "", limit + 1)
    contests = await reviews.contests(world.store, [decision.id for decision in found])
    return paging.page(
        found, limit, lambda one: _decision(world, one, contests.get(one.id)), lambda decision: decision.id
    )


@get("/v1/decisions/{decision_id:str}", opt={"right": Right.offers_read, "checks_merchant": True}, tags=_TAGS)
async def decision(
    decision_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> DecisionView:
    """Show a decision and its reasons."""
    found = await decisions.find(world.store, decision_id, caller.partner_id)
    await rights.check_consent(world, caller, Right.offers_read, found.merchant_id, "decision")
    contest = (await reviews.contests(world.store, [found.id])).get(found.id)
    return _decision(world, found, contest, await counterfactuals.of(world, found))


def _view(offer: Offer) -> OfferView:
    values = msgspec.structs.asdict(offer)
    values["data_as_of"] = values.pop("data_at")
    values["replaces"], values["replaced_by"] = values.pop("replaces_id"), values.pop("replaced_by_id")
    return OfferView(**values)


def _decision(world: World, made: Decision, contest: Review | None, raising: Found = NOTHING) -> DecisionView:
    scores = made.scores
    return DecisionView(
        id=made.id,
        merchant_id=made.merchant_id,
        outcome=made.outcome,
        limit_amount=made.limit_amount,
        terms=made.terms,
        reasons=made.reasons,
        pd=None if scores is None else scores.pd,
        grade=made.terms.grade,
        contributions=[] if scores is None else [ContributionView(*part) for part in scores.contributions],
        forecast_7=() if scores is None else scores.forecast_7,
        forecast_30=() if scores is None else scores.forecast_30,
        models={} if scores is None else scores.models,
        programme=made.programme,
        consents=made.bases,
        sealed=made.sealed,
        decided_at=made.decided_at,
        data_as_of=made.data_at,
        model=None if scores is None else scores.model,
        anomaly=None if scores is None else scores.anomaly,
        anomaly_contributions=(
            [] if scores is None else [AnomalyContributionView(*part) for part in scores.anomaly_contributions]
        ),
        year=[] if scores is None else views.year(scores),
        counterfactuals=raising.counterfactuals,
        counterfactuals_from=raising.model,
        contest=None if contest is None else view(contest),
        route=None if made.route is None else _route(world, made.route),
    )


def _route(world: World, route: Route) -> RouteView:
    return RouteView(route.common_amount, [views.lender(world, one) for one in route.candidates])


ROUTES = (current, forecast, show, deliver, decisions_page, decision)
