"""One call that drives the widget: what a shop may borrow, what it owes, and what has to be done next."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api import drawdowns, paging, rights, views
from gateway.api.drawdowns import BankRef, DrawdownView
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.api.views import CurrentOffer, Forecasts, LimitChange
from gateway.domain import summaries as rules
from gateway.domain import underwriting
from gateway.domain.calendars import Instant
from gateway.domain.rights import Caller, Right
from gateway.domain.summaries import DaySales, RequiredAction
from gateway.usecases import baskets, summaries
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.usecases.summaries import Changed


class AgreementRef(msgspec.Struct, frozen=True):
    """An agreement in force, and the hosted page on which its merchant reads it."""

    version: str
    url: str


class SummaryView(msgspec.Struct, frozen=True):
    """Where a shop stands; each part is there when the token has the right to it.

    `past` are the last closed business days, `takings_today_amount` what the open one took so far. `forecast` is null
    before the first day was closed. `payout_account_ending`: the last four of the account that a loan is paid to. An
    offer needs `trading_days_needed_count` days on which something was sold, `trading_days_count` are known.
    `agreement` is the one signed with this lender; null before the first loan signs it. `drawdowns` are those that have
    not ended, newest first. `required_actions` says
    what has to be done before the shop can borrow or go on, by whom its type says.
    """

    merchant_id: str
    currency: str
    timezone: str
    today_on: date
    data_as_of: Instant | None
    required_actions: list[RequiredAction]
    takings_today_amount: int | None = None
    past: list[DaySales] = []
    offer: CurrentOffer | None = None
    lender: BankRef | None = None
    forecast: Forecasts | None = None
    payout_account_ending: str | None = None
    agreement: AgreementRef | None = None
    trading_days_count: int | None = None
    trading_days_needed_count: int | None = None
    drawdowns: list[DrawdownView] | None = None


@get("/v1/merchants/{merchant_id:str}/summary", opt={"right": Right.merchants_read}, tags=["Widget"])
async def show(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> SummaryView:
    """Show all that a widget shows at a glance, in one call."""
    found = await summaries.of(world, caller, merchant_id)
    position, now = found.position, world.clock.now()
    view = SummaryView(
        merchant_id=merchant_id,
        currency=position.currency,
        timezone=position.timezone,
        today_on=position.today(now),
        data_as_of=position.data_at,
        required_actions=found.actions,
    )
    if await rights.may(world, caller, Right.offers_read, merchant_id):
        view = msgspec.structs.replace(view, **await _credit(world, found))
    if await rights.may(world, caller, Right.drawdowns_read, merchant_id):
        shown = [await drawdowns.view(world.store, world, one) for one in found.drawdowns]
        view = msgspec.structs.replace(view, drawdowns=shown)
    return view


@get("/v1/merchants/{merchant_id:str}/drawdowns", opt={"right": Right.drawdowns_read}, tags=["Money"])
async def drawdowns_page(
    merchant_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[DrawdownView]:
    """List a shop's drawdowns, oldest first; those that ended stay."""
    await rights.check_consent(world, caller, Right.drawdowns_read, merchant_id)
    found = await summaries.drawdowns_of(world, merchant_id, paging.decode(cursor, "drawdown") or "", limit + 1)
    shown = [await drawdowns.view(world.store, world, one) for one in found]
    return paging.page(shown, limit, lambda one: one, lambda one: one.id)


async def _credit(world: World, found: summaries.Summary) -> dict[str, object]:
    position, offer = found.position, views.current_offer(world, found.judged)
    more = await summaries.more(world, found)
    scores, forecast = position.scores, None
    if scores is not None:
        need_amount = underwriting.stocking_need_amount(scores)
        stocking = await baskets.stocking(world.store, position, need_amount)
        forecast = views.forecasts(position, scores, position.today(world.clock.now()), stocking)
    return {
        "takings_today_amount": position.takings_amount(world.clock.now()),
        "past": rules.past(position.history),
        "offer": msgspec.structs.replace(offer, change=_change(more.change)),
        "lender": drawdowns.bank(world, offer.lender.bank_id),
        "forecast": forecast,
        "payout_account_ending": more.account_ending,
        "agreement": more.agreement and AgreementRef(*more.agreement),
        "trading_days_count": 0 if position.history is None else position.history.trading_days_count,
        "trading_days_needed_count": found.judged.programme.thin_days,
    }


def _change(found: Changed | None) -> LimitChange | None:
    return None if found is None else LimitChange(found.amount, found.limit_before_amount, found.changed_at)


ROUTES = (show, drawdowns_page)
