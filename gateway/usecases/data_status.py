"""How a merchant's data stand by source: what came, what is missing, what was refused, how far it is trusted."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import freshness, sources
from gateway.domain.details import Datatype
from gateway.domain.freshness import Gap
from gateway.domain.tiers import Tier
from gateway.store import sql
from gateway.usecases.tellings import RowResult

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.store import Reader
    from gateway.usecases.world import World


class Told(msgspec.Struct, frozen=True):
    """What is kept of what a source told of one kind; see the table `sources`."""

    source: str
    kind: str
    first_on: date | None = None
    last_on: date | None = None
    received_at: datetime | None = None
    accepted_count: int = 0
    duplicates_count: int = 0
    rejected_count: int = 0
    late_count: int = 0
    rejects: tuple[RowResult, ...] = ()
    rejected_at: datetime | None = None


class Aside(msgspec.Struct, frozen=True):
    """A day as a source told of it that does not lead it."""

    source: str
    business_on: date
    net_amount: int
    tickets_count: int


class Source(msgspec.Struct, frozen=True):
    """One source of one kind of data.

    `leading`: of sales, whether its sales are those that count now; others' are kept and compared. `stale`: it spoke
    and has fallen silent, against its own usual days. `gaps` are usual days without a record, of the last eight weeks.
    """

    told: Told
    tier: Tier
    leading: bool | None = None
    stale: bool = False
    gaps: tuple[Gap, ...] = ()


async def of(world: World, position: Position) -> list[Source]:
    """All sources of a merchant, sales first."""
    merchant_id, reader = position.merchant_id, world.store
    known = {(one.kind, one.source): one for one in await reader.all(sql.sources.of, Told, merchant_id=merchant_id)}
    counts = dict(await reader.all(sql.sources.sales_counts, merchant_id=merchant_id))
    through_on = position.today(world.clock.now()) - timedelta(days=1)
    found = [
        await _of_sales(reader, position, known.pop((Datatype.sales, source), Told(source, Datatype.sales)), through_on)
        for source in sorted(counts)
    ]
    found = [
        msgspec.structs.replace(one, told=msgspec.structs.replace(one.told, accepted_count=counts[one.told.source]))
        for one in found
    ]
    tier = position.partner_tier
    return found + [Source(told, sources.tier(told.source, tier)) for _, told in sorted(known.items())]


async def _of_sales(reader: Reader, position: Position, told: Told, through_on: date) -> Source:
    from_on = through_on - timedelta(weeks=freshness.WEEKS)
    aside = await reader.all(sql.sources.aside_days, Aside, merchant_id=position.merchant_id, from_on=from_on)
    led = [on for on in position.trading_days() if sources.leads(position.leads, told.source, on)]
    days = {*led, *(one.business_on for one in aside if one.source == told.source and one.tickets_count)}
    leading = position.leads[-1:] != () and position.leads[-1].source == told.source
    ended = not leading and any(one.source == told.source for one, _ in pairwise(position.leads))
    first_on, last_on = _least(told.first_on, min(days, default=None)), _most(told.last_on, max(days, default=None))
    told = msgspec.structs.replace(
        told, first_on=first_on, last_on=last_on, received_at=position.data_at if leading else told.received_at
    )
    until_on = (last_on or through_on) if ended else through_on  # what gave way to another misses nothing any more
    return Source(
        told, sources.tier(told.source, position.partner_tier), leading,
        stale=not ended and freshness.silent(days, through_on), gaps=freshness.gaps(days, until_on),
    )  # fmt: skip


def _least(one: date | None, other: date | None) -> date | None:
    return min((on for on in (one, other) if on is not None), default=None)


def _most(one: date | None, other: date | None) -> date | None:
    return max((on for on in (one, other) if on is not None), default=None)
