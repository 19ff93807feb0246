"""The row about whole authorizations: the gateway against npm `oidc-provider`, a certified server on Node.

Both keep what they answer for in SQLite, WAL and synchronous=FULL, before they answer; both are driven by `flows`;
on both whoever comes agrees at once, so no page and no person is in the figures.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tests.bench import figures, flows, machine, processes
from tests.bench.flows import Aim, Run
from tests.bench.run import AGREEING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from tests.bench.processes import Server
    from tests.bench.run import Bench
    from tests.bench.seed import Book

CONNECTIONS_COUNT = 8
NAME = "PAR, code, tokens, 8 at once, to oidc-provider"
HERE = Path(__file__).with_name("oidc_provider")
_SPARE_SECONDS = 60


def missing() -> str | None:
    """Why this row cannot be measured here; None when it can."""
    if node() is None:
        return "no Node with node:sqlite (22.13 or newer; requirements/node.txt has one)"
    return None if (HERE / "node_modules").is_dir() else f"npm ci was not run in {HERE.name}: `make bench` does"


@cache
def node() -> str | None:
    """A Node that has SQLite: the machine's own, else the one in this environment."""
    for found in (shutil.which("node"), str(Path(sys.executable).with_name("node"))):
        if found is None or not Path(found).exists():
            continue
        # A wheel's `node` is a script that starts the real one: that one is to be measured, and stopped.
        command = [found, "-p", "require('node:sqlite') && process.execPath"]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode == 0:
            return told.stdout.strip()
    return None


def provider(folder: Path, book: Book) -> AbstractContextManager[Server]:
    """Theirs, on a new file."""
    jwk = {**book.key.jwk, "kid": "main", "alg": "ES256", "use": "sig"}
    command = [
        str(node()), str(HERE / "server.mjs"), "{port}", str(folder / "oidc-provider.db"), book.client_id,
        json.dumps(jwk), flows.REDIRECT_URI,
    ]  # fmt: skip
    metadata = flows.METADATA[0]
    return processes.running(command, folder, "oidc-provider", ready=metadata, environment={"NODE_ENV": "production"})


def authorizing(bench: Bench) -> None:
    """Whole authorizations, in turns; the first turn of each is not counted: Node compiles what it runs often."""
    why = missing()
    if why is not None:
        bench.notes.append(f"not measured, {NAME}: {why}")
        return
    runs: dict[str, list[Run]] = {"ours": [], "oidc-provider": []}
    used: dict[str, list[float]] = {name: [] for name in runs}
    with bench.gateway(bench.copy("flows.db"), AGREEING) as ours, provider(bench.folder, bench.book) as theirs:
        for number in range(bench.options.rounds + 1):
            for name, server in {"ours": ours, "oidc-provider": theirs}.items():
                before = server.cpu_seconds()
                run = _drive(bench, server)
                after = server.cpu_seconds()
                if not number:
                    continue
                runs[name].append(run)
                if before is not None and after is not None:
                    used[name].append(1e6 * (after - before) / run.flows_count)
    rates = {name: [run.rate for run in found] for name, found in runs.items()}
    bench.figures.append(figures.compare(NAME, rates["ours"], rates["oidc-provider"], 0.5, "/s"))
    bench.tell_used("a whole flow", used, "µs")
    bench.notes.append("whole flows, " + "; ".join(f"{name}: {_latency(found)}" for name, found in runs.items()))


def _drive(bench: Bench, server: Server) -> Run:
    book, seconds = bench.book, bench.options.seconds
    aim = Aim(server.url, book.client_id, book.key.private, book.merchant_ids[:CONNECTIONS_COUNT])
    file = bench.folder / "aim.json"
    file.write_bytes(msgspec.json.encode(aim))
    with machine.on_core(machine.LOAD_CORE):
        ended = subprocess.run(
            [sys.executable, "-m", "tests.bench.flows", str(file), str(seconds)],
            capture_output=True, text=True, timeout=seconds + _SPARE_SECONDS, check=False,
        )  # fmt: skip
    if ended.returncode:
        raise flows.FlowFailed(ended.stderr[-1_500:])
    return msgspec.json.decode(ended.stdout, type=Run)


def _latency(runs: list[Run]) -> str:
    p50, p99 = (sorted(getattr(run, field) for run in runs)[len(runs) // 2] for field in ("p50_ms", "p99_ms"))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
