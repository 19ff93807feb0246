"""A slice of `make simulate`: some seeds, and that a seed always tells the same story."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.simulation import runs

SEEDS = range(1, 9)
REPEATED = (3, 12)
_AGAIN = "import sys; from tests.simulation import runs; print(*(runs.run(int(s)).trace for s in sys.argv[1:]))"


def test_lives_of_a_gateway_keep_every_invariant() -> None:
    for seed in SEEDS:
        runs.run(seed)


def test_a_seed_tells_the_same_story_in_another_process_with_another_hash_seed() -> None:
    told = [runs.run(seed).trace for seed in REPEATED]
    command = [sys.executable, "-c", _AGAIN, *map(str, REPEATED)]
    for hash_seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": hash_seed}
        again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
        assert again == told
