"""Starts and stops the mock bank as a process of its own on a free loopback port. Knows nothing of payments."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import Upstream

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
_START_ATTEMPTS = 3
_HEALTH_POLLS = 400
_POLL_MS = 25
_STOP_SECONDS = 5


class BankDidNotStart(Upstream):
    """The mock bank's process ended or stayed silent; the demo needs `restock-gateway[demo]`."""

    code = "sandbox_bank_not_started"
    title = "The sandbox bank could not be started"


class BankProcess(msgspec.Struct, frozen=True):
    """A running mock bank: where it listens and which process it is."""

    base_url: str
    process_id: int


@contextlib.contextmanager
def start_mock_bank(clock: str, timezone: str = "UTC", *options: str) -> Iterator[BankProcess]:
    """A mock bank whose time starts at `clock` (`2026-03-02T09:00`) in `timezone`; stopped by its own id on leaving.

    `options` are more of its own, such as `--drop-dir`.

    Blocks until it answers, about a third of a second. Raises BankDidNotStart.
    """
    process, port = _start(clock, timezone, options)
    try:
        yield BankProcess(f"http://{HOST}:{port}", process.pid)
    finally:
        _stop(process)


def _start(clock: str, timezone: str, options: tuple[str, ...]) -> tuple[subprocess.Popen[bytes], int]:
    """A free port may be taken between choosing and listening, so a process that ends at once is started again."""
    for _ in range(_START_ATTEMPTS):
        port = _free_port()
        command = [sys.executable, "-m", "mockbank", "--host", HOST, "--port", str(port)]
        command += ["--clock", clock, "--timezone", timezone, "--keep-requests", "1000", "-q", *options]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter, no shell, arguments made here
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if _answers(process, port):
            return process, port
        _stop(process)
    raise BankDidNotStart(f"the sandbox bank did not start in {_START_ATTEMPTS} attempts: is mock-bank installed?")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    for _ in range(_HEALTH_POLLS):
        if process.poll() is not None:
            return False
        if _is_healthy(port):
            return True
        time.sleep(_POLL_MS / 1000)
    return False


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/_mock/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
