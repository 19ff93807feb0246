"""What is worked out once a night over all shops, page by page: peers' cohorts, and copies among a partner's shops.

Only shops that may be assessed are looked at. A pass stands in memory between two pages, so that jobs are not kept
waiting; whoever is killed in the middle begins again.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import calendars
from gateway.domain import clones as rules
from gateway.domain import peers as metrics
from gateway.domain.grants import ASSESS
from gateway.domain.quality import Day, Finding
from gateway.store import sql
from gateway.usecases import peers, quality
from gateway.usecases.clones import Suspects
from gateway.usecases.positions import GrantRow

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import World

NAME = "cohorts"
PAGE_COUNT = 50
"""Shops a round: about ten milliseconds of the event loop."""
FRESH = timedelta(days=14)
"""A shop whose last closed day lies further back is nobody's peer."""
_SPAN = timedelta(days=rules.DAYS) + FRESH


class Shop(msgspec.Struct, frozen=True):
    """A shop as a night's pass sees it."""

    merchant_id: str
    partner_id: str
    country: str
    mcc: str | None
    currency: str
    started_on: date | None
    closed_through_on: date
    flags: tuple[str, ...]
    findings: tuple[Finding, ...]


class _Rows(msgspec.Struct, frozen=True):
    """A shop's last `rules.DAYS` closed days, oldest first."""

    net: list[int]
    back: list[int]
    tickets: list[int]


class Night:
    """A pass under way: for which date, how far it came, and what it has gathered."""

    def __init__(self, on: date) -> None:
        self.on = on
        self.after = ("", "")
        """The partner and the id of the last shop seen."""
        self.cohorts = peers.Build()
        self.suspects = Suspects()


async def look(world: World) -> int:
    """One page of the night's pass; 0 when the night is done."""
    night: Night | None = world.night
    if night is None:
        on = calendars.night_on(world.clock.now())
        done = await world.store.one(sql.cohorts.night, name=NAME)
        if done is not None and done[0] >= on.isoformat():
            return 0
        night = world.night = Night(on)
    try:
        await _turn(world, night)
    except BaseException:
        world.night = None
        raise
    return 1


async def _turn(world: World, night: Night) -> None:
    """The next page; after the last one, what was gathered is kept and the night is over."""
    shops = await world.store.all(
        sql.cohorts.shops, Shop, after_partner_id=night.after[0], after_merchant_id=night.after[1],
        fresh_on=night.on - FRESH, limit=PAGE_COUNT,
    )  # fmt: skip
    seen = await _seen(world, night, shops)
    for shop in shops:
        if shop.partner_id != night.after[0] or night.suspects.full:
            await _settle(world, night)
        night.after = (shop.partner_id, shop.merchant_id)
        if shop.merchant_id in seen:
            night.suspects.add(shop.merchant_id, seen[shop.merchant_id].net, shop.closed_through_on, shop.flags)
    if len(shops) < PAGE_COUNT:
        await _settle(world, night)
        await peers.keep(world, night.cohorts, night.on)
        await world.store.write(partial(_end, night.on))
        world.night = None


async def _end(on: date, tx: Tx) -> None:
    """What is in no sketch of this night is in none any more."""
    await tx.run(sql.cohorts.forget, built_on=on)
    await tx.run(sql.cohorts.end_night, name=NAME, done_on=on)


async def _settle(world: World, night: Night) -> None:
    """The partner's shops are all there: tell copies."""
    suspects, night.suspects = night.suspects, Suspects()
    await suspects.settle(world)


async def _seen(world: World, night: Night, shops: list[Shop]) -> dict[str, _Rows]:
    """The days of those who may be assessed, each counted into its cohort on the way."""
    now = world.clock.now()
    held = [shop.merchant_id for shop in shops]
    grants = await world.store.all(sql.consents.in_force_of, GrantRow, merchant_ids_json=held)
    may: dict[str, list[GrantRow]] = {}
    for grant in grants:
        if grant.allows(ASSESS, now):
            may.setdefault(grant.merchant_id, []).append(grant)
    chosen = {shop.merchant_id: shop for shop in shops if shop.merchant_id in may}
    if not chosen:
        return {}
    known = await peers.visits(world, list(chosen), night.on)
    await _forget_visits(world, night, list(known))
    stock = await peers.stock(world, may, max(shop.closed_through_on for shop in chosen.values()))
    seen = await _rows(world, night, chosen)
    await quality.look(world, [_judged(chosen[merchant_id], rows) for merchant_id, rows in seen.items()])
    for merchant_id, rows in seen.items():
        _count(night, chosen[merchant_id], rows, known.get(merchant_id), stock.get(merchant_id))
    return seen


async def _rows(world: World, night: Night, chosen: dict[str, Shop]) -> dict[str, _Rows]:
    # As bare tuples: thousands of days as Structs would be half of a page's cost.
    days = await world.store.all(
        sql.cohorts.days, merchant_ids_json=list(chosen), after_on=night.on - _SPAN,
        through_on=max(shop.closed_through_on for shop in chosen.values()), limit=PAGE_COUNT * 2 * _SPAN.days,
    )  # fmt: skip
    found = {merchant_id: _Rows(*([0] * rules.DAYS for _ in range(3))) for merchant_id in chosen}
    first = {m: shop.closed_through_on.toordinal() - rules.DAYS + 1 for m, shop in chosen.items()}
    for merchant_id, on, net, back, tickets in days:
        at = date.fromisoformat(on).toordinal() - first[merchant_id]
        if 0 <= at < rules.DAYS:
            rows = found[merchant_id]
            rows.net[at], rows.back[at], rows.tickets[at] = net, back, tickets
    return found


def _judged(shop: Shop, rows: _Rows) -> quality.Shop:
    """The days that the data-quality gate looks at."""
    first = max(0, rules.DAYS - 1 - (shop.closed_through_on - (shop.started_on or date.min)).days)
    days = [
        Day(shop.closed_through_on - timedelta(days=rules.DAYS - 1 - at), rows.net[at], rows.back[at], rows.tickets[at])
        for at in range(first, rules.DAYS)
    ]
    return quality.Shop(shop.merchant_id, days, shop.findings)


def _count(night: Night, shop: Shop, rows: _Rows, visits: tuple[int, int] | None, stock_amount: int | None) -> None:
    cohort = metrics.cohort(shop.country, shop.mcc, shop.currency, sum(rows.net[-metrics.PERIOD :]))
    if cohort is None or shop.started_on is None:
        return
    net, back, tickets = (row[-metrics.DAYS :] for row in (rows.net, rows.back, rows.tickets))
    grown = (shop.closed_through_on - shop.started_on).days + 1 >= metrics.DAYS
    found = metrics.turnover(net, stock_amount) | metrics.metrics(net, back, tickets, visits, grown=grown)
    night.cohorts.add(cohort, found, shop.partner_id)


async def _forget_visits(world: World, night: Night, merchant_ids: list[str]) -> None:
    """Customers are told apart no longer than it serves."""
    if merchant_ids:
        rows = [{"merchant_id": m, "before_on": night.on - timedelta(days=metrics.VISITS_DAYS)} for m in merchant_ids]

        async def unit(tx: Tx) -> None:
            await tx.many(sql.cohorts.forget_visits, rows)

        await world.store.write(unit)
