"""Serve the application on a socket: uvicorn with uvloop and httptools, drained on SIGTERM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from gateway import log
from gateway.api import health
from gateway.main import application, open_world

if TYPE_CHECKING:
    from litestar import Litestar

    from gateway.settings import Settings

BACKLOG_COUNT = 2_048
KEEP_ALIVE_SECONDS = 75


class DrainingServer(uvicorn.Server):
    """Fails readiness first, then lets uvicorn finish what is under way."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: object) -> None:
        """SIGTERM or SIGINT."""
        health.drain(self._app)
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


async def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until told to stop; then finish what is under way within `drain_seconds`."""
    async with open_world(settings) as world:
        app = application(world)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            lifespan="on",
            backlog=BACKLOG_COUNT,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=settings.drain_seconds,
            proxy_headers=False,
        )
        log.get().info("server.starting", address=f"http://{host}:{port}", mode=settings.mode)
        await DrainingServer(config, app).serve()
