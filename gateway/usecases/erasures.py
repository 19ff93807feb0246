"""When a merchant's data goes: scheduled with the consent's end, called off by a new one, told of in a report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.domain import erasures as rules
from gateway.domain.consents import ConsentState
from gateway.domain.erasures import Ended, Erasure, ErasureState, Held, Report, UnknownErasure
from gateway.store import sql
from gateway.usecases import consent_records, jobs

if TYPE_CHECKING:
    from gateway.domain.details import Details
    from gateway.domain.positions import Position
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

ERASE = "erasure.erase"
REMOVE = "erasure.remove"
_EVER = datetime(9999, 1, 1, tzinfo=UTC)
_CLOSED = {ErasureState.partial, ErasureState.erased}
_CALLED_OFF = frozenset({ErasureState.scheduled, ErasureState.erasing, ErasureState.partial})


# --- inside a unit that changes a consent, the merchant's position held ---------------------------------------------


async def follow(tx: Tx, world: World, position: Position, ended: Ended | None) -> None:
    """Schedule an erasure where `ended` was the last consent to be assessed by; call one off where a new one is there.

    One that never let sales come in, so that nothing could be assessed by it, counts once no other lets anything in.
    What is erased already stays erased; what a called-off erasure had not come to stays.
    """
    now = world.clock.now()
    held = await tx.one(sql.erasures.in_force, Erasure, merchant_id=position.merchant_id)
    if position.assessed_under(now):
        if held is not None:
            state = ErasureState.canceled if held.state in _CALLED_OFF else held.state
            await tx.run(sql.erasures.supersede, id=held.id, state=state, now_at=now)
    elif ended is not None and (rules.assessing(ended.details) is not None or not position.fed_under(now)):
        await _schedule(tx, world, position.merchant_id, ended, held)


async def _schedule(tx: Tx, world: World, merchant_id: str, ended: Ended, held: Erasure | None) -> None:
    """A new erasure, or the one that waits brought forward; one that has begun goes its way."""
    now, due_at = world.clock.now(), rules.due_at(ended)
    if due_at is None:
        return
    if held is not None and held.state is ErasureState.erased and await _came_in_since(tx, merchant_id):
        await tx.run(sql.erasures.supersede, id=held.id, state=held.state, now_at=now)
        held = None
    due = {"id": world.ids.new("erasure") if held is None else held.id, "grant_id": ended.grant_id, "due_at": due_at}
    if held is None:
        await tx.run(sql.erasures.add, merchant_id=merchant_id, created_at=now, **due)
    elif not await tx.run(sql.erasures.advance, **due):
        return
    if due_at <= now:  # a later one is found by `wake` when its time has come
        await jobs.enqueue(tx, world, ERASE, str(due["id"]))


async def _came_in_since(tx: Tx, merchant_id: str) -> bool:
    """Whether there is anything beside sales of a merchant whose data were erased."""
    return await tx.one(sql.erasures.beside, merchant_id=merchant_id) != (0,)


async def note_lapse(tx: Tx, grant_id: str, details: Details, expires_at: datetime) -> None:
    """Remember when leave to assess runs out, where that is before the consent itself does."""
    lapses_at = rules.lapses_at(details)
    until = lapses_at if lapses_at is not None and lapses_at < expires_at else None
    await tx.run(sql.erasures.note_lapse, grant_id=grant_id, assessed_until_at=until)


# --- what time makes due --------------------------------------------------------------------------------------------


async def wake(world: World) -> int:
    """Hand out what is due: erasures whose day came or whose loan was repaid, evidence kept long enough; how many."""
    now = world.clock.now()
    due = [(ERASE, row[0]) for row in await world.store.all(sql.erasures.to_run, now_at=now, kind=ERASE)]
    found = await world.store.all(sql.erasures.to_remove, today_on=now.date(), kind=REMOVE)
    return await _enqueue(world, due + [(REMOVE, row[0]) for row in found])


async def reopen(world: World) -> int:
    """Erase again where data came in after all: a repayment was taken back, and the loan was serviced; how many."""
    found = await world.store.all(sql.erasures.to_reopen, kind=ERASE)
    return await _enqueue(world, [(ERASE, row[0]) for row in found])


async def _enqueue(world: World, due: list[tuple[str, str]]) -> int:
    async def unit(tx: Tx) -> int:
        for kind, erasure_id in due:
            await jobs.enqueue(tx, world, kind, erasure_id)
        return len(due)

    return await world.store.write(unit) if due else 0


# --- told of --------------------------------------------------------------------------------------------------------


async def of_grant(reader: Reader, grant_id: str, partner_id: str) -> Report:
    """What became of the data once a grant had ended. Raises UnknownConsent or UnknownErasure.

    Where other consents of the merchant went on, it is the erasure that followed when the last of them ended.
    """
    consent = await consent_records.find(reader, grant_id, partner_id=partner_id)
    merchant_id = consent.merchant_id
    found = await reader.one(sql.erasures.of_grant, Erasure, merchant_id=merchant_id, grant_id=grant_id)
    if found is None and consent.state is not ConsentState.authorised:
        found = await reader.one(sql.erasures.since, Erasure, merchant_id=merchant_id, from_at=consent.state_at)
    if found is None:
        raise UnknownErasure("Nothing is erased because of this grant")
    return await _report(reader, found)


async def of_merchant(reader: Reader, merchant_id: str) -> Report | None:
    """The merchant's last erasure that was not called off."""
    found = await reader.one(sql.erasures.last_of, Erasure, merchant_id=merchant_id)
    return None if found is None else await _report(reader, found)


async def _report(reader: Reader, erasure: Erasure) -> Report:
    """What a later consent brought in is none of an earlier erasure's."""
    before_at = erasure.state_at if erasure.state in _CLOSED else _EVER
    held = await reader.one(sql.erasures.held, Held, merchant_id=erasure.merchant_id, before_at=before_at)
    return rules.report(erasure, held or Held(*[0] * 8))
