"""The README's own steps, followed to the letter in an empty folder: at the end a live tile stands in a browser."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from playwright.async_api import expect

from gateway.usecases import clients
from tests import gateways, served
from tests.gateways import Gateway
from tests.oauth import openid_client
from tests.processes import free_port
from tests.shops import Shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
README = (ROOT / "sdk_js" / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL))
SECONDS = 30
SERVERS = {"python": [sys.executable, "{}.py"], "node": ["node", "{}.mjs"]}


class Reader:
    """Somebody who reads the README: a folder, and what the operator and the merchant told them."""

    def __init__(self, folder: Path, issuer: str, port: int) -> None:
        self.folder, self.issuer, self.port = folder, issuer, port
        modules = [str(ROOT / "sdk_py"), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.environment = os.environ | {"PYTHONPATH": os.pathsep.join(modules), "PORT": str(port)}

    def copies(self, *names: str) -> None:
        """Copy a README's file, with the gateway's address in it."""
        for name in names:
            place = self.folder / name
            place.parent.mkdir(exist_ok=True)
            place.write_text(FILES[name].replace("https://gateway.example", self.issuer), encoding="utf-8")

    async def starts(self, *command: str) -> asyncio.subprocess.Process:
        """Type a command."""
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *command, cwd=self.folder, env=self.environment, stdout=pipe, stderr=pipe
        )

    async def runs(self, *command: str) -> None:
        """Type a command, and wait for its end."""
        process = await self.starts(*command)
        said = await asyncio.wait_for(process.communicate(), SECONDS)
        assert process.returncode == 0, said

    @asynccontextmanager
    async def serves(self, *command: str) -> AsyncIterator[None]:
        """Type a command that stays, until it answers."""
        process = await self.starts(*command)
        try:
            async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(SECONDS):
                while True:
                    assert process.returncode is None, await process.communicate()
                    try:
                        await http.get(f"http://localhost:{self.port}/")
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.05)  # nobody says when a server of the reader's listens
            yield
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


@asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Shop]:
    """A gateway on real time and a shop with two months of sales."""
    async with served.live(folder) as world, httpx.AsyncClient(base_url=world.settings.issuer, trust_env=False) as http:
        gateway = Gateway(world, http, world.system_clock)  # type: ignore[arg-type]
        shop = Shop(gateway, await gateway.partner("Your till"), controls=None)  # type: ignore[arg-type]
        await shop.open()
        yield shop


async def registered(shop: Shop, jwks: bytes) -> str:
    """What the operator and the merchant do: a client of the shop's partner, and a consent for it; the client's id."""
    client = await clients.create(shop.world, name="Your till", jwks=jwks, partner_name="Your till")
    merchant: dict[str, Any] = {"id": shop.id, "currency": "EUR"}
    await gateways.granted(shop.world, client.id, client.partner_id, merchant)
    return client.id


@pytest.mark.parametrize("language", ["python", "node"])
async def test_from_an_empty_folder_to_a_live_tile(tmp_path: Path, page: Page, language: str) -> None:
    if language == "node":
        openid_client.needed()
    program, file = SERVERS[language]
    ending = file.format("").removeprefix(".")
    folder = tmp_path / "till"
    folder.mkdir()
    (folder / "node_modules").symlink_to(openid_client.MODULES)
    async with at_work(tmp_path) as shop:
        reader = Reader(folder, shop.world.settings.issuer, free_port())
        reader.copies(f"keys.{ending}", f"server.{ending}", "public/index.html", "public/till.js")
        await reader.runs(program, file.format("keys"))
        client_id = await registered(shop, (folder / "till.jwks.json").read_bytes())
        reader.environment |= {
            "RESTOCK_GATEWAY": reader.issuer, "RESTOCK_CLIENT_ID": client_id, "RESTOCK_MERCHANT_ID": shop.id,
        }  # fmt: skip
        async with reader.serves(program, file.format("server")):
            await page.goto(f"http://localhost:{reader.port}/")
            tile = page.frame_locator("restock-tile iframe").get_by_role("button")
            await expect(tile).to_contain_text("€")
            await tile.click()
            await expect(page.locator("restock-offer iframe")).to_be_visible()
            async with httpx.AsyncClient(base_url=f"http://localhost:{reader.port}", trust_env=False) as http:
                for key in ("till.pem", "till.jwk.json", "..%2ftill.pem", "..%2ftill.jwk.json"):
                    assert (await http.get(f"/{key}")).status_code == 404, "the private key is not served"


def test_every_file_of_the_readme_is_used_or_checked() -> None:
    followed = {"keys.py", "keys.mjs", "server.py", "server.mjs", "public/index.html", "public/till.js"}
    compiled = {"public/module.js", "headless.ts", "Restock.tsx", "Restock.vue"}
    assert set(FILES) == followed | compiled
