"""The rows about one sale a request: against the echo and the naive builds, without and with DPoP proofs."""

from __future__ import annotations

import shutil
import sqlite3
import time
from typing import TYPE_CHECKING

from tests.bench import figures, processes, proofs
from tests.bench.naive import tables
from tests.bench.run import WITHOUT_PROOFS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.bench.load import Load
    from tests.bench.processes import Server
    from tests.bench.run import Bench

MANY, FEW = 64, 8
_WARM_UPS_COUNT = 10
_SIGNED_AT_FIRST = 6_000
"""Proofs a second of load, before it is known how many are needed."""
_SPARE = 2


class RanOut(Exception):
    """A server was quicker than proofs were signed for it."""


def serving(bench: Bench) -> None:
    """Token and consent looked up, proofs taken for granted: at 64 and at 8 connections."""
    ours, naive = bench.copy("ours.db"), bench.folder / "naive.db"
    tables.fill(naive, bench.seeded)
    naive_too = bench.folder / "naive-too.db"
    shutil.copy(naive, naive_too)
    with (
        bench.echo() as echo,
        bench.gateway(ours, WITHOUT_PROOFS) as gateway,
        _naive(bench, naive) as plain,
        _naive(bench, naive_too, "predict") as predicting,
    ):
        _warm_up(bench, lambda: bench.drive(gateway, MANY))
        four = {"echo": echo, "ours": gateway, "naive": plain, "naive with predict": predicting}
        many = _interleaved(bench, four, MANY)
        few = _interleaved(bench, {"echo": echo, "ours": gateway}, FEW)
    _compare(bench, many, few)
    _check_kept(bench, ours)


def proving(bench: Bench) -> None:
    """With a proof a request, against an echo that checks proofs too; the gateway as an operator starts it."""
    ours = bench.copy("proving.db")
    signed = Signed(bench)
    with bench.echo("proving") as echo, bench.gateway(ours) as gateway:
        _warm_up(bench, lambda: signed.drive(gateway, MANY))
        runs = _interleaved(bench, {"echo": echo, "ours": gateway}, MANY, signed.drive, "with proofs, ")
    rates = {name: [run.rate for run in found] for name, found in runs.items()}
    name = "one sale with DPoP, to an echo that checks it"
    bench.figures.append(figures.compare(name, rates["ours"], rates["echo"], 0.5, "/s"))
    _check_kept(bench, ours)


class Signed:
    """Load with a fresh proof a request, signed before each run; as many as the server needed before, and spare."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._needed: dict[int, float] = {}

    def drive(self, server: Server, connections: int) -> Load:
        """See Bench.drive. Raises RanOut."""
        bench, lines = self._bench, self._bench.folder / "proofs"
        # Never fewer than at first: a cold server answers slowly once.
        rate = max(_SIGNED_AT_FIRST, self._needed.get(server.port, 0.0))
        signed_count = round(_SPARE * rate * max(1.0, bench.options.seconds))
        proofs.write(lines, server, bench.book, signed_count)
        run = bench.drive(server, connections, lines)
        if run.requests_count > signed_count:
            raise RanOut(f"{run.requests_count} requests with {signed_count} proofs")
        self._needed[server.port] = max(run.rate, self._needed.get(server.port, 0.0))
        return run


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


def _warm_up(bench: Bench, drive: Callable[[], Load]) -> None:
    """Every merchant's first sale after a start loads its year; told, not mixed in."""
    started, sent = time.monotonic(), 0
    for _ in range(_WARM_UPS_COUNT):
        sent += drive().requests_count
        if sent > 2 * bench.options.merchants:
            break
    bench.notes.append(f"warmed up for {time.monotonic() - started:.0f} s: a merchant's first sale loads its year")


def _interleaved(
    bench: Bench,
    subjects: dict[str, Server],
    connections: int,
    drive: Callable[[Server, int], Load] | None = None,
    about: str = "",
) -> dict[str, list[Load]]:
    runs: dict[str, list[Load]] = {name: [] for name in subjects}
    used: dict[str, list[float]] = {name: [] for name in subjects}
    for _ in range(bench.options.rounds):
        for name, server in subjects.items():
            before = server.cpu_seconds()
            run = (drive or bench.drive)(server, connections)
            after = server.cpu_seconds()
            runs[name].append(run)
            if before is not None and after is not None:
                used[name].append(1e6 * (after - before) / max(1, run.requests_count))
    bench.tell_used(f"a request, {about}{connections} connections", used, "µs")
    errors = {name: sum(run.errors_count for run in found) for name, found in runs.items()}
    if any(errors.values()):
        bench.notes.append(f"failed requests, {about}{connections} connections: {errors}")
    return runs


def _check_kept(bench: Bench, path: Path) -> None:
    """Every sale the gateway acknowledged is in the file after it stopped; one a connection may be there unheard."""
    connection = sqlite3.connect(path)
    (kept,) = connection.execute("SELECT COUNT(*) FROM sales WHERE sale_id LIKE 'run-%'").fetchone()
    connection.close()
    bench.notes.append(f"{kept:,} sales of the load are in {path.name} after the gateway stopped")


def _naive(bench: Bench, path: Path, *words: str) -> AbstractContextManager[Server]:
    arguments = ["tests.bench.naive.app", "{port}", str(path), *words]
    environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return processes.serving(arguments, bench.folder, path.stem, ready="/", environment=environment)
