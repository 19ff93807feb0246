"""The demo's till over a real gateway and a real bank, in this process: for tests of the till and of its page."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING

import httpx
import uvicorn

from gateway.demo import stay
from gateway.demo.bank_process import start_mock_bank
from gateway.demo.keys import SigningKey
from gateway.demo.partner import Partner
from gateway.demo.pos import lives, site
from gateway.demo.pos.desk import Desk
from gateway.demo.pos.plan import HOST, Plan
from gateway.domain.tiers import Tier
from gateway.usecases import clients
from tests import served
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest

    from gateway.usecases.world import World

EVENING = stay.evening(date(2026, 11, 20))
HISTORY_DAYS = 120


class Store:
    """A till that serves, and a browser's requests to it."""

    def __init__(self, world: World, desk: Desk, http: httpx.AsyncClient) -> None:
        self.world, self.desk, self.http = world, desk, http

    @property
    def origin(self) -> str:
        """The till's address."""
        return self.desk.plan.origin

    async def get(self, path: str) -> httpx.Response:
        """GET."""
        return await self.http.get(path)

    async def press(self, path: str, body: object = None) -> httpx.Response:
        """What a button of the till's own page sends."""
        return await self.http.post(path, json={} if body is None else body, headers={"Origin": self.origin})


@asynccontextmanager
async def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """A till on a socket, a gateway on another, its worker running, and an independent bank."""
    monkeypatch.setattr(lives, "HISTORY_DAYS", HISTORY_DAYS)
    with start_mock_bank(f"{EVENING:%Y-%m-%dT%H:%M}") as bank:
        await _fund(bank.base_url)
        async with (
            served.live(folder, clock_starts_at=EVENING, bank_url=bank.base_url) as world,
            httpx.AsyncClient(base_url=world.settings.issuer, trust_env=False, timeout=120) as gateway,
            httpx.AsyncClient(trust_env=False, timeout=120) as others,
        ):
            key = SigningKey()
            client = await clients.create(world, name=stay.NAME, jwks=key.jwks(), tier=Tier.settled)
            plan = Plan(world.settings.issuer, bank.base_url, free_port(), client.id, key.export())
            desk = Desk(plan, Partner(gateway, client.id, key, plan.gateway_url), others)
            async with (
                _serving(desk),
                httpx.AsyncClient(base_url=plan.origin, trust_env=False, timeout=120) as http,
            ):
                yield Store(world, desk, http)


async def _fund(bank_url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        account = {"currency": "CNY", "balance": 10**14}
        (await http.patch(f"{bank_url}/_mock/accounts/ACME", json=account)).raise_for_status()


@asynccontextmanager
async def _serving(desk: Desk) -> AsyncIterator[None]:
    config = uvicorn.Config(
        site.application(desk), host=HOST, port=desk.plan.port, log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # uvicorn has no event for it
        assert not task.done(), "the till did not start"
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        desk.feed.close()
        server.should_exit = True
        await task
