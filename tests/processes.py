"""Real `gateway` processes for journeys: servers, workers and commands, each ended by its own id."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

READY_SECONDS = 60.0


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**settings: str) -> dict[str, str]:
    """Our own environment with no gateway settings but these: `environment(bank_url=…)`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return inherited | {f"GATEWAY_{name.upper()}": value for name, value in settings.items()}


def command(settings: Mapping[str, str], *words: str) -> dict[str, object]:
    """Run `gateway …` to its end; what it printed, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", *words], env=dict(settings), capture_output=True, check=False, timeout=60
    )
    assert done.stdout, done.stderr.decode()
    printed: dict[str, object] = msgspec.json.decode(done.stdout)
    return printed


@contextlib.contextmanager
def running(settings: Mapping[str, str], log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A `gateway …` process; terminated, or killed when it does not end, on leaving."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", *words], env=dict(settings), stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def serving(settings: Mapping[str, str], log: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A ready server: its address and its process."""
    port = free_port()
    with running(settings, log, "serve", "--port", str(port)) as process:
        address = f"http://127.0.0.1:{port}"
        _until_ready(address, process, log)
        yield address, process


def _until_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    with httpx.Client(trust_env=False, timeout=2) as http:  # one: each makes a TLS context, which is slow
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if http.get(f"{address}/readyz").is_success:
                    return
            time.sleep(0.02)
    raise AssertionError(f"the server did not become ready:\n{log.read_text()[-2_000:]}")
