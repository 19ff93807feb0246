"""How the demo ends when the story does not: nothing offered, a file too short, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from datetime import date, timedelta
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.demo.ending import Ending

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEADLINE_SECONDS = 120
_FIRST = date(2024, 1, 1)


def demo(*words: str) -> list[str]:
    return [sys.executable, "-m", "gateway", "demo", *words]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}


def till(folder: Path, days: int, amount: int = 5_000) -> tuple[str, ...]:
    rows = [f"{_FIRST + timedelta(days=day)} 10:00,{amount}" for day in range(days)]
    file = folder / "till.csv"
    file.write_text("\n".join(["when,total", *rows]) + "\n")
    mapping = ("--columns", "occurred_at=when,amount=total", "--currency", "CNY", "--timezone", "Asia/Shanghai")
    return ("--sales", str(file), *mapping)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        demo("--once", *words),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
    )


def test_a_shop_with_too_short_a_history_is_told_why_nothing_is_offered(tmp_path: Path) -> None:
    done = run(*till(tmp_path, 20), "--as-of", "2024-01-15")
    assert done.returncode == Ending.unfinished, done.stdout + done.stderr
    assert "Nothing can be drawn now." in done.stdout
    assert "The story ends here: nothing can be drawn on 2024-01-15: Too few days of trading" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_file_that_ends_before_the_money_is_back_says_what_is_left(tmp_path: Path) -> None:
    done = run(*till(tmp_path, 75), "--as-of", "2024-03-11")
    assert done.returncode == Ending.unfinished, done.stdout + done.stderr
    assert re.search(r"the receipts end on 2024-03-15 with CNY [\d,.]+ of CNY [\d,.]+ still to be repaid", done.stdout)


def test_the_demo_stays_until_ctrl_c_and_then_stops_till_gateway_and_bank() -> None:
    with started() as (process, output):
        said = "".join(iter(output.readline, "  Ctrl-C ends the demo.\n"))
        addresses = [urlsplit(url) for url in re.findall(r"(?:The till|Status page|Bank's view) +(\S+)", said)]
        assert len(addresses) == 3, said
        assert all(listens(address.port) for address in addresses)
        process.send_signal(signal.SIGINT)
        assert process.wait(_DEADLINE_SECONDS) == Ending.interrupted
        assert not any(listens(address.port) for address in addresses)


@contextmanager
def started() -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A demo that stays, killed if the test fails before it ends.

    It hears SIGINT though whoever started the tests may have them ignore it, as shells do in the background.
    """
    with (
        hearing(signal.SIGINT),
        subprocess.Popen(
            demo(),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            yield process, process.stdout
        finally:
            if process.poll() is None:
                process.terminate()


@contextmanager
def hearing(number: signal.Signals) -> Iterator[None]:
    """What is started meanwhile does not inherit that a signal is ignored."""
    before = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def listens(port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port or 0)) == 0
