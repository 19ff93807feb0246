"""kill -9 of a real server under load: nothing that was acknowledged is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.demo.bank_process import start_mock_bank
from gateway.demo.keys import SigningKey
from gateway.demo.partner import Unreachable
from gateway.domain.drawdowns import end_to_end_id
from gateway.outbound import Outbound
from tests import processes, shops
from tests.journeys.till import ISSUER, STARTS_AT, Till, settled

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def under_load(till: Till, process: Any, promises: int) -> None:
    """Load until so many promises were made, then kill -9 in the middle of it."""
    till.enough.clear()
    till.wanted = till.promised + promises
    work = [asyncio.create_task(till.keep_selling()) for _ in range(6)]
    work += [asyncio.create_task(till.keep_borrowing(shop)) for shop in till.shops[-2:]]
    enough = asyncio.create_task(till.enough.wait())
    await asyncio.wait([enough, *work], return_when=asyncio.FIRST_COMPLETED)
    enough.cancel()
    process.kill()
    process.wait()
    for task in work:
        ended = (await asyncio.gather(task, return_exceptions=True))[0]
        assert ended is None or isinstance(ended, Unreachable), ended


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
                await till.resume()
                await till.open()
                await till.open()
                await under_load(till, process, chance.randint(100, 400))
        with processes.serving(settings, log) as (address, process):
            await till.reach(address)
            await till.resume()
            await settled(till)
            states = {key: await till.state(key) for key in till.proposed}
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
