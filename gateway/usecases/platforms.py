"""What platforms tell us: proven, stored and answered at once; converted and taken in afterwards, once.

An event is known by its connection and the platform's own id for `KEPT`, so a repeated call changes nothing; what it
says is versioned records, so neither does one that comes late. What no one can read waits for a person.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway import log
from gateway.domain.alerts import Severity
from gateway.domain.connections import Connection, ConnectionState, UnknownConnection, WrongAccount
from gateway.domain.grants import PUSH
from gateway.domain.ids import PATTERN
from gateway.domain.rights import Caller, Right
from gateway.source_ports import About, Call, Forged, PlatformEvent, Unreadable
from gateway.store import sql
from gateway.usecases import alerts, jobs, parked, positions, receiving, throttles
from gateway.usecases.connections import CONVERT, place
from gateway.usecases.receiving import Teller
from gateway.usecases.tellings import RowResult

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.source_ports import Converted, Platform
    from gateway.store import Tx
    from gateway.usecases.receiving import Taken
    from gateway.usecases.world import World

KEPT = timedelta(days=100)
"""How long an event's id is known; platforms repeat a call for days at most."""
MOST_PARKED = 100
"""The most events of one connection that wait for a person; of more, only that they came is kept."""
UNKNOWN_KIND = "unknown"
TEST_PAYLOAD = "test_payload"
"""Nothing of it is real money, and this gateway lends real money."""
_PROBLEM_LENGTH = 500


class Stored(msgspec.Struct, frozen=True):
    """An event as it is kept; `body` is sealed, and gone once the event is settled."""

    connection_id: str
    event_id: str
    kind: str
    state: str
    body: bytes | None


class Arrival(msgspec.Struct, frozen=True):
    """A call as it came: its headers, their names in lower case, the bytes of its body, and the address it is from."""

    headers: list[tuple[str, str]]
    body: bytes
    address: str

    @property
    def combined(self) -> dict[str, str]:
        """The headers by name, one that came several times as the list it means (RFC 9110 section 5.3)."""
        found: dict[str, str] = {}
        for name, value in self.headers:
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found


class _Told(msgspec.Struct, frozen=True):
    """What a call is about, its body, and why nothing is to be taken in of it, if so."""

    event: PlatformEvent
    body: bytes
    problem: str | None


async def receive(world: World, name: str, connection_id: str, came: Arrival) -> None:
    """Keep a proven event of a kind that counts, once however often it comes; the worker takes it in.

    Raises UnknownConnection, LockedOut, Forged, WrongAccount, TooManyRequests or ConsentRequired, and then nothing is
    kept.
    """
    platform, connection, secret = await called(world, name, connection_id)
    call = Call(address(world, connection), came.combined, came.body, world.system_clock.now())
    door = throttles.source(connection_id, came.address)
    async with throttles.guarding(world, door, lambda error: isinstance(error, Forged)):
        platform.verify(call, secret)
    world.calls.take(connection_id)
    await note(world, platform, connection, call)


def address(world: World, connection: Connection) -> str:
    """Where a connection's platform calls us."""
    return f"{world.settings.address}/v1/sources/{connection.platform}/{connection.id}"


async def note(world: World, platform: Platform, connection: Connection, call: Call, *, at_once: bool = False) -> None:
    """Keep the event of a call whose signature was checked; a job takes it in, or whoever asks does `at_once`.

    Raises WrongAccount or ConsentRequired.
    """
    told = _identified(platform, call)
    if told.problem is None and told.event.kind not in platform.reads:
        return
    if told.event.account_id not in {None, connection.account_id}:
        raise WrongAccount("The call is about another account than the connection's")
    _permit(await positions.current(world, connection.merchant_id), connection, world)
    if told.event.is_test and not world.settings.sandbox:
        told = msgspec.structs.replace(told, problem=TEST_PAYLOAD)
    await world.store.write(partial(_keep, world, connection, told, at_once=at_once))


async def called(world: World, name: str, connection_id: str) -> tuple[Platform, Connection, str]:
    """The connection an address names. Raises UnknownConnection, alike for whatever does not fit."""
    platform = world.platforms.get(name)
    if platform is not None and PATTERN.match(connection_id):
        connection = await world.store.one(sql.connections.called, Connection, connection_id=connection_id)
        secret = await world.store.one(sql.connections.secret, connection_id=connection_id)
        if connection is not None and connection.platform == name and secret is not None:
            return platform, connection, world.vault.unseal(bytes(secret[0]), connection_id).decode()
    raise UnknownConnection("There is no such connection")


def _identified(platform: Platform, call: Call) -> _Told:
    """What a call is about; one that does not say is known by its bytes, and why it cannot be read is told."""
    try:
        return _Told(platform.identify(call), call.body, None)
    except Unreadable as error:
        unknown = PlatformEvent(hashlib.sha256(call.body).hexdigest(), UNKNOWN_KIND, None)
        return _Told(unknown, call.body, error.detail)


def _permit(position: Position | None, connection: Connection, world: World) -> None:
    """Raise ConsentRequired unless the merchant agrees that the connection's client sends anything at all."""
    if position is None:
        raise UnknownConnection("There is no such connection")
    positions.permit(position, _caller(position, connection, world), PUSH, world.clock.now())


def _caller(position: Position, connection: Connection, world: World) -> Caller:
    """The client that made the connection, under the consent to send data that it has of the merchant now."""
    now = world.clock.now()
    held = (one for one in position.grants if one.client_id == connection.client_id and one.allows(PUSH, now))
    grant_id = next((one.grant_id for one in held), None)
    rights = frozenset({Right.sales_write})
    return Caller(connection.client_id, connection.partner_id, rights, grant_id, connection.merchant_id)


async def _keep(world: World, connection: Connection, told: _Told, tx: Tx, *, at_once: bool) -> None:
    state, event = await _state(tx, connection, told), told.event
    where = place(connection.id, event.event_id)
    added = await tx.run(
        sql.platform_events.add, connection_id=connection.id, event_id=event.event_id,
        merchant_id=connection.merchant_id, platform=connection.platform, kind=event.kind, state=state,
        body=None if state == "refused" else world.vault.seal(told.body, where),
        problem=told.problem and told.problem[:_PROBLEM_LENGTH], received_at=world.clock.now(),
    )  # fmt: skip
    if not added:
        return
    if state == "stored" and not at_once:
        await jobs.enqueue(tx, world, CONVERT, where)
    elif state == "parked":
        await _alert(tx, world, connection, event.event_id)


async def _state(tx: Tx, connection: Connection, told: _Told) -> str:
    """What becomes of an event at first: refused without its body, where it is a test or too many wait already."""
    if told.problem is None:
        return "stored"
    row = await tx.one(sql.platform_events.parked_count, connection_id=connection.id)
    full = row is None or row[0] >= MOST_PARKED
    return "refused" if full or told.problem == TEST_PAYLOAD else "parked"


async def convert(world: World, where: str) -> None:
    """Take in what a stored event says. The job of CONVERT; safe to run twice."""
    connection_id, _, event_id = where.partition(" ")
    stored = await world.store.one(sql.platform_events.find, Stored, connection_id=connection_id, event_id=event_id)
    connection = await world.store.one(sql.connections.called, Connection, connection_id=connection_id)
    if stored is None or connection is None or stored.state != "stored" or stored.body is None:
        return
    platform = world.platforms.get(connection.platform)
    position = await positions.current(world, connection.merchant_id)
    if connection.state is ConnectionState.removed or platform is None or position is None:
        await _settle(world, stored, ["connection_removed"])
        return
    try:
        found = _converted(platform, stored, world.vault.unseal(bytes(stored.body), where), position)
    except Unreadable as error:
        await world.store.write(partial(_park, world, connection, stored, error.detail))
        return
    teller = Teller(connection.merchant_id, platform.name, _caller(position, connection, world))
    if found.refused:
        rejects = tuple(RowResult(n, one.code, one.detail) for n, one in enumerate(found.refused))
        await receiving.note_rejects(world, teller, "stock" if "inventory" in stored.kind else "sales", rejects)
    taken = await receiving.take(world, teller, found)
    await _settle(world, stored, _refusals(found, taken))


def _converted(platform: Platform, stored: Stored, body: bytes, position: Position) -> Converted:
    """The records in an event. Raises Unreadable, also for what our own code fails at: a person looks at both."""
    about = About(position.currency, position.timezone, position.day_cutoff)
    if stored.kind == UNKNOWN_KIND:
        raise Unreadable("Nothing says what kind of event it is")
    try:
        return platform.convert(stored.kind, body, about)
    except Unreadable:
        raise
    except Exception as error:
        log.crash(error, connection_id=stored.connection_id)
        raise Unreadable(f"The gateway failed at it: {type(error).__name__}") from error


def _refusals(found: Converted, taken: Taken) -> list[str]:
    """Why what was not taken in was not, each reason once."""
    codes = [one.code for one in found.refused] + [one.code for one in taken.total.rejected]
    return sorted(set(codes))


async def _settle(world: World, stored: Stored, problems: list[str]) -> None:
    await world.store.write(
        lambda tx: tx.run(
            sql.platform_events.settle, connection_id=stored.connection_id, event_id=stored.event_id,
            state="refused" if problems else "taken", problem=", ".join(problems)[:_PROBLEM_LENGTH] or None,
        )
    )  # fmt: skip


async def _park(world: World, connection: Connection, stored: Stored, problem: str, tx: Tx) -> None:
    parking = await tx.run(
        sql.platform_events.park, connection_id=stored.connection_id, event_id=stored.event_id,
        problem=problem[:_PROBLEM_LENGTH],
    )  # fmt: skip
    if parking:
        await _alert(tx, world, connection, stored.event_id)


async def _alert(tx: Tx, world: World, connection: Connection, event_id: str) -> None:
    """One alert an event: a person reads it by its name (`gateway parked`)."""
    name = parked.named(connection.id, connection.platform, event_id)
    evidence = {"platform": connection.platform, "connection_id": connection.id}
    position = (await positions.load(tx, world, [connection.merchant_id])).get(connection.merchant_id)
    await alerts.start(
        tx, world, parked.EVENT_UNREADABLE, name, severity=Severity.warning, evidence=evidence, about=position
    )


async def forget(world: World) -> None:
    """Drop events that no platform repeats any more."""
    before_at = world.clock.now() - KEPT
    await world.store.write(lambda tx: tx.run(sql.platform_events.forget, before_at=before_at))
