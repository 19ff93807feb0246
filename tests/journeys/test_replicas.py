"""Two servers and a worker on one PostgreSQL: a shop's life goes through whichever answers."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from gateway.demo.bank_process import start_mock_bank
from gateway.demo.keys import SigningKey
from gateway.demo.partner import Partner
from tests import processes

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
    async with contextlib.AsyncExitStack() as stack:
        partners = []
        for number in (1, 2):
            address, _ = stack.enter_context(processes.serving(settings, tmp_path / f"server{number}.log"))
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=address, trust_env=False, timeout=60))
            partners.append(Partner(http, client_id, key, ISSUER))
        stack.enter_context(processes.running(settings, tmp_path / "worker.log", "worker"))
        await _live(*partners)
    assert processes.command(settings, "verify")["balanced"] is True


async def _live(one: Partner, other: Partner) -> None:
    shop = {"legal_name": "Corner", "country": "NL", "currency": "EUR", "timezone": "Europe/Amsterdam"}
    merchant_id = (await one.post("/v1/merchants", shop, dict[str, Any]))["id"]
    rows = [_sale(f"h{back}", STARTS_AT - timedelta(days=back)) for back in range(60, 0, -1)]
    await other.post(f"/v1/merchants/{merchant_id}/sales", rows, dict[str, Any])
    closed = await one.post(f"/v1/merchants/{merchant_id}/days/2026-03-01/close", {}, dict[str, Any])
    offer = closed["offer"]
    seen = await other.get(f"/v1/merchants/{merchant_id}/offer", dict[str, Any])
    assert seen["limit_amount"] == offer["limit_amount"] > 0
    wanted = {"offer_id": offer["id"], "amount": offer["step_amount"] * 5}
    quote = await other.post("/v1/quotes", wanted, dict[str, Any])
    agreed = {"terms_hash": quote["terms_hash"]}
    drawdown = await one.post("/v1/drawdowns", {"quote_id": quote["id"], **agreed}, dict[str, Any])
    path = f"/v1/drawdowns/{drawdown['id']}"
    await other.post(f"/v1/sandbox{path.removeprefix('/v1')}/confirm", agreed, dict[str, Any])
    for day in range(1, 40):
        at = STARTS_AT + timedelta(days=day - 1)
        await one.post(f"/v1/merchants/{merchant_id}/sales", _sale(f"d{day}", at), dict[str, Any])
        await other.post(f"/v1/merchants/{merchant_id}/days/{at.date()}/close", {}, dict[str, Any])
        await one.post("/v1/sandbox/clock/advance", {"days": 1}, dict[str, Any])
        found = await other.get(path, dict[str, Any])
        if found["state"] == "repaid":
            assert found["repaid_amount"] == quote["total_amount"]
            return
    pytest.fail(f"not repaid: {msgspec.json.encode(found).decode()}")


def _sale(sale_id: str, at: datetime) -> dict[str, Any]:
    return {"sale_id": sale_id, "kind": "sale", "occurred_at": at.isoformat(), "amount": 30_000, "currency": "EUR"}
