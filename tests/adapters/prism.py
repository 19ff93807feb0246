"""npm's Prism as a proxy: it holds every request and every answer against a published OpenAPI description.

`make test` brings the package, and Node where the machine has none; without them there is nothing to run, except under
CI=true, where that is a failure. With `--errors` a request that breaks the description never reaches the bank behind it
(4xx), an answer that breaks it never reaches us (500): both as `application/problem+json`, both in the log.
"""

from __future__ import annotations

import contextlib
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
_FAULT = re.compile(r"Violation: |errors#")
"""What Prism writes for a broken rule, and for whatever else it refused to carry."""
_HEARD = "Request received"


class Prism:
    """A running proxy: where it listens, and what it has seen so far."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def carried_count(self) -> int:
        """How many requests came in."""
        return sum(_HEARD in line for line in self._lines())

    def faults(self) -> list[str]:
        """Every breach of the description by either side, and every request it could not carry."""
        return [line for line in self._lines() if _FAULT.search(line)]

    def _lines(self) -> list[str]:
        return self._log.read_text(encoding="utf-8", errors="replace").splitlines()


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
    node = shutil.which("node") or "node"
    words = [node, str(PACKAGE / "dist" / "index.js"), "proxy", str(description), upstream, "--errors"]
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
