"""npm's Prism as a proxy: it holds every request and every answer against a published OpenAPI description.

`make test` brings the package, and Node where the machine has none; without them there is nothing to run, except under
CI=true, where that is a failure. With `--errors` a request that breaks the description never reaches the bank behind it
(4xx), an answer that breaks it never reaches us (500): both as `application/problem+json`, both in the log.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(__file__).parents[1] / "node" / "node_modules" / "@stoplight" / "prism-cli"
READY_SECONDS = 90.0
"""Prism reads half a megabyte of description and makes an example of each operation before it listens."""
STOP_SECONDS = 5
_READY = "Prism is listening on"
_FAULT = re.compile(r"Violation: |Request terminated")
"""What Prism writes for a broken rule, and for whatever else it refused to carry."""
_HEARD, _TERMINATED = "Request received", "Request terminated"
_MARK = "/nothing-here-"


class Prism:
    """A running proxy: where it listens, and what it has seen so far."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log
        self._marks = itertools.count()

    def carried_count(self) -> int:
        """How many requests came in."""
        return sum(_HEARD in line for line in self._settled())

    def faults(self) -> list[str]:
        """Every breach of the description by either side, and every request it could not carry."""
        return [line for line in self._settled() if _FAULT.search(line)]

    def _settled(self) -> list[str]:
        """The log up to now. Prism answers before it writes why, so a request for nothing marks the place."""
        mark = f"{_MARK}{next(self._marks)}"
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=READY_SECONDS)
        connection.request("GET", mark)
        connection.getresponse().read()
        connection.close()
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
            if any(mark in line and _TERMINATED in line for line in lines):
                return [line for line in lines if _MARK not in line]
            time.sleep(0.01)
        raise AssertionError("Prism stopped writing its log")


def needed() -> None:
    """Skip the test where Node or Prism is missing, or fail it under CI=true."""
    if shutil.which("node") is not None and PACKAGE.is_dir():
        return
    reason = "Node and Prism are not here: `make test` brings them"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@contextlib.contextmanager
def proxy(description: Path, upstream: str, folder: Path) -> Iterator[Prism]:
    """Prism in front of `upstream`, ready; its log is kept in `folder`. Stopped by its own id on leaving."""
    needed()
    port, log = free_port(), folder / "prism.log"
    # A wheel's `node` is a script that starts the real one, and the real one is to be stopped.
    told = subprocess.run(["node", "-p", "process.execPath"], capture_output=True, text=True, check=True)
    words = [told.stdout.strip(), str(PACKAGE / "dist" / "index.js"), "proxy", str(description), upstream, "--errors"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*words, "--port", str(port)], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _until_ready(process, log)
        yield Prism(f"http://127.0.0.1:{port}", log)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if _READY in log.read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.05)
    raise AssertionError(f"Prism did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2_000:]}")
