from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests import signatories, visits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.gateways import Gateway
    from tests.signatories import Signatory
    from tests.visits import Browser

pytestmark = pytest.mark.anyio
CANARY = "<img src=x onerror=alert(1)>\"'&{0}{code}"
SHOP = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "UTC"}


class Scene:
    """A shop's signatory and its browser."""

    def __init__(self, gateway: Gateway, mine: Signatory, browser: Browser) -> None:
        self.gateway, self.mine, self.browser = gateway, mine, browser
        self.there = "/connect/authority"

    async def see(self, language: str = "en", **more: str) -> httpx.Response:
        """The page."""
        query = "&".join(f"{name}={value}" for name, value in ({"lang": language} | more).items())
        return await self.browser.see(f"{self.there}?{query}")

    async def press(self, do: str, authority_id: str, response: str | None = None) -> httpx.Response:
        """A button of the page seen last."""
        fields = {"do": do, "id": authority_id}
        if do == "approve":
            fields["response"] = self.mine.device.on(self.browser.page) if response is None else response
        return await self.browser.send(f"{self.there}?lang=en", fields)

    async def standing(self) -> dict[str, Any]:
        """As the partner reads it."""
        return await self.mine.partner.seen(f"/v1/merchants/{self.mine.merchant_id}/authority")


@asynccontextmanager
async def scene(gateway: Gateway, name: str = "Corner Bakery", partner_name: str | None = None) -> AsyncIterator[Scene]:
    partner = await gateway.partner(partner_name)
    merchant_id = (await partner.done("/v1/merchants", SHOP | {"legal_name": name}))["id"]
    mine = await signatories.of(gateway, partner, merchant_id)
    await signatories.with_contact(mine)
    async with visits.browser(gateway) as browser:
        await browser.sign_in(gateway, f"?merchant_id={merchant_id}&back=/connect/authority")
        yield Scene(gateway, mine, browser)


async def test_whoever_is_not_signed_in_signs_in_and_comes_back_to_the_proposal(site: Gateway) -> None:
    async with scene(site) as at, visits.browser(site) as other:
        made = await at.mine.proposal()
        address = made["approval_url"].removeprefix("http://127.0.0.1:8000")
        sent_on = (await other.see(address)).headers["location"]
        assert sent_on.startswith("/connect/sign-in?")
        gone = await other.sign_in(site, sent_on.removeprefix("/connect/sign-in"))
        assert gone.headers["location"] == address
        assert (await other.see("/connect/authority?lang=en")).status_code == 200


async def test_it_shows_who_how_much_and_where_it_is_paid_in_both_languages(site: Gateway) -> None:
    async with scene(site, partner_name="Ladle POS") as at:
        await at.mine.proposal()
        english, chinese = (await at.see("en")).text, (await at.see("zh")).text
    for words in (
        "Let your till borrow by one click?", "Ladle POS proposes this for Corner Bakery", "Anne", "owner", "Bo",
        "cashier", "Corner Bakery, ending", "At most, per loan", "€5,000.00", "At most, per 24 hours", "€10,000.00",
        "At most, per 30 days", "€20,000.00", "Version 2026-11-01", "9 Mar 2026", "Approve with passkey", "Refuse",
    ):  # fmt: skip
        assert words in english, words
    for words in ("以后一键借款？", "每笔最多", "€5,000.00", "用通行密钥批准", "不同意，每次都问我"):
        assert words in chinese, words


async def test_the_passkey_approves_it_and_one_click_ends_it(gateway: Gateway) -> None:
    async with scene(gateway) as at:
        made = await at.mine.proposal()
        await at.see()
        assert (await at.press("approve", made["id"])).headers["location"].endswith("done=approved")
        page = (await at.see(done="approved")).text
        assert "Approved. One click is enough from now on." in page
        assert "In force" in page
        assert "data-passkey" not in page
        assert (await at.standing())["active"]["id"] == made["id"]
        for _ in range(2):
            assert (await at.press("revoke", made["id"])).status_code == 303
        assert "Every loan needs your passkey" in (await at.see(done="revoked")).text
        assert (await at.standing())["active"] is None


async def test_refusing_is_as_easy_as_approving(gateway: Gateway) -> None:
    async with scene(gateway) as at:
        made = await at.mine.proposal()
        await at.see()
        await at.press("refuse", made["id"])
        assert (await at.standing())["proposed"] is None
        assert "Refused." in (await at.see(done="refused")).text


async def test_a_proposal_replaced_meanwhile_is_not_approved(site: Gateway) -> None:
    async with scene(site) as at:
        first = await at.mine.proposal()
        await at.see()
        response = at.mine.device.on(at.browser.page)
        second = await at.mine.proposal(per_30d_amount=3_000_000)
        for authority_id in (first["id"], second["id"]):  # what was signed is the first one
            await at.press("approve", authority_id, response)
        found = await at.standing()
        assert (found["active"], found["proposed"]["id"]) == (None, second["id"])


@pytest.mark.parametrize("response", ["", "{}", "no json"])
async def test_an_answer_that_proves_nothing_asks_again(site: Gateway, response: str) -> None:
    async with scene(site) as at:
        made = await at.mine.proposal()
        await at.see()
        again = await at.press("approve", made["id"], response)
        assert (again.status_code, "Nothing was approved." in again.text) == (422, True)
        await at.press("approve", made["id"])
        assert (await at.standing())["active"]["id"] == made["id"]


async def test_twenty_presses_at_once_approve_once_and_never_crash(gateway: Gateway) -> None:
    async with scene(gateway) as at:
        made = await at.mine.proposal()
        await at.see()
        response = at.mine.device.on(at.browser.page)
        sent = await asyncio.gather(*(at.press("approve", made["id"], response) for _ in range(20)))
        assert {one.status_code for one in sent} == {303}
        assert (await at.standing())["active"]["id"] == made["id"]


async def test_another_shops_browser_decides_nothing(site: Gateway) -> None:
    async with scene(site) as at, scene(site) as other:
        made = await at.mine.proposal()
        await at.mine.approve(made["id"])
        await other.mine.proposal()
        await other.see()
        for do in ("refuse", "revoke", "approve"):
            assert (await other.press(do, made["id"])).status_code == 404
            await other.see()
        assert (await other.see(merchant_id=at.mine.merchant_id)).status_code == 403
        assert (await at.standing())["active"]["id"] == made["id"]


async def test_without_a_passkey_one_is_made_first_and_revoking_still_needs_none(site: Gateway) -> None:
    async with scene(site) as at:
        await at.mine.proposal()
        await at.mine.loses_passkey()
        page = await at.see()
        assert "First, a passkey" in page.text
        assert re.search(r'href="/connect/passkeys\?[^"]*back=%2Fconnect%2Fauthority', page.text)
        assert "script-src" not in page.headers["content-security-policy"]


async def test_names_are_text_and_never_markup(site: Gateway) -> None:
    async with scene(site, CANARY, CANARY) as at:
        people = [{"id": "anne", "name": CANARY, "role": CANARY[:40]}]
        body = {"users": people, "caps": signatories.CAPS}
        await at.mine.partner.done(f"/v1/merchants/{at.mine.merchant_id}/authority", body)
        page = (await at.see()).text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


async def test_a_form_that_is_not_ours_changes_nothing(site: Gateway) -> None:
    async with scene(site) as at:
        held = await at.mine.authorizes()
        await at.see()
        refused = await at.browser.send(at.there, {"do": "revoke", "id": held.id, "form": "0" * 64})
        assert refused.status_code == 403
        assert (await at.standing())["active"]["id"] == held.id


async def test_without_a_shop_in_the_address_it_says_what_is_missing(site: Gateway) -> None:
    async with visits.browser(site) as browser:
        assert (await browser.see("/connect/authority")).status_code == 400
