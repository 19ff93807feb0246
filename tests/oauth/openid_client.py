"""npm's openid-client under Node, told what to do line by line: a relying party that nobody here wrote.

`make test` brings the package, and Node where the machine has none; without them there is nothing to run, except under
CI=true, where that is a failure.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SCRIPT = Path(__file__).with_name("openid_client.mjs")
MODULES = Path(__file__).parents[1] / "node" / "node_modules"
SECONDS = 60


class Node:
    """The script under node: one JSON line each way at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def said(self) -> dict[str, Any]:
        """What it printed next; its own complaint when it ended instead."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        line = await asyncio.wait_for(self._process.stdout.readline(), SECONDS)
        assert line, (await self._process.stderr.read()).decode()
        found: dict[str, Any] = json.loads(line)
        return found

    def tell(self, text: str) -> None:
        """Write a line to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())


def needed(package: str = "openid-client") -> None:
    """Skip the test where Node or the package is missing, or fail it under CI=true."""
    if shutil.which("node") is not None and (MODULES / package).is_dir():
        return
    reason = "Node and its packages are not here: `make test` brings them"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def run(folder: Path, *words: str) -> AsyncIterator[Node]:
    """The script, copied into `folder`, with these arguments."""
    shutil.copy(SCRIPT, folder)
    (folder / "node_modules").symlink_to(MODULES)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "node", str(folder / SCRIPT.name), *words, stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        yield Node(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
