"""Money: how a drawdown comes along, for a chart and a table of days."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api.drawdowns import own
from gateway.domain.rights import Caller, Right
from gateway.usecases import progress
from gateway.usecases.progress import Progress
from gateway.usecases.world import World


@get("/v1/drawdowns/{drawdown_id:str}/progress",
     opt={"right": Right.drawdowns_read, "checks_merchant": True}, tags=["Money"])  # fmt: skip
async def show(drawdown_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> Progress:
    """Show how a drawdown comes along: what was planned, what was paid, and what is likely ahead."""
    return await progress.of(world.store, world, await own(world, drawdown_id, caller))


ROUTES = (show,)
