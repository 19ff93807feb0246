"""The story of the product, lived by a partner's client: from the till's close to the last cent repaid.

It talks to the gateway over HTTP and tells each step to whoever listens; it prints nothing itself.
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.demo import answers, joining, look, steps
from gateway.demo.partner import BATCH
from gateway.domain.errors import Conflict
from gateway.domain.money import floor_to_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from gateway.demo.partner import Partner
    from gateway.demo.till import Till

_LEAST_SHARE, _MOST_SHARE = 4, 2
"""The shop draws at least a fourth of its limit and at most half, so that the file is long enough to repay it."""
_SUBMIT_POLLS, _SUBMIT_POLL_SECONDS = 100, 0.1
_UNDER_WAY = frozenset({"submitted", "pending", "active"})
_OVER = frozenset({"expired", "rejected", "canceled", "failed", "returned", "charged_off"})


class StoryEnded(Conflict):
    """The story cannot go on: nothing is offered, the bank refuses, or the file ends before the money is back."""

    code = "story_ended"
    title = "The story cannot be completed"


class Story:
    """One shop's story at one gateway, each method one chapter. `say` hears every step."""

    def __init__(
        self, partner: Partner, till: Till, as_of_on: date, country: str, say: Callable[[steps.Step], None]
    ) -> None:
        self.partner = partner
        self.shop = partner
        """The partner under the shop's consent, once there is one."""
        self.till = till
        self.as_of_on = as_of_on
        self.country = country
        self.currency = till.receipts.currency
        self.say = say
        self.merchant_id = ""
        self.closing_ms: float | None = None
        """The round trip of the eve's close, over HTTP: features, forecasts, PD, limit, decision, all on disk."""

    async def onboard(self) -> None:
        """The partner brings the shop; the sandbox verifies it by rule."""
        shop = self.till.receipts
        facts = joining.Facts(shop.name, self.country, shop.currency, shop.timezone, shop.day_cutoff)
        merchant = await joining.register(self.partner, facts)
        self.merchant_id = merchant.id
        self.say(steps.Onboarded(merchant_id=merchant.id, legal_name=merchant.legal_name, state=merchant.state))

    async def consent(self) -> None:
        """The partner asks for what it needs; the owner signs in with a code and agrees on the gateway's own page."""
        month = max(1, sum(self.till.daily_net(self.as_of_on, joining.LOOK_BACK_DAYS)))
        wanted = joining.wanted(self.merchant_id, self.currency, month, self.as_of_on)
        self.shop = await joining.consent(self.partner, wanted)
        until = joining.until(self.as_of_on)
        self.say(steps.Consented(merchant_id=self.merchant_id, lines_count=len(wanted) + 1, until_on=until))

    async def bring_history(self) -> answers.Closed:
        """Push every receipt before as-of and close its days in order; the last closed day is the eve of as-of."""
        began = time.perf_counter()
        accepted, duplicates = await self._push_history()
        eve = self.as_of_on - timedelta(days=1)
        days = self._history_days()
        to_close = days if days[-1] == eve else [*days, eve]
        for number, day in enumerate(to_close, start=1):
            closing = time.perf_counter()
            closed = await self._close(day)
            self.closing_ms = round((time.perf_counter() - closing) * 1000, 1)
            self.say(steps.Working(what="days closed", done_count=number, total_count=len(to_close)))
        self.say(
            steps.History(
                days_count=(self.as_of_on - days[0]).days,
                receipts_count=sum(len(self.till.on(day)) for day in days),
                accepted_count=accepted,
                duplicates_count=duplicates,
                elapsed_ms=_since(began),
            )
        )
        return closed

    async def take_offer(self, eve: answers.Closed) -> steps.Offered:
        """The offer as it stands at as-of's opening; raises StoryEnded when there is none."""
        offer = await self.shop.get(f"/v1/merchants/{self.merchant_id}/offer", answers.Offer)
        nets = self.till.daily_net(self.as_of_on, joining.LOOK_BACK_DAYS)
        offered = steps.Offered(
            as_of_on=self.as_of_on,
            closed_on=eve.business_on,
            takings_today_amount=eve.net_amount,
            net_sales_30d_amount=sum(nets),
            daily_net_amounts=nets,
            offer=offer,
            decision_ms=await self._decision_ms(offer),
        )
        self.say(offered)
        if offer.id is None or offer.available_amount < max(offer.minimum_amount, 1):
            why = "; ".join(reason.text.get("en", reason.code) for reason in offer.reasons) or offer.state
            raise StoryEnded(f"nothing can be drawn on {self.as_of_on}: {why}")
        return offered

    async def foresee(self) -> answers.Forecasts:
        """What the next week and month should bring."""
        found = await self.shop.get(f"/v1/merchants/{self.merchant_id}/forecast", answers.Forecasts)
        self.say(
            steps.Foreseen(
                currency=self.currency,
                forecast_7=found.forecast_7,
                forecast_30=found.forecast_30,
                stocking_need_amount=found.stocking_need_amount,
            )
        )
        return found

    async def draw(self, offer: answers.Offer) -> answers.Drawdown:
        """Quote, show, ask, click: the drawdown as it stands once the bank has its instruction."""
        body = {"offer_id": offer.id, "amount": amount_to_draw(offer)}
        quote = await self.shop.post("/v1/quotes", body, answers.Quote)
        self.say(steps.Quoted(currency=self.currency, quote=quote))
        await self.shop.post(f"/v1/offers/{offer.id}/deliver", None, dict)
        asked = {"quote_id": quote.id, "terms_hash": quote.terms_hash}
        drawdown = await self.shop.post("/v1/drawdowns", asked, answers.Drawdown)
        clicked = {"terms_hash": quote.terms_hash}
        path = f"/v1/sandbox/drawdowns/{drawdown.id}/confirm"
        drawdown = await self.partner.post(path, clicked, answers.Drawdown)
        drawdown = await self._submitted(drawdown)
        self.say(steps.Confirmed(drawdown=drawdown))
        return drawdown

    async def live(self, day: date, drawdown: answers.Drawdown) -> answers.Drawdown:
        """One later business day: the clock goes round, the till's receipts arrive, the day closes, a share repays.

        The clock goes first, because a gateway refuses sales of the future; it stands shortly after the day's end,
        well before the gateway would close the day by itself.
        """
        await self.partner.post("/v1/sandbox/clock/advance", {"days": 1}, answers.BusinessClock)
        if self.till.on(day):
            await self._push(day)
        closed = await self._close(day)
        before, drawdown = drawdown, await self._drawdown(drawdown.id)
        self.say(
            steps.Lived(
                business_on=day,
                currency=self.currency,
                net_amount=closed.net_amount,
                withheld_amount=closed.withheld_amount,
                limit_amount=closed.offer.limit_amount,
                available_amount=closed.offer.available_amount,
                state=drawdown.state,
                repaid_amount=drawdown.repaid_amount,
                total_amount=drawdown.total_amount - drawdown.rebate_amount,
            )
        )
        if before.bank_reference is None and drawdown.bank_reference is not None:
            self.say(steps.Paid(on=day, drawdown=drawdown))
        if drawdown.state == "repaid":
            self.say(steps.Repaid(on=day, days_count=(day - self.as_of_on).days + 1, drawdown=drawdown))
        return drawdown

    async def live_until_repaid(self, drawdown: answers.Drawdown) -> answers.Drawdown:
        """Live the file's days from as-of on; raises StoryEnded when they do not bring the money back."""
        for day in self.till.days_from(self.as_of_on):
            drawdown = await self.live(day, drawdown)
            if drawdown.state == "repaid":
                return drawdown
        left = drawdown.total_amount - drawdown.repaid_amount
        raise StoryEnded(
            f"the receipts end on {self.till.last_on} with {look.PLAIN.money(left, self.currency)} of "
            f"{look.PLAIN.money(drawdown.total_amount, self.currency)} still to be repaid"
        )

    def _history_days(self) -> list[date]:
        earliest = self.as_of_on - timedelta(days=joining.HISTORY_DAYS)
        days = [day for day in self.till.trading_days(self.as_of_on) if day >= earliest]
        if not days:
            raise StoryEnded(f"there are no receipts in the {joining.HISTORY_DAYS} days before {self.as_of_on}")
        return days

    async def _push_history(self) -> tuple[int, int]:
        batch = [receipt for day in self._history_days() for receipt in self.till.on(day)]
        accepted = duplicates = 0
        for start in range(0, len(batch), BATCH):
            pushed = await self.shop.push(self.merchant_id, batch[start : start + BATCH], self.currency)
            _refuse_rejected(pushed)
            accepted += pushed.accepted
            duplicates += pushed.duplicates
            done = min(start + BATCH, len(batch))
            self.say(steps.Working(what="receipts pushed", done_count=done, total_count=len(batch)))
        return accepted, duplicates

    async def _push(self, day: date) -> None:
        receipts = self.till.on(day)
        for start in range(0, len(receipts), BATCH):
            _refuse_rejected(await self.shop.push(self.merchant_id, receipts[start : start + BATCH], self.currency))

    async def _close(self, day: date) -> answers.Closed:
        return await self.shop.close(self.merchant_id, day, self.till.totals(day))

    async def _decision_ms(self, offer: answers.Offer) -> float | None:
        """What the gateway says the decision took; while it says nothing, the whole request that closed the day."""
        if offer.decision_id is None:
            return None
        decision = await self.shop.get(f"/v1/decisions/{offer.decision_id}", answers.Decision)
        return self.closing_ms if decision.duration_ms is None else decision.duration_ms

    async def _drawdown(self, drawdown_id: str) -> answers.Drawdown:
        drawdown = await self.shop.get(f"/v1/drawdowns/{drawdown_id}", answers.Drawdown)
        if drawdown.state in _OVER:
            why = f" ({drawdown.reason})" if drawdown.reason else ""
            raise StoryEnded(f"the drawdown is {drawdown.state}{why}")
        return drawdown

    async def _submitted(self, drawdown: answers.Drawdown) -> answers.Drawdown:
        """Wait in real time while the gateway's worker talks to the bank; raises StoryEnded when it does not."""
        for _ in range(_SUBMIT_POLLS):
            if drawdown.state in _UNDER_WAY:
                return drawdown
            await asyncio.sleep(_SUBMIT_POLL_SECONDS)
            drawdown = await self._drawdown(drawdown.id)
        raise StoryEnded(f"the bank has not taken the instruction: the drawdown is still {drawdown.state}")


def amount_to_draw(offer: answers.Offer) -> int:
    """The suggested amount, kept between a fourth and half of the limit: a multiple of the step, at most available."""
    step = offer.step_amount
    least = -(-offer.limit_amount // _LEAST_SHARE // step) * step
    most = floor_to_step(offer.limit_amount // _MOST_SHARE, step)
    wanted = max(least, offer.minimum_amount, min(offer.suggested_amount, most))
    return min(-(-wanted // step) * step, floor_to_step(offer.available_amount, step))


def _refuse_rejected(pushed: answers.Pushed) -> None:
    if pushed.rejected:
        first = pushed.rejected[0]
        raise StoryEnded(f"{len(pushed.rejected)} receipts were rejected, the first for {first.code}: {first.detail}")


def _since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
