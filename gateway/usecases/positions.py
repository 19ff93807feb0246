"""Load positions for writing and save them guarded by their version."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import histories
from gateway.domain.consents import ConsentRequired
from gateway.domain.errors import NotFound
from gateway.domain.grants import OPENED_BY, Grant
from gateway.domain.merchants import CompanyId, MerchantState
from gateway.domain.positions import Offered, Override, Position, Profile, Scores, Tracks, Verdict
from gateway.domain.quality import Finding
from gateway.domain.sales import Totals
from gateway.domain.sources import Lead
from gateway.domain.tiers import Tier
from gateway.store import Stale, sql

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gateway.domain.details import Datatype
    from gateway.domain.grants import Need
    from gateway.domain.rights import Caller, Right
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class PositionRow(msgspec.Struct, frozen=True):
    """A position as it is stored; its days are rows of their own."""

    merchant_id: str
    partner_id: str
    merchant_state: MerchantState
    currency: str
    timezone: str
    day_cutoff: str
    version: int
    exposure_amount: int
    started_on: date | None
    closed_through_on: date | None
    closes_at: datetime | None
    data_at: datetime | None
    scores: Scores | None
    offered: Offered | None
    verdict: Verdict | None
    tracks: Tracks | None
    flags: tuple[str, ...]
    override: Override | None
    country: str
    mcc: str | None
    company: CompanyId | None
    registered_on: date | None
    leads: tuple[Lead, ...]
    findings: tuple[Finding, ...]
    tier: Tier


class GrantRow(Grant, frozen=True):
    """A consent in force, and whose."""

    merchant_id: str = ""


class DayRow(msgspec.Struct, frozen=True):
    """One business day's totals as they are stored."""

    business_on: date
    sales_amount: int
    refunds_amount: int
    voids_amount: int
    net_amount: int
    tickets_count: int
    closed_at: datetime | None

    @property
    def totals(self) -> Totals:
        """What its records add up to."""
        return Totals(self.sales_amount, self.refunds_amount, self.voids_amount, self.tickets_count)


async def load(
    reader: Reader, world: World, merchant_ids: Collection[str], *, held: bool = False
) -> dict[str, Position]:
    """Positions by merchant, from memory where possible; an unknown merchant is simply absent.

    `held` keeps other processes from writing to them until the unit ends; they are taken in the order of their ids.
    """
    found = {m: p for m in merchant_ids if (p := world.positions.get(m)) is not None}
    if world.positions.shared and (found or held):
        query = sql.positions.hold_many if held else sql.positions.versions
        rows = await reader.all(query, merchant_ids_json=sorted(merchant_ids))
        found = {m: found[m] for m, version in rows if m in found and found[m].version == version}
    missing = sorted(set(merchant_ids) - found.keys())
    if missing:
        grants: dict[str, list[Grant]] = defaultdict(list)
        for grant in await reader.all(sql.consents.in_force_of, GrantRow, merchant_ids_json=missing):
            grants[grant.merchant_id].append(grant)
        for row in await reader.all(sql.positions.load, PositionRow, merchant_ids_json=missing):
            found[row.merchant_id] = await _assemble(reader, row, tuple(grants[row.merchant_id]))
    return found


async def current(world: World, merchant_id: str) -> Position | None:
    """One position for reading."""
    return (await load(world.store, world, [merchant_id])).get(merchant_id)


async def certain(tx: Tx, world: World, merchant_id: str) -> Position:
    """A merchant's position as this very moment's database has it, held against other writers until the unit ends.

    For what must not rest on memory: another unit of the same commit, or another replica, may have changed it.
    """
    row = await tx.one(sql.positions.hold, merchant_id=merchant_id)
    known = world.positions.get(merchant_id)
    if row is None or known is None or known.version != row[0]:
        world.positions.evict([merchant_id])
    return (await load(tx, world, [merchant_id]))[merchant_id]


def permit(position: Position, caller: Caller, need: Need, now: datetime) -> Grant:
    """The consent under which a caller may do this for a merchant. Raises NotFound or ConsentRequired."""
    if position.partner_id != caller.partner_id or not caller.reaches(position.merchant_id):
        raise NotFound("There is no such merchant")
    return position.permit(caller.grant_id, need, now)


def permit_right(position: Position, caller: Caller, right: Right, now: datetime) -> Grant:
    """The consent that opens a right, by any one of its actions, at `now`. Raises NotFound or ConsentRequired."""
    *others, last = OPENED_BY[right]
    for need in others:
        with contextlib.suppress(ConsentRequired):
            return permit(position, caller, need, now)
    return permit(position, caller, last, now)


def permit_push(position: Position | None, caller: Caller | None, datatype: Datatype, now: datetime) -> Grant:
    """The consent under which a caller may send data of this kind, or we may take it in. Raises as `permit`."""
    if position is None:
        raise NotFound("There is no such merchant")
    if caller is None:
        return position.permit_intake(datatype, now)
    if position.partner_id != caller.partner_id or not caller.reaches(position.merchant_id):
        raise NotFound("There is no such merchant")
    return position.permit_push(caller.grant_id, datatype, now)


async def _assemble(reader: Reader, row: PositionRow, grants: tuple[Grant, ...]) -> Position:
    through_on = row.closed_through_on
    from_on = date.min if through_on is None else through_on - timedelta(days=histories.DAYS)
    # As bare tuples: a year of days as Structs is most of what a merchant's first sale after a start would cost.
    found = await reader.all(sql.days.since, merchant_id=row.merchant_id, from_on=from_on)
    days = {
        date.fromisoformat(on): Totals(sales, refunds, voids, tickets)
        for on, sales, refunds, voids, _net, tickets, _closed_at in found
    }
    closed = {on: totals for on, totals in days.items() if through_on is not None and on <= through_on}
    history = None
    if through_on is not None and row.started_on is not None:
        history = histories.build(row.started_on, through_on, closed)
    return Position(
        merchant_id=row.merchant_id,
        partner_id=row.partner_id,
        merchant_state=row.merchant_state,
        currency=row.currency,
        timezone=row.timezone,
        day_cutoff=row.day_cutoff,
        version=row.version,
        exposure_amount=row.exposure_amount,
        history=history,
        open_days={on: totals for on, totals in days.items() if on not in closed},
        closes_at=row.closes_at,
        data_at=row.data_at,
        scores=row.scores,
        offered=row.offered,
        verdict=row.verdict,
        grants=grants,
        profile=Profile(row.country, row.mcc, row.company, row.registered_on, row.tier),
        tracks=row.tracks,
        flags=row.flags,
        override=row.override,
        leads=row.leads,
        findings=row.findings,
        partner_tier=row.tier,
    ).retiered()


async def save(tx: Tx, world: World, touched: Sequence[Position], changed: Sequence[Position]) -> dict[str, Position]:
    """Write positions back: `touched` ones only took in sales, `changed` ones whole. Raises Stale.

    Both are as loaded but for what changed. The answer is as they stand now, their version raised by one; after the
    commit that is what is remembered.
    """
    wanted = len(touched) + len(changed)
    written = 0
    if touched:
        written += await tx.many(sql.positions.touch, [_touched(position) for position in touched])
    scored: list[Position] = []
    whole: list[Position] = []
    for position in changed:
        (scored if _as_offered(world, position) else whole).append(position)
    if whole:
        written += await tx.many(sql.positions.save, [_changed(position) for position in whole])
    if scored:
        written += await tx.many(sql.positions.rescore, [_scored(position) for position in scored])
    everyone = [*touched, *changed]
    if written != wanted:
        world.positions.evict(position.merchant_id for position in everyone)
        raise Stale("a position changed underneath")
    committed = [msgspec.structs.replace(position, version=position.version + 1) for position in everyone]
    tx.on_commit(lambda: world.positions.put(committed))
    return {position.merchant_id: position for position in committed}


def forget(tx: Tx, world: World, merchant_id: str) -> None:
    """The position changed by another statement of this unit: drop what is remembered, after the commit."""
    tx.on_commit(lambda: world.positions.evict([merchant_id]))


def _touched(position: Position) -> dict[str, Any]:
    return {"merchant_id": position.merchant_id, "version": position.version, "data_at": position.data_at}


def _as_offered(world: World, position: Position) -> bool:
    """Whether offer and verdict are known to be the stored ones already: an ordinary day's close changes neither.

    What is remembered is what was committed under that version, and the write is guarded by it.
    """
    known = world.positions.get(position.merchant_id)
    return (
        known is not None
        and known.version == position.version
        and known.offered is position.offered
        and known.verdict is position.verdict
        and known.leads is position.leads
    )


def _scored(position: Position) -> dict[str, Any]:
    history = position.history
    return {
        "merchant_id": position.merchant_id,
        "version": position.version,
        "data_at": position.data_at,
        "started_on": None if history is None else history.started_on,
        "closed_through_on": None if history is None else history.through_on,
        "closes_at": position.closes_at,
        "scores_json": position.scores,
        "tracks_json": position.tracks,
    }


def _changed(position: Position) -> dict[str, Any]:
    return _scored(position) | {
        "offered_json": position.offered, "verdict_json": position.verdict, "leads_json": position.leads,
    }  # fmt: skip
