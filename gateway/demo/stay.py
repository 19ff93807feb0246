"""The demo that stays: gateway, bank and a partner's till as three processes, to be used in a browser until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from gateway.demo import gateway_process, shop, world
from gateway.demo.gateway_process import free_port
from gateway.demo.pos import plan as plans
from gateway.demo.pos.plan import Plan
from gateway.domain import calendars

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.demo import steps
    from gateway.demo.pos.plan import FileShop
    from gateway.demo.world import World

NAME = "Hearth Till"
_FRIDAY, _WEEK = 4, 7
_EVENING = time(20, 4)
"""After the last customer of the sandbox's shops, and of most others, so that a day can be closed."""


async def until_stopped(
    keep: Path | None, starts_at: datetime, file_shop: FileShop | None, say: Callable[[steps.Step], None]
) -> None:
    """Keep everything running until it is ended. Raises as `world.start`."""
    currency = shop.CURRENCY if file_shop is None else file_shop.receipts.currency
    async with world.start(keep, starts_at, currency, NAME, say) as found:
        plan = _plan(found, file_shop)
        file = found.place.folder / "till.json"
        await asyncio.to_thread(plans.write, plan, file)
        words, log = ("gateway.demo.pos", str(file)), found.place.folder / "till.log"
        async with gateway_process.running(words, os.environ, log, f"{plan.origin}/api/shops"):
            _tell(found, plan)
            await asyncio.Event().wait()


def evening(chosen: date | None, timezone: str = shop.TIMEZONE) -> datetime:
    """The evening the demo begins on: of `chosen`, or of the last Friday, a busy day."""
    zone = calendars.zone(timezone)
    return datetime.combine(chosen or _last_friday(datetime.now(zone).date()), _EVENING, zone).astimezone(UTC)


def _last_friday(today: date) -> date:
    return today - timedelta(days=(today.weekday() - _FRIDAY) % _WEEK)


def _plan(found: World, file_shop: FileShop | None) -> Plan:
    place = found.place
    return Plan(place.base_url, place.bank_url, free_port(), found.client_id, found.key.export(), file_shop)


def _tell(found: World, plan: Plan) -> None:
    gateway_url = found.place.base_url
    print(
        f"\n  The till      {plan.origin}/\n"
        f"  Status page   {gateway_url}/\n"
        f"  API           {gateway_url}/docs/api\n"
        f"  Its messages  {gateway_url}/sandbox/outbox\n"
        f"  Bank's view   {found.place.bank_url}/_mock/payments  and  /_mock/collections\n"
        f"  Database, log {found.place.folder}\n\n"
        "  Ctrl-C ends the demo.",
        flush=True,
    )
