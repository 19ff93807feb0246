"""Throttles: who fails too often at proving something waits.

Failures are counted in the database, so that replicas share them and a restart forgets none. They are counted by
whoever was claimed together with the address they came from, so that nobody can lock a client out from elsewhere;
and by the address alone, for whoever claims another name each time. A check is one read; only a failure writes, and
the first success after one. On the system clock. How fast a client may ask at all is measured in `rates`.
"""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import IPv6Network, ip_address
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Overloaded
from gateway.store import sql
from gateway.usecases import audit
from gateway.usecases.audit import SYSTEM, Action

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.store import Tx
    from gateway.usecases.world import World

LOCK = timedelta(minutes=15)
"""How long failures are remembered after the last one, and so how long who failed too often waits."""
ASSERTIONS_COUNT = 20
"""Failed client authentications of one client from one address."""
GRANTS_COUNT = 200
"""Codes and refresh tokens refused to one client at one address: many shops may take their consent back at once."""
ADDRESS_COUNT = 100
"""Failures of all kinds from one address, by whoever had not proved anything yet."""
_IPV6_BITS = 64
"""What one subscriber is given, and can pick any address of."""


class LockedOut(Overloaded):
    """Too many failed attempts from where the request comes from: wait for `retry_after` seconds."""

    code = "too_many_failures"
    title = "Too many failed attempts; wait before the next"


class Door(msgspec.Struct, frozen=True):
    """Something that a secret opens: what `kind` of one, for whom it is claimed (an id), tried from which address.

    `most_count` failures of that claim from there lock it. `known`: whoever tries has proved already who it is, so
    that its failures say nothing about others at the same address.
    """

    kind: str
    claimed: str | None
    address: str
    most_count: int
    known: bool = False

    @property
    def keys(self) -> dict[str, int]:
        """What failures here are counted under → how many lock it."""
        where = _network(self.address)
        found = {} if self.claimed is None else {f"{self.kind}:{self.claimed}@{where}": self.most_count}
        return found if self.known else found | {f"address:{where}": ADDRESS_COUNT}


def assertion(client_id: str | None, address: str) -> Door:
    """Client authentication, by whoever says to be `client_id`."""
    return Door("assertion", client_id, address, ASSERTIONS_COUNT)


def grant(client_id: str, address: str) -> Door:
    """Codes and refresh tokens brought by an authenticated client."""
    return Door("grant", client_id, address, GRANTS_COUNT, known=True)


def widget(address: str) -> Door:
    """Client secrets of widget sessions: who brings one has said no name."""
    return Door("widget", None, address, ADDRESS_COUNT)


def source(connection_id: str, address: str) -> Door:
    """Calls of a platform by a connection: one with a wrong secret must not shut out the platform's other calls."""
    return Door("source", connection_id, address, ADDRESS_COUNT, known=True)


def code(address: str) -> Door:
    """One-time codes: whoever guesses at one shop's may guess at every shop's."""
    return Door("code", None, address, ADDRESS_COUNT)


async def check(world: World, door: Door) -> bool:
    """Raise LockedOut where too much failed; else whether anything is counted that a success clears (`passed`)."""
    keys, now = door.keys, world.system_clock.now()
    first, *others = keys
    found = await world.store.all(sql.throttles.counted, first=first, second=others[0] if others else first, now_at=now)
    for key, failures_count, until_micros in found:
        if failures_count >= keys[key]:
            left_seconds = math.ceil(until_micros / 1e6 - now.timestamp())
            raise LockedOut("Too many attempts failed: wait before the next", retry_after=max(1, left_seconds))
    return any(not key.startswith("address:") for key, *_ in found)


async def failed(world: World, door: Door) -> None:
    """Count a failure, in a unit of its own: what failed was rolled back. Whoever is locked out now is noted."""
    await world.store.write(lambda tx: count(tx, world, door))


async def count(tx: Tx, world: World, door: Door) -> None:
    """The same inside a unit that stands although something failed in it."""
    now = world.system_clock.now()
    for key, most_count in door.keys.items():
        row = await tx.one(sql.throttles.count, key=key, until_at=now + LOCK, now_at=now)
        if row is not None and row[0] == most_count:
            whom = "address" if key.startswith("address:") else door.claimed or door.kind
            await audit.note(tx, world, SYSTEM, Action.locked_out, whom, kind=door.kind, failures_count=most_count)


async def passed(world: World, door: Door) -> None:
    """Forget the failures of this claim. Those of the address stay: one good client there clears nobody else."""
    key = next(iter(door.keys))
    await world.store.write(lambda tx: tx.run(sql.throttles.clear, key=key))


@asynccontextmanager
async def guarding(world: World, door: Door, is_failure: Callable[[Exception], bool]) -> AsyncIterator[None]:
    """Check first; then count what `is_failure` says of the body's exception, or clear when it raises none."""
    counted = await check(world, door)
    try:
        yield
    except Exception as error:
        if is_failure(error):
            await failed(world, door)
        raise
    if counted:
        await passed(world, door)


def _network(address: str) -> str:
    """An IPv4 address as it is, an IPv6 one as its /64; what is no address (a socket's file) as `local`."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "local"
    if found.version == 4:  # noqa: PLR2004 - IPv4
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or IPv6Network((int(found), _IPV6_BITS), strict=False).network_address)
