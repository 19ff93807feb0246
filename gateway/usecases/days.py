"""Close business days: the models look again, and a share of the day's net sales is withheld."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec

from gateway.domain import positions as rules
from gateway.domain.calendars import GRACE
from gateway.domain.errors import Conflict, Invalid, NotFound
from gateway.domain.positions import Position
from gateway.domain.sales import Totals
from gateway.store import Lane, sql
from gateway.usecases import limits, positions, repayments, scoring
from gateway.usecases.limits import Judged
from gateway.usecases.positions import DayRow

if TYPE_CHECKING:
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


class Closing(msgspec.Struct, frozen=True):
    """Close every open day of a merchant up to `through_on`; `partner_id` None = by the gateway itself."""

    merchant_id: str
    partner_id: str | None
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
        known = await positions.load(tx, world, {closing.merchant_id for closing in closings})
        answers: dict[int, Closed | Exception] = {}
        held: dict[int, Totals] = {}
        due: dict[str, int] = {}
        for number, closing in enumerate(closings):
            try:
                held[number] = await _check(tx, world, closing, known.get(closing.merchant_id))
            except (NotFound, ZTotalsDiffer, DayNotOver) as refusal:
                answers[number] = refusal
            else:
                first = due.setdefault(closing.merchant_id, number)
                if closing.through_on > closings[first].through_on:
                    due[closing.merchant_id] = number
        merchants = {merchant_id: closings[number] for merchant_id, number in due.items()}
        closed = await _close(tx, world, {m: known[m] for m in sorted(merchants)}, merchants)
        for number, closing in enumerate(closings):
            if number not in answers:
                judged, withheld = closed[closing.merchant_id]
                answers[number] = Closed(closing.through_on, held[number], withheld, judged)
        return [answers[number] for number in range(len(closings))]

    return Lane("days", run)


async def _check(tx: Tx, world: World, closing: Closing, position: Position | None) -> Totals:
    """The totals we hold of the day to close; raises when it cannot be closed."""
    if position is None or closing.partner_id not in {None, position.partner_id}:
        raise NotFound("There is no such merchant")
    if closing.through_on > position.today(world.clock.now()):
        raise DayNotOver(f"{closing.through_on} has not begun where the shop is")
    held = await _held(tx, closing, position)
    for name, value in msgspec.structs.asdict(closing.z_totals).items():
        ours = getattr(held, name)
        if value is not None and value != ours:
            raise ZTotalsDiffer(f"the till says {name} {value}, the rows received say {ours}", **{name: ours})
    return held


async def _held(tx: Tx, closing: Closing, position: Position) -> Totals:
    if position.history is None or closing.through_on > position.history.through_on:
        return position.open_days.get(closing.through_on, Totals())
    days = await tx.all(sql.days.since, DayRow, merchant_id=closing.merchant_id, from_on=closing.through_on)
    return next((day.totals for day in days if day.business_on == closing.through_on), Totals())


async def _close(
    tx: Tx, world: World, known: dict[str, Position], closings: dict[str, Closing]
) -> dict[str, tuple[Judged, int]]:
    now = world.clock.now()
    closed: list[Position] = []
    for merchant_id, position in known.items():
        closing = closings[merchant_id]
        at = position.data_at if closing.partner_id is None else now
        closed.append(rules.close(position, closing.through_on, at))
    await tx.many(sql.days.close, [
        {"merchant_id": m, "business_on": closing.through_on, "closed_at": now} for m, closing in sorted(closings.items())
    ])  # fmt: skip
    judged = await limits.judge(tx, world, scoring.score(world, closed), closing=True)
    withheld = {}
    for one in judged:
        before = known[one.position.merchant_id]
        withheld[before.merchant_id] = await repayments.withhold(tx, world, before, one.position)
    await positions.save(tx, world, [], [one.position for one in judged])
    return {one.position.merchant_id: (one, withheld[one.position.merchant_id]) for one in judged}


async def close_due(world: World, closing: Lane[Closing, Closed]) -> int:
    """Close what neither till nor partner closed by the cut-off and its grace; how many merchants were closed."""
    due = []
    for (merchant_id,) in await world.store.all(sql.positions.to_close, now_at=world.clock.now()):
        position = await positions.current(world, merchant_id)
        if position is not None and (through_on := _overdue(world, position)) is not None:
            due.append(Closing(merchant_id, None, through_on))
    await asyncio.gather(*(world.store.merge(closing, one) for one in due))
    return len(due)


def _overdue(world: World, position: Position) -> date | None:
    """The last day whose cut-off and grace are over, unless it is closed already."""
    through_on = position.today(world.clock.now() - GRACE) - timedelta(days=1)
    if position.history is not None and through_on <= position.history.through_on:
        return None
    return through_on
