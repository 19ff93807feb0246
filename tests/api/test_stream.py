"""The stream over real HTTP."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.api import exchange
from gateway.api import streams as routes
from gateway.domain.rights import Right
from gateway.usecases import events, streams
from tests import gateways, served, tills
from tests.api import minting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from tests.gateways import Gateway
    from tests.tills import Till

pytestmark = pytest.mark.anyio
PATH = "/widget/v1/stream"


class Scene:
    """A shop at a gateway behind a socket, and the token of its widget."""

    def __init__(self, gateway: Gateway, till: Till, token: str) -> None:
        self.gateway, self.world, self.till, self.token = gateway, gateway.world, till, token
        self._nonce = ""

    def headers(self, **more: str) -> dict[str, str]:
        at = int(self.gateway.clock.now().timestamp())
        address = self.world.settings.issuer + PATH
        proof = gateways.KEY.proof("GET", address, at, nonce=self._nonce or None, token=self.token)
        return {"authorization": f"DPoP {self.token}", "dpop": proof} | more

    @asynccontextmanager
    async def asks(self, method: str = "GET", **more: str) -> AsyncIterator[httpx.Response]:
        if not self._nonce:
            self._nonce = (await self.gateway.http.get(PATH, headers=self.headers())).headers["dpop-nonce"]
        async with self.gateway.http.stream(method, PATH, headers=self.headers(**more)) as answer:
            yield answer


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    monkeypatch.setattr(streams, "HEARTBEAT_SECONDS", 0.02)
    async with served.gateway(tmp_path) as gateway:
        till = await tills.trading(await gateway.partner())
        await events.place(gateway.world)
        seeing = [Right.merchants_read, Right.offers_read]
        yield Scene(gateway, till, await minting.token(till.partner, till.id, seeing))


async def test_what_happens_comes_as_blocks_that_resume_and_a_reader_who_goes_gives_its_place_back(
    scene: Scene,
) -> None:
    async with scene.asks(**{"last-event-id": "0"}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert {"ratelimit", "request-id"} <= answer.headers.keys()
        assert "content-length" not in answer.headers
        lines = answer.aiter_lines()
        told: dict[str, str] = {}
        async for line in lines:
            name, _, value = line.partition(": ")
            told[name] = value
            if name == "data":
                break
        assert told["event"] == "merchant.created"
        data = msgspec.json.decode(told["data"])
        assert (data["type"], data["data"]["merchant_id"]) == ("merchant.created", scene.till.id)
        page = await scene.till.partner.seen("/v1/events")
        assert int(told["id"]) == page["data"][0]["position"]
        assert data["data"] == page["data"][0]["data"]
        async for line in lines:
            if line == ":":
                break  # a heartbeat: all was told
        assert scene.world.streams.count() == 1
    async with asyncio.timeout(10):
        for pause in itertools.repeat(0.01):
            if not scene.world.streams.count():
                break
            await asyncio.sleep(pause)


async def test_a_head_has_no_body_and_what_cannot_begin_is_a_problem(scene: Scene) -> None:
    async with scene.asks(**{"last-event-id": "nonsense"}) as answer:
        assert answer.status_code == 422
        assert msgspec.json.decode(await answer.aread())["code"] == "invalid_last_event_id"
    async with scene.asks() as _, scene.asks() as _, scene.asks() as third:
        assert (third.status_code, third.headers["retry-after"]) == (429, "5")
        assert msgspec.json.decode(await third.aread())["code"] == "too_many_streams"


async def test_a_reader_that_takes_nothing_is_given_up_and_gives_its_place_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "SEND_SECONDS", 0.01)
    told = streams.follow(scene.world, scene.token, await scene.world.tokens.identify(scene.token), 0)
    answer = routes.Stream(await anext(told), told).to_asgi_response()
    sent = []

    async def send(message: Any) -> None:
        sent.append(message["type"])
        if len(sent) > 1:
            await asyncio.Event().wait()

    async def receive() -> Any:
        await asyncio.Event().wait()

    about = exchange.Exchange(exchange.Line("", "GET", ""))
    assert scene.world.streams.count() == 1
    await answer({exchange.KEY: about}, receive, send)  # type: ignore[arg-type]
    assert (sent, scene.world.streams.count()) == (["http.response.start", "http.response.body"], 0)


async def test_a_process_that_stops_does_not_wait_for_its_streams(tmp_path: Path) -> None:
    async with served.gateway(tmp_path) as gateway:
        till = await tills.new(await gateway.partner())
        open_scene = Scene(gateway, till, await minting.token(till.partner, till.id, [Right.merchants_read]))
        kept = open_scene.asks()
        answer = await kept.__aenter__()
        assert answer.status_code == 200
        gateway.world.streams.drain()
        assert [line async for line in answer.aiter_lines()][:2] == ["retry: 2000", "id: 0"]
        await kept.__aexit__(None, None, None)
