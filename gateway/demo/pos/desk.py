"""Behind the counter: every shop, the webhooks they share, the clock that moves all, and what the bank shows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

import httpx
import msgspec

from gateway.demo import answers
from gateway.demo.partner import Unreachable
from gateway.demo.pos import shops
from gateway.demo.pos.feed import Feed
from gateway.demo.pos.hooks import Inbox
from gateway.demo.pos.lives import FileCounter, NoScenarios, SandboxCounter
from gateway.domain.errors import Conflict, NotFound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gateway.demo.partner import Partner
    from gateway.demo.pos.counter import Counter
    from gateway.demo.pos.plan import Plan
    from gateway.domain.scenarios import ScenarioKind

HOOK_PATH = "/hooks/restock"
LONGEST_DAYS = 200
_BANK_SECONDS = 5

Until = Literal["day", "week", "due", "repaid"]
"""How far to live: a day, seven, until the loan's next minimum is due, until nothing is owed."""


class UnknownShop(NotFound):
    """No shop of that name is at this till."""

    code = "unknown_shop"
    title = "There is no such shop at this till"


class NothingOwed(Conflict):
    """There is no loan to live towards."""

    code = "nothing_owed"
    title = "There is no loan that is out"


class Desk:
    """The till's whole back office; `partner` is the till's own client."""

    def __init__(self, plan: Plan, partner: Partner, http: httpx.AsyncClient) -> None:
        self.plan = plan
        self.partner = partner
        self.feed = Feed()
        self.inbox = Inbox()
        self.counters: dict[str, Counter] = {}
        self._http = http
        self._secret: str | None = None
        self._hooking, self._living = asyncio.Lock(), asyncio.Lock()
        if plan.file_shop is not None:
            self.counters["file"] = FileCounter(plan.file_shop, partner, self._saying("file"))
        else:
            for shop in shops.READY:
                self.counters[shop.key] = SandboxCounter(shop, partner, self._saying(shop.key))

    def counter(self, key: str) -> Counter:
        """A shop, brought or not. Raises UnknownShop."""
        if key not in self.counters:
            raise UnknownShop(f"{key[:40]!r} is not one of {', '.join(self.counters)}")
        return self.counters[key]

    async def opened(self, key: str) -> Counter:
        """A shop that is at the gateway, brought there now if need be. Raises UnknownShop or as `Partner.get`."""
        counter = self.counter(key)
        await self.register_hook()
        await counter.open()
        return counter

    # --- webhooks ---------------------------------------------------------------------------------------------------

    async def register_hook(self) -> None:
        """Have the gateway tell us everything, once; we listen already. Raises as `Partner.get`."""
        async with self._hooking:
            if self._secret is None:
                asked = {"url": f"{self.plan.origin}{HOOK_PATH}", "types": ["*"]}
                self._secret = (await self.partner.post("/v1/webhooks", asked, answers.Webhook)).secret

    def receive(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Take one message; whether it is the gateway's."""
        hook = self.inbox.take(self._secret, headers, body)
        if hook is not None:
            self.feed.say("hook", hook)
        return hook is None or hook.verified

    async def forge(self) -> int:
        """Send ourselves a message that nobody signed, as somebody would who wants goods for money that never came."""
        body = msgspec.json.encode({"type": "drawdown.active", "data": {"id": "drw_forged", "state": "active"}})
        headers = dict.fromkeys(("webhook-id", "webhook-signature"), "v1,forged") | {"webhook-timestamp": "0"}
        try:
            answer = await self._http.post(f"{self.plan.origin}{HOOK_PATH}", content=body, headers=headers)
        except httpx.TransportError as error:
            raise Unreachable(str(error)) from None
        return answer.status_code

    # --- time -------------------------------------------------------------------------------------------------------

    async def live(self, key: str, until: Until) -> int:
        """Live days at every shop that is open, told day by day; how many. Raises NothingOwed or as `Partner.get`."""
        counter = await self.opened(key)
        async with self._living:
            lived = 0
            async for _ in self._days(counter, until):
                await counter.live_a_day()
                for other in self.counters.values():
                    if other is not counter and other.step == "ready":
                        await other.read_clock()
                lived += 1
                self.feed.say("day", {"today_on": counter.today_on, "lived_count": lived})
            return lived

    async def _days(self, counter: Counter, until: Until) -> AsyncIterator[None]:
        """Something for each day that is still to be lived."""
        if until in {"day", "week"}:
            for _ in range(7 if until == "week" else 1):
                yield
            return
        loan = await _loan(counter)
        if loan is None:
            raise NothingOwed("Borrow first")
        due_on = loan.interval.due_on if loan.interval is not None else None
        for _ in range(LONGEST_DAYS):
            if until == "due" and due_on is not None and counter.today_on > due_on:
                return
            yield
            loan = await _loan(counter)
            if loan is None:
                return
            due_on = due_on or (loan.interval.due_on if loan.interval is not None else None)

    async def begin(self, key: str, kind: ScenarioKind) -> None:
        """Put another scenario in place from now on. Raises NoScenarios or as `Partner.get`."""
        counter = await self.opened(key)
        if not isinstance(counter, SandboxCounter):
            raise NoScenarios("Start the demo without --sales to try scenarios")
        await counter.begin(kind)

    # --- the bank ---------------------------------------------------------------------------------------------------

    async def bank_view(self, kind: Literal["payments", "collections"]) -> Any:
        """What the independent bank decided, newest first, as it says it. Raises Unreachable."""
        try:
            answer = await self._http.get(f"{self.plan.bank_url}/_mock/{kind}", timeout=_BANK_SECONDS)
            return answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable(f"the bank: {str(error) or type(error).__name__}") from None

    def _saying(self, key: str) -> Any:
        return lambda step: self.feed.say("step", {"shop": key, "step": step})


async def _loan(counter: Counter) -> answers.Loan | None:
    """The oldest loan that is not over."""
    found = (await counter.summary()).drawdowns or ()
    return found[-1] if found else None
