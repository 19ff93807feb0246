"""kill -9 of a real server under load: nothing that was acknowledged is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.demo.bank_process import start_mock_bank
from gateway.demo.keys import SigningKey
from gateway.domain.drawdowns import end_to_end_id
from gateway.outbound import Outbound
from tests import processes, shops

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio
STARTS_AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ISSUER = "http://127.0.0.1:8000"
SALE_AMOUNT = 700
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ENDED = {"active", "failed", "expired", "canceled"}


class Till:
    """Sells and borrows as fast as it is answered, and remembers what it was promised."""

    def __init__(self, client_id: str, key: SigningKey) -> None:
        self._client_id, self._key = client_id, key
        self._headers: dict[str, str] = {}
        self.http = httpx.AsyncClient()
        self.merchant_id = ""
        self.count = 0
        self.promised = self.wanted = 0
        self.enough = asyncio.Event()
        self.sales: dict[str, bool] = {}
        """Every sale that was ever sent: whether it was acknowledged."""
        self.quoted: dict[str, dict[str, Any]] = {}
        """Idempotency key → the terms it proposes; in the order they were sent."""
        self.proposed: dict[str, str] = {}
        """Idempotency key → the drawdown we were answered with."""
        self.confirmed: set[str] = set()

    async def reach(self, address: str) -> None:
        """Talk to the server that is up now."""
        await self.http.aclose()
        self.http = httpx.AsyncClient(base_url=address, trust_env=False, timeout=30)
        assertion = self._key.assertion(self._client_id, ISSUER, int(time.time()))
        form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE}
        answer = await self.http.post("/oauth/token", data=form | {"client_assertion": assertion})
        self._headers = {"authorization": f"Bearer {answer.json()['access_token']}"}

    async def post(self, path: str, body: Any, key: str = "") -> httpx.Response:
        headers = self._headers | ({"idempotency-key": key} if key else {})
        return await self.http.post(path, json=body, headers=headers)

    async def get(self, path: str) -> dict[str, Any]:
        answer = await self.http.get(path, headers=self._headers)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def open(self) -> None:
        shop = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "UTC"}
        self.merchant_id = (await self.post("/v1/merchants", shop, "open")).json()["id"]
        for back in range(60, 0, -1):
            self.sales[f"past-{back}"] = False
        await self.sell([row(f"past-{back}", STARTS_AT - timedelta(days=back), 50_000) for back in range(60, 0, -1)])
        on = (STARTS_AT - timedelta(days=1)).date()
        assert (await self.post(f"/v1/merchants/{self.merchant_id}/days/{on}/close", {})).is_success

    async def sell(self, rows: list[dict[str, Any]]) -> None:
        for sent in rows:
            self.sales.setdefault(sent["sale_id"], False)
        answer = await self.post(f"/v1/merchants/{self.merchant_id}/sales", rows)
        assert answer.is_success, answer.text
        assert answer.json()["rejected"] == []
        for sent in rows:
            self.sales[sent["sale_id"]] = True
        self._promised()

    def _promised(self) -> None:
        self.promised += 1
        if self.promised >= self.wanted:
            self.enough.set()

    async def keep_selling(self) -> None:
        while True:
            self.count += 1
            await self.sell([row(f"sale-{self.count}", STARTS_AT, SALE_AMOUNT)])

    async def keep_borrowing(self) -> None:
        while True:
            self.count += 1
            number = self.count
            offer = await self.get(f"/v1/merchants/{self.merchant_id}/offer")
            wanted = {"offer_id": offer["id"], "amount": offer["step_amount"]}
            answer = await self.post("/v1/quotes", wanted, f"quote-{number}")
            assert answer.status_code == 201, answer.text
            quote = answer.json()
            key = f"draw-{number}"
            self.quoted[key] = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
            await self.borrow(key)

    async def borrow(self, key: str) -> None:
        """Propose and confirm; the same call again goes on where it was cut off."""
        answer = await self.post("/v1/drawdowns", self.quoted[key], key)
        assert answer.status_code == 201, answer.text
        drawdown_id = answer.json()["id"]
        assert self.proposed.setdefault(key, drawdown_id) == drawdown_id
        self._promised()
        terms = {"terms_hash": self.quoted[key]["terms_hash"]}
        answer = await self.post(f"/v1/sandbox/drawdowns/{drawdown_id}/confirm", terms)
        assert answer.is_success or answer.json()["code"] == "illegal_state", answer.text
        self.confirmed.add(key)
        self._promised()

    async def resume(self) -> None:
        """Repeat what was cut off, as a till does."""
        cut = [sale_id for sale_id, acknowledged in self.sales.items() if not acknowledged]
        await self.sell([row(sale_id, STARTS_AT, SALE_AMOUNT) for sale_id in cut])
        for key in self.quoted.keys() - self.confirmed:
            await self.borrow(key)


def row(sale_id: str, at: datetime, amount: int) -> dict[str, Any]:
    return {"sale_id": sale_id, "kind": "sale", "occurred_at": at.isoformat(), "amount": amount, "currency": "EUR"}


async def under_load(till: Till, process: Any, promises: int) -> None:
    """Load until so many promises were made, then kill -9 in the middle of it."""
    till.enough.clear()
    till.wanted = till.promised + promises
    work = [asyncio.create_task(till.keep_selling()) for _ in range(6)]
    work += [asyncio.create_task(till.keep_borrowing()) for _ in range(2)]
    enough = asyncio.create_task(till.enough.wait())
    await asyncio.wait([enough, *work], return_when=asyncio.FIRST_COMPLETED)
    enough.cancel()
    process.kill()
    process.wait()
    for task in work:
        ended = (await asyncio.gather(task, return_exceptions=True))[0]
        assert isinstance(ended, httpx.TransportError), ended


async def settled(till: Till) -> None:
    """Wait until the bank has answered for every drawdown that was confirmed."""
    async with asyncio.timeout(90):
        for key in till.confirmed:
            for pause in itertools.repeat(0.05):
                if (await till.get(f"/v1/drawdowns/{till.proposed[key]}"))["state"] in ENDED:
                    break
                await asyncio.sleep(pause)


@pytest.mark.parametrize("rounds_count", [2, pytest.param(20, marks=pytest.mark.soak)])
async def test_kill_minus_nine_loses_nothing_acknowledged_and_doubles_nothing(
    tmp_path: Path, rounds_count: int
) -> None:
    chance, key = random.Random(rounds_count), SigningKey()
    database, jwks, log = tmp_path / "restock.db", tmp_path / "jwks.json", tmp_path / "server.log"
    jwks.write_bytes(key.jwks())
    with start_mock_bank(f"{STARTS_AT:%Y-%m-%dT%H:%M}") as bank:
        settings = processes.environment(
            database_url=f"sqlite:///{database}", data_dir=str(tmp_path / "keys"), issuer=ISSUER,
            bank_url=bank.base_url, bank_poll_ms="20", clock_starts_at=STARTS_AT.isoformat(),
        )  # fmt: skip
        created = processes.command(settings, "client", "create", "--name", "Till", "--jwks", str(jwks))
        till = Till(str(created["client_id"]), key)
        for _ in range(rounds_count):
            with processes.serving(settings, log) as (address, process):
                await till.reach(address)
                await (till.resume() if till.merchant_id else till.open())
                await under_load(till, process, chance.randint(100, 400))
        with processes.serving(settings, log) as (address, process):
            await till.reach(address)
            await till.resume()
            await settled(till)
            states = {k: (await till.get(f"/v1/drawdowns/{d}"))["state"] for k, d in till.proposed.items()}
        await till.http.aclose()
        await _nothing_lost_nothing_doubled(f"sqlite:///{database}", till, bank.base_url, states)
        assert processes.command(settings, "verify")["balanced"] is True


async def _nothing_lost_nothing_doubled(url: str, till: Till, bank_url: str, states: dict[str, str]) -> None:
    stored = await shops.rows(url, "SELECT sale_id, amount FROM sales")
    assert Counter(sale_id for sale_id, _ in stored) == Counter(till.sales)
    summed = await shops.rows(url, "SELECT SUM(net_amount), SUM(tickets_count) FROM days")
    assert summed == [(sum(amount for _, amount in stored), len(till.sales))]
    assert set(states.values()) == {"active"}
    drawn = await shops.rows(url, "SELECT id, quote_id FROM drawdowns")
    assert Counter(id_ for id_, _ in drawn) == Counter(till.proposed.values())
    async with Outbound() as outbound:
        paid = Counter(p.end_to_end_id for p in await MockBankControls(bank_url, outbound).payments())
    assert paid == Counter(end_to_end_id(drawdown_id) for drawdown_id in till.proposed.values())
