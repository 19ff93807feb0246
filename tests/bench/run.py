"""One run of the bench in one folder: the seeded file, the servers on copies of it, the load, what came out."""

from __future__ import annotations

import contextlib
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from tests.bench import load, processes, seed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.bench.figures import Figure
    from tests.bench.load import Load
    from tests.bench.processes import Server

SERVE = ("gateway", "serve")
"""The gateway as an operator starts it."""
WITHOUT_PROOFS = ("tests.bench.launch", "--without-proofs", "serve")
"""The same, but DPoP proofs are taken for granted."""
AGREEING = ("tests.bench.launch", "serve")
"""The same, but whoever is asked for consent agrees."""


class Options(msgspec.Struct, frozen=True):
    """How much is measured."""

    rounds: int
    seconds: float
    merchants: int
    batches: int


class Bench:
    """The seeded file and the copies the subjects work on."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.folder, self.options = folder, options
        self.seeded = folder / "seeded.db"
        self.lines = folder / "lines"
        self.notes: list[str] = []
        self.figures: list[Figure] = []
        self._runs = 0
        self.book = seed.make(self.seeded, options.merchants)
        lines = (f"{seed.address(merchant_id)} {token}\n" for merchant_id, token in self.book.tokens.items())
        self.lines.write_text("".join(lines), encoding="utf-8")

    def copy(self, name: str) -> Path:
        """A fresh copy of the seeded file."""
        path = self.folder / name
        for suffix in ("", "-wal", "-shm"):
            path.with_name(name + suffix).unlink(missing_ok=True)
        shutil.copy(self.seeded, path)
        return path

    @contextlib.contextmanager
    def gateway(self, path: Path, words: Sequence[str] = SERVE) -> Iterator[Server]:
        """The gateway on the file at `path`."""
        environment = {
            "GATEWAY_DATABASE_URL": f"sqlite:///{path}",
            "GATEWAY_DATA_DIR": str(self.seeded.with_suffix(".keys")),
            "GATEWAY_LOG_FORMAT": "json",
            "GATEWAY_ISSUER": "http://127.0.0.1:{port}",
            # One client asks for all the tokens here: it would be told to wait.
            "GATEWAY_CLIENT_REQUESTS_PER_MINUTE": "1000000",
            "GATEWAY_TOKEN_REQUESTS_PER_MINUTE": "1000000",
            "GATEWAY_MERCHANT_REQUESTS_PER_MINUTE": "1000000",
        }
        arguments = [*words, "--port", "{port}"]
        with processes.serving(arguments, self.folder, "gateway", ready="/readyz", environment=environment) as server:
            yield server

    @contextlib.contextmanager
    def echo(self, *words: str) -> Iterator[Server]:
        """The yardstick."""
        with processes.serving(["tests.bench.echo", "{port}", *words], self.folder, "echo", ready="/") as server:
            yield server

    def drive(self, server: Server, connections: int, lines: Path | None = None) -> Load:
        """One run of load; every request is a new sale."""
        self._runs += 1
        now = datetime.now(UTC).isoformat()
        aim = load.Aim(server.url, lines or self.lines, now, seed.CURRENCY, f"run-{self._runs:04d}-")
        return load.run(aim, connections, self.options.seconds)

    def tell_used(self, about: str, used: dict[str, list[float]], unit: str) -> None:
        """Note the processor time each subject used, the median of its runs, where the system tells."""
        told = ", ".join(f"{name} {sorted(found)[len(found) // 2]:.0f} {unit}" for name, found in used.items() if found)
        self.notes.append(f"processor time {about}: {told}")
