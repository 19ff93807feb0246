"""The audit log: noted in the very unit that did it, chained by hashes, read and checked by the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import audit_entries
from gateway.domain.audit_entries import FIRST, OPERATOR, SYSTEM, Action, Entry
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.domain.errors import Fact
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE_COUNT = 500


class Chain(msgspec.Struct, frozen=True):
    """What the log says of itself. Who keeps number and hash elsewhere can tell later that no end was cut off."""

    last_number: int
    last_hash: str
    problems: tuple[str, ...]


async def note(tx: Tx, world: World, actor: str, action: Action, subject: str, **facts: Fact) -> None:
    """Add an entry: `actor` did `action` to `subject`. Actor and subject are ids, or OPERATOR or SYSTEM.

    Call it last in a unit: on PostgreSQL, from here to the commit no other unit can add one. Raises ValueError for
    anything that is neither an id nor a code nor a number (`audit_entries.checked`).
    """
    await tx.one(sql.audit.hold)
    last = await tx.one(sql.audit.last)
    number, previous = (1, FIRST) if last is None else (last[0] + 1, last[1])
    entry = Entry(number, world.system_clock.now(), actor, action, subject, dict(facts))
    made = audit_entries.chained(audit_entries.checked(entry), previous)
    values = msgspec.structs.asdict(made)
    await tx.run(sql.audit.add, facts_json=values.pop("facts"), **values)


async def pages(reader: Reader, after: int = 0) -> AsyncIterator[list[Entry]]:
    """All entries after number `after`, oldest first, page by page."""
    while page := await reader.all(sql.audit.after, Entry, after=after, limit=PAGE_COUNT):
        yield page
        after = page[-1].number


async def verify(reader: Reader, after: int = 0) -> Chain:
    """Follow the chain from number `after` to its end."""
    last = await reader.one(sql.audit.at, number=after) if after else (FIRST,)
    if last is None:
        return Chain(after, "", (f"audit entry {after} is missing",))
    number, previous = after, str(last[0])
    async for page in pages(reader, after):
        found = tuple(audit_entries.problems(page, previous, number))
        if found:
            return Chain(number, previous, found)
        number, previous = page[-1].number, page[-1].hash
    return Chain(number, previous, ())


__all__ = ["OPERATOR", "SYSTEM", "Action", "Chain", "note", "pages", "verify"]
