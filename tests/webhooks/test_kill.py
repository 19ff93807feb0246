"""kill -9 of a real server between a receiver's hearing and the server's noting it: sent again, never lost."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.demo.keys import SigningKey
from gateway.demo.partner import Partner
from gateway.main import open_world
from gateway.settings import Settings
from gateway.usecases import clients
from tests import processes, shops
from tests.journeys.till import ISSUER, post
from tests.webhooks.receivers import receiving
from tests.webhooks.scene import MERCHANT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def test_what_was_heard_but_not_noted_when_the_server_died_comes_again(tmp_path: Path) -> None:
    key, url, keys = SigningKey(), f"sqlite:///{tmp_path / 'restock.db'}", tmp_path / "keys"
    settings = processes.environment(database_url=url, data_dir=str(keys), issuer=ISSUER)
    async with open_world(Settings(database_url=url, data_dir=keys)) as world:
        client_id = (await clients.create(world, name="Till", jwks=key.jwks())).id

    @asynccontextmanager
    async def serving() -> AsyncIterator[tuple[Partner, Any]]:
        with processes.serving(settings, tmp_path / "server.log") as (address, process):
            async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http:
                yield Partner(http, client_id, key, ISSUER), process

    async with receiving() as receiver:
        async with serving() as (partner, process):
            await post(partner, "/v1/webhooks", {"url": receiver.url, "types": ["merchant.*"]})
            receiver.open.clear()
            for number in range(10):
                await post(partner, "/v1/merchants", MERCHANT, f"key-{number}")
            await receiver.until(2)
            process.kill()
            process.wait()
        receiver.open.set()
        heard_before = [one.headers["webhook-id"] for one in receiver.heard]
        async with serving() as (partner, _):
            await receiver.until(len(heard_before) + 20)
    heard_after = [one.headers["webhook-id"] for one in receiver.heard[len(heard_before) :]]
    told = await shops.rows(url, "SELECT id FROM events WHERE noun = 'merchant'")
    assert sorted(heard_after) == sorted(id_ for (id_,) in told)
    assert set(heard_before) < set(heard_after)
    assert await shops.rows(url, "SELECT state, COUNT(*) FROM deliveries GROUP BY state") == [("delivered", 20)]
