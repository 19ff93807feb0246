"""Eleven bugs, planted in the core one at a time: each is caught by its invariant within a few seeds."""

from __future__ import annotations

import pytest

from tests.simulation import runs
from tests.simulation.planted import BUGS
from tests.simulation.runs import Failed

SEEDS = range(1, 25)


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_caught(name: str) -> None:
    bug = BUGS[name]
    assert any(bug.told in _told(name, seed) for seed in SEEDS)


def _told(name: str, seed: int) -> str:
    bug = BUGS[name]
    with pytest.MonkeyPatch.context() as patches:
        bug.plant(patches)
        try:
            runs.run(seed, temper=bug.temper, traits=bug.traits, only=bug.only)
        except Failed as failed:
            return str(failed).splitlines()[0]
    return ""
