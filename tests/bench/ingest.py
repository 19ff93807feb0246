"""Row 6: batches of 5,000 rows, by `executemany` into the bare file and as NDJSON through the whole gateway.

`python -m tests.bench.ingest FILE BATCHES` is the bare side, in a process of its own on the servers' core: the same
table with a year in it, the same statement, WAL, synchronous=FULL, a commit a batch. One JSON line: rows a second.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter

from gateway.store import sql
from tests.bench import machine, seed

ROWS_COUNT = 5_000
CONNECTIONS_COUNT = 2
_SPREAD_DAYS = 20


class IngestFailed(Exception):
    """A batch was not taken whole."""


def bare(path: Path, batches_count: int) -> float:
    """Rows a second by `executemany`."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-65536")
    merchant_ids = [row[0] for row in connection.execute("SELECT id FROM merchants LIMIT ?", (batches_count,))]
    now = datetime.now(UTC)
    micros = int(now.timestamp() * 1_000_000)
    batches = [
        [
            (merchant_id, "partner", f"bare-{micros}-{row:06d}", 1, f"{micros}.{row}", "sale", at.date().isoformat(),
             int(at.timestamp() * 1_000_000), 1_000 + row, 1_000 + row, None, "{}", micros)
            for row, at in _rows(now)
        ]
        for merchant_id in merchant_ids
    ]  # fmt: skip
    started = perf_counter()
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql.sales.insert.sqlite.text, batch)
        connection.execute("COMMIT")
    seconds = perf_counter() - started
    connection.close()
    return len(batches) * ROWS_COUNT / seconds


def through(port: int, tokens: dict[str, str], prefix: str) -> float:
    """Rows a second as NDJSON through the gateway at `port`, a batch for each merchant with its token."""
    now = datetime.now(UTC)
    bodies = [
        b"\n".join(
            json.dumps({
                "sale_id": f"{prefix}-{row:06d}", "kind": "sale", "occurred_at": at.isoformat(), "amount": 1_000 + row,
                "currency": seed.CURRENCY,
            }).encode()
            for row, at in _rows(now)
        )
        for _ in tokens
    ]  # fmt: skip
    with machine.on_core(machine.LOAD_CORE), ThreadPoolExecutor(CONNECTIONS_COUNT) as senders:
        started = perf_counter()
        taken = list(senders.map(partial(_send, port), tokens, tokens.values(), bodies))
        seconds = perf_counter() - started
    if set(taken) != {ROWS_COUNT}:
        raise IngestFailed(f"of {ROWS_COUNT} rows a batch these were taken: {sorted(set(taken))}")
    return len(bodies) * ROWS_COUNT / seconds


def _rows(now: datetime) -> list[tuple[int, datetime]]:
    """Rows spread over the last weeks, oldest first, as a till sends them that was off-line."""
    step = timedelta(days=_SPREAD_DAYS) / ROWS_COUNT
    return [(row, now - step * (ROWS_COUNT - row)) for row in range(ROWS_COUNT)]


def _send(port: int, merchant_id: str, token: str, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"DPoP {token}", "Content-Type": "application/x-ndjson"}
    try:
        connection.request("POST", seed.address(merchant_id), body, headers)
        answer = connection.getresponse()
        found = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise IngestFailed(f"{answer.status}: {found}")
    return int(found["accepted"])


if __name__ == "__main__":
    print(json.dumps(bare(Path(sys.argv[1]), int(sys.argv[2]))))
