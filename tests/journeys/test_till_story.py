"""The whole story by clicks at the demo's till: sell, close, borrow with a passkey, repay from sales to the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import ViewportSize

from tests import browsers, stores

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser, FrameLocator, Page

    from tests.stores import Store

pytestmark = pytest.mark.anyio
DESKTOP = ViewportSize(width=1280, height=900)
CODE = re.compile(r">([0-9]{6})\b")


async def press(place: Page | FrameLocator, name: str | re.Pattern[str]) -> None:
    await place.get_by_role("button", name=name, exact=True).click()


async def says(place: Page | FrameLocator, text: str | re.Pattern[str]) -> None:
    await place.get_by_text(text).first.wait_for()


class Till:
    """The owner at the till, and whoever shows the demo at its desk."""

    def __init__(self, store: Store, page: Page) -> None:
        self.store, self.page = store, page

    async def open(self) -> None:
        self.page.context.set_default_timeout(60_000)  # busy machines
        await self.page.set_viewport_size(DESKTOP)
        await self.page.goto(f"{self.store.origin}/?lang=en&theme=light")
        await press(self.page, "Demo desk")

    def frame(self, name: str, view: str) -> FrameLocator:
        """What Restock draws inside one of its elements."""
        return self.page.frame_locator(f".{view} restock-{name} iframe")

    async def go(self, view: str) -> None:
        await self.page.get_by_role("navigation").get_by_role("button", name=view).click()

    async def turn(self, tab: str) -> None:
        await self.page.get_by_role("tab", name=tab).click()

    async def live(self, name: str) -> None:
        await self.turn("Story")
        await press(self.page, name)
        await self.page.get_by_role("button", name="Next day", exact=True, disabled=False).wait_for(timeout=60_000)

    async def paid_out(self) -> int:
        """How many payments the bank's view shows, once there are some."""
        await self.turn("What the bank sees")
        listed = self.page.get_by_role("list", name="Payments out").get_by_role("listitem")
        await listed.first.wait_for()
        return await listed.count()

    async def sign(self, page: Page, confirm: re.Pattern[str]) -> None:
        """The owner on the hosted page, with a code from the outbox and a passkey of their own."""
        await browsers.authenticator(page)
        await press(page, "Send me a code")
        outbox = await self.store.http.get(f"{self.store.desk.plan.gateway_url}/sandbox/outbox")
        code = CODE.search(outbox.text)
        assert code is not None
        await page.get_by_label("6-digit code").fill(code[1])
        await press(page, "Continue")
        await press(page, "Make a passkey")
        await press(page, confirm)


async def test_the_whole_story_by_clicks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chromium: Browser) -> None:
    async with stores.opened(tmp_path, monkeypatch) as store, browsers.opened(chromium) as page:
        till = Till(store, page)
        await till.open()

        # A sale moves the limit in the tile at once.
        tile = till.frame("tile", "order")
        await says(tile, re.compile("[Uu]p to"))
        await press(page, re.compile("^Set lunch"))
        await press(page, re.compile("^Set lunch"))
        await press(page, "Charge ¥49.00")
        said = await page.get_by_text("Charged ¥49.00.").inner_text()
        limit = re.search(r"borrow (¥[\d,]+)", said)
        assert limit is not None, said
        await tile.get_by_role("button").filter(has_text=limit[1]).wait_for()

        # The drawer closes with the till's own totals.
        await till.go("Close")
        await press(page, "Close the drawer")
        await says(page, re.compile("Net sales today ¥"))

        # A sum, its price, a click; the first draw to an account asks for the owner's passkey on the hosted page.
        offer = till.frame("offer", "close")
        await offer.get_by_role("textbox", name="Sum to borrow").fill("900")
        await offer.get_by_role("textbox", name="Sum to borrow").press("Enter")
        await offer.get_by_role("slider").press("ArrowRight")
        await press(offer, re.compile("(Confirm|Apply to).*¥1,000"))
        async with page.context.expect_page() as opening:
            await offer.get_by_role("link", name=re.compile("¥1,000 with passkey")).click()
        hosted = await opening.value
        await till.sign(hosted, re.compile("Confirm ¥1,000"))
        await says(hosted, re.compile("on its way"))
        await hosted.close()

        # The money comes from an independent bank, once, and goes back from each day's sales.
        await till.live("Next day")
        assert await till.paid_out() == 1
        await till.live("Until repaid")
        await till.turn("Events")
        repaid = page.get_by_role("listitem").filter(has_text="drawdown.repaid")
        await repaid.get_by_text("Signature verified").wait_for()
        assert await till.paid_out() == 1
        seen = (await store.get("/api/bank")).json()
        assert [(one["amount"], one["currency"]) for one in seen["payments"]] == [(100_000, "CNY")]
        collected = page.get_by_role("list", name="Collections").get_by_role("listitem")
        assert await collected.count() == len(seen["collections"]) > 0
        assert (await store.get("/api/shops/corner/desk")).json()["drawdowns"] == []
