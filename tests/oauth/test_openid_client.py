"""The journey by openid-client (npm, certified) over a real socket: a relying party that nobody here wrote.

`make test` brings the package, and Node where the machine has none; without them there is nothing to run.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from gateway.domain.merchants import NewMerchant
from gateway.main import application, open_world
from gateway.settings import Settings
from gateway.usecases import authorization, clients, merchants
from tests.oauth.relying_party import EVIDENCE, kept_key
from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.usecases.world import World

pytestmark = pytest.mark.anyio
SCRIPT = Path(__file__).with_name("openid_client.mjs")
MODULES = Path(__file__).parents[1] / "node" / "node_modules"
SECONDS = 60


class Node:
    """The script under node: one JSON line each way at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self) -> dict[str, Any]:
        """What it printed next; its own complaint when it ended instead."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), SECONDS)
        assert line, (await self._process.stderr.read()).decode()
        found: dict[str, Any] = json.loads(line)
        return found

    def tell(self, text: str) -> None:
        """Write a line to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())


@pytest.fixture
def node_folder(tmp_path: Path) -> Path:
    """A folder in which node finds the script and its packages."""
    if shutil.which("node") is None or not (MODULES / "openid-client").is_dir():
        pytest.skip("Node and its packages are not here: `make test` brings them")
    shutil.copy(SCRIPT, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    return tmp_path


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[World]:
    """A gateway on a socket of its own, in this process, on real time."""
    port = free_port()
    settings = Settings(
        database_url=f"sqlite:///{folder / 'restock.db'}", data_dir=folder / "keys", issuer=f"http://127.0.0.1:{port}"
    )
    async with open_world(settings) as world:
        server = uvicorn.Server(uvicorn.Config(application(world), port=port, log_config=None, lifespan="on"))
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield world
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def run(folder: Path, *words: str) -> AsyncIterator[Node]:
    """The script running with these arguments."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "node", str(folder / SCRIPT.name), *words, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        yield Node(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_openid_client_drives_the_whole_journey(node_folder: Path) -> None:
    key = kept_key("openid-client")
    async with served(node_folder) as world:
        jwks = json.dumps({"keys": [{**key.jwk, "kid": "main"}]}).encode()
        client = await clients.create(world, name="Till software", jwks=jwks)
        new = NewMerchant("Lanzhou Noodles", "CN", "CNY", "Asia/Shanghai")
        shop = await world.store.write(lambda tx: merchants.add(tx, world, client.partner_id, new))
        issuer = world.settings.issuer
        private = json.dumps({**key.jwk, **key.private_member})
        async with run(node_folder, issuer, client.id, private, shop.id, f"{issuer}/v1/merchants/{shop.id}") as node:
            url = (await node.said())["url"]
            node.tell(await consent(world, url))
            assert await node.said() == {
                "token_type": "dpop", "granted": ["merchant_data", "offers"], "read": 200, "pushed": 200
            }  # fmt: skip
            assert await node.said() == {"renewed": 200, "active": True, "bound": True}
            assert await node.said() == {"ended": 401, "refused": "invalid_grant"}


async def consent(world: World, url: str) -> str:
    """What the merchant's browser does, the page itself left out; where it is sent back to."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        answer = await browser.get(url)
    assert answer.status_code == 303, answer.text
    [request_uri], [client_id] = (parse_qs(urlsplit(url).query)[name] for name in ("request_uri", "client_id"))
    asked = await authorization.pending(world, request_uri, client_id)
    return await world.store.write(lambda tx: authorization.approve(tx, world, asked, asked.details, EVIDENCE))
