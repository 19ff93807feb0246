"""The demo after the payout: everything keeps running, to be looked at and lived on day by day."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.demo.answers import Drawdown
    from gateway.demo.gateway_process import Place
    from gateway.demo.story import Story


async def until_stopped(place: Place, story: Story, drawdown: Drawdown) -> None:
    """Keep everything running; on a terminal Enter lives another day, until Ctrl-C."""
    print(
        f"\n  Status page   {place.base_url}/\n"
        f"  API           {place.base_url}/docs/api\n"
        f"  Owner's page  {place.base_url}/connect/consents?merchant_id={story.merchant_id}\n"
        f"  Its messages  {place.base_url}/sandbox/outbox\n"
        f"  Bank's view   {place.bank_url}/_mock/payments  and  /_mock/collections\n"
        f"  Database, log {place.folder}\n"
    )
    if sys.stdin.isatty():
        await _live_by_hand(story, drawdown)
    print("  Ctrl-C ends the demo.", flush=True)
    await asyncio.Event().wait()


async def _live_by_hand(story: Story, drawdown: Drawdown) -> None:
    """A day for each Enter, until the money is back or the receipts end."""
    print("  Enter lives the next day, Ctrl-C ends the demo.", flush=True)
    pressed = _presses()
    for day in story.till.days_from(story.as_of_on):
        await anext(pressed)
        drawdown = await story.live(day, drawdown)
        if drawdown.state == "repaid":
            return
    print("  The receipts end here.")


async def _presses() -> AsyncIterator[None]:
    """Something for each line typed."""
    pressed: asyncio.Queue[str] = asyncio.Queue()
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: pressed.put_nowait(sys.stdin.readline()))
    while True:
        await pressed.get()
        yield
