"""Versions of the programme: tried on every merchant first, then applied, taken over by every process, found again.

One gateway has one programme, of one bank. Its versions follow each other; none is ever changed or removed, so that a
decision can be made again under the one it names. Until one is applied the built-in version is in force.
"""

from __future__ import annotations

import copy
import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import audit_entries, programme_files, trials
from gateway.domain.errors import Conflict, Invalid, NotFound
from gateway.domain.programmes import INVENTORY, Programme
from gateway.domain.trials import Shift, Trial
from gateway.domain.underwriting import Outcome
from gateway.store import sql
from gateway.usecases import audit, limits, positions, rejudging, scoring
from gateway.usecases.audit import OPERATOR, Action

if TYPE_CHECKING:
    from gateway.domain.programmes import ProgrammeRef
    from gateway.store import Reader, Tx
    from gateway.usecases.limits import Judged
    from gateway.usecases.world import World

PAGE_COUNT = 100
TRIED_COUNT = 1_000
"""How many merchants one step of a trial looks at."""
_BATCH_COUNT = 64
_encoder = msgspec.json.Encoder(order="sorted")


class OtherProgramme(Conflict):
    """The file is of another programme or bank than this gateway's, or not the version after the one in force."""

    code = "programme_does_not_follow"
    title = "The file is not the next version of this gateway's programme"


class NotTried(Invalid):
    """Nobody says who applies it, or the hash given is not the file's: it was not this file that was tried."""

    code = "programme_not_tried"
    title = "Only the file that was tried is applied, by somebody who says so"


class UnknownProgramme(NotFound):
    """No such version was ever in force here."""

    code = "programme_not_found"
    title = "No such programme version"


class Listed(msgspec.Struct, frozen=True):
    """One version: the newest is in force. The built-in one was applied by nobody."""

    id: str
    version: int
    hash: str
    in_force: bool
    applied_by: str | None
    applied_at: datetime | None


class Tried(msgspec.Struct, frozen=True):
    """A trial so far; `after` is where to go on, None when every merchant was looked at."""

    hash: str
    trial: Trial
    after: str | None


class _Stored(msgspec.Struct, frozen=True):
    version: int
    id: str
    body: Programme
    hash: str
    applied_by: str
    applied_at: datetime


class _Row(msgspec.Struct, frozen=True):
    version: int
    id: str
    hash: str
    applied_by: str
    applied_at: datetime


def digest(programme: Programme) -> str:
    """SHA-256, in hex, over everything a programme says; comments and the order of a file do not matter."""
    return hashlib.sha256(_encoder.encode(programme)).hexdigest()


async def follow(world: World) -> None:
    """Take over the newest version applied; one small query where nothing changed."""
    row = await world.store.one(sql.programmes.newest)
    if row is None or row[1] == digest(world.programme):
        return
    found = await world.store.one(sql.programmes.find, _Stored, version=row[0])
    if found is not None:
        world.programme = found.body


async def find(reader: Reader, ref: ProgrammeRef) -> Programme | None:
    """The very version a decision names, applied or built in; None when this gateway does not have it."""
    found = await reader.one(sql.programmes.find, _Stored, version=ref.version)
    candidates = [INVENTORY] if found is None else [found.body, INVENTORY]
    return next((programme for programme in candidates if programme.ref == ref), None)


async def listed(world: World) -> list[Listed]:
    """The last PAGE_COUNT versions, newest first; the built-in one while nothing was applied."""
    rows = await world.store.all(sql.programmes.page, _Row, before=1 << 62, limit=PAGE_COUNT)
    if not rows:
        return [Listed(INVENTORY.id, INVENTORY.version, digest(INVENTORY), True, None, None)]  # noqa: FBT003
    return [Listed(r.id, r.version, r.hash, r is rows[0], r.applied_by, r.applied_at) for r in rows]


async def show(world: World, version: int | None = None) -> str:
    """The file of a version, by default the one in force. Raises UnknownProgramme."""
    await follow(world)
    programme = world.programme
    if version is not None and version != programme.version:
        found = await world.store.one(sql.programmes.find, _Stored, version=version)
        if found is None and version != INVENTORY.version:
            raise UnknownProgramme(f"There is no version {version}")
        programme = INVENTORY if found is None else found.body
    return programme_files.write(programme)


async def attempt(world: World, text: str, so_far: Trial = Trial(), after: str = "") -> Tried:  # noqa: B008 - frozen
    """What a file would come to for the next TRIED_COUNT merchants after `after`; nothing is written.

    Raises BadProgramme or OtherProgramme.
    """
    await follow(world)
    programme = programme_files.read(text)
    _check(programme, world.programme)
    planned = copy.copy(world)  # the same world, but for its programme
    planned.programme = programme
    trial, looked = so_far, 0
    while looked < TRIED_COUNT:
        rows = await world.store.all(sql.positions.ids_after, after=after, limit=_BATCH_COUNT)
        if not rows:
            return Tried(digest(programme), trial, None)
        trial = trials.add(trial, await _shifts(world, planned, [merchant_id for (merchant_id,) in rows]))
        looked, after = looked + len(rows), rows[-1][0]
    return Tried(digest(programme), trial, after)


async def apply(world: World, text: str, *, tried: str, by: str) -> Listed:
    """Put a file into force: kept, noted, and every merchant judged by it, page by page, by the worker.

    `tried` is the hash that the trial of this very file gave. Raises BadProgramme, OtherProgramme or NotTried.
    """
    if not audit_entries.is_account(by):
        raise NotTried(audit_entries.WHO)
    programme = programme_files.read(text)
    if digest(programme) != tried:
        raise NotTried("try the file first and give the hash that the trial says")
    now = world.system_clock.now()

    async def unit(tx: Tx) -> Listed:
        await tx.one(sql.audit.hold)  # one version at a time: they follow each other
        row = await tx.one(sql.programmes.newest)
        stored = None if row is None else await tx.one(sql.programmes.find, _Stored, version=row[0])
        _check(programme, INVENTORY if stored is None else stored.body)
        await tx.run(
            sql.programmes.add,
            version=programme.version,
            id=programme.id,
            body_json=programme,
            hash=tried,
            applied_by=by,
            applied_at=now,
        )
        await rejudging.begin(tx, world, f"programme-{programme.version}")
        await audit.note(
            tx, world, OPERATOR, Action.programme_applied, programme.id, version=programme.version, hash=tried, by=by
        )
        tx.on_commit(lambda: setattr(world, "programme", programme))
        return Listed(programme.id, programme.version, tried, True, by, now)  # noqa: FBT003

    return await world.store.write(unit)


def _check(programme: Programme, current: Programme) -> None:
    """Raise OtherProgramme unless `programme` may follow `current`: what is owed is counted under its id and bank."""
    for name in ("id", "bank_id"):
        ours, theirs = getattr(current, name), getattr(programme, name)
        if ours != theirs:
            raise OtherProgramme(f"{name}: this gateway's is {ours}, the file says {theirs}")
    if programme.version != current.version + 1:
        raise OtherProgramme(
            f"version: {current.version} is in force, so the next one is {current.version + 1}, not {programme.version}"
        )


async def _shifts(world: World, planned: World, merchant_ids: list[str]) -> list[Shift]:
    known = list((await positions.load(world.store, world, merchant_ids)).values())
    now = await limits.look(world.store, world, scoring.current(world, known))
    then = await limits.look(world.store, planned, scoring.score(planned, known))
    return [_shift(planned, one, other) for one, other in zip(now, then, strict=True)]


def _shift(planned: World, before: Judged, after: Judged) -> Shift:
    position, was, will = before.position, before.assessment, after.assessment
    cap = planned.programme.cap_amount(position.currency)
    return Shift(
        merchant_id=position.merchant_id,
        currency=position.currency,
        before_amount=was.limit_amount,
        after_amount=will.limit_amount,
        before_grade=was.terms.grade if was.outcome is Outcome.offered else None,
        after_grade=will.terms.grade if will.outcome is Outcome.offered else None,
        weight_bps=trials.weigh(was.limit_amount, will.limit_amount, cap),
        reason=will.reasons[-1].code,
    )
