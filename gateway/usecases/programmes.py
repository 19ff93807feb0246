"""Programmes and their versions: tried on every merchant first, then applied, followed by every process, found again.

Each is of one bank. Its versions follow each other; none is ever changed or removed, so that a decision can be made
again under the one it names. The built-in programme is in force from the start. One that is withdrawn offers nothing
new, its loans go on, and its next version would put it in force again.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.domain import audit_entries, programme_files
from gateway.domain.errors import Conflict, Invalid
from gateway.domain.programmes import INVENTORY, Programme, ProgrammeRef, UnknownProgramme
from gateway.store import sql
from gateway.usecases import audit, banks, rejudging
from gateway.usecases.audit import OPERATOR, Action

if TYPE_CHECKING:
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE_COUNT = 100
MOST_COUNT = 8
"""The most programmes in force: every merchant is judged by each, at every sale."""
_encoder = msgspec.json.Encoder(order="sorted")


class OtherProgramme(Conflict):
    """The file is of another bank than its programme, or not the version after the newest one."""

    code = "programme_does_not_follow"
    title = "The file is not a new programme, nor the next version of one"


class TooManyProgrammes(Conflict):
    """As many programmes are in force as one merchant is judged by."""

    code = "too_many_programmes"
    title = "Too many programmes are in force"


class LastProgramme(Conflict):
    """The only programme in force cannot be withdrawn: there would be nothing to judge by."""

    code = "last_programme"
    title = "This is the only programme in force"


class NotTried(Invalid):
    """Nobody says who applies it, or the hash given is not the file's: it was not this file that was tried."""

    code = "programme_not_tried"
    title = "Only the file that was tried is applied, by somebody who says so"


class Listed(msgspec.Struct, frozen=True):
    """One version. The built-in one was applied by nobody; a withdrawn one was in force until then."""

    id: str
    version: int
    hash: str
    in_force: bool
    applied_by: str | None
    applied_at: datetime | None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


class _Row(msgspec.Struct, frozen=True):
    id: str
    version: int
    hash: str
    applied_by: str
    applied_at: datetime
    withdrawn_by: str | None
    withdrawn_at: datetime | None


class _Stored(_Row, frozen=True, kw_only=True):
    body: Programme


class Known(NamedTuple):
    """The newest version of every programme, in the order of their ids."""

    in_force: tuple[Programme, ...]
    withdrawn: dict[str, Programme]

    def newest(self, programme_id: str) -> Programme | None:
        """Of one programme, in force or not."""
        every = (*self.in_force, *self.withdrawn.values())
        return next((one for one in every if one.id == programme_id), None)

    def plus(self, programme: Programme) -> Known:
        """The same with this version in force. Raises OtherProgramme or TooManyProgrammes.

        What is owed is counted under a programme's id and bank, so that neither changes.
        """
        newest = self.newest(programme.id)
        if newest is not None and newest.bank_id != programme.bank_id:
            raise OtherProgramme(f"bank_id: {programme.id} is of {newest.bank_id}, the file says {programme.bank_id}")
        follows = 1 if newest is None else newest.version + 1
        if programme.version != follows:
            told = f"{programme.id} is new here" if newest is None else f"{newest.version} is the newest"
            raise OtherProgramme(f"version: {told}, so the next one is {follows}, not {programme.version}")
        others = [one for one in self.in_force if one.id != programme.id]
        if len(others) == MOST_COUNT:
            raise TooManyProgrammes(f"{MOST_COUNT} programmes are in force; withdraw one first")
        in_force = tuple(sorted([*others, programme], key=lambda one: one.id))
        return Known(in_force, {key: one for key, one in self.withdrawn.items() if key != programme.id})


def digest(programme: Programme) -> str:
    """SHA-256, in hex, over everything a programme says; comments and the order of a file do not matter."""
    return hashlib.sha256(_encoder.encode(programme)).hexdigest()


async def follow(world: World) -> None:
    """Take over what was applied and withdrawn; one small query where nothing changed."""
    newest = await world.store.all(sql.programmes.newest)
    if newest != (world.followed or []):
        _take_over(world, await load(world.store), newest)


def _take_over(world: World, current: Known, newest: object) -> None:
    world.programmes, world.withdrawn, world.followed = current.in_force, current.withdrawn, newest


async def load(reader: Reader) -> Known:
    """The newest version of each, the built-in one among them."""
    found, withdrawn = {INVENTORY.id: INVENTORY}, dict[str, Programme]()
    for programme_id, version, _hash, withdrawn_at in await reader.all(sql.programmes.newest):
        stored = await reader.one(sql.programmes.find, _Stored, id=programme_id, version=version)
        if stored is None:
            continue
        if withdrawn_at is None:
            found[programme_id] = stored.body
        else:
            found.pop(programme_id, None)
            withdrawn[programme_id] = stored.body
    return Known(tuple(found[programme_id] for programme_id in sorted(found)), withdrawn)


async def find(reader: Reader, ref: ProgrammeRef) -> Programme | None:
    """The very version a decision names, applied or built in; None when this gateway does not have it."""
    found = await reader.one(sql.programmes.find, _Stored, id=ref.id, version=ref.version)
    if found is not None:
        return found.body
    return INVENTORY if ref == INVENTORY.ref else None


async def listed(world: World) -> list[Listed]:
    """The last PAGE_COUNT versions, the newest first; the built-in programme last while none of its own was applied."""
    await follow(world)
    rows = await world.store.all(sql.programmes.page, _Row, limit=PAGE_COUNT)
    refs = {programme.ref for programme in world.programmes}
    found = [
        Listed(r.id, r.version, r.hash, ProgrammeRef(r.id, r.version) in refs, r.applied_by, r.applied_at,
               r.withdrawn_by, r.withdrawn_at) for r in rows
    ]  # fmt: skip
    if all(row.id != INVENTORY.id for row in rows):
        found.append(Listed(INVENTORY.id, INVENTORY.version, digest(INVENTORY), True, None, None))  # noqa: FBT003
    return found


async def show(world: World, programme_id: str, version: int | None = None) -> str:
    """The file of a version, by default the newest. Raises UnknownProgramme."""
    await follow(world)
    programme = world.programme_of(programme_id)
    if version is not None and version != programme.version:
        found = await find(world.store, ProgrammeRef(programme_id, version))
        if found is None:
            raise UnknownProgramme(f"There is no version {version} of {programme_id}")
        programme = found
    return programme_files.write(programme)


async def apply(world: World, text: str, *, tried: str, by: str) -> Listed:
    """Put a file into force: kept, noted, and every merchant judged by it, page by page, by the worker.

    `tried` is the hash that the trial of this very file gave. Raises BadProgramme, NotTried, OtherProgramme,
    TooManyProgrammes, or BankUnavailable where its bank is not connected.
    """
    if not audit_entries.is_account(by):
        raise NotTried(audit_entries.WHO)
    programme = programme_files.read(text)
    if digest(programme) != tried:
        raise NotTried("try the file first and give the hash that the trial says")
    now = world.system_clock.now()

    async def unit(tx: Tx) -> Listed:
        await tx.one(sql.audit.hold)  # one at a time: versions follow each other
        after = (await load(tx)).plus(programme)
        banks.find(world, programme.bank_id)
        await _add(tx, programme, by, now)
        await rejudging.begin(tx, world, f"{programme.id}-{programme.version}")
        await audit.note(
            tx, world, OPERATOR, Action.programme_applied, programme.id, version=programme.version, hash=tried, by=by
        )
        newest = await tx.all(sql.programmes.newest)
        tx.on_commit(lambda: _take_over(world, after, newest))
        return Listed(programme.id, programme.version, tried, True, by, now)  # noqa: FBT003

    return await world.store.write(unit)


async def withdraw(world: World, programme_id: str, *, by: str) -> Listed:
    """Offer nothing new under a programme; what was lent under it goes on. Every merchant is judged again.

    Raises UnknownProgramme for one that is not in force, LastProgramme, or NotTried where nobody says who decides.
    """
    if not audit_entries.is_account(by):
        raise NotTried(audit_entries.WHO)
    now = world.system_clock.now()

    async def unit(tx: Tx) -> Listed:
        await tx.one(sql.audit.hold)
        before = await load(tx)
        programme = next((one for one in before.in_force if one.id == programme_id), None)
        if programme is None:
            raise UnknownProgramme(f"There is no programme {programme_id} in force")
        if len(before.in_force) == 1:
            raise LastProgramme("Apply another programme first, or stop its bank: that ends new loans, too")
        await _add(tx, programme, by, now)  # the built-in one; another one's version is there
        ref = {"id": programme.id, "version": programme.version}
        await tx.run(sql.programmes.withdraw, withdrawn_by=by, withdrawn_at=now, **ref)
        await rejudging.begin(tx, world, f"{programme.id}-{programme.version}-withdrawn")
        await audit.note(
            tx, world, OPERATOR, Action.programme_withdrawn, programme.id, version=programme.version, by=by
        )
        after, newest = await load(tx), await tx.all(sql.programmes.newest)
        tx.on_commit(lambda: _take_over(world, after, newest))
        stored = await tx.one(sql.programmes.find, _Stored, **ref)
        assert stored is not None  # noqa: S101 - the unit itself put it there
        return Listed(
            stored.id, stored.version, stored.hash, False, stored.applied_by, stored.applied_at, by, now  # noqa: FBT003
        )  # fmt: skip

    return await world.store.write(unit)


async def _add(tx: Tx, programme: Programme, by: str, now: datetime) -> None:
    await tx.run(
        sql.programmes.add,
        version=programme.version,
        id=programme.id,
        body_json=programme,
        hash=digest(programme),
        applied_by=by,
        applied_at=now,
    )
