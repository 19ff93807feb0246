"""Every state of the widget as a picture, in each look: `python -m tests.widget.pictures [NAME…]`, to build/screens/.

Needs a Chromium (tests/browsers.py), and fonts with Chinese among them. `NAME`s begin the names of some: `offer-open`.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from gateway.demo.bank_process import start_mock_bank
from tests import browsers
from tests.banks import CLOCK
from tests.screens import FOLDER
from tests.widget import stage as stages
from tests.widget.states import LOOKS, STATES, shown

GROUNDS = {"light": "#f1f5f5", "dark": "#0a1315"}
_SETTLED_MS = 900
"""A quote is asked for half a second after the sum was."""


def main(wanted: tuple[str, ...]) -> None:
    """Show every state in every look, and photograph it."""
    logging.disable()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, start_mock_bank(CLOCK) as bank:
        count = asyncio.run(_all(Path(name), bank.base_url, wanted))
    sys.stdout.write(f"{count} pictures in {FOLDER}\n")


async def _all(folder: Path, bank_url: str, wanted: tuple[str, ...]) -> int:
    count = 0
    async with (
        stages.shop_at(folder, bank_url) as shop,
        browsers.started(browsers.needed()) as browser,
        browsers.opened(browser, device_scale_factor=2) as page,
        stages.set_up(shop, page) as stage,
    ):
        for state in STATES:
            name = f"{state.component}-{state.name}"
            for look in LOOKS if name.startswith(wanted or "") else ():
                await shown(stage, state, look)
                await page.evaluate(f"document.body.style.background = '{GROUNDS[look.scheme]}'")
                await page.wait_for_timeout(_SETTLED_MS)
                # A frame is painted as far as the window reaches, not as far as the picture does.
                height = await page.evaluate("document.documentElement.scrollHeight")
                await page.set_viewport_size({"width": look.width, "height": height})
                await page.screenshot(path=FOLDER / f"widget-{name}-{'-'.join(map(str, look))}.png", full_page=True)
                count += 1
    return count


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
