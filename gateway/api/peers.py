"""Peers: where a shop stands among shops of its industry, country and size. Nothing of any other one is shown."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api import rights
from gateway.domain.rights import Caller, Right
from gateway.usecases import offers, peers
from gateway.usecases.peers import Metric
from gateway.usecases.world import World


class Peers(msgspec.Struct, frozen=True):
    """A shop beside its like, as of the last night.

    `available` is false while the cohort has fewer than 30 merchants or too little is known of the shop. `industry` is
    the first two digits of the MCC. Metrics, over the last 28 closed days: `growth_bps` (net sales to those of the 28
    days before), `average_ticket_amount`, `refunds_bps` (of sales), `stock_turnover_days` (how long the stock counted
    lasts, at a cost of 60 % of sales), and over 91 days `repurchase_bps` (known customers who came on two days or
    more). `percentile`: the share of the cohort below, 0…100 in steps of 5.
    """

    available: bool
    built_on: date | None = None
    industry: str | None = None
    country: str | None = None
    currency: str | None = None
    merchants_count: int | None = None
    metrics: tuple[Metric, ...] = ()


@get("/v1/merchants/{merchant_id:str}/peers", opt={"right": Right.offers_read}, tags=["Credit"])
async def show(merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> Peers:
    """Compare a shop with shops of its industry, country and size."""
    await rights.check_consent(world, caller, Right.offers_read, merchant_id)
    found = await peers.standing(world, await offers.position_of(world, merchant_id, caller.partner_id))
    if found is None:
        return Peers(available=False)
    industry, country, currency, _ = found.cohort.split("|")
    return Peers(
        available=True,
        built_on=found.built_on,
        industry=industry,
        country=country,
        currency=currency,
        merchants_count=found.merchants_count,
        metrics=tuple(found.metrics),
    )


ROUTES = (show,)
