"""A slice of `make simulate`: some seeds, and that a seed always tells the same story."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.simulation import runs

SEEDS = range(1, 15)
REPEATED = (3, 12, 17)
OPERATIONS_COUNT = 60
_AGAIN = """
import sys
from tests.simulation import runs
operations_count, *seeds = map(int, sys.argv[1:])
print(*(runs.run(seed, operations_count).trace for seed in seeds))
"""


def test_lives_of_a_gateway_keep_every_invariant() -> None:
    for seed in SEEDS:
        runs.run(seed)


def test_a_seed_tells_the_same_story_in_another_process_with_another_hash_seed() -> None:
    told = [runs.run(seed, OPERATIONS_COUNT).trace for seed in REPEATED]
    command = [sys.executable, "-c", _AGAIN, *map(str, (OPERATIONS_COUNT, *REPEATED))]
    environment = os.environ | {"PYTHONHASHSEED": "0" if sys.flags.hash_randomization else "1"}
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split() == told
