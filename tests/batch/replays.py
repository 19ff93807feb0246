"""Made-up shops for the backtest's tests: a plain weekly rhythm, in minor units."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from gateway.batch.backtest import Plan
from gateway.batch.sheets import NOTHING_TOLD, Sheet
from gateway.domain.programmes import INVENTORY

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAST_ON = date(2026, 6, 30)
FIRST = LAST_ON.toordinal() - 799
PLAN = Plan(INVENTORY, "CNY", LAST_ON)


def rhythm(days: int, seed: int = 0, level: int = 200_000) -> NDArray[np.int64]:
    """Net sales a day: busier at the week's end, a tenth up or down by chance."""
    noise = np.random.default_rng(seed).uniform(0.9, 1.1, days)
    week = 0.8 + 0.4 * (np.arange(days) % 7) / 6
    return np.rint(level * week * noise).astype(np.int64)


def shop(net: NDArray[np.int64], name: str = "one", first: int = FIRST) -> Sheet:
    """A shop that sold `net` from day `first` on, a ticket every 2,000."""
    return sheet(name, np.arange(first, first + len(net)), net, np.maximum(net, 0) // 2_000)


def sheet(name: str, on: NDArray[np.int64], sales: NDArray[np.int64], tickets: NDArray[np.int64]) -> Sheet:
    """Sales without refunds or evidence."""
    none = np.zeros_like(sales)
    return Sheet(name, 2, on, np.stack([sales, none, tickets, none, none, none]), NOTHING_TOLD, {})


def told(sheet: Sheet, seed: int) -> Sheet:
    """The same shop with money out, balances and instalments."""
    chance = np.random.default_rng(seed)
    amounts = sheet.amounts.copy()
    amounts[3] = amounts[0] * chance.uniform(0.5, 1.2)
    amounts[4] = np.cumsum(amounts[0] - amounts[3])
    amounts[5, ::30] = 50_000
    return sheet._replace(amounts=amounts, told=(True, True, True))
