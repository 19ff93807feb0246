"""/v1/sandbox: the test clock. Live mode has none of these routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from gateway.domain.rights import Right
from gateway.usecases import clock
from gateway.usecases.world import World

_TAGS = ["Sandbox"]
ADVANCE_SECONDS = 600


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many days to move on."""

    days: Annotated[int, msgspec.Meta(ge=1, le=366)]


class ClockView(msgspec.Struct, frozen=True):
    """The business clock: it rules business dates, offers, schedules and interest."""

    now: datetime


@get("/v1/sandbox/clock", opt={"right": Right.sandbox_write}, tags=_TAGS)
async def show(world: NamedDependency[World]) -> ClockView:
    """Show the business clock."""
    return ClockView(world.clock.now())


@post(
    "/v1/sandbox/clock/advance",
    opt={"right": Right.sandbox_write, "seconds": ADVANCE_SECONDS},
    status_code=200,
    tags=_TAGS,
)
async def advance(data: JSONBody[Advance], world: NamedDependency[World]) -> ClockView:
    """Move gateway and bank on together, day by day, with all due work done: closes, payouts, repayments, expiries."""
    return ClockView(await clock.advance(world, data.days))


ROUTES = (show, advance)
