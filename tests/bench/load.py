"""Load on one route: by `wrk` where the machine has it, else by the generator beside this file, on its own core."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.bench import machine

_SCRIPT = Path(__file__).with_name("sale.lua")
_SPARE_SECONDS = 30
_RESULT = "RESULT "


class Load(msgspec.Struct, frozen=True):
    """What one run of load saw; `errors_count` counts answers other than 2xx and broken connections."""

    requests_count: int
    seconds: float
    errors_count: int
    p50_ms: float
    p99_ms: float

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.requests_count - self.errors_count) / self.seconds


class Aim(msgspec.Struct, frozen=True):
    """Where load goes, and what its sales look like; `prefix` must be new for every run.

    `lines` is a file of requests to make in turn: path, token and, where proofs are checked, a proof each.
    """

    url: str
    lines: Path
    at: str
    currency: str
    prefix: str


class LoadFailed(Exception):
    """The load generator ended without a result."""


def by() -> str:
    """The generator this machine uses."""
    return "wrk" if shutil.which("wrk") else "tests.bench.loader"


def run(aim: Aim, connections: int, seconds: float) -> Load:
    """Send new sales as fast as they are answered, over `connections` at once (wrk: whole seconds, at least one)."""
    environment = os.environ | {
        "BENCH_LINES": str(aim.lines), "BENCH_PREFIX": aim.prefix, "BENCH_AT": aim.at, "BENCH_CURRENCY": aim.currency,
    }  # fmt: skip
    wrk = shutil.which("wrk")
    if wrk:
        duration = f"-d{max(1, round(seconds))}s"
        command = [wrk, "-t1", f"-c{connections}", duration, "--timeout", "5s", "-s", str(_SCRIPT), aim.url]
    else:
        command = [sys.executable, "-m", "tests.bench.loader", aim.url, str(connections), str(seconds)]
    with machine.on_core(machine.LOAD_CORE):
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=seconds + _SPARE_SECONDS, check=False
        )
    line = next((line for line in ended.stdout.splitlines() if line.startswith(_RESULT)), None)
    if line is None:
        raise LoadFailed(f"{command[0]} ended with {ended.returncode}: {ended.stdout[-500:]}{ended.stderr[-500:]}")
    return msgspec.json.decode(line.removeprefix(_RESULT), type=Load)
