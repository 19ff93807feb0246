"""Two servers and a worker on one PostgreSQL: a shop's life goes through whichever answers."""

from __future__ import annotations

import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from gateway.demo.bank_process import start_mock_bank
from gateway.demo.keys import SigningKey
from gateway.demo.partner import Partner
from tests import processes
from tests.journeys.owners import agreed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

STARTS_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ISSUER = "http://127.0.0.1:8000"


@pytest.fixture
def settings(fresh_postgres_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    with start_mock_bank(f"{STARTS_AT:%Y-%m-%dT%H:%M}") as bank:
        yield processes.environment(
            database_url=fresh_postgres_url,
            data_dir=str(tmp_path / "keys"),
            issuer=ISSUER,
            bank_url=bank.base_url,
            bank_poll_ms="200",
            clock_starts_at=STARTS_AT.isoformat(),
        )


async def test_a_loan_is_lived_through_two_replicas_and_a_worker(settings: dict[str, str], tmp_path: Path) -> None:
    key = SigningKey()
    jwks = tmp_path / "jwks.json"
    jwks.write_bytes(key.jwks())
    client_id = str(processes.command(settings, "client", "create", "--name", "Till", "--jwks", str(jwks))["client_id"])
    with contextlib.ExitStack() as stack:
        addresses = [
            stack.enter_context(processes.serving(settings, tmp_path / f"server{number}.log"))[0] for number in (1, 2)
        ]
        stack.enter_context(processes.running(settings, tmp_path / "worker.log", "worker"))
        async with InTurn(addresses) as balancer, httpx.AsyncClient(base_url=ISSUER, transport=balancer) as http:
            await _live(Partner(http, client_id, key, ISSUER), http)
        assert min(balancer.counts) > 10
    assert processes.command(settings, "verify")["balanced"] is True


class InTurn(httpx.AsyncBaseTransport):
    """A load balancer: requests to the issuer's address go to one server or the other, no call always to the same."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = [httpx.URL(address) for address in addresses]
        self._inner = httpx.AsyncHTTPTransport()
        self._turns = itertools.cycle((0, 1, 1, 0, 1))
        self.counts = [0, 0]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        number = next(self._turns)
        self.counts[number] += 1
        to = self._addresses[number]
        request.url = request.url.copy_with(scheme=to.scheme, host=to.host, port=to.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _live(partner: Partner, http: httpx.AsyncClient) -> None:
    body = {"legal_name": "Corner", "country": "NL", "currency": "EUR", "timezone": "Europe/Amsterdam"}
    body["contact_email"] = "owner@shop.example"
    merchant_id = (await partner.post("/v1/merchants", body, dict[str, Any]))["id"]
    shop = await agreed(partner, http, merchant_id, "EUR")
    rows = [_sale(f"h{back}", STARTS_AT - timedelta(days=back)) for back in range(60, 0, -1)]
    await shop.post(f"/v1/merchants/{merchant_id}/sales", rows, dict[str, Any])
    closed = await shop.post(f"/v1/merchants/{merchant_id}/days/2026-03-01/close", {}, dict[str, Any])
    offer = closed["offer"]
    for _ in range(2):
        seen = await shop.get(f"/v1/merchants/{merchant_id}/offer", dict[str, Any])
        assert seen["limit_amount"] == offer["limit_amount"] > 0
    wanted = {"offer_id": offer["id"], "amount": offer["step_amount"] * 5}
    quote = await shop.post("/v1/quotes", wanted, dict[str, Any])
    terms = {"terms_hash": quote["terms_hash"]}
    drawdown = await shop.post("/v1/drawdowns", {"quote_id": quote["id"], **terms}, dict[str, Any])
    await partner.post(f"/v1/sandbox/drawdowns/{drawdown['id']}/confirm", terms, dict[str, Any])
    for day in range(1, 40):
        at = STARTS_AT + timedelta(days=day - 1)
        await shop.post(f"/v1/merchants/{merchant_id}/sales", _sale(f"d{day}", at), dict[str, Any])
        await shop.post(f"/v1/merchants/{merchant_id}/days/{at.date()}/close", {}, dict[str, Any])
        await partner.post("/v1/sandbox/clock/advance", {"days": 1}, dict[str, Any])
        found = await shop.get(f"/v1/drawdowns/{drawdown['id']}", dict[str, Any])
        if found["state"] == "repaid":
            assert found["repaid_amount"] == quote["total_amount"]
            return
    pytest.fail(f"not repaid: {msgspec.json.encode(found).decode()}")


def _sale(sale_id: str, at: datetime) -> dict[str, Any]:
    return {"sale_id": sale_id, "kind": "sale", "occurred_at": at.isoformat(), "amount": 30_000, "currency": "EUR"}
