"""A till that sells and borrows at a server that may be killed at any moment, and remembers what it was promised."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from gateway.demo.partner import Partner, Refused
from gateway.domain.programmes import INVENTORY
from tests.journeys.owners import agreed

if TYPE_CHECKING:
    from gateway.demo.keys import SigningKey

STARTS_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ISSUER = "http://127.0.0.1:8000"
SALE_AMOUNT = 700
ENDED = {"active", "failed", "expired", "canceled"}


class Shop:
    """One merchant: under its consent its partner sells and borrows for it."""

    def __init__(self, merchant_id: str, partner: Partner) -> None:
        self.id, self.partner = merchant_id, partner


class Till:
    """Sells and borrows as fast as it is answered, and remembers what it was promised."""

    def __init__(self, client_id: str, key: SigningKey) -> None:
        self._client_id, self._key = client_id, key
        self.http = httpx.AsyncClient()
        self.own = Partner(self.http, client_id, key, ISSUER)
        self.shops: list[Shop] = []
        """Two a round, the newest last: each may confirm only so many draws a day."""
        self.count = 0
        self.promised = self.wanted = 0
        self.enough = asyncio.Event()
        self.sales: dict[str, bool] = {}
        """Every sale that was ever sent: whether it was acknowledged."""
        self.cut: dict[str, tuple[Shop, dict[str, Any]]] = {}
        """What was sent and not yet acknowledged."""
        self.quoted: dict[str, tuple[Shop, dict[str, Any]]] = {}
        """Idempotency key → the shop and the terms it proposes; in the order they were sent."""
        self.proposed: dict[str, str] = {}
        """Idempotency key → the drawdown we were answered with."""
        self.confirmed: set[str] = set()

    async def reach(self, address: str) -> None:
        """Talk to the server that is up now, as the same client under the same consents."""
        await self.http.aclose()
        self.http = httpx.AsyncClient(base_url=address, trust_env=False, timeout=30)
        self.own = Partner(self.http, self._client_id, self._key, ISSUER)
        for shop in self.shops:
            refresh_token = shop.partner._refresh_token
            shop.partner = Partner(self.http, self._client_id, self._key, ISSUER, refresh_token)

    async def open(self) -> Shop:
        """One more shop, that has a past and agreed to everything."""
        number = len(self.shops)
        body = {"legal_name": f"Bakery {number}", "country": "NL", "currency": "EUR", "timezone": "UTC"}
        body["contact_email"] = f"owner{number}@shop.example"
        merchant_id = (await post(self.own, "/v1/merchants", body, f"open-{number}"))["id"]
        shop = Shop(merchant_id, await agreed(self.own, self.http, merchant_id, "EUR"))
        self.shops.append(shop)
        past = [STARTS_AT - timedelta(days=back) for back in range(60, 0, -1)]
        await self.sell(shop, [row(f"past-{number}-{at.date()}", at, 50_000) for at in past])
        await post(shop.partner, f"/v1/merchants/{shop.id}/days/{past[-1].date()}/close", {})
        return shop

    async def sell(self, shop: Shop, rows: list[dict[str, Any]]) -> None:
        for sent in rows:
            self.sales.setdefault(sent["sale_id"], False)
            self.cut[sent["sale_id"]] = shop, sent
        answer = await post(shop.partner, f"/v1/merchants/{shop.id}/sales", rows)
        assert answer["rejected"] == []
        for sent in rows:
            self.sales[sent["sale_id"]] = True
            del self.cut[sent["sale_id"]]
        self._promised()

    def _promised(self) -> None:
        self.promised += 1
        if self.promised >= self.wanted:
            self.enough.set()

    async def keep_selling(self) -> None:
        while True:
            self.count += 1
            shop = self.shops[-1 - self.count % 2]
            await self.sell(shop, [row(f"sale-{self.count}", STARTS_AT, SALE_AMOUNT)])

    async def keep_borrowing(self, shop: Shop) -> None:
        """As often as one shop may in a day."""
        for _ in range(INVENTORY.draws_24h_count):
            await self.draw(shop)
        await self.enough.wait()

    async def draw(self, shop: Shop) -> None:
        """Quote the least there is, propose and confirm."""
        self.count += 1
        number = self.count
        offer = await shop.partner.get(f"/v1/merchants/{shop.id}/offer", dict[str, Any])
        wanted = {"offer_id": offer["id"], "amount": offer["step_amount"]}
        quote = await post(shop.partner, "/v1/quotes", wanted, f"quote-{number}")
        key = f"draw-{number}"
        self.quoted[key] = shop, {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
        await self.borrow(key)

    async def borrow(self, key: str) -> None:
        """Propose and confirm; the same call again goes on where it was cut off."""
        shop, agreed_to = self.quoted[key]
        drawdown_id = (await post(shop.partner, "/v1/drawdowns", agreed_to, key))["id"]
        assert self.proposed.setdefault(key, drawdown_id) == drawdown_id
        self._promised()
        terms = {"terms_hash": agreed_to["terms_hash"]}
        try:
            await post(self.own, f"/v1/sandbox/drawdowns/{drawdown_id}/confirm", terms)
        except Refused as refused:
            if refused.facts["problem"] != "illegal_state":
                raise
        self.confirmed.add(key)
        self._promised()

    async def resume(self) -> None:
        """Repeat what was cut off, as a till does."""
        for shop, sent in list(self.cut.values()):
            await self.sell(shop, [sent])
        for key in self.quoted.keys() - self.confirmed:
            await self.borrow(key)

    async def state(self, key: str) -> str:
        """Where a drawdown stands."""
        path = f"/v1/drawdowns/{self.proposed[key]}"
        found: str = (await self.quoted[key][0].partner.get(path, dict[str, Any]))["state"]
        return found


async def post(partner: Partner, path: str, body: object, key: str = "") -> dict[str, Any]:
    """POST under an idempotency key of our own, that outlives the server."""
    headers = {"Content-Type": "application/json"} | ({"Idempotency-Key": key} if key else {})
    found: dict[str, Any] = (await partner._call("POST", path, msgspec.json.encode(body), headers)).json()
    return found


def row(sale_id: str, at: datetime, amount: int) -> dict[str, Any]:
    return {"sale_id": sale_id, "kind": "sale", "occurred_at": at.isoformat(), "amount": amount, "currency": "EUR"}


async def settled(till: Till) -> None:
    """Wait until the bank has answered for every drawdown that was confirmed."""
    async with asyncio.timeout(90):
        for key in till.confirmed:
            for pause in itertools.repeat(0.05):
                if await till.state(key) in ENDED:
                    break
                await asyncio.sleep(pause)
