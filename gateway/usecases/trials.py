"""A programme tried on every merchant before it is applied: who would get what. Nothing is written."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import programme_files, trials
from gateway.domain.trials import Shift, Trial
from gateway.domain.underwriting import Outcome
from gateway.store import sql
from gateway.usecases import banks, limits, positions, programmes, scoring

if TYPE_CHECKING:
    from gateway.usecases.limits import Judged
    from gateway.usecases.world import World

TRIED_COUNT = 1_000
"""How many merchants one step of a trial looks at."""
_BATCH_COUNT = 64


class Tried(msgspec.Struct, frozen=True):
    """A trial so far; `after` is where to go on, None when every merchant was looked at."""

    hash: str
    trial: Trial
    after: str | None


async def attempt(world: World, text: str, so_far: Trial = Trial(), after: str = "") -> Tried:  # noqa: B008 - frozen
    """What a file would come to for the next TRIED_COUNT merchants after `after`; nothing is written.

    Raises BadProgramme, OtherProgramme, TooManyProgrammes or BankUnavailable.
    """
    await programmes.follow(world)
    programme = programme_files.read(text)
    planned = copy.copy(world)  # the same world, but for its programmes
    planned.programmes = (await programmes.load(world.store)).plus(programme).in_force
    banks.find(world, programme.bank_id)
    trial, looked = so_far, 0
    while looked < TRIED_COUNT:
        rows = await world.store.all(sql.positions.ids_after, after=after, limit=_BATCH_COUNT)
        if not rows:
            return Tried(programmes.digest(programme), trial, None)
        trial = trials.add(trial, await _shifts(world, planned, [merchant_id for (merchant_id,) in rows]))
        looked, after = looked + len(rows), rows[-1][0]
    return Tried(programmes.digest(programme), trial, after)


async def _shifts(world: World, planned: World, merchant_ids: list[str]) -> list[Shift]:
    known = list((await positions.load(world.store, world, merchant_ids)).values())
    now = await limits.look(world.store, world, scoring.current(world, known))
    then = await limits.look(world.store, planned, scoring.score(planned, known))
    return [_shift(one, other) for one, other in zip(now, then, strict=True)]


def _shift(before: Judged, after: Judged) -> Shift:
    position, was, will = before.position, before.assessment, after.assessment
    cap = after.programme.cap_amount(position.currency)
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
