"""Starts and stops a gateway as a process of its own: the same command an operator runs, on a free loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import httpx
import msgspec

from gateway.domain.errors import Upstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

Decoded = TypeVar("Decoded")

HOST = "127.0.0.1"
_READY_SECONDS = 60
_POLL_SECONDS = 0.02
_STOP_SECONDS = 15
_LAST_LINES = 12
_PREFIX = "GATEWAY_"


class GatewayDidNotStart(Upstream):
    """The gateway's process ended or never became ready; the detail carries the end of its log."""

    code = "gateway_not_started"
    title = "The gateway could not be started"


class CommandFailed(Upstream):
    """A gateway command ended with an error or answered something else than JSON."""

    code = "gateway_command_failed"
    title = "A gateway command failed"


class Client(msgspec.Struct, frozen=True):
    """What `gateway client create` prints."""

    client_id: str


class Verification(msgspec.Struct, frozen=True):
    """What `gateway verify` prints: whether every entry, balance and chain agrees."""

    balanced: bool


class Place(msgspec.Struct, frozen=True):
    """Where one gateway lives: its folder, address, bank, and the moment its business clock starts."""

    folder: Path
    base_url: str
    bank_url: str
    clock_starts_at: datetime

    @property
    def log(self) -> Path:
        """The file the server's output goes to."""
        return self.folder / "gateway.log"

    def environment(self) -> dict[str, str]:
        """Our own environment with no gateway settings but these."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIX)}
        return inherited | {
            "GATEWAY_MODE": "sandbox",
            "GATEWAY_DATABASE_URL": f"sqlite:///{self.folder / 'restock.db'}",
            "GATEWAY_DATA_DIR": str(self.folder / "keys"),
            "GATEWAY_ISSUER": self.base_url,
            "GATEWAY_BANK_URL": self.bank_url,
            "GATEWAY_CLOCK_STARTS_AT": self.clock_starts_at.isoformat(),
            "GATEWAY_LOG_FORMAT": "json",
        }


def choose_place(folder: Path, bank_url: str, clock_starts_at: datetime) -> Place:
    """A place on a port that is free now."""
    base_url = f"http://localhost:{free_port()}"
    return Place(folder=folder, base_url=base_url, bank_url=bank_url, clock_starts_at=clock_starts_at)


def free_port() -> int:
    """A loopback port on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


async def create_client(place: Place, name: str, jwks: bytes) -> str:
    """Register a partner's public keys, and return its client id; raises CommandFailed. The server is not up yet."""
    file = place.folder / "partner.jwks.json"
    await asyncio.to_thread(file.write_bytes, jwks)
    printed = await _command(place, "client", "create", "--name", name, "--tier", "settled", "--jwks", str(file))
    return _decode(printed, Client, "client create").client_id


async def verify(place: Place) -> bool:
    """Whether `gateway verify` finds every account, chain and schedule in order; raises CommandFailed."""
    return _decode(await _command(place, "verify"), Verification, "verify").balanced


@contextlib.asynccontextmanager
async def serve(place: Place) -> AsyncIterator[int]:
    """A ready gateway at `place`, yielding the milliseconds it took; drained and stopped by its id on leaving.

    It gets a process group of its own, so that Ctrl-C reaches us alone and we stop it in order. Raises
    GatewayDidNotStart.
    """
    port = place.base_url.rpartition(":")[2]
    began = time.perf_counter()
    words = ("gateway", "serve", "--host", HOST, "--port", port)
    async with running(words, place.environment(), place.log, f"{place.base_url}/readyz"):
        yield round((time.perf_counter() - began) * 1000)


@contextlib.asynccontextmanager
async def running(words: Sequence[str], environment: Mapping[str, str], log: Path, url: str) -> AsyncIterator[None]:
    """A module of ours as a process of its own, until `url` answers; its output goes to `log`. See `serve`."""
    with log.open("ab") as stream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *words),
            env=environment,
            stdin=DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        await _until_ready(process, words[0], log, url)
        yield
    finally:
        await asyncio.shield(_stop(process))


async def _until_ready(process: Process, name: str, log: Path, url: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
        while process.returncode is None and time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                if (await http.get(url)).is_success:
                    return
            await asyncio.sleep(_POLL_SECONDS)
    ended = "did not become ready" if process.returncode is None else f"ended with status {process.returncode}"
    raise GatewayDidNotStart(f"{name} {ended}\n{_tail(log)}")


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _command(place: Place, *words: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *words), env=place.environment(), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    printed, complaint = await process.communicate()
    if process.returncode != 0 and not printed:
        said = complaint.decode(errors="replace").strip()[-500:]
        raise CommandFailed(f"`gateway {' '.join(words)}` ended with status {process.returncode}: {said}")
    return printed


def _decode(printed: bytes, answer: type[Decoded], command: str) -> Decoded:
    try:
        return msgspec.json.decode(printed, type=answer)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CommandFailed(f"`gateway {command}` printed something else than expected: {error}") from None


def _tail(log: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
    return ""
