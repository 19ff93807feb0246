"""Every hosted page and state as a picture, zh and en, light and dark, 390 px wide: `python -m tests.screens [NAME…]`.

Needs a Chromium (tests/browsers.py), and fonts with Chinese among them. The pictures go to build/screens/.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from contextlib import AsyncExitStack
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.api.connect.pages import frame
from gateway.demo.bank_process import start_mock_bank
from tests import browsers, walks
from tests.banks import CLOCK

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

FOLDER = Path("build/screens")
SITE = "http://127.0.0.1:8000"
SCHEMES = ("light", "dark")
FAULTY = ("sign-in-passkey", "confirm")
"""Pages whose button is pressed as well: a bare address has no passkeys, so its fault is seen."""


def main(wanted: list[str]) -> None:
    """Walk through every page in both languages, then photograph what was seen; `wanted` begin the names of some."""
    logging.disable()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, start_mock_bank(CLOCK) as bank:
        count = asyncio.run(_all(Path(name), bank.base_url, tuple(wanted)))
    sys.stdout.write(f"{count} pictures in {FOLDER}\n")


async def _all(folder: Path, bank_url: str, wanted: tuple[str, ...]) -> int:
    chromium = browsers.found()
    if chromium is None:
        sys.exit("no Chromium was found")
    count = 0
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(browsers.started(chromium))
        looks = [{"device_scale_factor": 2, "color_scheme": scheme} for scheme in SCHEMES]
        pages = [await stack.enter_async_context(browsers.opened(browser, **look)) for look in looks]
        for language in walks.NAMES:
            for name, html in (await walks.met(folder, bank_url, language)).items():
                if name.startswith(wanted or ""):
                    for scheme, page in zip(SCHEMES, pages, strict=True):
                        count += await photograph(page, f"{name}-{{}}{language}-{scheme}.png", html, name in FAULTY)
    return count


async def photograph(page: Page, name: str, html: str, faulty: bool) -> int:  # noqa: FBT001 - one caller
    """One page, as high as it is; when `faulty`, once more after its passkey button was pressed. How many it took."""
    await _show(page, html)
    await page.screenshot(path=FOLDER / name.format(""), full_page=True)
    if faulty:
        await page.locator("form[data-passkey] button").first.click()
        await page.locator("[data-fault]").first.wait_for()
        await page.screenshot(path=FOLDER / name.format("fault-"), full_page=True)
    return 1 + faulty


async def _show(page: Page, html: str) -> None:
    """The page as the gateway would serve it."""
    script = files("gateway.api.connect").joinpath("passkey.js").read_text(encoding="utf-8")
    kinds = {"/connect/style.css": ("text/css", frame.css()), "/connect/passkey.js": ("text/javascript", script)}

    async def answer(route: Route) -> None:
        kind, body = kinds.get(route.request.url.removeprefix(SITE), ("text/html; charset=utf-8", html))
        await route.fulfill(body=body, content_type=kind)

    await page.unroute_all()
    await page.route(f"{SITE}/**", answer)
    await page.goto(SITE)


if __name__ == "__main__":
    main(sys.argv[1:])
