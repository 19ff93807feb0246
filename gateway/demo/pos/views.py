"""What the till's page is told, as plain values."""

from __future__ import annotations

import asyncio
from collections import Counter as Counted
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.demo.pos import records
from gateway.demo.pos.lives import SandboxCounter
from gateway.domain import calendars
from gateway.domain.sales import SaleKind

if TYPE_CHECKING:
    from gateway.demo import answers
    from gateway.demo.pos.counter import Counter
    from gateway.demo.pos.desk import Desk
    from gateway.domain.sales import NewSale

_WEEK = 7
_SHOWN_COUNT = 60


def till(desk: Desk) -> dict[str, Any]:
    """The shops, and everything else there is to look at."""
    gateway = desk.plan.gateway_url
    return {
        "gateway_url": gateway,
        "shops": [{"key": key, "name": one.shop.name, "step": one.step} for key, one in desk.counters.items()],
        "links": {
            "docs": f"{gateway}/docs/api",
            "outbox": f"{gateway}/sandbox/outbox",
            "status": f"{gateway}/",
            "bank": f"{desk.plan.bank_url}/_mock/payments",
        },
    }


async def shop(counter: Counter) -> dict[str, Any]:
    """A shop's day: its menu, its sales, what it takes; and what the gateway expects of the next week."""
    await counter.read_clock()
    today = counter.today()
    closed = counter.closed.get(counter.today_on)
    about = counter.shop
    return {
        "key": about.key,
        "name": about.name,
        "merchant_id": counter.merchant_id,
        "currency": about.currency,
        "timezone": about.timezone,
        "now": counter.now,
        "today_on": counter.today_on,
        "menu": counter.menu,
        "scenario": counter.past.scenario.kind if isinstance(counter, SandboxCounter) else None,
        "closed": None if closed is None else {"net_amount": closed.net_amount, "withheld": closed.withheld_amount},
        "day": day(counter, today),
        "stock": stock(counter, (await counter.summary()).forecast),
    }


def day(counter: Counter, today: list[NewSale]) -> dict[str, Any]:
    """Takings of the day as the drawer has them, tax included; `net_amount` is the gateway's figure, without."""
    back = {one.refund_of for one in today if one.refund_of}
    gross = {kind: sum(one.amount for one in today if one.kind is kind) for kind in SaleKind}
    return {
        "taken_amount": gross[SaleKind.sale] - gross[SaleKind.refund] - gross[SaleKind.void],
        "refunded_amount": gross[SaleKind.refund] + gross[SaleKind.void],
        "refunds_count": sum(one.kind is not SaleKind.sale for one in today),
        "tickets_count": sum(one.kind is SaleKind.sale for one in today),
        "net_amount": records.totals(today).net_amount,
        "hours": _hours(counter, today),
        "sales": [_sale(one, back) for one in today[:_SHOWN_COUNT]],
    }


def sold(counter: Counter, pushed: answers.Pushed) -> dict[str, Any]:
    """The day after a record, and what the gateway answered to it."""
    offer = pushed.offer
    return {
        "day": day(counter, counter.today()),
        "takings_today_amount": pushed.takings_today_amount,
        "limit_amount": None if offer is None else offer.limit_amount,
        "available_amount": None if offer is None else offer.available_amount,
    }


def stock(counter: Counter, outlook: answers.Outlook | None) -> dict[str, Any] | None:
    """What to buy for the next week: the gateway's need, beside what we ourselves sold of it in the last."""
    if outlook is None:
        return None
    pieces: Counted[str] = Counted()
    for back in range(1, _WEEK + 1):
        for sale in counter.records.on(counter.today_on - timedelta(days=back), counter.now):
            if sale.kind is SaleKind.sale:
                for line in sale.lines or ():
                    pieces[line.category or ""] += int(line.quantity)
    return {
        "need_amount": outlook.stocking_need_amount,
        "rows": [
            {"category": one.category, "sold_count": pieces[one.category], "need_amount": one.need_amount}
            for one in outlook.stocking
        ],
    }


async def side(counter: Counter) -> dict[str, Any]:
    """What waits for the owner, and the loans that run."""
    summary, authority = await asyncio.gather(counter.summary(), counter.authority())
    waiting = authority.proposed
    return {
        "drawdowns": msgspec.to_builtins(summary.drawdowns or ()),
        "actions": msgspec.to_builtins(summary.required_actions),
        "one_click": authority.active is not None,
        "approval_url": None if waiting is None else waiting.approval_url,
        "consents_url": f"/connect/consents?merchant_id={counter.merchant_id}",
    }


def _hours(counter: Counter, today: list[NewSale]) -> list[dict[str, int]]:
    """Net takings by hour, from the first hour with a sale to the last, gaps included."""
    zone = calendars.zone(counter.shop.timezone)
    sums: Counted[int] = Counted()
    for one in today:
        sums[one.occurred_at.astimezone(zone).hour] += one.amount if one.kind is SaleKind.sale else -one.amount
    return [{"hour": hour, "amount": sums[hour]} for hour in range(min(sums), max(sums) + 1)] if sums else []


def _sale(one: NewSale, back: set[str]) -> dict[str, Any]:
    return {
        "sale_id": one.sale_id,
        "kind": one.kind,
        "occurred_at": one.occurred_at,
        "amount": one.amount,
        "means": one.tenders[0].means if one.tenders else None,
        "lines": [{"item_id": line.item_id, "quantity": line.quantity} for line in one.lines or ()],
        "taken_back": one.sale_id in back,
    }
