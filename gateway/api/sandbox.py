"""/v1/sandbox: the test clock, the simulated tills and the built-in bank. Live mode has none of these routes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec
from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.domain.money import MAX_AMOUNT
from gateway.domain.rights import Caller, Right
from gateway.domain.sandbox_banks import BankBehaviour
from gateway.domain.scenarios import Scenario, ScenarioKind
from gateway.usecases import clock, sandbox_banks, scenarios
from gateway.usecases.world import World

_TAGS = ["Sandbox"]
ADVANCE_SECONDS = 600
_SLOW = {"right": Right.sandbox_write, "seconds": ADVANCE_SECONDS}
MAX_HISTORY_DAYS = 730


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days to move on."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)]


class ClockView(msgspec.Struct, frozen=True):
    """The business clock: it rules business dates, offers, schedules and interest."""

    now: datetime


class NewScenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to become of a shop."""

    scenario: ScenarioKind
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32, description="the same seed, the same sales")] = 1
    daily_amount: (
        Annotated[int, msgspec.Meta(ge=100, le=MAX_AMOUNT // 1_000, description="what an ordinary day takes")] | None
    ) = None
    history_days: Annotated[int, msgspec.Meta(ge=0, le=MAX_HISTORY_DAYS, description="told before now")] = 0
    connection_id: (
        Annotated[
            str,
            msgspec.Meta(
                max_length=64, description="told by the platform of this connection, as its own signed events"
            ),
        ]
        | None
    ) = None


class ScenarioView(msgspec.Struct, frozen=True):
    """The scenario at a shop; what happened until `told_at` was pushed."""

    merchant_id: str
    scenario: ScenarioKind
    seed: int
    daily_amount: int
    since_on: date
    told_at: datetime
    connection_id: str | None


@get("/v1/sandbox/clock", opt={"right": Right.sandbox_write}, tags=_TAGS)
async def show(world: NamedDependency[World]) -> ClockView:
    """Show the business clock."""
    return ClockView(world.clock.now())


@post("/v1/sandbox/clock/advance", opt=_SLOW, status_code=200, tags=_TAGS)
async def advance(data: JSONBody[Advance], world: NamedDependency[World]) -> ClockView:
    """Move gateway and bank on together, day by day, with all due work done: closes, payouts, repayments, expiries."""
    return ClockView(await clock.advance(world, data.days))


@post("/v1/sandbox/merchants/{merchant_id:str}/scenario", opt=_SLOW, status_code=200, tags=_TAGS)
async def begin(
    merchant_id: FromPath[str],
    data: JSONBody[NewScenario],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> ScenarioView:
    """Simulate a shop's till from now on, and `history_days` before now: whatever ran there before ends.

    It pushes sales and closes days as you would, under the consent you have, as far as the clock comes. With a
    `connection_id` the sales are told by that connection's platform instead, which the sandbox plays.
    """
    return _view(
        await scenarios.begin(
            world, caller, merchant_id, data.scenario,
            seed=data.seed, daily_amount=data.daily_amount, history_days=data.history_days,
            connection_id=data.connection_id,
        )
    )  # fmt: skip


@get("/v1/sandbox/merchants/{merchant_id:str}/scenario", opt={"right": Right.sandbox_write}, tags=_TAGS)
async def running(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> ScenarioView:
    """Show the scenario that runs at a shop."""
    return _view(await scenarios.find(world, caller, merchant_id))


@delete("/v1/sandbox/merchants/{merchant_id:str}/scenario", opt={"right": Right.sandbox_write}, tags=_TAGS)
async def end(merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> None:
    """End the scenario that runs at a shop; what was pushed stays."""
    await scenarios.end(world, caller, merchant_id)


@get("/v1/sandbox/merchants/{merchant_id:str}/bank", opt={"right": Right.sandbox_write}, tags=_TAGS)
async def behaviour(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> BankBehaviour:
    """Show how the sandbox's bank treats a shop."""
    return await sandbox_banks.find(world, caller, merchant_id)


@put("/v1/sandbox/merchants/{merchant_id:str}/bank", opt={"right": Right.sandbox_write}, tags=_TAGS)
async def behave(
    merchant_id: FromPath[str],
    data: JSONBody[BankBehaviour],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> BankBehaviour:
    """Tell the sandbox's bank how to treat a shop from now on; what is left out is as it is at first."""
    return await sandbox_banks.behave(world, caller, merchant_id, data)


def _view(scenario: Scenario) -> ScenarioView:
    return ScenarioView(
        scenario=scenario.kind,
        **{name: getattr(scenario, name) for name in ScenarioView.__struct_fields__ if name != "scenario"},
    )


ROUTES = (show, advance, begin, running, end, behaviour, behave)
