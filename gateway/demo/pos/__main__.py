"""`python -m gateway.demo.pos PLAN`: serve the till until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn

from gateway.demo.keys import SigningKey
from gateway.demo.partner import Partner
from gateway.demo.pos import plan as plans
from gateway.demo.pos import site
from gateway.demo.pos.desk import Desk
from gateway.domain.errors import GatewayError

if TYPE_CHECKING:
    from gateway.demo.pos.plan import Plan

_TIMEOUT_SECONDS = 120
_GRACE_SECONDS = 2


class TillServer(uvicorn.Server):
    """Lets the pages that listen go first: their streams never end by themselves."""

    def __init__(self, config: uvicorn.Config, desk: Desk) -> None:
        super().__init__(config)
        self._desk = desk

    def handle_exit(self, sig: int, frame: Any) -> None:
        """SIGTERM or SIGINT."""
        self._desk.feed.close()
        super().handle_exit(sig, frame)


async def serve(plan: Plan) -> None:
    """Serve the till of a plan."""
    async with (
        httpx.AsyncClient(base_url=plan.gateway_url, trust_env=False, timeout=_TIMEOUT_SECONDS) as gateway,
        httpx.AsyncClient(trust_env=False, timeout=_TIMEOUT_SECONDS) as others,
    ):
        partner = Partner(gateway, plan.client_id, SigningKey(plan.key), plan.gateway_url)
        desk = Desk(plan, partner, others)
        config = uvicorn.Config(
            site.application(desk),
            host=plans.HOST,
            port=plan.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        opening = asyncio.create_task(_open_first(desk))
        await TillServer(config, desk).serve()
        opening.cancel()


async def _open_first(desk: Desk) -> None:
    """Bring the first shop while nobody waits for it yet; whoever asks for it later hears what failed."""
    with contextlib.suppress(GatewayError):
        await desk.opened(next(iter(desk.counters)))


if __name__ == "__main__":
    asyncio.run(serve(plans.read(Path(sys.argv[1]))))
