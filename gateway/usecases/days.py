"""Close business days: the models look again, and a share of the day's net sales is withheld."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain import positions as rules
from gateway.domain.calendars import GRACE
from gateway.domain.consents import ConsentRequired
from gateway.domain.details import Datatype
from gateway.domain.errors import Conflict, FieldError, Invalid, NotFound
from gateway.domain.rights import Caller
from gateway.domain.sales import OLDEST, Totals
from gateway.store import Lane, sql
from gateway.usecases import evidence, limits, positions, repayments, scoring
from gateway.usecases.limits import Judged
from gateway.usecases.positions import DayRow

if TYPE_CHECKING:
    from gateway.domain.positions import Position
    from gateway.store import Tx
    from gateway.usecases.world import World

_Total = Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]


class ZTotals(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the till's own close says, without tax and tip; those given must agree with the rows we hold."""

    sales_amount: _Total | None = None
    refunds_amount: _Total | None = None
    voids_amount: _Total | None = None
    net_amount: _Total | None = None
    tickets_count: _Total | None = None


class ZTotalsDiffer(Conflict):
    """The till's totals are not those of the rows we hold: rows are missing, or were sent twice under other ids."""

    code = "z_totals_differ"
    title = "The till's totals differ from the records received"


class DayNotOver(Invalid):
    """The day lies in the merchant's future."""

    code = "day_in_the_future"
    title = "The business day has not begun"


class DayTooOld(Invalid):
    """The day lies further back than records are taken from."""

    code = "day_too_old"
    title = "The business day lies too far back"


class Closing(msgspec.Struct, frozen=True):
    """Close every open day of a merchant up to `through_on`; `caller` None = by the gateway itself."""

    merchant_id: str
    caller: Caller | None
    through_on: date
    z_totals: ZTotals = ZTotals()


class Closed(msgspec.Struct, frozen=True):
    """A closed day, what was withheld of the days this closing closed, and where the merchant stands."""

    business_on: date
    totals: Totals
    withheld_amount: int
    judged: Judged


def lane(world: World) -> Lane[Closing, Closed]:
    """The closing lane of this world: features and models run once for all that waits."""

    async def run(tx: Tx, closings: list[Closing]) -> list[Closed | Exception]:
        known = await positions.load(tx, world, {closing.merchant_id for closing in closings}, held=True)
        answers: dict[int, Closed | Exception] = {}
        for wave in _waves(closings):
            held: dict[int, Totals] = {}
            for number in wave:
                try:
                    held[number] = await _check(tx, world, closings[number], known.get(closings[number].merchant_id))
                except (NotFound, ConsentRequired, ZTotalsDiffer, DayNotOver, DayTooOld) as refusal:
                    answers[number] = refusal
            closed = await _close(tx, world, known, [closings[number] for number in held])
            answers |= {number: Closed(closings[number].through_on, totals, *closed[closings[number].merchant_id])
                        for number, totals in held.items()}  # fmt: skip
        return [answers[number] for number in range(len(closings))]

    return Lane("days", run)


def _waves(closings: list[Closing]) -> list[list[int]]:
    """Numbers of closings, each merchant at most once a wave and in the order asked: as if they came one by one."""
    waves: list[list[int]] = []
    count: Counter[str] = Counter()
    for number, closing in enumerate(closings):
        turn = count[closing.merchant_id]
        count[closing.merchant_id] += 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(number)
    return waves


async def _check(tx: Tx, world: World, closing: Closing, position: Position | None) -> Totals:
    """The totals we hold of the day to close; raises when it cannot be closed."""
    now = world.clock.now()
    if closing.caller is not None:
        positions.permit_push(position, closing.caller, Datatype.sales, now)
    if position is None:
        raise NotFound("There is no such merchant")
    today = position.today(now)
    if closing.through_on > today:
        raise DayNotOver(f"{closing.through_on} has not begun where the shop is")
    if closing.through_on < today - OLDEST:
        raise DayTooOld(f"{closing.through_on} lies more than {OLDEST.days} days back")
    held = await _held(tx, closing, position)
    wrong = {
        name: (value, ours)
        for name, value in msgspec.structs.asdict(closing.z_totals).items()
        if value is not None and value != (ours := getattr(held, name))
    }
    if wrong:
        errors = tuple(
            FieldError(f"/{name}", "differs", f"the till says {value}, the rows received say {ours}")
            for name, (value, ours) in wrong.items()
        )
        facts = {f"received_{name}": ours for name, (_, ours) in wrong.items()}
        raise ZTotalsDiffer(f"{', '.join(wrong)}: {errors[0].detail}", errors=errors, **facts)
    return held


async def _held(tx: Tx, closing: Closing, position: Position) -> Totals:
    if position.history is None or closing.through_on > position.history.through_on:
        return position.open_days.get(closing.through_on, Totals())
    days = await tx.all(sql.days.since, DayRow, merchant_id=closing.merchant_id, from_on=closing.through_on)
    return next((day.totals for day in days if day.business_on == closing.through_on), Totals())


async def _close(
    tx: Tx, world: World, known: dict[str, Position], closings: list[Closing]
) -> dict[str, tuple[int, Judged]]:
    """Close each merchant's days, and leave `known` as it stands then; what was closed already stays as it is."""
    now = world.clock.now()
    due = {c.merchant_id: c for c in closings if _opens(known[c.merchant_id], c)}
    closed = [
        rules.close(known[m], due[m].through_on, known[m].data_at if due[m].caller is None else now)
        for m in sorted(due)
    ]
    await tx.many(sql.days.close, [
        {"merchant_id": one.merchant_id, "business_on": due[one.merchant_id].through_on, "closed_at": now}
        for one in closed if one.history is not None
    ])  # fmt: skip
    answers: dict[str, tuple[int, Judged]] = {}
    judged = await limits.judge(tx, world, await scoring.score_day(tx, world, closed), closing=True)
    for one in judged:
        before = known[one.position.merchant_id]
        answers[before.merchant_id] = (await repayments.withhold(tx, world, before, one.position), one)
    known |= await positions.save(tx, world, [], [one.position for one in judged])
    calm = [known[c.merchant_id] for c in closings if c.merchant_id not in due]
    return answers | {one.position.merchant_id: (0, one) for one in await limits.look(tx, world, calm)}


def _opens(position: Position, closing: Closing) -> bool:
    """Whether there is a day to close."""
    return position.history is None or closing.through_on > position.history.through_on


async def close_due(world: World, closing: Lane[Closing, Closed]) -> int:
    """Close what neither till nor partner closed by the cut-off and its grace; how many merchants were closed."""
    due: dict[bool, list[Closing]] = {False: [], True: []}
    for (merchant_id,) in await world.store.all(sql.positions.to_close, now_at=world.clock.now()):
        position = await positions.current(world, merchant_id)
        if position is not None and (through_on := _overdue(world, position)) is not None:
            due[evidence.may_be_seen(position, world.clock.now())].append(Closing(merchant_id, None, through_on))
    alone, more = due[False], due[True]
    # Reading what else a shop tells takes milliseconds: in one run with hundreds, sales would wait for it.
    for some in (alone, *(more[at : at + evidence.PAGE_COUNT] for at in range(0, len(more), evidence.PAGE_COUNT))):
        await asyncio.gather(*(world.store.merge(closing, one) for one in some))
    return len(alone) + len(more)


def _overdue(world: World, position: Position) -> date | None:
    """The last day whose cut-off and grace are over, unless it is closed already."""
    through_on = position.today(world.clock.now() - GRACE) - timedelta(days=1)
    if position.history is not None and through_on <= position.history.through_on:
        return None
    return through_on
