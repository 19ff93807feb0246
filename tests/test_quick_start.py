"""docs/quick-start.md, run as it stands: its shell and its Python, in order, in a clone, against a gateway of its own.

Two things differ from what a person does. The clone's `.venv` borrows the packages of the environment the tests run in
and is marked as set up, so that `make setup` installs nothing. And the owner who agrees is a Chromium that is steered.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sysconfig
import threading
import venv
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import TYPE_CHECKING

import pytest

from tests.browsers import chromium, page  # noqa: F401 - fixtures
from tests.house import files
from tests.journeys.test_consent_in_browser import sign_in
from tests.processes import environment, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.async_api import Page

PAGE = (files.ROOT / "docs" / "quick-start.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
OWN_PACKAGES = sysconfig.get_path("purelib")
SECONDS = 120
"""What the page promises."""
PYTHON = """
import json, sys
names = {}
for line in iter(sys.stdin.readline, ""):
    exec(compile(json.loads(line), "quick-start.md", "exec"), names)
    print("\\n=done=", flush=True)
"""


class Session:
    """A shell or a Python that is told one block after the other, as a person pastes them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.printed = ""

    def tell(self, text: str) -> None:
        """A block, or what one asks for."""
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def until_done(self) -> None:
        """Wait for the end of a block."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == "=done=\n":
                return
            self.printed += line
        raise AssertionError(f"a block failed, or took too long; before that:\n{self.printed}")


@contextmanager
def session(words: list[str], folder: Path, settings: dict[str, str]) -> Iterator[Session]:
    """Ended when its blocks are over, at the latest when the page's time is."""
    with subprocess.Popen(
        words, cwd=folder, env=settings, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:  # fmt: skip
        bound = threading.Timer(SECONDS, process.kill)
        bound.start()
        try:
            yield Session(process)
        finally:
            bound.cancel()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # with the gateway that a block left running


@pytest.mark.anyio
async def test_every_block_runs_as_it_stands(tmp_path: Path, page: Page) -> None:  # noqa: F811
    if missing := [name for name in ("bash", "curl", "git", "make") if shutil.which(name) is None]:
        pytest.skip(f"no {', '.join(missing)}")
    settings = environment() | {"RESTOCK": str(_repository(tmp_path / "origin")), "PORT": str(free_port())}
    settings.pop("PYTHONPATH", None)
    issuer, clone = f"http://localhost:{settings['PORT']}", tmp_path / "restock"
    with session(["bash", "-e"], tmp_path, settings) as shell:
        (_, first), *blocks = BLOCKS
        _run(shell, first)
        _furnish(clone / ".venv")
        for _, block in takewhile(lambda one: one[0] == "sh", blocks):
            _run(shell, block)
        words = [".venv/bin/python", "-c", PYTHON]
        with session(words, clone, settings | {"GATEWAY_ISSUER": issuer}) as python:
            for block in (text for kind, text in blocks if kind == "python"):
                python.tell(json.dumps(block))
                if "input(" in block:
                    python.tell(await _agreed(page, re.findall(r"^http\S+", python.printed, re.MULTILINE)[-1], issuer))
                python.until_done()
        kind, last = blocks[-1]
        assert kind == "sh"
        _run(shell, f"{last}\nwait")
    told = python.printed
    assert re.search(r"^open up to [1-9]\d{2,}\.\d+ EUR from bnk_sandbox$", told, re.MULTILINE), told
    assert re.search(r"^active and [1-9]", told, re.MULTILINE), told
    ((after_sale, after_refund),) = re.findall(r"^(\d+) (\d+)$", told, re.MULTILINE)
    assert int(after_sale) > int(after_refund) > 0


def _repository(folder: Path) -> Path:
    """What git tracks or would track, as a repository to clone."""
    for path in files.tracked():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(files.ROOT / path, folder / path)
    git = ["git", "-C", str(folder), "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for words in (["init", "-q"], ["add", "--all"], ["commit", "-q", "--no-verify", "-m", "All of it"]):
        subprocess.run([*git, *words], check=True, env=environment())
    return folder


def _furnish(folder: Path) -> None:
    """A `.venv` as `make setup` leaves it, with the packages of the tests' own."""
    venv.create(folder)
    packages = next(folder.glob("lib/python*/site-packages"))
    ours = [str(folder.parent), str(folder.parent / "sdk_py"), f"import site; site.addsitedir({OWN_PACKAGES!r})"]
    (packages / "restock.pth").write_text("\n".join(ours), encoding="utf-8")
    command = folder / "bin" / "gateway"
    command.write_text('#!/bin/sh\nexec "$(dirname "$0")/python" -m gateway "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    (folder / ".ready").touch()


def _run(shell: Session, block: str) -> None:
    shell.tell(f"{block}\necho; echo =done=")
    shell.until_done()


async def _agreed(page: Page, address: str, issuer: str) -> str:  # noqa: F811
    """What the owner does, by the page's own words; the address it is sent to."""
    await page.route("https://till.example/**", lambda route: route.fulfill(body="no such page"))
    await page.goto(address)
    await sign_in(page, issuer)
    for switch in await page.get_by_role("switch").all():
        await switch.check()
    await page.get_by_role("button", name=re.compile("^Agree to the")).click()
    await page.wait_for_url("https://till.example/back?*")
    return page.url
