"""`python -m tests.fuzz`: both campaigns, bounded in count and time; 1 where anything was wrong."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz import described, door, raw

if TYPE_CHECKING:
    from tests.fuzz.door import Verdict

_SHOWN = 20


def main() -> int:
    """Run them and print the figures."""
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("--described", type=int, default=20_000, help="requests made from the description")
    asked.add_argument("--raw", type=int, default=50_000, help="malformed requests")
    asked.add_argument("--seconds", type=int, default=3_600, help="the longest each may take")
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    logging.disable(logging.INFO)
    good = True
    for name, run, count in (("described", described.run, wanted.described), ("raw", raw.run, wanted.raw)):
        with tempfile.TemporaryDirectory() as folder, door.opened(Path(folder)) as opened:
            began = time.monotonic()
            done = partial(_over, began + wanted.seconds)
            verdict = run(opened, count, wanted.seed, done=done)
            good &= _told(name, verdict, count, time.monotonic() - began)
    return 0 if good else 1


def _over(ends_at: float) -> bool:
    return time.monotonic() > ends_at


def _told(name: str, verdict: Verdict, wanted: int, seconds: float) -> bool:
    count = sum(verdict.counts.values())
    kinds = ", ".join(f"{kind} {number:,}" for kind, number in sorted(verdict.counts.items()))
    print(f"{name}: {count:,} requests in {seconds:.0f} s: {kinds}; {len(verdict.faults)} faults")
    print(*verdict.faults[:_SHOWN], sep="\n")
    if count < wanted:
        print(f"{name}: {wanted:,} were wanted")
    return not verdict.faults and count >= wanted


sys.exit(main())
