"""What must always agree: the sales rows, the days table, the position in memory and the position in SQL."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import histories, sources
from gateway.domain.sales import SaleKind, Totals, totals
from gateway.store.queries import Query, Text
from gateway.usecases import positions
from gateway.usecases.world import PositionCache

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.store import Reader
    from gateway.usecases.world import World


class SaleRow(msgspec.Struct, frozen=True):
    """A record as stored."""

    source: str
    sale_id: str
    version: int
    kind: SaleKind
    business_on: date
    amount: int
    net_amount: int
    refund_of: str | None
    refunded_amount: int


def query(name: str, columns: str, table: str) -> Query:
    """A test's own SELECT over one merchant."""
    texts = [f"SELECT {columns} FROM {table} WHERE merchant_id = {mark}1" for mark in "?$"]  # noqa: S608
    sqlite, postgres = (Text(text, ("merchant_id",), arrays=False) for text in texts)
    return Query(name, sqlite, postgres)


_SALES = query(
    "test.sales", "source, sale_id, version, kind, business_on, amount, net_amount, refund_of, refunded_amount", "sales"
)
_DAYS = query(
    "test.days",
    "business_on, sales_amount, refunds_amount, voids_amount, net_amount, tickets_count, closed_at",
    "days",
)


async def check(world: World, merchant_id: str) -> dict[date, Totals]:
    """The days with anything on them, when all four agree."""
    rows = await world.store.all(_SALES, SaleRow, merchant_id=merchant_id)
    kept = await positions.current(world, merchant_id)
    assert kept is not None
    days = _from_sales(rows, kept)
    stored = {day.business_on: day for day in await world.store.all(_DAYS, positions.DayRow, merchant_id=merchant_id)}
    assert {on: day.totals for on, day in stored.items() if day.totals != Totals()} == days
    assert all(day.net_amount == day.totals.net_amount for day in stored.values())
    _same_days(kept, days)
    fresh = await reloaded(world, world.store, merchant_id)
    assert kept == fresh
    return days


async def records(world: World, merchant_id: str) -> set[SaleRow]:
    """A merchant's records as stored."""
    return set(await world.store.all(_SALES, SaleRow, merchant_id=merchant_id))


async def reloaded(world: World, reader: Reader, merchant_id: str) -> Position:
    """The position as SQL has it, whatever is remembered."""
    remembered, world.positions = world.positions, PositionCache(shared=False)
    try:
        return (await positions.load(reader, world, [merchant_id]))[merchant_id]
    finally:
        world.positions = remembered


def _from_sales(rows: list[SaleRow], kept: Position) -> dict[date, Totals]:
    days: dict[date, Totals] = {}
    given_back: dict[tuple[str, str], int] = {}
    for row in rows:
        counts = sources.leads(kept.leads, row.source, row.business_on)
        if row.version and counts:  # 0: a sale that was refunded before it arrived
            days[row.business_on] = days.get(row.business_on, Totals()) + totals(row.kind, row.net_amount)
        if row.refund_of is not None:
            given_back[row.source, row.refund_of] = given_back.get((row.source, row.refund_of), 0) + row.amount
    for row in rows:
        assert row.refunded_amount == given_back.pop((row.source, row.sale_id), 0)
        assert not row.version or row.refunded_amount <= row.amount
    assert given_back == {}
    return {on: day for on, day in sorted(days.items()) if day != Totals()}


def _same_days(position: Position, days: dict[date, Totals]) -> None:
    history = position.history
    through_on = date.min if history is None else history.through_on
    open_days = {on: day for on, day in position.open_days.items() if day != Totals()}
    assert open_days == {on: day for on, day in days.items() if on > through_on}
    if history is not None:
        closed = {on: day for on, day in days.items() if on <= through_on}
        assert histories.build(history.started_on, through_on, closed) == history
