"""`make soak`: a real shop's whole year through the command as a process, killed again and again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests import gateways, imports, shops, tills
from tests.test_import_command import AFTER_THE_DATA, GBP, online_retail, profile, stored

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 6


@pytest.mark.soak
@pytest.mark.anyio
async def test_a_years_lines_come_in_once_however_often_the_command_is_killed(shared: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'restock.db'}"
    path, expected = online_retail(shared, tmp_path, 0, None)
    async with gateways.start(url, tmp_path, starts_at=AFTER_THE_DATA) as gateway:
        till = await tills.new(await gateway.partner(), **GBP)
    given = [str(path), "--merchant", till.id, "--profile", str(profile(tmp_path, imports.ONLINE_RETAIL))]
    told = {"GATEWAY_DATABASE_URL": url, "GATEWAY_DATA_DIR": str(tmp_path / "keys"),
            "GATEWAY_CLOCK_STARTS_AT": AFTER_THE_DATA.isoformat()}  # fmt: skip
    command = [sys.executable, "-m", "gateway", "import", *given]
    ended = _brought(command, os.environ | told)
    assert ended.returncode == 0, ended.stderr
    assert '"duplicates_count": 0' in ended.stdout
    assert await stored(url) == expected
    sales = sum(days[2] for days in expected.values())
    assert (await shops.rows(url, "SELECT COUNT(*) FROM sales WHERE kind = 'sale'")) == [(sales,)]


def _brought(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command, killed after some batches, again and again, and then left alone."""
    chance = random.Random(7)
    for _ in range(KILLS):
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            for _ in range(chance.randrange(5, 60)):
                process.stderr.readline()
            process.send_signal(signal.SIGKILL)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
