"""Emit events in the unit that made them, and number them in one log after the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.domain.events import Event, StoredEvent
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE_COUNT = 100


async def emit(tx: Tx, world: World, events: Sequence[Event]) -> None:
    """Write events with the change that caused them."""
    if not events:
        return
    await tx.many(sql.events.add, [_row(world, event) for event in events])
    tx.on_commit(world.wake.set)


def _row(world: World, event: Event) -> dict[str, Any]:
    return {
        "id": world.ids.new("event"),
        "noun": event.noun,
        "noun_id": event.noun_id,
        "type": event.type,
        "merchant_id": event.merchant_id,
        "partner_id": event.partner_id,
        "data_json": event.data,
        "occurred_at": event.occurred_at,
    }


async def place(world: World) -> int:
    """Give committed events their position in the log, in id order; how many were placed.

    Only one process does this at a time (see `worker`), after the commit, so a late commit is never skipped by a
    reader that goes by position.
    """

    async def unit(tx: Tx) -> int:
        unplaced = await tx.all(sql.events.unplaced)
        if not unplaced:
            return 0
        last = await last_position(tx)
        numbered = [{"id": found[0], "position": last + n} for n, found in enumerate(unplaced, 1)]
        tx.on_commit(world.news.set)
        tx.on_commit(world.streams.look)
        return await tx.many(sql.events.place, numbered)

    if await world.store.one(sql.events.unplaced) is None:
        return 0
    return await world.store.write(unit)


async def last_position(reader: Reader) -> int:
    """The position of the newest event in the log; 0 in an empty one."""
    row = await reader.one(sql.events.last_position)
    return row[0] if row else 0


async def about(reader: Reader, merchant_id: str, after: int) -> list[StoredEvent]:
    """One merchant's events after a position, in their order: at most PAGE_COUNT."""
    return await reader.all(sql.events.about, StoredEvent, merchant_id=merchant_id, after=after, limit=PAGE_COUNT)


async def page(
    world: World, partner_id: str, after: int, limit: int, *, of_type: str = "", of_merchant: str = ""
) -> list[StoredEvent]:
    """Events of a partner's merchants after a position; of one type or merchant alone where they are named."""
    return await world.store.all(
        sql.events.page, StoredEvent, partner_id=partner_id, after=after, limit=limit, type=of_type,
        merchant_id=of_merchant,
    )  # fmt: skip
