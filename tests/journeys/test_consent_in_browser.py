"""A till asks, a merchant decides in a real browser: openid-client (npm, certified) on one side, Chromium on the other.

Discovery, pushed request, sign-in by one-time code, the consent page with its switches, code, tokens, sales, renewal,
and the merchant's own click that ends it. Nothing here calls the gateway but over its sockets.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from gateway.domain.merchants import NewMerchant
from gateway.usecases import clients, merchants
from tests import served
from tests.browsers import chromium, page  # noqa: F401 - fixtures
from tests.oauth import openid_client
from tests.oauth.relying_party import REDIRECT_URI, kept_key

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from gateway.usecases.clients import Client
    from gateway.usecases.world import World

pytestmark = pytest.mark.anyio
SHOP = NewMerchant("Lanzhou Noodles", "CN", "CNY", "Asia/Shanghai", contact_email="noodles@shop.example")


async def test_a_merchant_agrees_in_its_browser_and_takes_it_back_there(tmp_path: Path, page: Page) -> None:  # noqa: F811
    openid_client.needed()
    async with served.live(tmp_path) as world:
        client = await registered(world)
        shop = await world.store.write(lambda tx: merchants.add(tx, world, client.partner_id, SHOP))
        issuer, key = world.settings.issuer, kept_key("openid-client")
        words = (issuer, client.id, json.dumps({**key.jwk, **key.private_member}), shop.id)
        async with openid_client.run(tmp_path, *words, f"{issuer}/v1/merchants/{shop.id}") as till:
            await page.goto((await till.said())["url"])
            await sign_in(page, issuer)
            till.tell(await agree(page, "Read my sales and refunds", "Show in the till what I can borrow"))
            assert await till.said() == {
                "token_type": "dpop",
                "granted": [{"type": "merchant_data", "datatypes": ["sales"]}, {"type": "offers"}],
            }  # fmt: skip
            assert await till.said() == {"pushed": 200, "offer": 200}
            assert await till.said() == {"renewed": 200, "active": True, "bound": True, "given_up": 401}
            await take_back(page, f"{issuer}/connect/consents?merchant_id={shop.id}")
            till.tell("taken back")
            assert await till.said() == {"ended": 401, "refused": "invalid_grant"}


async def registered(world: World) -> Client:
    """The till software's client."""
    jwks = json.dumps({"keys": [{**kept_key("openid-client").jwk, "kid": "main"}]}).encode()
    return await clients.create(world, name="Till software", jwks=jwks)


async def sign_in(page: Page, issuer: str) -> None:  # noqa: F811
    """Have a code sent, read it in the sandbox's outbox, enter it; make no passkey yet."""
    await page.get_by_role("button", name="Send me a code").click()
    outbox = await page.context.new_page()
    await outbox.goto(f"{issuer}/sandbox/outbox")
    code = re.search(r"\d{6}", await outbox.get_by_role("article").first.inner_text())
    await outbox.close()
    assert code is not None
    await page.get_by_label("6-digit code").fill(code[0])
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("link", name="Not now").click()


async def agree(page: Page, *lines: str) -> str:  # noqa: F811
    """Turn on these lines and agree; where the browser is sent back to."""
    await page.route(f"{REDIRECT_URI}**", lambda route: route.fulfill(body="back at the till"))
    assert await page.get_by_role("switch", checked=True).count() == 0
    for line in lines:
        await page.get_by_role("switch", name=line).check()
    await page.get_by_role("button", name=re.compile("^Agree to the")).click()  # the style sheet counts them
    await page.wait_for_url(f"{REDIRECT_URI}?*")
    return page.url


async def take_back(page: Page, address: str) -> None:  # noqa: F811
    """One click among the permissions."""
    await page.goto(address)
    await page.get_by_role("button", name="Take all of it back").click()
    await page.get_by_text("Taken back. Till software can no longer use it.").wait_for()
