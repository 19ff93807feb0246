"""Usual days without a record are gaps; days the shop never opens are none."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import freshness

THROUGH = date(2026, 3, 1)
SUNDAY = 6
DAYS = [THROUGH - timedelta(days=back) for back in range(60)]


def test_a_weekly_day_off_is_no_gap() -> None:
    told = [on for on in DAYS if on.weekday() != SUNDAY]
    assert freshness.gaps(told, THROUGH) == ()
    assert not freshness.silent(told, THROUGH)


def test_a_source_is_silent_after_two_usual_days_and_not_after_one() -> None:
    assert not freshness.silent(DAYS[1:], THROUGH)
    assert freshness.silent(DAYS[2:], THROUGH)
    assert not freshness.silent(DAYS[2:], THROUGH - timedelta(days=1))


def test_what_never_had_a_week_has_no_usual_days() -> None:
    assert not freshness.silent(DAYS[10:15], THROUGH)
    assert not freshness.silent([], THROUGH)


@given(st.sets(st.sampled_from(DAYS)))
def test_gaps_hold_exactly_the_missing_days_and_never_touch(told: set[date]) -> None:
    found = freshness.gaps(told, THROUGH)
    missing = freshness.missing(told, THROUGH)
    assert sum(gap.days_count for gap in found) == len(missing)
    assert not told & set(missing)
    for gap in found:
        assert not any(gap.from_on < on < gap.to_on for on in told)
    assert all(one.to_on < other.from_on for one, other in pairwise(found))
