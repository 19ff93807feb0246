"""A real gateway behind a socket of its own, in this process: for browsers and for clients that speak real HTTP.

Its address is http://localhost:PORT, which browsers trust like https, so that passkeys work there.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import uvicorn

from gateway.api import health
from gateway.main import application, open_world
from gateway.settings import Settings
from tests import databases
from tests.gateways import NOW, Gateway, StillClock
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Any

    from gateway.usecases.world import World


@asynccontextmanager
async def gateway(folder: Path, database_url: str | None = None, **more: Any) -> AsyncIterator[Gateway]:
    """A gateway whose clock stands still and whose worker rests: tests call `work.drain`. `more` are settings."""
    clock, settings = StillClock(NOW), _settings(folder, database_url, **more)
    async with (
        open_world(settings, system_clock=clock) as world,
        _serving(world, lifespan="off"),
        httpx.AsyncClient(base_url=settings.issuer, timeout=60, trust_env=False) as http,
    ):
        yield Gateway(world, http, clock)


@asynccontextmanager
async def live(folder: Path, database_url: str | None = None, **more: Any) -> AsyncIterator[World]:
    """A gateway on real time with its worker running."""
    async with open_world(_settings(folder, database_url, **more)) as world, _serving(world, lifespan="on"):
        yield world


def _settings(folder: Path, database_url: str | None, **more: Any) -> Settings:
    url = database_url or f"sqlite:///{folder / 'restock.db'}"
    wanted: dict[str, Any] = {
        "database_url": url,
        "data_dir": folder / "keys",
        "issuer": f"http://localhost:{free_port()}",
    } | more
    databases.lay(url)
    return Settings(**wanted)


@asynccontextmanager
async def _serving(world: World, *, lifespan: Any) -> AsyncIterator[None]:
    port = int(world.settings.issuer.rpartition(":")[2])
    app = application(world)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan=lifespan))
    task = asyncio.create_task(server.serve())
    while not server.started:  # uvicorn has no event for it
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        health.drain(app)
        server.should_exit = True
        await task
