"""Business days in a shop's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import calendars
from gateway.domain.calendars import UnknownTimezone

ZONES = st.sampled_from([
    "Etc/UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "America/Havana", "Asia/Beirut",
    "Australia/Lord_Howe", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu",
])  # fmt: skip
CUTOFFS = st.sampled_from(["00:00", "00:30", "01:30", "02:00", "02:30", "03:00", "04:00", "09:59"])
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(at=INSTANTS, zone=ZONES, cutoff=CUTOFFS, step=st.timedeltas(timedelta(), timedelta(hours=3)))
def test_the_business_day_never_goes_back(at: datetime, zone: str, cutoff: str, step: timedelta) -> None:
    day = calendars.business_date(at, zone, cutoff)
    later = calendars.business_date(at + step, zone, cutoff)
    assert later in {day, day + timedelta(days=1)}


@given(on=st.dates(date(2020, 1, 1), date(2030, 1, 1)), zone=ZONES, cutoff=CUTOFFS)
def test_a_day_has_ended_when_it_ends(on: date, zone: str, cutoff: str) -> None:
    ends_at = calendars.ends_at(on, zone, cutoff)
    assert calendars.business_date(ends_at, zone, cutoff) == on + timedelta(days=1)
    # Clocks that jump over the cut-off end the day up to an hour earlier.
    assert calendars.business_date(ends_at - timedelta(hours=1, microseconds=1), zone, cutoff) == on
    assert calendars.closes_at(on, zone, cutoff) - ends_at == calendars.GRACE


@given(at=INSTANTS, zone=ZONES, cutoff=CUTOFFS)
def test_what_has_closed_is_over(at: datetime, zone: str, cutoff: str) -> None:
    on = calendars.business_date(at, zone, cutoff)
    assert calendars.business_date(calendars.closes_at(on, zone, cutoff) - calendars.GRACE, zone, cutoff) > on


@pytest.mark.parametrize(
    "name", ["", "Mars/Base", "../etc/passwd", "/etc/passwd", "Asia", "Asia/Seoul\x00", "\ud800", "a" * 60]
)
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(UnknownTimezone):
        calendars.zone(name)
