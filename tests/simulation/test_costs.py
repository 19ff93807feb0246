"""However a loan is paid back, all it costs stays below the cap a year; `make simulate COSTS=1` tries many more."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation import costs
from tests.simulation.costs import Life

if TYPE_CHECKING:
    import pytest


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32))
def test_no_way_of_paying_back_costs_more_than_the_cap(seed: int) -> None:
    assert not costs.is_dear(costs.live(Random(seed)))


def test_the_judge_sees_a_loan_that_ends_early_without_its_rebate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Life, "cap_rebate", lambda *_: 0)
    assert any(costs.is_dear(costs.live(Random(seed))) for seed in range(100))
