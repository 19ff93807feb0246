"""A real Chromium for tests, driven by Playwright, with a virtual authenticator.

The machine's own Chromium is used, else the one inside the npm package @sparticuz/chromium (tests/node). Playwright
never downloads one. Where there is none, tests are skipped, except under CI=true, where they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from playwright.async_api import Browser, BrowserContext, CDPSession, Page, ViewportSize, async_playwright

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NODE = Path(__file__).with_name("node")
PACKAGE = NODE / "node_modules" / "@sparticuz" / "chromium"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync",
)  # fmt: skip
PHONE = ViewportSize(width=390, height=844)
_UNPACK = (
    "import chromium from '@sparticuz/chromium'; chromium.setGraphicsMode = false; await chromium.executablePath();"
)
SECONDS = 120


class Chromium(msgspec.Struct, frozen=True):
    """An executable, and where it finds libraries that the machine may not have."""

    path: str
    libraries: str | None = None

    @property
    def environment(self) -> dict[str, str | float | bool]:
        """What it runs under."""
        return {**os.environ} if self.libraries is None else {**os.environ, "LD_LIBRARY_PATH": self.libraries}

    def runs(self) -> bool:
        """Whether it starts at all here."""
        environment = {name: str(value) for name, value in self.environment.items()}
        command = [self.path, "--no-sandbox", "--version"]
        return (
            subprocess.run(command, env=environment, check=False, capture_output=True, timeout=SECONDS).returncode == 0
        )


@cache
def found() -> Chromium | None:
    """The machine's Chromium, else the package's."""
    own = next(filter(None, map(shutil.which, NAMES)), None)
    return packaged() if own is None else Chromium(own)


@cache
def packaged() -> Chromium | None:
    """The package's Chromium, unpacked once beside it; with the libraries it brings where the machine lacks some."""
    if not PACKAGE.is_dir() or shutil.which("node") is None:
        return None
    place = PACKAGE.parent / f"unpacked-{_version()}"
    if not place.is_dir():
        with TemporaryDirectory(dir=PACKAGE.parent, ignore_cleanup_errors=True) as folder:
            # It unpacks into the temporary directory, its libraries only where it believes to be in a cloud function.
            environment = os.environ | {"TMPDIR": folder, "AWS_LAMBDA_JS_RUNTIME": "nodejs20.x"}
            command = ["node", "--input-type=module", "--eval", _UNPACK]
            subprocess.run(command, cwd=NODE, env=environment, check=True, capture_output=True, timeout=SECONDS)
            Path(folder).rename(place)  # whole, or not at all
    path = str(place / "chromium")
    choices = (Chromium(path), Chromium(path, str(place / "al2023" / "lib")))
    return next((choice for choice in choices if choice.runs()), None)


def _version() -> str:
    text = (PACKAGE / "package.json").read_bytes()
    return str(msgspec.json.decode(text)["version"])


def needed() -> Chromium:
    """The Chromium to use; skips the test where there is none, or fails it under CI=true."""
    chromium = found()
    if chromium is not None:
        return chromium
    reason = "no Chromium: install one, or let `make test` bring the npm packages"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def started(chromium: Chromium) -> AsyncIterator[Browser]:
    """A running browser without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.path, args=list(FLAGS), env=chromium.environment
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(browser: Browser, **looks: Any) -> AsyncIterator[Page]:
    """A page with cookies of its own, as wide as a phone; `looks` are options of a Playwright context."""
    context: BrowserContext = await browser.new_context(viewport=PHONE, **{"locale": "en-GB"} | looks)
    context.set_default_timeout(20_000)
    try:
        yield await context.new_page()
    finally:
        await context.close()


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for a module's tests."""
    async with started(needed()) as browser:
        yield browser


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A fresh page."""
    async with opened(chromium) as fresh:
        yield fresh


class Device:
    """A virtual authenticator of a page's, through the DevTools protocol."""

    def __init__(self, session: CDPSession, authenticator_id: str) -> None:
        self._session, self._id = session, authenticator_id

    async def _send(self, what: str, **values: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self._session.send(f"WebAuthn.{what}", {"authenticatorId": self._id, **values})
        return answer

    async def verify(self, *, user: bool) -> None:
        """Whether its user proves to be the user (finger, face, PIN) from now on."""
        await self._send("setUserVerified", isUserVerified=user)

    async def credentials(self) -> list[dict[str, Any]]:
        """What it holds, private keys included."""
        found_: list[dict[str, Any]] = (await self._send("getCredentials"))["credentials"]
        return found_

    async def put(self, credential: dict[str, Any]) -> None:
        """Give it a credential: a copy, or one with another counter."""
        await self._send("addCredential", credential=credential)

    async def remove(self) -> None:
        """Take the device itself away."""
        await self._send("removeVirtualAuthenticator")

    async def clear(self) -> None:
        """Take away all it holds."""
        await self._send("clearCredentials")


async def authenticator(page: Page, **options: Any) -> Device:
    """A phone's own authenticator, whose user is there and verified at once."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable", {"enableUI": False})
    wanted = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    added = await session.send("WebAuthn.addVirtualAuthenticator", {"options": wanted | options})
    return Device(session, added["authenticatorId"])
