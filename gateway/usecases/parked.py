"""What a bank or a platform told us and waits for a person: read as it came, and read again or put away after that."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import four_eyes
from gateway.domain.errors import NotFound
from gateway.domain.ids import PREFIXES
from gateway.store import sql
from gateway.usecases import alerts, audit, connections, jobs
from gateway.usecases.audit import OPERATOR, Action
from gateway.usecases.statuses import Contradiction, Correction, NotOurs

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.world import World

UNREADABLE = "bank_message_unreadable"
"""The kind of alert about a message that could not be read; `Contradiction.alert` names the others."""
EVENT_UNREADABLE = "platform_event_unreadable"
"""The same about an event of a shop's platform, which waits with its connection as its bank."""
SHOWN_LENGTH = 40_000
"""The most of a message that is shown: escaped, it still goes through the control socket."""
KINDS = (UNREADABLE, EVENT_UNREADABLE, Contradiction.alert, NotOurs.alert, Correction.alert)


class UnknownMessage(NotFound):
    """No message of this name waits for a person."""

    code = "message_not_parked"
    title = "No such message waits"


class Parked(msgspec.Struct, frozen=True):
    """A message that waits; `problem` says why. A platform's event has its connection for a bank."""

    bank_id: str
    rail: str
    message_id: str
    problem: str | None
    received_at: datetime

    @property
    def is_event(self) -> bool:
        """Whether a platform told it, by a connection; else a bank did."""
        return self.bank_id.startswith(f"{PREFIXES['connection']}_")

    @property
    def name(self) -> str:
        """What its alerts are about, and an officer calls it by."""
        return named(self.bank_id, self.rail, self.message_id)


class Listed(Parked, frozen=True):
    """The same under its name."""

    message: str


def named(bank_id: str, rail: str, message_id: str) -> str:
    """A message's short name: a bank's own ids hold anything, an alert's subject does not."""
    return f"{bank_id}:{hashlib.sha256(f'{rail}:{message_id}'.encode()).hexdigest()[:16]}"


async def listed(world: World) -> list[Listed]:
    """What waits, the oldest first."""
    found = await _all(world)
    return [Listed(**msgspec.structs.asdict(one), message=one.name) for one in found]


async def show(world: World, name: str) -> str:
    """A message's raw text, as the bank sent it, its first SHOWN_LENGTH characters; what is no UTF-8 is escaped.

    Raises UnknownMessage.
    """
    found = await _find(world, name)
    query = sql.platform_events.body if found.is_event else sql.bank_messages.body
    row = await world.store.one(query, **_key(found))
    if row is None:
        raise UnknownMessage("Somebody has seen to that message already")
    context = connections.place(found.bank_id, found.message_id) if found.is_event else found.message_id
    return world.vault.unseal(bytes(row[0]), context).decode(errors="backslashreplace")[:SHOWN_LENGTH]


async def read_again(world: World, name: str, *, by: str, reason: str) -> Parked:
    """Have it read anew: by a version that knows more, or after what it contradicted was put right.

    What was applied of it is applied no second time. Raises UnknownMessage, BadProposal.
    """
    found = await _end(world, name, "stored", Action.message_read_again, (by, reason))
    world.wake.set()
    return found


async def put_away(world: World, name: str, *, by: str, reason: str) -> Parked:
    """A person has looked and nothing is to be applied: its alerts close. Raises UnknownMessage, BadProposal."""
    return await _end(world, name, "handled", Action.message_put_away, (by, reason))


async def _end(world: World, name: str, state: str, action: Action, said: tuple[str, str]) -> Parked:
    by, reason = said
    four_eyes.check(by, reason)
    found = await _find(world, name)

    async def unit(tx: Tx) -> None:
        if not await _unpark(tx, world, found, state):
            raise UnknownMessage("Somebody has seen to that message already")
        for kind in KINDS:
            await alerts.close(tx, world, kind, name)
        told = hashlib.sha256(reason.encode()).hexdigest()
        await audit.note(tx, world, OPERATOR, action, name, by=by, reason_hash=told)

    await world.store.write(unit)
    return found


async def _unpark(tx: Tx, world: World, found: Parked, state: str) -> bool:
    if not found.is_event:
        return await tx.run(sql.bank_messages.unpark, **_key(found), state=state) > 0
    if state != "stored":
        return await tx.run(sql.platform_events.put_away, **_key(found)) > 0
    await jobs.enqueue(tx, world, connections.CONVERT, connections.place(found.bank_id, found.message_id))
    return await tx.run(sql.platform_events.read_again, **_key(found)) > 0


async def _all(world: World) -> list[Parked]:
    found = await world.store.all(sql.bank_messages.parked, Parked)
    found += await world.store.all(sql.platform_events.parked, Parked)
    return sorted(found, key=lambda one: one.received_at)


async def _find(world: World, name: str) -> Parked:
    for one in await _all(world):
        if one.name == name:
            return one
    raise UnknownMessage("No message of this name waits", message=name)


def _key(found: Parked) -> dict[str, str]:
    return {"bank_id": found.bank_id, "rail": found.rail, "message_id": found.message_id}
