"""Positions for the tests of pure rules: a series of days in, a Position out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import histories
from gateway.domain.details import DataAction, Datatype, Merchant, MerchantData, Purpose
from gateway.domain.grants import Grant
from gateway.domain.merchants import MerchantState
from gateway.domain.positions import GradeScore, Position, Profile, Scores
from gateway.domain.sales import Totals
from gateway.domain.tiers import Tier
from tests.gateways import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence

TODAY = NOW.date()
CONSENT = Grant(
    "grt_x",
    "cli_x",
    1,
    NOW + timedelta(days=360),
    (
        MerchantData(
            actions=(DataAction.push,),
            datatypes=(Datatype.sales,),
            merchant=Merchant("mer_x"),
            lookback_days=730,
            purpose=Purpose.credit_assessment,
            retention_days=1_825,
        ),
    ),
)
"""To be assessed by its sales, and nothing more: without it there is no limit."""


def day(net: int) -> Totals:
    """A day whose net is `net`: one sale, and a refund where it is negative."""
    return Totals(sales_amount=max(0, net), refunds_amount=max(0, -net), tickets_count=1)


def position(
    nets: Sequence[int], open_days: int = 1, grade: str | None = "A", p10: int = 10**9, **changes: Any
) -> Position:
    """Daily nets, the last one today's so far; the last `open_days` of them are open. Scores say what they are told."""
    days = {TODAY - timedelta(days=back): day(net) for back, net in enumerate(reversed(nets))}
    through_on = TODAY - timedelta(days=open_days)
    closed = {on: totals for on, totals in days.items() if on <= through_on}
    history = histories.build(min(closed), through_on, closed) if closed else None
    made = Position(
        merchant_id="mer_x",
        partner_id="par_x",
        merchant_state=MerchantState.verified,
        currency="EUR",
        timezone="Etc/UTC",
        day_cutoff="00:00",
        version=1,
        exposure_amount=0,
        history=history,
        open_days={on: totals for on, totals in days.items() if on > through_on},
        closes_at=None,
        data_at=NOW,
        scores=scores(through_on, grade, p10),
        offered=None,
        verdict=None,
        grants=(CONSENT,),
        profile=Profile("CN", "5411", tier=Tier.settled),
    )
    return msgspec.structs.replace(made, **changes)


def scores(through_on: date, grade: str | None, p10: int) -> Scores:
    """Scores with a grade and a cautious forecast."""
    quantiles = (p10, p10, p10, p10, p10, p10, p10)
    return Scores(
        scored_through_on=through_on,
        forecast_7=quantiles,
        forecast_30=quantiles,
        ratios_7=quantiles,
        ratios_30=quantiles,
        fallback=False,
        candidates=(GradeScore("A", 1, 1),),
        grade=grade,
        pd=None if grade is None else 10_000,
        features={},
        contributions=(),
        models={},
    )


def at(**later: float) -> datetime:
    """An instant so much after NOW."""
    return NOW + timedelta(**later)
