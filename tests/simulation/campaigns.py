"""What one process of a campaign does with one seed: it tells what happened, or how the seed failed."""

from __future__ import annotations

from collections import Counter
from random import Random

import msgspec

from tests.simulation import costs, runs
from tests.simulation.runs import Failed


def life(operations_count: int, seed: int) -> Counter[str] | str:
    """A gateway's life: counts of what happened, or the story of its failure."""
    try:
        told = msgspec.structs.asdict(runs.run(seed, operations_count))
    except Failed as failed:
        return str(failed)
    return Counter({name.removesuffix("_count"): told[name] for name in told if name.endswith("_count")})


def loan(_: int, seed: int) -> Counter[str] | str:
    """A loan's way back: that it was one, or what it cost too much."""
    lived = costs.live(Random(seed))
    return f"seed {seed}: more than the cap\n{lived}" if costs.is_dear(lived) else Counter(loans=1)
