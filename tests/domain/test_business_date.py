"""The remembered turn of a business day is what the calendar says, on every day and in every zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import calendars

ZONES = (
    "Asia/Shanghai",
    "Europe/Amsterdam",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
)


@given(
    at=st.datetimes(datetime(2019, 1, 1), datetime(2029, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    timezone=st.sampled_from(ZONES),
    day_cutoff=st.sampled_from(("00:00", "02:30", "04:00", "23:59")),
)
def test_a_remembered_turn_gives_the_same_day_as_the_calendar(at: datetime, timezone: str, day_cutoff: str) -> None:
    assert calendars.business_date(at, timezone, day_cutoff) == calendars._business_date(at, timezone, day_cutoff)


@pytest.mark.parametrize("timezone", ZONES)
def test_every_half_hour_around_a_change_of_clocks_is_the_same_too(timezone: str) -> None:
    for month, day in ((3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1)):
        for half_hour in range(-48, 96):
            at = datetime.fromtimestamp(datetime(2026, month, day, tzinfo=UTC).timestamp() + 1_800 * half_hour, UTC)
            for cutoff in ("00:00", "01:30", "02:30"):
                expected = calendars._business_date(at, timezone, cutoff)
                assert calendars.business_date(at, timezone, cutoff) == expected
