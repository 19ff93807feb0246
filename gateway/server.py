"""Serve the application on a socket: uvicorn with uvloop and httptools, drained on SIGTERM."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import uvicorn

from gateway import control, log
from gateway.api import health
from gateway.main import application, open_world

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.api.app import Application
    from gateway.scorer import OnnxScorer
    from gateway.settings import Settings

BACKLOG_COUNT = 2_048
KEEP_ALIVE_SECONDS = 75


class DrainingServer(uvicorn.Server):
    """Fails readiness first, then lets uvicorn finish what is under way."""

    def __init__(self, config: uvicorn.Config, app: Application) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: object) -> None:
        """SIGTERM or SIGINT."""
        health.drain(self._app)
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def settle_garbage() -> None:
    """Look for cycles rarely: what a request leaves behind is freed by counting, and a full look stops everybody."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 50, 50)


async def serve(settings: Settings, host: str, port: int, models: Awaitable[OnnxScorer] | None = None) -> None:
    """Serve until told to stop; then finish what is under way within `drain_seconds`.

    `models` may be on their way already.
    """
    async with open_world(settings, models=models) as world, control.listening(world):
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
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
        )
        settle_garbage()
        log.get().info("server.starting", address=f"http://{host}:{port}", mode=settings.mode)
        await DrainingServer(config, app).serve()
