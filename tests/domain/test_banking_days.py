from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import banking_days

MONDAY = date(2026, 3, 2)
EASTER = {date(2026, 4, 3), date(2026, 4, 6)}


def closed(on: date) -> bool:
    return on.weekday() >= 5 or on in EASTER


@given(
    st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.integers(0, 15),
    st.sets(st.integers(0, 60), max_size=20),
)
def test_the_nth_banking_day_has_exactly_n_between(on: date, count: int, shut: set[int]) -> None:
    holidays = {on + timedelta(days=days) for days in shut}

    def away(day: date) -> bool:
        return day.weekday() >= 5 or day in holidays

    found = banking_days.after(on, count, away)
    assert not away(found)
    first = banking_days.next_open(on, away)
    between = [first + timedelta(days=days) for days in range(1, (found - first).days + 1)]
    assert sum(not away(day) for day in between) == count


@pytest.mark.parametrize(
    ("now", "cutoff", "zone", "on"),
    [
        (datetime(2026, 3, 2, 14, 30, tzinfo=UTC), "15:30", "Europe/Berlin", MONDAY),
        (datetime(2026, 3, 2, 14, 31, tzinfo=UTC), "15:30", "Europe/Berlin", date(2026, 3, 3)),
        (datetime(2026, 3, 30, 13, 31, tzinfo=UTC), "15:30", "Europe/Berlin", date(2026, 3, 31)),
        (datetime(2026, 3, 2, 20, 0, tzinfo=UTC), "17:00", "Asia/Seoul", date(2026, 3, 3)),
        (datetime(2026, 3, 3, 2, 0, tzinfo=UTC), "16:45", "America/New_York", date(2026, 3, 3)),
        (datetime(2026, 4, 2, 16, 0, tzinfo=UTC), "15:30", "Europe/Berlin", date(2026, 4, 7)),
        (datetime(2026, 3, 7, 9, 0, tzinfo=UTC), "15:30", "Europe/Berlin", date(2026, 3, 9)),
        (datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC), "23:59", "UTC", MONDAY),
    ],
    ids=["at the cut-off", "after it", "in summer time", "tomorrow there", "yesterday there", "Easter", "Saturday",
         "last minute"],
)  # fmt: skip
def test_what_is_handed_over_after_the_local_cut_off_goes_out_on_the_next_banking_day(
    now: datetime, cutoff: str, zone: str, on: date
) -> None:
    assert banking_days.execute_on(now, cutoff, zone, closed) == on


def test_a_calendar_without_a_banking_day_is_a_fault_and_not_an_endless_search() -> None:
    with pytest.raises(ValueError, match="closed for 31 days"):
        banking_days.next_open(MONDAY, lambda _: True)
    assert banking_days.after(MONDAY, 0, banking_days.never) == MONDAY
