"""A trial sums up to the same however its merchants come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import trials
from gateway.domain.trials import Shift, Trial

AMOUNTS = st.integers(0, 5) | st.integers(0, 10**9)
GRADES = st.sampled_from(["A", "B"])


@st.composite
def shifts(draw: st.DrawFn) -> list[Shift]:
    """Merchants of two currencies; one that is offered nothing has no grade."""
    found = []
    for number in range(draw(st.integers(0, 40))):
        before, after = draw(AMOUNTS), draw(AMOUNTS)
        was, becomes = (draw(GRADES) if amount else None for amount in (before, after))
        weight, currency = trials.weigh(before, after, 10**9), draw(st.sampled_from(["EUR", "KRW"]))
        found.append(Shift(f"mer_{number}", currency, before, after, was, becomes, weight, "x"))
    return found


@given(everyone=shifts(), cut=st.integers(0, 40))
def test_a_trial_is_the_same_in_one_go_or_in_parts_and_ties_out(everyone: list[Shift], cut: int) -> None:
    whole = trials.add(Trial(), everyone)
    mixed = sorted(everyone, key=lambda one: (hash(one.weight_bps), one.after_amount))
    assert trials.add(trials.add(Trial(), mixed[:cut]), mixed[cut:]) == whole
    same = sum(one.before_amount == one.after_amount for one in everyone)
    moved = whole.gain_count + whole.lose_count + whole.stop_count + whole.start_count
    assert whole.merchants_count == len(everyone) == same + moved
    assert sum(sums.after_amount for sums in whole.currencies.values()) == sum(one.after_amount for one in everyone)
    assert sum(counts.before_count for counts in whole.grades.values()) == sum(
        one.before_amount > 0 for one in everyone
    )
    assert len(whole.biggest) == min(trials.SHOWN_COUNT, moved)
    least = min((one.weight_bps for one in whole.biggest), default=0)
    assert all(one.weight_bps <= least for one in everyone if one not in whole.biggest)
