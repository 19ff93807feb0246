"""A real gateway for tests: real store, real models, real bank process where asked for, a clock that stands still."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from gateway.domain.rights import GRANTABLE
from gateway.main import application, open_world
from gateway.oauth import tokens
from gateway.settings import Settings
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.store import Tx
    from gateway.usecases.world import World

ISSUER = "http://127.0.0.1:8000"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning on which mock-bank takes payments."""


class StillClock:
    """A system clock that moves only when told to."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """See Clock."""
        self.at += timedelta(microseconds=1)
        return self.at


class Partner:
    """A partner with a token, talking HTTP to the application in this process."""

    def __init__(self, http: httpx.AsyncClient, token: str, partner_id: str) -> None:
        self.http, self.partner_id = http, partner_id
        self._headers = {"authorization": f"Bearer {token}"}
        self._keys = itertools.count(1)

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        """GET."""
        return await self.http.get(path, params=parameters, headers=self._headers)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        """POST JSON, under a fresh idempotency key unless one is given."""
        key = key or f"{self.partner_id}-{next(self._keys)}"
        headers = self._headers | {"idempotency-key": key}
        return await self.http.post(path, json={} if body is None else body, headers=headers)

    async def patch(self, path: str, body: Any) -> httpx.Response:
        """PATCH JSON."""
        return await self.http.patch(path, json=body, headers=self._headers)

    async def done(self, path: str, body: Any = None) -> dict[str, Any]:
        """POST what must succeed; its answer."""
        answer = await self.post(path, body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def seen(self, path: str, **parameters: Any) -> dict[str, Any]:
        """GET what must be there; its answer."""
        answer = await self.get(path, **parameters)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


class Gateway:
    """An open world and its application."""

    def __init__(self, world: World, http: httpx.AsyncClient, clock: StillClock) -> None:
        self.world, self.http, self.clock = world, http, clock
        self._count = itertools.count(1)

    async def partner(self, name: str | None = None) -> Partner:
        """A new partner with every right. Its token is put straight into the store: how it is got has its own tests."""
        name = name or f"Partner {next(self._count)}"
        world, token = self.world, tokens.mint()
        partner_id, client_id = world.ids.new("partner"), world.ids.new("client")
        now, rights = world.system_clock.now(), list(GRANTABLE)
        client = {"client_id": client_id, "partner_id": partner_id, "rights_json": rights}
        token_row = {"hash": tokens.digest(token), "issued_at": now, "expires_at": now + timedelta(days=3_000)}

        async def unit(tx: Tx) -> None:
            await tx.run(sql.clients.add_partner, id=partner_id, name=name, created_at=now)
            await tx.run(sql.clients.add, **client, id=client_id, name=name, jwks_json={"keys": []}, created_at=now)
            await tx.run(sql.tokens.add, **client, **token_row)

        await world.store.write(unit)
        return Partner(self.http, token, partner_id)


@asynccontextmanager
async def start(
    database_url: str, folder: Path, *, bank_url: str | None = None, starts_at: datetime = NOW
) -> AsyncIterator[Gateway]:
    """A gateway without its worker: tests call `work.drain` or the sandbox's clock, so nothing happens behind them."""
    settings = Settings(database_url=database_url, data_dir=folder / "keys", issuer=ISSUER, bank_url=bank_url)
    clock = StillClock(starts_at)
    async with open_world(settings, system_clock=clock) as world:
        app = application(world)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER, timeout=60) as http:
            yield Gateway(world, http, clock)
