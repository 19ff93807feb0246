"""A shop's till in tests: rows, days and their answers, through a partner of `tests.gateways`. No bank is needed."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.gateways import NOW

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Partner

HERE = {"legal_name": "Corner", "country": "NL", "currency": "EUR", "timezone": "Etc/UTC"}
TODAY = NOW.date()
YESTERDAY = TODAY - timedelta(days=1)
_numbers = itertools.count(1)


def row(amount: int = 1_000, at: datetime = NOW - timedelta(hours=1), **more: Any) -> dict[str, Any]:
    """One sale with an id of its own; `more` fields replace or add."""
    sale_id = more.pop("sale_id", None) or f"s{next(_numbers)}"
    return {
        "sale_id": sale_id,
        "kind": "sale",
        "occurred_at": at.isoformat(),
        "amount": amount,
        "currency": "EUR",
    } | more


def refund(amount: int, of: str | None = None, **more: Any) -> dict[str, Any]:
    """A refund, linked to the sale `of` where one is named."""
    return row(amount, **({"kind": "refund"} | ({} if of is None else {"refund_of": of}) | more))


def days_back(count: int, amount: int = 40_000, until: datetime = NOW) -> list[dict[str, Any]]:
    """One sale on each of the `count` days before `until`."""
    return [row(amount, until - timedelta(days=back)) for back in range(count, 0, -1)]


class Till:
    """A merchant and its partner."""

    def __init__(self, partner: Partner, merchant_id: str) -> None:
        self.partner, self.id = partner, merchant_id
        self.path = f"/v1/merchants/{merchant_id}"

    async def send(self, rows: Any) -> httpx.Response:
        """Push rows, whatever comes of it."""
        return await self.partner.post(f"{self.path}/sales", rows)

    async def push(self, *rows: dict[str, Any]) -> dict[str, Any]:
        """Push rows that must be answered with 200."""
        return await self.partner.done(f"{self.path}/sales", list(rows))

    async def close(self, on: date = YESTERDAY, **z_totals: int) -> dict[str, Any]:
        """Close a day."""
        return await self.partner.done(f"{self.path}/days/{on}/close", z_totals)

    async def offer(self) -> dict[str, Any]:
        """Where it stands."""
        return await self.partner.seen(f"{self.path}/offer")

    async def decisions(self) -> list[dict[str, Any]]:
        """All decisions, oldest first."""
        data: list[dict[str, Any]] = (await self.partner.seen(f"{self.path}/decisions", limit=100))["data"]
        return data


async def new(partner: Partner, **changes: Any) -> Till:
    """A shop that has sold nothing yet."""
    return Till(partner, (await partner.done("/v1/merchants", HERE | changes))["id"])


async def trading(partner: Partner, days: int = 60, amount: int = 40_000, **changes: Any) -> Till:
    """A shop with `days` closed days of one sale each, the last one yesterday."""
    till = await new(partner, **changes)
    await till.push(*days_back(days, amount))
    await till.close()
    return till
