"""Data in beside sales: stock, purchases and signals, what a person typed in, and where a merchant's data stand."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from gateway.api import exchange, limits, rights, sales
from gateway.api.sales import Taken
from gateway.api.strict_json import Rows
from gateway.domain.calendars import Instant
from gateway.domain.errors import NotFound
from gateway.domain.freshness import Gap
from gateway.domain.purchases import NewPurchase
from gateway.domain.quality import Finding
from gateway.domain.rights import Caller, Right
from gateway.domain.signals import NewSignal
from gateway.domain.sources import HAND, PARTNER
from gateway.domain.stock import NewStock
from gateway.domain.tiers import Tier
from gateway.usecases import data_status, positions, receiving
from gateway.usecases import limits as judging
from gateway.usecases.receiving import Teller
from gateway.usecases.tellings import RowResult
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.usecases.data_status import Source

_TAGS = ["Data in"]
_OPTIONS: dict[str, Any] = {
    "opt": {"right": Right.data_write}, "status_code": 200, "tags": _TAGS,
    "request_max_body_size": limits.MAX_BATCH_BYTES,
}  # fmt: skip


class Entered(StrEnum):
    """Who entered what is sent: the partner's software found it, or a person typed it `hand`."""

    partner = PARTNER
    hand = HAND


class SourceView(msgspec.Struct, frozen=True):
    """What one source told of one kind of data (`sales`, `stock`, `purchases`, `signals.tax` and so on).

    `tier` is how far it is trusted. `leading`, of sales, says whether its sales are the ones that count now; another
    source's are kept and compared, and never counted twice. `stale`: it spoke and has fallen silent. `gaps` are its
    usual days without a record. `last_rejects` are those of the last request that had any.
    """

    source: str
    kind: str
    tier: Tier
    leading: bool | None
    first_on: date | None
    last_on: date | None
    last_received_at: Instant | None
    stale: bool
    gaps: tuple[Gap, ...]
    accepted_count: int
    duplicates_count: int
    rejected_count: int
    late_count: int
    last_rejects: tuple[RowResult, ...]
    last_rejected_at: Instant | None


class DataStatus(msgspec.Struct, frozen=True):
    """Where a merchant's data stand; `tier` is the trust its limit rests on, `findings` what looked wrong lately."""

    tier: Tier
    data_as_of: Instant | None
    findings: tuple[Finding, ...]
    sources: list[SourceView]


@post("/v1/merchants/{merchant_id:str}/stock", **_OPTIONS)
async def stock(
    merchant_id: FromPath[str],
    data: JSONBody[Rows[NewStock]],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    *,
    source: FromQuery[Entered] = Entered.partner,
) -> Taken:
    """Push counts of stock: one object, an array, or NDJSON, at most 10,000 rows.

    A count is unique by its `stock_id`; a newer `version` corrects it. `source=hand` marks what a person typed in.
    """
    exchange.line(request).rows_count = data.count
    return await _take(world, Teller(merchant_id, source, caller), "stock", data)


@post("/v1/merchants/{merchant_id:str}/purchases", **_OPTIONS)
async def purchases(
    merchant_id: FromPath[str],
    data: JSONBody[Rows[NewPurchase]],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    *,
    source: FromQuery[Entered] = Entered.partner,
) -> Taken:
    """Push orders, invoices, credit notes and payments to suppliers: as counts of stock are pushed.

    A document is unique by its `purchase_id`; a newer `version` corrects it, but never its kind.
    """
    exchange.line(request).rows_count = data.count
    return await _take(world, Teller(merchant_id, source, caller), "purchases", data)


@post("/v1/merchants/{merchant_id:str}/signals", **_OPTIONS)
async def signals(
    merchant_id: FromPath[str],
    data: JSONBody[Rows[NewSignal]],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    *,
    source: FromQuery[Entered] = Entered.partner,
) -> Taken:
    """Push signals (tax, utility, logistics, rating, device, cash), mixed as they come.

    Each kind needs the merchant's consent to its own datatype, `signals.tax` and so on; rows of another are rejected.
    """
    exchange.line(request).rows_count = data.count
    return await _take(world, Teller(merchant_id, source, caller), "signals", data)


@get("/v1/merchants/{merchant_id:str}/data-status", opt={"right": Right.data_write}, tags=_TAGS)
async def status(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> DataStatus:
    """Show where a merchant's data stand: per source what came last, gaps, refusals, freshness and trust."""
    await rights.check_consent(world, caller, Right.data_write, merchant_id)
    position = await _position(world, merchant_id)
    found = await data_status.of(world, position)
    return DataStatus(position.profile.tier, position.data_at, position.findings, [_view(one) for one in found])


async def _position(world: World, merchant_id: str) -> Position:
    """Of a merchant that is known to be the caller's."""
    position = await positions.current(world, merchant_id)
    if position is None:
        raise NotFound("There is no such merchant")
    return position


async def _take(world: World, teller: Teller, kind: str, data: Rows[Any]) -> Taken:
    taken = await receiving.take_records(world, teller, kind, data.items)
    faults = tuple(RowResult(fault.index, fault.code, fault.detail) for fault in data.faults)
    if faults:
        await receiving.note_rejects(world, teller, kind, faults)
    (judged,) = await judging.look(world.store, world, [await _position(world, teller.merchant_id)])
    return sales.answer(world, data, taken, judged)


def _view(one: Source) -> SourceView:
    told = one.told
    return SourceView(
        source=told.source,
        kind=told.kind,
        tier=one.tier,
        leading=one.leading,
        first_on=told.first_on,
        last_on=told.last_on,
        last_received_at=told.received_at,
        stale=one.stale,
        gaps=one.gaps,
        accepted_count=told.accepted_count,
        duplicates_count=told.duplicates_count,
        rejected_count=told.rejected_count,
        late_count=told.late_count,
        last_rejects=told.rejects,
        last_rejected_at=told.rejected_at,
    )


ROUTES = (stock, purchases, signals, status)
