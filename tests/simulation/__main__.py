"""`make simulate SEEDS=… FIRST=… OPS=…`: live so many seeds on all cores; a failing one is told with its replay."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from functools import partial

import msgspec

from tests.simulation import runs
from tests.simulation.runs import Failed, Outcome

TELL_EVERY = 500


def main() -> int:
    """Run, tell the progress, and sum up."""
    asked = argparse.ArgumentParser(prog="python -m tests.simulation")
    asked.add_argument("--seeds", type=int, default=200)
    asked.add_argument("--first", type=int, default=1)
    asked.add_argument("--ops", type=int, default=runs.OPERATIONS_COUNT)
    asked.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = asked.parse_args()
    began, total, failures = time.monotonic(), Counter[str](), 0
    with multiprocessing.get_context("spawn").Pool(min(given.processes, given.seeds)) as pool:
        seeds = range(given.first, given.first + given.seeds)
        chunk = max(1, min(50, given.seeds // given.processes))
        for number, told in enumerate(pool.imap(partial(_live, given.ops), seeds, chunk), 1):
            if isinstance(told, str):
                failures += 1
                print(told, flush=True)
                if failures == 10:
                    break
                continue
            counts = msgspec.structs.asdict(told)
            total.update({name: counts[name] for name in counts if name.endswith("_count")})
            if number % TELL_EVERY == 0:
                print(f"seed {given.first + number - 1}: {total['operations_count']:,} operations", flush=True)
    said = ", ".join(f"{count:,} {name.removesuffix('_count')}" for name, count in total.items())
    last, seconds = given.first + given.seeds - 1, time.monotonic() - began
    print(f"seeds {given.first} to {last} in {seconds:.0f} s: {said}; {failures} failed")
    return 1 if failures else 0


def _live(operations_count: int, seed: int) -> Outcome | str:
    try:
        return runs.run(seed, operations_count)
    except Failed as failed:
        return str(failed)


if __name__ == "__main__":
    sys.exit(main())
