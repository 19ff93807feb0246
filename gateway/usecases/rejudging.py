"""Look at every merchant afresh after what limits rest on has changed for all: models, their governance, a programme.

Page by page, each page in a unit of its own that enqueues the next, so that a crash loses none and repeats none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store import sql
from gateway.usecases import jobs, limits, positions, scoring

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.store import Tx
    from gateway.usecases.world import World

REJUDGE = "rejudge"
PAGE_COUNT = 64
_START = "-"


async def begin(tx: Tx, world: World, cause: str) -> None:
    """Enqueue the first page, in the unit that made the change; `cause` names it, such as `model-7`."""
    await jobs.enqueue(tx, world, REJUDGE, f"{cause}:{_START}")


async def page(world: World, subject: str) -> None:
    """Score and judge one page of merchants; the job's handler. Repeating it changes nothing more."""
    cause, _, after = subject.rpartition(":")
    await world.keep_up()

    async def unit(tx: Tx) -> None:
        rows = await tx.all(sql.positions.ids_after, after="" if after == _START else after, limit=PAGE_COUNT)
        merchant_ids = [merchant_id for (merchant_id,) in rows]
        await _afresh(tx, world, merchant_ids)
        if len(merchant_ids) == PAGE_COUNT:
            await jobs.enqueue(tx, world, REJUDGE, f"{cause}:{merchant_ids[-1]}")

    await world.store.write(unit)


async def _afresh(tx: Tx, world: World, merchant_ids: list[str]) -> None:
    known = await positions.load(tx, world, merchant_ids, held=True)
    worth: list[Position] = [one for one in known.values() if one.scores is not None or one.offered is not None]
    if not worth:
        return
    judged = await limits.judge(tx, world, scoring.score(world, worth), closing=True)
    await positions.save(tx, world, [], [one.position for one in judged])
