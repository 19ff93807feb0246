"""kill -9 between "sent" and "recorded": the bank has the file, we do not know it, and it is paid exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from adapters.banks.iso20022.sandbox import MockBankControls
from gateway.demo.bank_process import start_mock_bank
from gateway.demo.keys import SigningKey
from gateway.demo.partner import Unreachable
from gateway.domain.drawdowns import end_to_end_id
from gateway.domain.programmes import INVENTORY
from gateway.outbound import Outbound
from tests import processes
from tests.banks import line_to
from tests.journeys.till import ISSUER, STARTS_AT, Till, settled

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen

    from tests.banks import Line

pytestmark = pytest.mark.anyio
AGAIN = 0.25
"""How often the process that sends the copy dies in the same moment too."""


class Killer:
    """Kills the server in the moment the bank has a payment, before its answer arrives."""

    def __init__(self, line: Line, chance: random.Random) -> None:
        self._chance = chance
        self.process: Popen[bytes] | None = None
        self.taken: Counter[bytes] = Counter()
        self.kills_count = 0
        line.taken = self

    def __call__(self, body: bytes) -> bool:
        self.taken[body] += 1
        if self.process is None or (self.taken[body] > 1 and self._chance.random() >= AGAIN):
            return False
        self.process.kill()
        self.process = None
        self.kills_count += 1
        return True


@pytest.mark.parametrize(
    ("rounds_count", "seed"), [(5, 0), *(pytest.param(20, n, marks=pytest.mark.soak) for n in range(1, 11))]
)
async def test_a_server_killed_between_sent_and_recorded_pays_exactly_once(
    tmp_path: Path, rounds_count: int, seed: int
) -> None:
    key, log = SigningKey(), tmp_path / "server.log"
    url, jwks = f"sqlite:///{tmp_path / 'restock.db'}", tmp_path / "jwks.json"
    jwks.write_bytes(key.jwks())
    with start_mock_bank(f"{STARTS_AT:%Y-%m-%dT%H:%M}") as bank:
        async with line_to(bank.base_url) as line:
            settings = processes.environment(
                database_url=url, data_dir=str(tmp_path / "keys"), issuer=ISSUER, bank_url=line.url,
                bank_poll_ms="20", clock_starts_at=STARTS_AT.isoformat(),
            )  # fmt: skip
            created = processes.command(settings, "client", "create", "--name", "Till", "--jwks", str(jwks))
            till, killer = Till(str(created["client_id"]), key), Killer(line, random.Random(seed))
            while killer.kills_count < rounds_count:
                with processes.serving(settings, log) as (address, process):
                    await till.reach(address)
                    await until_killed(till, killer, process)
        with processes.serving(settings | {"GATEWAY_BANK_URL": bank.base_url}, log) as (address, _):
            await till.reach(address)
            await till.resume()
            await settled(till)
            states = {await till.state(key) for key in till.proposed}
        await till.http.aclose()
        async with Outbound() as outbound:
            paid = Counter(p.end_to_end_id for p in await MockBankControls(bank.base_url, outbound).payments())
    assert states == {"active"}
    assert paid == Counter(end_to_end_id(drawdown_id) for drawdown_id in till.proposed.values())
    assert len(killer.taken) == len(till.proposed), "never other bytes for the same payment"
    assert processes.command(settings, "verify")["balanced"] is True


async def until_killed(till: Till, killer: Killer, process: Popen[bytes]) -> None:
    """Go on where the last server died, draw once more, and have this one die with the draw sent."""
    killer.process = process
    with contextlib.suppress(Unreachable):
        await till.resume()
        if len(till.proposed) >= len(till.shops) * INVENTORY.draws_24h_count:
            await till.open()
        await till.draw(till.shops[-1])
    await asyncio.to_thread(process.wait, 60)
