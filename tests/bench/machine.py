"""The machine a run was made on, and where its processes are put."""

from __future__ import annotations

import contextlib
import os
import platform
import sqlite3
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER_CORE, LOAD_CORE = 0, 1
_PACKAGES = ("litestar", "uvicorn", "uvloop", "msgspec", "onnxruntime", "fastapi", "sqlalchemy", "scikit-learn")


class Machine(msgspec.Struct, frozen=True):
    """What figures must be read with; `pinned`: servers and load each on a core of their own."""

    cpu: str
    cores_count: int
    pinned: bool
    kernel: str
    python: str
    sqlite: str
    load_by: str
    load_average: float
    packages: dict[str, str]

    def text(self) -> str:
        """Four lines for a person."""
        where = "servers on one core, load on another" if self.pinned else "nothing pinned: read with care"
        versions = ", ".join(f"{name} {version}" for name, version in self.packages.items())
        return (
            f"{self.cpu}, {self.cores_count} cores, {self.kernel}\n"
            f"Python {self.python}, SQLite {self.sqlite}, load by {self.load_by}; {where}\n"
            f"{versions}\n"
            f"load average at the start: {self.load_average:.2f}"
            + (" - others use this machine: trust the ratios, not the figures" if self.load_average > 0.5 else "")
        )


def describe(load_by: str) -> Machine:
    """This machine, now."""
    return Machine(
        cpu=_cpu(),
        cores_count=os.cpu_count() or 1,
        pinned=_can_pin(),
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        sqlite=sqlite3.sqlite_version,
        load_by=load_by,
        load_average=round(os.getloadavg()[0], 2),
        packages={name: metadata.version(name) for name in _PACKAGES},
    )


@contextlib.contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started inside inherits the core."""
    if not _can_pin():
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[core]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _can_pin() -> bool:
    return hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1


def _cpu() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
