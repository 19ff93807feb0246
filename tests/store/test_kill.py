from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.store import open_store
from tests.store import notes

ROOT = Path(__file__).resolve().parents[2]
ACKNOWLEDGED_COUNT = 150


@pytest.mark.anyio
async def test_what_was_acknowledged_survives_the_kill_of_its_process(database_url: str) -> None:
    store = await open_store(database_url)
    await store.write(lambda tx: tx.run(notes.CREATE))
    await store.close()
    acknowledged: set[str] = set()
    for prefix in "ab":
        acknowledged |= _write_until_killed(database_url, prefix)
        store = await open_store(database_url)
        held = await notes.held(store)
        await store.close()
        assert acknowledged <= set(held)
        assert len(held) == len(set(held))


def _write_until_killed(url: str, prefix: str) -> set[str]:
    command = [sys.executable, "-m", "tests.store.writer_process", url, prefix]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(ACKNOWLEDGED_COUNT)]
        process.kill()  # SIGKILL, in the middle of whatever it does
        lines += process.stdout.readlines()
    ids = {line.strip() for line in lines if line.endswith("\n")}
    assert len(ids) >= ACKNOWLEDGED_COUNT
    return ids
