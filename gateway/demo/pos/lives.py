"""The two ways a shop lives here: by the sandbox's scenarios, or by a file of real receipts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.demo import answers, joining
from gateway.demo.partner import BATCH
from gateway.demo.pos import records, shops
from gateway.demo.pos.counter import Counter
from gateway.demo.pos.records import Filed, Simulated
from gateway.demo.pos.shops import Shop
from gateway.demo.till import Till
from gateway.domain.errors import Conflict
from gateway.domain.scenarios import Books, Scenario, ScenarioKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from gateway.demo.partner import Partner
    from gateway.demo.pos.plan import FileShop
    from gateway.demo.pos.records import Past

HISTORY_DAYS = 365


class NoScenarios(Conflict):
    """A shop of real receipts sells what stands in its file."""

    code = "no_scenarios"
    title = "This shop lives on its own receipts"


class ReceiptsEnd(Conflict):
    """Every receipt of the file was sold."""

    code = "receipts_end"
    title = "The receipts end here"


class SandboxCounter(Counter):
    """A shop that the sandbox lives: a year of it comes with one call, and so does each day."""

    past: Simulated

    async def bring_past(self) -> Past:
        """See Counter."""
        shop = self.shop
        self.past = Simulated(Books(shop.currency, shop.timezone, shop.day_cutoff))
        await self.begin(shop.scenario or ScenarioKind.healthy, HISTORY_DAYS)
        return self.past

    async def begin(self, kind: ScenarioKind, history_days: int = 0) -> None:
        """Let a scenario run from now on. Raises as `Partner.get`."""
        path = f"/v1/sandbox/merchants/{self.merchant_id}/scenario"
        asked = {"scenario": kind, "seed": self.shop.seed, "daily_amount": self.shop.daily_amount}
        told = await self.partner.post(path, asked | {"history_days": history_days}, answers.Told)
        self.past.run(msgspec.convert(msgspec.to_builtins(told) | {"kind": told.scenario}, Scenario))

    async def sell_a_day(self) -> None:
        """See Counter; the sandbox sells and closes."""
        await self.partner.post("/v1/sandbox/clock/advance", {"days": 1}, answers.BusinessClock)


class FileCounter(Counter):
    """A shop that lives on real receipts, pushed and closed day by day as its own till would have done."""

    past: Filed

    def __init__(self, file_shop: FileShop, partner: Partner, say: Callable[[str], None]) -> None:
        self._till = Till(file_shop.receipts)
        self._from_on = file_shop.as_of_on
        super().__init__(_shop_of(file_shop, self._till), partner, say)

    async def bring_past(self) -> Past:
        """See Counter."""
        earliest = self._from_on - timedelta(days=joining.HISTORY_DAYS)
        days = [day for day in self._till.trading_days(self._from_on) if day >= earliest]
        await self._push([*days, self._from_on], records.BEGINNING)
        for day in days:
            await self._consented.close(self.merchant_id, day, self._till.totals(day))
        return Filed(self._till)

    async def sell_a_day(self) -> None:
        """See Counter; what the file says of the time that passed comes at once, and the day that ended is closed."""
        day, since = self.today_on, self.now
        if day >= self._till.last_on:
            raise ReceiptsEnd(f"The file ends on {self._till.last_on}")
        await self.partner.post("/v1/sandbox/clock/advance", {"days": 1}, answers.BusinessClock)
        await self.read_clock()
        await self._push([day, self.today_on], since)
        if day not in self.closed:
            sold = records.totals(self.records.on(day, self.now))
            self.closed[day] = await self._consented.close(self.merchant_id, day, sold)

    async def _push(self, days: Sequence[date], after_at: datetime) -> None:
        """The receipts of some days that happened after an instant and until now."""
        until_at = self.now
        rows = [one for day in days for one in self._till.on(day) if after_at < one.occurred_at <= until_at]
        for start in range(0, len(rows), BATCH):
            await self._consented.push(self.merchant_id, rows[start : start + BATCH], self.shop.currency)


def _shop_of(file_shop: FileShop, till: Till) -> Shop:
    found = file_shop.receipts
    nets = till.daily_net(file_shop.as_of_on, 28)
    daily = sum(nets) // max(1, sum(1 for one in nets if one)) or shops.usual_amount(found.currency)
    return Shop(
        key="file",
        name={"en": found.name, "zh-CN": found.name},
        legal_name=found.name,
        country=file_shop.country,
        currency=found.currency,
        timezone=found.timezone,
        day_cutoff=found.day_cutoff,
        daily_amount=max(100, daily),
    )
