"""One shop at the till: brought to the gateway, then sold in, closed and lived in, by calls any partner can make."""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.demo import answers, joining
from gateway.demo.pos import records, shops
from gateway.demo.pos.records import Past, Records
from gateway.domain import calendars
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.sales import Line, NewSale, SaleKind, Tender

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.demo.partner import Partner
    from gateway.demo.pos.shops import MenuItem, Shop

OWNER = {"id": "owner", "name": "Owner", "role": "owner"}
"""Who the till says is at the counter: it has one user."""


class DrawerClosed(Conflict):
    """The day is closed: what is sold now belongs to no day yet."""

    code = "drawer_closed"
    title = "The drawer is closed for today"


class UnknownSale(NotFound):
    """No such sale today, or it was taken back already."""

    code = "unknown_sale"
    title = "There is no such sale to take back"


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many of one thing."""

    item_id: str
    quantity: int


class Counter(ABC):
    """A shop at the gateway. `past` is known once it was brought there."""

    past: Past

    def __init__(self, shop: Shop, partner: Partner, say: Callable[[str], None]) -> None:
        self.shop = shop
        self.partner = partner
        self.merchant_id = ""
        self.menu: tuple[MenuItem, ...] = shops.menu(shop.daily_amount)
        self.closed: dict[date, answers.Closed] = {}
        self.step = "waiting"
        """How far bringing it is: `waiting`, `registering`, `consenting`, `history`, `ready`."""
        self._say = say
        self._consented = partner
        self._ahead = timedelta()
        self._opening = asyncio.Lock()

    # --- bringing it ------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Bring the shop to the gateway, once; a failure leaves it to be tried again. Raises as `Partner.get`."""
        async with self._opening:
            if self.step == "ready":
                return
            await self.read_clock()
            if not self.merchant_id:
                self._now_at("registering")
                shop = self.shop
                facts = joining.Facts(shop.legal_name, shop.country, shop.currency, shop.timezone, shop.day_cutoff)
                self.merchant_id = (await joining.register(self.partner, facts)).id
            if self._consented is self.partner:
                self._now_at("consenting")
                most = self.month_amount()
                wanted = joining.wanted(self.merchant_id, self.shop.currency, most, self.today_on)
                self._consented = await joining.consent(self.partner, wanted)
            self._now_at("history")
            self.past = await self.bring_past()
            self.records = Records(self.past)
            self._now_at("ready")

    def month_amount(self) -> int:
        """About what the shop takes in a month: what its owner agrees to borrow at most."""
        return self.shop.daily_amount * joining.LOOK_BACK_DAYS

    @abstractmethod
    async def bring_past(self) -> Past:
        """Tell the gateway all that was sold before now. Raises as `Partner.get`."""

    @abstractmethod
    async def sell_a_day(self) -> None:
        """Live until the same hour tomorrow. Raises as `Partner.get`."""

    def _now_at(self, step: str) -> None:
        self.step = step
        self._say(step)

    # --- time -------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The business time."""
        return datetime.now(UTC) + self._ahead

    @property
    def today_on(self) -> date:
        """The shop's own date."""
        return calendars.business_date(self.now, self.shop.timezone, self.shop.day_cutoff)

    async def read_clock(self) -> None:
        """Set our clock by the sandbox's. Raises as `Partner.get`."""
        clock = await self.partner.get("/v1/sandbox/clock", answers.BusinessClock)
        self._ahead = clock.now - datetime.now(UTC)

    async def live_a_day(self) -> None:
        """The clock goes round once, with all that is sold meanwhile. Raises as `Partner.get`."""
        await self.sell_a_day()
        await self.read_clock()

    # --- selling ----------------------------------------------------------------------------------------------------

    async def sell(self, items: Sequence[Item]) -> answers.Pushed:
        """One ticket, at the gateway at once. Raises DrawerClosed, UnknownSale or as `Partner.get`."""
        prices = {item.item_id: item for item in self.menu}
        wanted = [(prices[one.item_id], one.quantity) for one in items if one.item_id in prices and one.quantity > 0]
        if not wanted:
            raise UnknownSale("Tap something that is on the menu")
        lines = [Line(item.item_id, str(count), count * item.amount, item.category) for item, count in wanted]
        amount = sum(line.amount for line in lines)
        return await self._record(
            NewSale(
                sale_id=f"till-{secrets.token_hex(6)}",
                kind=SaleKind.sale,
                occurred_at=self.now,
                amount=amount,
                currency=self.shop.currency,
                business_on=self.today_on,
                tax_amount=shops.tax_amount(amount),
                tenders=[Tender("cash", amount)],
                lines=lines,
            )
        )

    async def take_back(self, sale_id: str, kind: SaleKind) -> answers.Pushed:
        """Refund or void one of today's sales. Raises DrawerClosed, UnknownSale or as `Partner.get`."""
        today = self.today()
        found = next((one for one in today if one.sale_id == sale_id and one.kind is SaleKind.sale), None)
        if found is None or any(one.refund_of == sale_id for one in today):
            raise UnknownSale("This sale is not of today, or was taken back already")
        return await self._record(records.reversal(found, kind, self.now, self.today_on))

    async def close(self) -> answers.Closed:
        """Close the drawer with our own Z-totals, which the gateway checks. Raises as `Partner.get`."""
        day = self.today_on
        closed = await self._consented.close(self.merchant_id, day, records.totals(self.today()))
        self.closed[day] = closed
        return closed

    def today(self) -> list[NewSale]:
        """Today's records, newest first."""
        return self.records.on(self.today_on, self.now)

    async def _record(self, sale: NewSale) -> answers.Pushed:
        if self.today_on in self.closed:
            raise DrawerClosed("Open the next day first", business_on=str(self.today_on))
        pushed = await self._consented.record(self.merchant_id, [sale])
        self.records.keep(sale)
        return pushed

    # --- what the gateway says --------------------------------------------------------------------------------------

    async def summary(self) -> answers.Summary:
        """Where the shop stands. Raises as `Partner.get`."""
        return await self._consented.get(f"/v1/merchants/{self.merchant_id}/summary", answers.Summary)

    async def authority(self) -> answers.Authorities:
        """Who may borrow by one click; where nobody may, we propose it and the signatory decides. Raises as `get`.

        They approve with a passkey on the hosted page. A proposal waits for a week.
        """
        path, most = f"/v1/merchants/{self.merchant_id}/authority", self.month_amount()
        found = await self.partner.get(path, answers.Authorities)
        if found.active is None and found.proposed is None:
            caps = {"per_draw_amount": most, "per_24h_amount": most, "per_30d_amount": 2 * most}
            body = {"users": [OWNER], "caps": caps | {"currency": self.shop.currency}}
            proposed = await self.partner.post(path, body, answers.Authority)
            return answers.Authorities(active=None, proposed=proposed)
        return found

    async def session(self, component: str, origin: str) -> answers.Session:
        """A widget session for our own page. Raises as `Partner.get`."""
        body = {
            "merchant_id": self.merchant_id,
            "user": OWNER,
            "components": [component],
            "parent_origins": [origin],
        }
        return await self.partner.post("/v1/widget/sessions", body, answers.Session)

    async def play_passkey(self, drawdown_id: str) -> answers.Drawdown:
        """The sandbox's stand-in for the owner's passkey. Raises UnknownSale or as `Partner.get`."""
        loan = await self._consented.get(f"/v1/drawdowns/{drawdown_id}", answers.Loan)
        path = f"/v1/sandbox/drawdowns/{drawdown_id}/confirm"
        return await self.partner.post(path, {"terms_hash": loan.terms_hash}, answers.Drawdown)
