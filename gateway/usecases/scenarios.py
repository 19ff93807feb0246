"""The sandbox's simulated tills: they push and close as a partner does, as far as the business clock has come."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import calendars, grants, scenarios
from gateway.domain.connections import NotActive, UnknownConnection
from gateway.domain.consents import ConsentRequired
from gateway.domain.details import Datatype
from gateway.domain.errors import NotFound
from gateway.domain.positions import Position
from gateway.domain.rights import Caller, Right
from gateway.domain.scenarios import Books, Scenario, ScenarioKind
from gateway.source_ports import Told
from gateway.store import sql
from gateway.usecases import days, positions, sales, simulated_platforms

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.sales import NewSale
    from gateway.usecases.world import World

EVERY = timedelta(minutes=15)
"""How far a till may lag behind the business clock."""
BATCH_COUNT = 2_000
"""The most records one push carries."""


class _Till(msgspec.Struct, frozen=True):
    """Who pushes, and where the shop stands."""

    caller: Caller
    position: Position


class NoScenario(NotFound):
    """Nothing is simulated at this shop."""

    code = "no_scenario"
    title = "No scenario runs at this merchant"


async def begin(
    world: World,
    caller: Caller,
    merchant_id: str,
    kind: ScenarioKind,
    *,
    seed: int,
    daily_amount: int | None,
    history_days: int,
    connection_id: str | None,
) -> Scenario:
    """Let a scenario run at a shop from now on, and tell `history_days` before now as if it had always run.

    Asked again with the same seed it tells the same records, so nothing counts twice. Raises NotFound,
    ConsentRequired, UnknownConnection or NotActive.
    """
    position = await _theirs(world, caller, merchant_id)
    now = world.clock.now()
    till = _till(position, now, caller.client_id)
    if till is None:
        raise grants.required(grants.ASSESS)
    if connection_id is not None:
        await simulated_platforms.active(world, merchant_id, connection_id, caller.partner_id)
    daily_amount = daily_amount or scenarios.usual_amount(position.currency)
    scenario = Scenario(merchant_id, kind, seed, daily_amount, position.today(now), now, connection_id)
    await world.store.write(lambda tx: tx.run(sql.scenarios.put, **msgspec.structs.asdict(scenario)))
    if history_days:
        first_on = position.today(now) - timedelta(days=history_days)
        since_at = calendars.ends_at(first_on - timedelta(days=1), position.timezone, position.day_cutoff)
        await _tell(world, till, scenario, since_at, now)
    return scenario


async def find(world: World, caller: Caller, merchant_id: str) -> Scenario:
    """What runs at a shop. Raises NotFound or NoScenario."""
    await _theirs(world, caller, merchant_id)
    found = await world.store.one(sql.scenarios.find, Scenario, merchant_id=merchant_id)
    if found is None:
        raise NoScenario("No scenario runs at this merchant")
    return found


async def end(world: World, caller: Caller, merchant_id: str) -> None:
    """From now on the shop's records are whatever its partner pushes. Raises NotFound or NoScenario."""
    await find(world, caller, merchant_id)
    await world.store.write(lambda tx: tx.run(sql.scenarios.remove, merchant_id=merchant_id))


async def live(world: World) -> int:
    """Tell what happened at the shops since they last told; how many did. Only where the sandbox is."""
    if not world.settings.sandbox:
        return 0
    now = world.clock.now()
    due = await world.store.all(sql.scenarios.due, Scenario, until_at=now - EVERY)
    await asyncio.gather(*(_catch_up(world, scenario, now) for scenario in due))
    return len(due)


async def _catch_up(world: World, scenario: Scenario, now: datetime) -> None:
    """A till that nobody consents to any more is silent, and does not make up for it later; a platform likewise."""
    position = await positions.current(world, scenario.merchant_id)
    till = None if position is None else _till(position, now)
    if till is not None:
        with suppress(ConsentRequired, UnknownConnection, NotActive):
            await _tell(world, till, scenario, scenario.told_at, now)
    of = {"merchant_id": scenario.merchant_id, "before_at": scenario.told_at, "told_at": now}
    await world.store.write(lambda tx: tx.run(sql.scenarios.tell, **of))


async def _tell(world: World, till: _Till, scenario: Scenario, after_at: datetime, until_at: datetime) -> None:
    """Push what happened in between, or have its platform tell it, and close the days that ended.

    Raises what a partner's own push raises, UnknownConnection or NotActive.
    """
    position = till.position
    books = Books(position.currency, position.timezone, position.day_cutoff)
    made = scenarios.between(scenario, books, after_at, until_at)
    if scenario.connection_id is None:
        await _push(world, till, made, until_at)
    else:
        connection = await simulated_platforms.active(
            world, position.merchant_id, scenario.connection_id, position.partner_id
        )
        told = [Told(record, scenarios.refunded(scenario, books, record)) for record in made]
        await simulated_platforms.tell(world, connection, told)
    today = position.today(until_at)
    silent = scenario.kind is ScenarioKind.data_silence and scenario.told_at == after_at
    if position.today(after_at) < today and not silent:
        closing = days.Closing(position.merchant_id, till.caller, today - timedelta(days=1))
        await world.store.merge(world.closing, closing)


async def _push(world: World, till: _Till, made: list[NewSale], at: datetime) -> None:
    for start in range(0, len(made), BATCH_COUNT):
        rows = made[start : start + BATCH_COUNT]
        await world.store.merge(world.intake, sales.Request(till.position.merchant_id, till.caller, rows, at))


async def _theirs(world: World, caller: Caller, merchant_id: str) -> Position:
    position = await positions.current(world, merchant_id)
    if position is None or position.partner_id != caller.partner_id or not caller.reaches(merchant_id):
        raise NotFound("There is no such merchant")
    return position


def _till(position: Position, now: datetime, client_id: str | None = None) -> _Till | None:
    """Whoever may push the shop's sales, the caller's own client where one is named; None = nobody may."""
    for grant in position.grants:
        if client_id not in {None, grant.client_id}:
            continue
        try:
            position.permit_push(grant.grant_id, Datatype.sales, now)
        except ConsentRequired:
            continue
        rights = frozenset({Right.sales_write})
        caller = Caller(grant.client_id, position.partner_id, rights, grant.grant_id, position.merchant_id)
        return _Till(caller, position)
    return None
