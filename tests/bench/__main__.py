"""`python -m tests.bench`: seed one file, start the servers, measure in interleaved rounds, print the table."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tests.bench import figures, ingest, load, machine, processes, seed
from tests.bench.naive import tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.figures import Figure
    from tests.bench.load import Load
    from tests.bench.processes import Server

MANY, FEW = 64, 8
_CHILD_SECONDS = 120
_WARM_UPS_COUNT = 10


class Options(msgspec.Struct, frozen=True):
    """How much is measured."""

    rounds: int
    seconds: float
    merchants: int
    batches: int


class Bench:
    """One run in one folder: the seeded file and the copies the subjects work on."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.folder, self.options = folder, options
        self.seeded = folder / "seeded.db"
        self.paths = folder / "paths"
        self.notes: list[str] = []
        self.figures: list[Figure] = []
        self._runs = 0
        self.book = seed.make(self.seeded, options.merchants)
        self.paths.write_text("".join(f"/v1/merchants/{m}/sales\n" for m in self.book.merchant_ids), encoding="utf-8")

    def copy(self, name: str) -> Path:
        """A fresh copy of the seeded file."""
        path = self.folder / name
        for suffix in ("", "-wal", "-shm"):
            path.with_name(name + suffix).unlink(missing_ok=True)
        shutil.copy(self.seeded, path)
        return path

    @contextlib.contextmanager
    def gateway(self, path: Path) -> Iterator[Server]:
        """The gateway as an operator starts it, on `path`."""
        environment = {
            "GATEWAY_DATABASE_URL": f"sqlite:///{path}",
            "GATEWAY_DATA_DIR": str(self.seeded.with_suffix(".keys")),
            "GATEWAY_LOG_FORMAT": "json",
        }
        arguments = ["gateway", "serve", "--port", "{port}"]
        with processes.serving(arguments, self.folder, "gateway", ready="/readyz", environment=environment) as server:
            yield server

    def drive(self, server: Server, connections: int) -> Load:
        """One run of load; every request is a new sale."""
        self._runs += 1
        now = datetime.now(UTC).isoformat()
        aim = load.Aim(server.url, self.paths, seed.TOKEN, now, seed.CURRENCY, f"run-{self._runs:04d}-")
        return load.run(aim, connections, self.options.seconds)


def main() -> int:
    """0 when every figure is at its must; 1 when one is not."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison (at most 20)")
    parser.add_argument("--seconds", type=float, default=2.0, help="load of one subject in one round (at most 10)")
    parser.add_argument("--merchants", type=int, default=1_000)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    given = parser.parse_args()
    options = Options(
        max(1, min(20, given.rounds)), max(0.1, min(10.0, given.seconds)), max(10, given.merchants), batches=6
    )
    started, described = time.monotonic(), machine.describe(load.by())
    print(described.text(), flush=True)
    with tempfile.TemporaryDirectory(prefix="restock-bench-") as folder:
        bench = Bench(Path(folder), options)
        print(f"seeded {options.merchants} merchants with a year each", flush=True)
        for row in (starting, serving, ingesting, closing):
            row(bench)
    report = figures.Report(
        described, bench.figures, bench.notes, round(os.getloadavg()[0], 2), round(time.monotonic() - started, 1)
    )
    for line in (*(figure.text() for figure in report.figures), *report.notes):
        print(line)
    print(f"{report.seconds:.0f} s; load average at the end: {report.load_average_after:.2f}")
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2))
    return 0 if all(figure.passed for figure in report.figures) else 1


def starting(bench: Bench) -> None:
    """Start to ready, on the seeded file; the first start, which fills caches, is not counted."""
    path = bench.copy("start.db")
    ours, echoes = [], []
    for number in range(bench.options.rounds + 1):
        with bench.gateway(path) as server:
            ours.append(server.ready_seconds)
        with _echo(bench) as server:
            echoes.append(server.ready_seconds)
        if not number:
            ours, echoes = [], []
    against = f"{sorted(echoes)[len(echoes) // 2]:.2f} s the bare echo"
    bench.figures.append(figures.absolute("start to ready", ours, 1.0, " s", against, at_least=False))


def serving(bench: Bench) -> None:
    """One sale a request: against the echo at 64 and at 8 connections, against the naive builds at 64."""
    ours, naive = bench.copy("ours.db"), bench.folder / "naive.db"
    tables.fill(naive, bench.seeded)
    naive_too = bench.folder / "naive-too.db"
    shutil.copy(naive, naive_too)
    with (
        _echo(bench) as echo,
        bench.gateway(ours) as gateway,
        _naive(bench, naive) as plain,
        _naive(bench, naive_too, "predict") as predicting,
    ):
        _warm_up(bench, gateway)
        four = {"echo": echo, "ours": gateway, "naive": plain, "naive with predict": predicting}
        many = _interleaved(bench, four, MANY)
        few = _interleaved(bench, {"echo": echo, "ours": gateway}, FEW)
    _compare(bench, many, few)
    _check_kept(bench, ours)


def _compare(bench: Bench, many: dict[str, list[Load]], few: dict[str, list[Load]]) -> None:
    rates = {name: [run.rate for run in runs] for name, runs in many.items()}
    bench.figures += [
        figures.compare("one sale, 64 connections, to a bare echo", rates["ours"], rates["echo"], 0.5, "/s"),
        figures.compare("the same, to the naive build", rates["ours"], rates["naive"], 10, "/s"),
        figures.compare(
            "the same, to the naive build with a predict", rates["ours"], rates["naive with predict"], 10, "/s"
        ),
        figures.compare(
            "p99 at 8 connections, to the echo's", [run.p99_ms for run in few["ours"]],
            [run.p99_ms for run in few["echo"]], 3, " ms", at_least=False,
        ),
    ]  # fmt: skip


def ingesting(bench: Bench) -> None:
    """NDJSON through everything against `executemany` into the bare file."""
    bare_path, ours = bench.copy("bare.db"), []
    bare = []
    batches = bench.options.batches
    with bench.gateway(bench.copy("ingest.db")) as gateway:
        ingest.through(gateway.port, bench.book.merchant_ids[:2], "warm")
        for number in range(bench.options.rounds):
            bare.append(_child("ingest", bare_path, batches)[0])
            ours.append(ingest.through(gateway.port, bench.book.merchant_ids[:batches], f"round-{number}"))
    bench.figures.append(figures.compare("NDJSON rows, to executemany of 5,000", ours, bare, 0.3, "/s"))


def closing(bench: Bench) -> None:
    """Closing a day for everybody, in process."""
    rates = _child("closing", bench.copy("closing.db"), bench.options.rounds)
    bench.figures.append(
        figures.absolute("merchants closed a second a core", rates, 2_000, "/s", "in process, no HTTP")
    )


def _warm_up(bench: Bench, gateway: Server) -> None:
    """Every merchant's first sale after a start loads its year; told, not mixed in."""
    started, sent = time.monotonic(), 0
    for _ in range(_WARM_UPS_COUNT):
        sent += bench.drive(gateway, MANY).requests_count
        if sent > 2 * bench.options.merchants:
            break
    bench.notes.append(f"warmed up for {time.monotonic() - started:.0f} s: a merchant's first sale loads its year")


def _interleaved(bench: Bench, subjects: dict[str, Server], connections: int) -> dict[str, list[Load]]:
    runs: dict[str, list[Load]] = {name: [] for name in subjects}
    used: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(bench.options.rounds):
        for name, server in subjects.items():
            before = server.cpu_seconds()
            run = bench.drive(server, connections)
            after = server.cpu_seconds()
            runs[name].append(run)
            if before is not None and after is not None:
                used[name].append(1e6 * (after - before) / max(1, run.requests_count))
    bench.notes.append(f"processor time a request at {connections} connections: " + ", ".join(
        f"{name} {sorted(micros)[len(micros) // 2]:.0f} µs" for name, micros in used.items() if micros
    ))  # fmt: skip
    errors = {name: sum(run.errors_count for run in found) for name, found in runs.items()}
    if any(errors.values()):
        bench.notes.append(f"failed requests at {connections} connections: {errors}")
    return runs


def _check_kept(bench: Bench, path: Path) -> None:
    """Every sale the gateway acknowledged is in the file after it stopped; one a connection may be there unheard."""
    connection = sqlite3.connect(path)
    (kept,) = connection.execute("SELECT COUNT(*) FROM sales WHERE sale_id LIKE 'run-%'").fetchone()
    connection.close()
    bench.notes.append(f"{kept:,} sales of the load are in the gateway's file after it stopped")


def _child(module: str, path: Path, count: int) -> list[float]:
    with machine.on_core(machine.SERVER_CORE):
        ended = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{module}", str(path), str(count)],
            capture_output=True, text=True, timeout=_CHILD_SECONDS, check=False,
        )  # fmt: skip
    if ended.returncode:
        raise processes.DidNotStart(ended.stderr[-2_000:])
    found = json.loads(ended.stdout.splitlines()[-1])
    return found if isinstance(found, list) else [found]


def _echo(bench: Bench) -> contextlib.AbstractContextManager[Server]:
    return processes.serving(["tests.bench.echo", "{port}"], bench.folder, "echo", ready="/")


def _naive(bench: Bench, path: Path, *more: Sequence[str] | str) -> contextlib.AbstractContextManager[Server]:
    arguments = ["tests.bench.naive.app", "{port}", str(path), *map(str, more)]
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return processes.serving(arguments, bench.folder, path.stem, ready="/", environment=environment)


if __name__ == "__main__":
    sys.exit(main())
