"""Servers as real processes on the servers' core, started, waited for and stopped."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

READY_SECONDS = 120
_STOP_SECONDS = 15
_POLL_SECONDS = 0.002
_ROOT = Path(__file__).resolve().parents[2]


class DidNotStart(Exception):
    """A server ended, or never became ready."""


class Server:
    """A running server: its address and how long it took from start to ready."""

    def __init__(self, process_id: int, port: int, ready_seconds: float) -> None:
        self.process_id, self.port, self.ready_seconds = process_id, port, ready_seconds
        self.url = f"http://127.0.0.1:{port}"

    def cpu_seconds(self) -> float | None:
        """Processor time it used so far, of all threads; None where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serving(
    arguments: Sequence[str], folder: Path, name: str, *, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """`python -m arguments…`, until the block ends. See `running`."""
    # As installed: modules compiled once, at the first start, into a folder that goes with the run.
    own = {"PYTHONPATH": str(_ROOT), "PYTHONPYCACHEPREFIX": str(folder / "compiled"), **(environment or {})}
    with running([sys.executable, "-m", *arguments], folder, name, ready=ready, environment=own) as server:
        yield server


@contextlib.contextmanager
def running(
    command: Sequence[str], folder: Path, name: str, *, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """`command` on the servers' core until the block ends; `{port}` is filled in there and in the environment."""
    port = _free_port()
    own = {k: v for k, v in os.environ.items() if not k.startswith("GATEWAY_") and k != "PYTHONDONTWRITEBYTECODE"}
    own |= {name: value.replace("{port}", str(port)) for name, value in (environment or {}).items()}
    filled = [word.replace("{port}", str(port)) for word in command]
    with (folder / f"{name}.log").open("ab") as log:
        started = time.perf_counter()
        with machine.on_core(machine.SERVER_CORE):
            process = subprocess.Popen(filled, env=own, cwd=folder, stdout=log, stderr=log)
        try:
            _wait(process, port, ready, folder / f"{name}.log")
            yield Server(process.pid, port, time.perf_counter() - started)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _status(port, path) < 500:
                return
        time.sleep(_POLL_SECONDS)
    raise DidNotStart(log.read_text(encoding="utf-8", errors="replace")[-2_000:])


def _status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
