"""Prism, an OpenAPI proxy nobody here wrote, between an adapter and a stand-in bank: it judges what both sides say.

With `--errors` an exchange that breaks the published description does not pass: the client gets Prism's own refusal in
place of the bank's answer. Prism notes each such exchange, and each one it passes on, in its log. They are read there,
because an adapter does not show the answers it gets.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAM = Path(__file__).parents[1] / "node" / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
START_SECONDS = 120
"""Reading a description of half a megabyte takes Prism seconds on an idle machine."""
_FORWARDED = "Forwarding "
_REFUSED = re.compile(r"Request terminated with error: (?P<kind>\S+): (?P<what>.*)|Violation: (?P<told>.*)")
_LOST = re.compile(r"ECONNRESET|ECONNREFUSED|socket hang up|premature close|other side closed|UPSTREAM", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Prism:
    """A running proxy: its address and what it has seen so far."""

    def __init__(self, base_url: str, log: Path) -> None:
        self.base_url = base_url
        self._log = log

    def exchange_count(self) -> int:
        """Requests that were valid and went on to the bank."""
        return sum(_FORWARDED in line for line in self._lines())

    def violations(self) -> list[str]:
        """What broke the description, in either direction; a bank that hangs up breaks none."""
        refused = (found for line in self._lines() if (found := _REFUSED.search(line)))
        return [found[0] for found in refused if not _LOST.search(found[0])]

    def _lines(self) -> list[str]:
        return _COLOURS.sub("", self._log.read_text(errors="replace")).splitlines()


def require() -> str:
    """The path of `node`; skips the test where Node or Prism is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed: `make test` brings it")
    if not PROGRAM.is_file():
        pytest.skip("Prism is not installed: `make test` runs npm ci in tests/node")
    return node


@contextlib.contextmanager
def proxy(description: Path, bank_url: str, log: Path) -> Iterator[Prism]:
    """Prism in front of the bank at `bank_url`, holding both to the OpenAPI `description`; its output goes to `log`."""
    port = _free_port()
    command = [require(), str(PROGRAM), "proxy", "--errors", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen([*command, str(description), bank_url], stdout=output, stderr=subprocess.STDOUT)
    try:
        _await_start(process, log)
        yield Prism(f"http://127.0.0.1:{port}", log)
    finally:
        process.terminate()
        process.wait(30)


def _await_start(process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while "Prism is listening" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"Prism did not start: {log.read_text(errors='replace')[-2_000:]}")
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
