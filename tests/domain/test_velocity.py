from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import velocity
from gateway.domain.velocity import NOTHING, WINDOW, Cap, Confirmed, VelocityExceeded

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CAP = Cap("merchant", 5, 1_000)


def refusal(confirmed: Confirmed, amount: int) -> VelocityExceeded:
    with pytest.raises(VelocityExceeded) as refused:
        velocity.check(CAP, confirmed, amount, NOW)
    return refused.value


@given(st.integers(0, 10), st.integers(0, 2_000), st.integers(1, 2_000))
def test_one_more_passes_exactly_while_both_caps_hold_with_it(count: int, confirmed: int, amount: int) -> None:
    given_ = Confirmed(count, confirmed, NOW - timedelta(hours=1) if count else None)
    if count + 1 <= CAP.draws_count and confirmed + amount <= CAP.amount:
        velocity.check(CAP, given_, amount, NOW)
    else:
        assert refusal(given_, amount).facts["scope"] == "merchant"


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 600)), max_size=40))
def test_no_window_ever_holds_more_than_the_caps(tries: list[tuple[int, int]]) -> None:
    """Whatever comes, in whatever order: over any 24 hours the draws that passed stay within both caps."""
    now, passed = NOW, list[tuple[datetime, int]]()
    for pause_hours, amount in tries:
        now += timedelta(hours=pause_hours)
        inside = [(at, one) for at, one in passed if at > now - WINDOW]
        oldest_at = min((at for at, _ in inside), default=None)
        try:
            velocity.check(CAP, Confirmed(len(inside), sum(one for _, one in inside), oldest_at), amount, now)
        except VelocityExceeded:
            continue
        passed.append((now, amount))
    for end, _ in passed:
        window = [amount for at, amount in passed if end - WINDOW < at <= end]
        assert len(window) <= CAP.draws_count
        assert sum(window) <= CAP.amount


def test_the_refusal_says_what_and_when() -> None:
    facts = refusal(Confirmed(5, 500, NOW - timedelta(hours=23)), 1).facts
    assert facts == {
        "scope": "merchant", "what": "count", "most": 5, "frees_at": "2026-03-02T10:00:00+00:00", "retry_after": 3_600,
    }  # fmt: skip
    assert refusal(Confirmed(1, 500, NOW), 501).facts["what"] == "amount"


def test_a_draw_that_is_too_large_by_itself_is_not_told_to_wait() -> None:
    assert refusal(NOTHING, 1_001).facts == {"scope": "merchant", "what": "amount", "most": 1_000}
