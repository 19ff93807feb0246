"""A CSV file through `gateway import`, and by a CSV reader and `executemany` into the bare file.

`python -m tests.bench.importing FILE ROUNDS`, in a process of its own on the servers' core: each round takes the same
rows twice, as the command does where no server runs, and with the same table, statement and commits without it. One
JSON line: rows a second of ours, round by round, then of the other.
"""

from __future__ import annotations

import asyncio
import csv
import json
import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from gateway.main import open_world
from gateway.server import settle_garbage
from gateway.store import sql
from tests import imports
from tests.bench import seed

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS_COUNT = 20_000
_SPREAD = timedelta(days=20)
_BATCH = 1_000
PROFILE = """
name = "bench"
record = "sale"
dates = ["%Y-%m-%d %H:%M:%S"]
timezone = "UTC"
[columns]
sale_id = "no"
occurred_at = "at"
amount = "total"
"""


class ImportFailed(Exception):
    """A file was not taken whole."""


def write(path: Path, prefix: str) -> None:
    """A file of the last weeks' receipts."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["no", "at", "total"])
        for row in range(ROWS_COUNT):
            at = now - _SPREAD * (ROWS_COUNT - row) / ROWS_COUNT
            writer.writerow([f"{prefix}-{row:06d}", f"{at:%Y-%m-%d %H:%M:%S}", f"{10 + row // 100}.{row % 100:02d}"])


async def ours(database: Path, folder: Path, rounds: int) -> list[float]:
    """Rows a second by the command, each round for a merchant that has sold for a year."""
    profile = folder / "bench.toml"
    profile.write_text(PROFILE, encoding="utf-8")
    rates = []
    async with open_world(seed.settings(database)) as world:
        settle_garbage()
        for number, merchant_id in enumerate(_merchant_ids(database, rounds + 1)):
            path = folder / f"{number}.csv"
            write(path, f"import-{number}")
            started = perf_counter()
            run = imports.command(world)
            _, told = await imports.bring(run, path, "--merchant", merchant_id, "--profile", profile)
            if told["accepted_count"] != ROWS_COUNT:
                raise ImportFailed(f"of {ROWS_COUNT} rows {told['accepted_count']} were taken")
            if number:  # the first one warms up
                rates.append(ROWS_COUNT / (perf_counter() - started))
    return rates


def bare(database: Path, folder: Path, rounds: int) -> list[float]:
    """Rows a second without us."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    rates = []
    for number, merchant_id in enumerate(_merchant_ids(database, rounds)):
        path = folder / f"bare-{number}.csv"
        write(path, f"bare-{number}")
        started = perf_counter()
        rows = list(_read(path, merchant_id))
        for first in range(0, len(rows), _BATCH):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(sql.sales.insert.sqlite.text, rows[first : first + _BATCH])
            connection.execute("COMMIT")
        rates.append(ROWS_COUNT / (perf_counter() - started))
    connection.close()
    return rates


def _read(path: Path, merchant_id: str) -> Iterator[tuple[object, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            at = datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)
            amount, micros = int(row["total"].replace(".", "")), int(at.timestamp() * 1_000_000)
            first = (merchant_id, "csv-bare", row["no"], 1, f"{path.stem}.{number}", "sale", at.date().isoformat())
            yield *first, micros, amount, amount, None, "{}", micros


def _merchant_ids(database: Path, count: int) -> list[str]:
    connection = sqlite3.connect(database)
    try:
        return [row[0] for row in connection.execute("SELECT id FROM merchants ORDER BY id LIMIT ?", (count,))]
    finally:
        connection.close()


if __name__ == "__main__":
    _database, _rounds = Path(sys.argv[1]), int(sys.argv[2])
    _bare = bare(_database, _database.parent, _rounds)
    print(json.dumps([*asyncio.run(ours(_database, _database.parent, _rounds)), *_bare]))
