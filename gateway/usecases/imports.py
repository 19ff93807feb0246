"""Bring in a file that a shop's software exported: batch by batch, each in one unit with how far the file is done.

The operator brings it, under a consent of the merchant, named or the only one there is; what that does not cover, or
no longer covers, is refused. Entries are known by their number in the file, so an import goes on where it stopped.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import audit_entries
from gateway.domain.consents import ConsentRequired
from gateway.domain.details import Datatype
from gateway.domain.errors import Conflict, Invalid, NotFound
from gateway.domain.rights import Caller
from gateway.source_ports import About, Converted
from gateway.store import sql
from gateway.usecases import audit, positions, receiving, tellings
from gateway.usecases.audit import Action
from gateway.usecases.receiving import Teller
from gateway.usecases.tellings import RowResult, Telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.domain.positions import Position
    from gateway.store import Tx
    from gateway.usecases.receiving import Taken
    from gateway.usecases.world import World

LISTED_COUNT = 100
REJECTS_COUNT = 10_000
"""More entries of one file than this are not wrong one by one: the profile is."""
_KEY = "sources: what hides account numbers and suppliers"


class UnknownImport(NotFound):
    """No file was begun under this id."""

    code = "import_not_found"
    title = "No such import"


class ImportMoved(Conflict):
    """Another process brings in the same file, or this one did not hear that its last batch was taken."""

    code = "import_moved"
    title = "The import is further than this"


class TooManyRejects(Invalid):
    """So much of the file cannot be taken that it is not the file its profile is for."""

    code = "too_many_rejects"
    title = "Too much of the file is refused"


class Opening(msgspec.Struct, frozen=True):
    """Which file is brought in for whom, and by whom; `digest` is of its profile, `grant_id` names the consent."""

    merchant_id: str
    source: str
    datatype: Datatype
    file_hash: str
    digest: str
    by: str
    grant_id: str | None = None


class Import(msgspec.Struct, frozen=True):
    """A file and how far it is done: of its first `taken_count` entries everything is known."""

    id: str
    merchant_id: str
    grant_id: str
    source: str
    datatype: Datatype
    file_hash: str
    begun_by: str
    begun_at: datetime
    taken_at: datetime
    ended_at: datetime | None
    taken_count: int
    accepted_count: int
    duplicates_count: int
    rejected_count: int


class Reject(msgspec.Struct, frozen=True):
    """Why entry `number` of a file, from 0, was not taken."""

    number: int
    code: str
    detail: str


class Batch(msgspec.Struct, frozen=True):
    """The next entries of a file: `count` of them, after the first `after`; `ended`: there are no more.

    `numbers` says for each kind of record which entries they are, `refused` which entries are no records.
    """

    import_id: str
    after: int
    count: int
    ended: bool
    converted: Converted
    numbers: dict[str, list[int]]
    refused: tuple[Reject, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """What became of a batch."""

    accepted_count: int
    duplicates_count: int
    rejects: tuple[Reject, ...]


async def about(world: World, merchant_id: str) -> About:
    """What reading a file needs to know of a merchant. Raises NotFound."""
    position = (await positions.load(world.store, world, [merchant_id])).get(merchant_id)
    if position is None:
        raise NotFound("There is no such merchant")
    return About(position.currency, position.timezone, position.day_cutoff, world.vault.derive(_KEY))


async def begin(world: World, opening: Opening) -> Import:
    """Begin a file, or find how far it is. Raises NotFound, ConsentRequired, Invalid."""
    if not audit_entries.is_account(opening.by):
        raise Invalid(audit_entries.WHO)
    return await world.store.write(partial(_begin, world, opening))


async def take(world: World, batch: Batch) -> Result:
    """Take in the next entries. Raises ConsentRequired, ImportMoved, TooManyRejects, and nothing of them is taken."""
    return await world.store.write(partial(_take, world, batch))


async def attempt(world: World, opening: Opening, batch: Batch) -> Result:
    """What would become of a batch. Nothing is kept."""

    async def unit(tx: Tx) -> None:
        held = await _begin(world, opening, tx)
        raise _Tried(await _take(world, msgspec.structs.replace(batch, import_id=held.id, after=held.taken_count), tx))

    try:
        await world.store.write(unit)
    except _Tried as tried:
        return tried.result
    raise AssertionError("a trial ends by being taken back")


async def listed(world: World) -> list[Import]:
    """The latest imports, newest first."""
    return await world.store.all(sql.imports.latest, Import, limit=LISTED_COUNT)


async def rejects(world: World, import_id: str, after: int) -> list[Reject]:
    """What was not taken of a file, entry by entry, after that number."""
    return await world.store.all(sql.imports.rejects, Reject, import_id=import_id, after=after, limit=LISTED_COUNT)


class _Tried(Exception):
    """Ends a trial's unit, so that nothing of it stays."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.result = result


async def _begin(world: World, opening: Opening, tx: Tx) -> Import:
    position = (await positions.load(tx, world, [opening.merchant_id], held=True)).get(opening.merchant_id)
    if position is None:
        raise NotFound("There is no such merchant")
    grant_id = _consent(position, opening.grant_id)
    positions.permit_push(position, _caller(position, grant_id), opening.datatype, world.clock.now())
    facts = msgspec.structs.asdict(opening)
    by = facts.pop("by")
    row = facts | {"id": world.ids.new("import"), "grant_id": grant_id, "begun_by": by, "begun_at": world.clock.now()}
    added = await tx.run(sql.imports.add, **row)
    file = {name: facts[name] for name in ("merchant_id", "file_hash", "digest")}
    held = await tx.one(sql.imports.of_file, Import, **file)
    assert held is not None  # noqa: S101 - it was just added, or there before
    if added:
        facts = {"merchant": opening.merchant_id, "grant": grant_id, "file": opening.file_hash}
        await audit.note(tx, world, by, Action.import_begun, held.id, **facts)
    elif held.grant_id != grant_id:
        await tx.run(sql.imports.resume, id=held.id, grant_id=grant_id)
    return held


def _consent(position: Position, grant_id: str | None) -> str:
    """The consent that a file comes in under: the one that is named, or the only one in force."""
    known = [grant.grant_id for grant in position.grants]
    if grant_id is None and len(known) > 1:
        raise Invalid(f"The merchant has given several consents: say under which with --grant, {' or '.join(known)}")
    if not known or grant_id not in {None, *known}:
        raise ConsentRequired("The merchant has given no such consent, or it is no longer in force")
    return grant_id or known[0]


async def _take(world: World, batch: Batch, tx: Tx) -> Result:
    held = await tx.one(sql.imports.find, Import, id=batch.import_id)
    if held is None:
        raise UnknownImport("There is no such import")
    position = (await positions.load(tx, world, [held.merchant_id], held=True))[held.merchant_id]
    teller = Teller(held.merchant_id, held.source, _caller(position, held.grant_id))
    taken = await receiving.take_within(tx, world, teller, batch.converted)
    total = taken.total
    refused = tuple(sorted([*batch.refused, *_rejects(batch, taken)], key=lambda one: one.number))
    if held.rejected_count + len(refused) > REJECTS_COUNT:
        raise TooManyRejects(f"More than {REJECTS_COUNT} entries cannot be taken: is this the profile of this file?")
    now = world.clock.now()
    moved = await tx.run(
        sql.imports.count, id=held.id, after=batch.after, taken=batch.count, accepted=total.accepted,
        duplicates=total.duplicates, rejected=len(refused), taken_at=now, ended_at=now if batch.ended else None,
    )  # fmt: skip
    if not moved:
        raise ImportMoved("These entries are done with already: run the command again to go on after them")
    unread = tuple(RowResult(one.number, one.code, one.detail) for one in batch.refused)
    if unread:
        await tellings.note(tx, [Telling(held.merchant_id, held.source, held.datatype, now, rejects=unread)])
    await tx.many(sql.imports.reject, [{"import_id": held.id} | msgspec.structs.asdict(one) for one in refused])
    return Result(total.accepted, total.duplicates, refused)


def _caller(position: Position, grant_id: str) -> Caller:
    """The operator, in whose hands a consent's file is."""
    return Caller("operator", position.partner_id, frozenset(), grant_id, position.merchant_id)


def _rejects(batch: Batch, taken: Taken) -> Iterator[Reject]:
    """The rows of each kind that were not taken, by the numbers of their entries."""
    for kind, numbers in batch.numbers.items():
        for row in getattr(taken, kind).rejected:
            yield Reject(numbers[row.index], row.code, row.detail)
