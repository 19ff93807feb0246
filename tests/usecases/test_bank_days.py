"""Payouts and debits go out on the bank's own banking days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec
import pytest

from gateway.domain.drawdowns import end_to_end_id
from gateway.usecases import banks, instructions

if TYPE_CHECKING:
    from tests.shops import Shop

pytestmark = pytest.mark.anyio

GOOD_FRIDAY = datetime(2026, 4, 3, 8, 0, tzinfo=UTC)


async def test_a_payout_waits_for_the_next_banking_day_and_a_debit_for_its_lead_time(shop: Shop) -> None:
    rail, world = shop.rail, shop.world
    assert rail is not None
    habits = {"calendar": "TARGET", "timezone": "Europe/Berlin", "cutoff": "15:30", "lead_days": 2}
    rail.capabilities = msgspec.structs.replace(rail.capabilities, **habits)
    await world.clock.set(world.store, GOOD_FRIDAY)
    assert banks.pays_on(world, rail) == date(2026, 4, 7)
    assert banks.collects_on(world, rail, None) == date(2026, 4, 9)
    assert banks.collects_on(world, rail, date(2026, 4, 8)) == date(2026, 4, 9)
    assert banks.collects_on(world, rail, date(2026, 5, 1)) == date(2026, 5, 4)


async def test_the_day_stands_in_the_bytes(shop: Shop) -> None:
    rail = shop.rail
    assert rail is not None
    rail.capabilities = msgspec.structs.replace(rail.capabilities, calendar="KR")  # 2 March 2026 makes up for the first
    drawdown_id = await shop.draw()
    await shop.work()
    assert b"2026-03-03</Dt></ReqdExctnDt>" in await instructions.body(shop.world, end_to_end_id(drawdown_id))
