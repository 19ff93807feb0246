"""`make simulate SEEDS=… FIRST=… OPS=…`: live so many seeds on all cores; a failing one is told with its replay.

With COSTS=1 each seed is a loan's way back alone, held against the cap on all costs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from functools import partial

from tests.simulation import campaigns, runs

TELL_EVERY = 20
"""How often it tells how far it is, in a campaign."""
FAILURES_COUNT = 10
"""After so many failures it gives up."""


def main() -> int:
    """Run, tell the progress, and sum up."""
    asked = argparse.ArgumentParser(prog="python -m tests.simulation")
    asked.add_argument("--seeds", type=int, default=200)
    asked.add_argument("--first", type=int, default=1)
    asked.add_argument("--ops", type=int, default=runs.OPERATIONS_COUNT)
    asked.add_argument("--costs", action="store_true")
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = asked.parse_args()
    live = partial(campaigns.loan if given.costs else campaigns.life, given.ops)
    seeds, chunk = range(given.first, given.first + given.seeds), max(1, given.seeds // given.processes // TELL_EVERY)
    began, total, failures = time.monotonic(), Counter[str](), 0
    with multiprocessing.get_context("spawn").Pool(min(given.processes, given.seeds)) as pool:
        for seed, told in zip(seeds, pool.imap(live, seeds, min(chunk, 50)), strict=True):
            if isinstance(told, str):
                failures += 1
                print(told, flush=True)
                if failures == FAILURES_COUNT:
                    break
            else:
                total += told
            if (seed - given.first + 1) % max(1, given.seeds // TELL_EVERY) == 0:
                print(f"until seed {seed}, {time.monotonic() - began:.0f} s: {_said(total)}", flush=True)
    print(f"from seed {given.first}, {time.monotonic() - began:.0f} s: {_said(total)}; {failures} failed")
    return 1 if failures else 0


def _said(total: Counter[str]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in total.items())


if __name__ == "__main__":
    sys.exit(main())
