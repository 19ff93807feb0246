"""Calendars of banking days against days that their keepers published."""

from __future__ import annotations

from datetime import date

import pytest

from adapters.calendars import BankingCalendars

CALENDARS = BankingCalendars()
CLOSED = {
    "TARGET": ["2026-01-01", "2026-04-03", "2026-04-06", "2026-05-01", "2026-12-25", "2027-03-26"],
    "US": ["2026-01-19", "2026-06-19", "2026-10-12", "2026-11-11", "2026-11-26", "2027-07-05"],
    "GB": ["2026-04-03", "2026-05-04", "2026-08-31", "2026-12-28", "2027-12-27", "2027-12-28"],
    "CH": ["2026-01-02", "2026-04-06", "2026-05-14", "2026-05-25", "2028-08-01", "2028-12-26"],
    "KR": ["2026-02-16", "2026-03-02", "2026-05-01", "2026-09-24", "2026-10-09", "2026-12-25"],
    "CN": ["2026-01-01", "2026-02-17", "2026-04-06", "2026-05-01", "2026-06-19", "2026-10-01"],
}
OPEN = {
    "TARGET": ["2026-05-25", "2026-12-24", "2026-12-28"],
    "US": ["2026-07-03", "2026-04-03", "2026-12-24"],  # a holiday on Saturday is not made up for
    "GB": ["2026-05-01", "2026-07-03"],
    "CH": ["2026-07-03", "2026-09-14"],
    "KR": ["2026-01-02", "2026-12-31"],
    "CN": ["2026-12-25", "2026-07-01"],
}


@pytest.mark.parametrize("name", list(CLOSED), ids=str)
def test_published_holidays_are_closed_and_other_working_days_open(name: str) -> None:
    assert CALENDARS.knows(name)
    assert [on for on in CLOSED[name] if not CALENDARS.is_closed(name, date.fromisoformat(on))] == []
    assert [on for on in OPEN[name] if CALENDARS.is_closed(name, date.fromisoformat(on))] == []


@pytest.mark.parametrize("name", ["TARGET", "DE", "CN"], ids=str)
def test_the_week_end_is_closed(name: str) -> None:
    assert CALENDARS.is_closed(name, date(2026, 2, 14))  # a Saturday that China worked
    assert CALENDARS.is_closed(name, date(2026, 3, 8))
    assert not CALENDARS.is_closed(name, date(2026, 3, 9))


def test_an_unknown_calendar_is_none() -> None:
    assert not CALENDARS.knows("MOON")
    with pytest.raises(KeyError):
        CALENDARS.is_closed("MOON", date(2026, 3, 9))
