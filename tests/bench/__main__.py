"""`python -m tests.bench`: seed one file, start the servers, measure in interleaved rounds, print the table."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

import onnx_models
from tests.bench import figures, ingest, load, machine, oidc, processes, single
from tests.bench.run import WITHOUT_PROOFS, Bench, Options

_CHILD_SECONDS = 120


def main() -> int:
    """0 when every figure is at its must; 1 when one is not."""
    given = _arguments()
    options = Options(
        max(1, min(20, given.rounds)), max(0.1, min(10.0, given.seconds)), max(10, given.merchants), batches=6
    )
    started, described = time.monotonic(), machine.describe(load.by())
    print(described.text(), flush=True)
    with tempfile.TemporaryDirectory(prefix="restock-bench-") as folder:
        bench = Bench(Path(folder), options)
        print(f"seeded {options.merchants} merchants with a year each", flush=True)
        for name, row in ROWS.items():
            if not given.only or name in given.only:
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
        with bench.echo() as server:
            echoes.append(server.ready_seconds)
        if not number:
            ours, echoes = [], []
    against = f"{sorted(echoes)[len(echoes) // 2]:.2f} s the bare echo"
    bench.figures.append(figures.absolute("start to ready", ours, 1.0, " s", against, at_least=False))


def ingesting(bench: Bench) -> None:
    """NDJSON through everything against `executemany` into the bare file."""
    bare_path, ours, bare = bench.copy("bare.db"), [], []
    batches = bench.options.batches
    tokens = list(bench.book.tokens.items())
    with bench.gateway(bench.copy("ingest.db"), WITHOUT_PROOFS) as gateway:
        ingest.through(gateway.port, dict(tokens[:2]), "warm")
        for number in range(bench.options.rounds):
            bare.append(_child("ingest", bare_path, batches)[0])
            ours.append(ingest.through(gateway.port, dict(tokens[:batches]), f"round-{number}"))
    bench.figures.append(figures.compare("NDJSON rows, to executemany of 5,000", ours, bare, 0.3, "/s"))


def importing(bench: Bench) -> None:
    """A CSV file through the command against a CSV reader and `executemany` into the bare file."""
    rounds = bench.options.rounds
    rates = _child("importing", bench.copy("import.db"), rounds)
    title = "imported CSV rows, to csv and executemany"
    bench.figures.append(figures.compare(title, rates[:rounds], rates[rounds:], 0.1, "/s"))


def closing(bench: Bench) -> None:
    """Closing a day for everybody, in process."""
    rates = _child("closing", bench.copy("closing.db"), bench.options.rounds)
    bench.figures.append(
        figures.absolute("merchants closed a second a core, ordinary day", rates, 2_000, "/s", "in process, no HTTP")
    )
    cut = statistics.median(_child("closing", bench.copy("closing-cut.db"), bench.options.rounds, "cut"))
    bench.notes.append(f"every limit cut by its close: {cut:,.0f} merchants closed a second a core")


def scoring(bench: Bench) -> None:
    """A file of histories, a year of daily rows each, to answers with everything that models and policy say."""
    rates = _child("scoring", bench.folder / "history.csv", bench.options.rounds)
    bench.figures.append(
        figures.absolute("merchants scored from a file a second a core", rates, 5_000, "/s", "365 rows each")
    )


def asking(bench: Bench) -> None:
    """A model asked for one merchant: the 99th percentile."""
    rounds = bench.options.rounds
    late = _child("models", Path(onnx_models.__file__).parent, rounds)
    for name, values, must in (("PD with its reasons", late[:rounds], 0.2), ("30-day forecast", late[rounds:], 0.5)):
        title = f"{name}, one row, p99"
        bench.figures.append(figures.absolute(title, values, must, " ms", "processor time", at_least=False))


def confirming(bench: Bench) -> None:
    """From the click to the stored instruction: the 99th percentile."""
    folder = bench.folder / "confirming"
    folder.mkdir()
    taken = sorted(_child("confirming", folder, 200))
    late = taken[len(taken) * 99 // 100]
    against = f"{statistics.median(taken):.1f} ms the median"
    bench.figures.append(
        figures.absolute("click to stored instruction, p99", [late], 25, " ms", against, at_least=False)
    )


def delivering(bench: Bench) -> None:
    """Events to 100 endpoints of which one never answers: what the others get, against when it answers."""
    rounds = bench.options.rounds
    rates = _child("delivering", bench.copy("delivering.db"), rounds)
    title = "deliveries to 99 endpoints, one more dead"
    bench.figures.append(figures.compare(title, rates[:rounds], rates[rounds:], 0.8, "/s"))


ROWS = {
    "start": starting,
    "sale": single.serving,
    "dpop": single.proving,
    "ingest": ingesting,
    "import": importing,
    "close": closing,
    "confirm": confirming,
    "deliver": delivering,
    "score": scoring,
    "models": asking,
    "oauth": oidc.authorizing,
}
"""What is measured, by the names that `--only` takes."""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each comparison (at most 20)")
    parser.add_argument("--seconds", type=float, default=2.0, help="load of one subject in one round (at most 10)")
    parser.add_argument("--merchants", type=int, default=1_000)
    parser.add_argument("--only", nargs="+", choices=ROWS, help="only these rows")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there too")
    return parser.parse_args()


def _child(module: str, path: Path, count: int, *more: str) -> list[float]:
    with machine.on_core(machine.SERVER_CORE):
        ended = subprocess.run(
            [sys.executable, "-m", f"tests.bench.{module}", str(path), str(count), *more],
            capture_output=True, text=True, timeout=_CHILD_SECONDS, check=False,
        )  # fmt: skip
    if ended.returncode:
        raise processes.DidNotStart(ended.stderr[-2_000:])
    found = json.loads(ended.stdout.splitlines()[-1])
    return found if isinstance(found, list) else [found]


if __name__ == "__main__":
    sys.exit(main())
