"""The smallest world that access needs: a real store, a clock that stands still, the edge around the routes."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from gateway.api import app, oauth
from gateway.demo.keys import SigningKey
from gateway.settings import Settings
from gateway.store import Store, open_store
from gateway.usecases import clients
from gateway.usecases.access import AccessTokens
from gateway.usecases.proofs import MemorySightings, Proofs
from gateway.usecases.rates import Quotas, Rates
from gateway.usecases.world import RandomIds
from tests.oauth.signing import ISSUER, NOW, Signer, claims, form

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from gateway.domain.rights import Right
    from gateway.usecases.clients import Client


class StandingClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime.fromtimestamp(NOW, UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class World:
    """The attributes of `gateway.usecases.world.World` that access needs."""

    def __init__(self, store: Store, url: str, **settings: Any) -> None:
        self.settings = Settings(database_url=url, issuer=ISSUER, **settings)
        self.store = store
        self.system_clock = StandingClock()
        self.ids = RandomIds(self.system_clock)
        self.rates = Rates(self.system_clock, self.settings.client_requests_per_minute)
        self.quotas = Quotas(
            self.system_clock, self.settings.token_requests_per_minute, self.settings.merchant_requests_per_minute
        )
        self.proofs = Proofs(ISSUER, self.system_clock, b"n" * 32, MemorySightings())
        self.tokens = AccessTokens(store, self.system_clock, kept=url.startswith("sqlite:"), proofs=self.proofs)

    async def refresh(self) -> None:
        """Nothing changes underneath it."""


class Scene:
    """A gateway and whoever calls it."""

    def __init__(self, world: Any, http: httpx.AsyncClient) -> None:
        self.world, self.http, self.clock = world, http, world.system_clock
        self.key = SigningKey()
        """What the tokens asked for here are bound to."""
        self._jti = 0

    async def client(self, signer: Signer, *others: Signer, rights: Collection[Right] | None = None) -> Client:
        """A client registered with these keys."""
        return await clients.create(self.world, name="Till software", jwks=signer.jwks(*others), rights=rights)

    def assertion(self, client: Client, signer: Signer, **changes: Any) -> str:
        """A good assertion of `client`, by the scene's clock, with a jti of its own."""
        self._jti += 1
        at = int(self.clock.now().timestamp())
        fresh = {"iss": client.id, "sub": client.id, "iat": at, "exp": at + 60, "jti": f"jti-{self._jti}"}
        return signer.sign(signer.header(), {**claims(), **fresh, **changes})

    async def ask(self, client: Client, signer: Signer, **changes: Any) -> httpx.Response:
        """Ask for a token with a good assertion; `changes` to the form."""
        return await self.send(form(self.assertion(client, signer), **changes))

    async def send(self, parameters: dict[str, Any]) -> httpx.Response:
        return await self.post(data=parameters, headers=self.proven())

    async def post(self, *, query: str = "", **more: Any) -> httpx.Response:
        """POST to the token endpoint, exactly this."""
        return await self.http.post(f"/oauth/token{query}", **more)

    def proven(self, method: str = "POST", path: str = "/oauth/token", token: str | None = None) -> dict[str, str]:
        """The headers of a request by a client that has heard the server's nonce and holds its key."""
        now, nonce = int(self.clock.now().timestamp()), self.world.proofs.nonce()
        bound = {} if token is None else {"authorization": f"DPoP {token}"}
        return bound | {"dpop": self.key.proof(method, ISSUER + path, now, nonce=nonce, token=token)}

    async def token(self, client: Client, signer: Signer) -> str:
        answer = await self.ask(client, signer)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token


@asynccontextmanager
async def open_scene(url: str, **settings: Any) -> AsyncIterator[Scene]:
    store = await open_store(url, pool_count=8)
    try:
        world = World(store, url, **settings)
        transport = httpx.ASGITransport(app.create_app(world, oauth.ROUTES))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
            yield Scene(world, http)
    finally:
        await store.close()
