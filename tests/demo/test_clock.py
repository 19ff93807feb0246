"""The demo's clock: after a day's last receipt and before the gateway would close the day by itself, all year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.demo.telling import AFTER_CUTOFF
from gateway.domain import calendars
from gateway.domain.sales import AHEAD


@pytest.mark.parametrize("timezone", ["America/New_York", "Europe/Amsterdam", "Asia/Seoul", "Australia/Lord_Howe"])
@pytest.mark.parametrize("day_cutoff", ["00:00", "04:00"])
def test_each_day_is_pushed_after_its_end_and_before_its_grace_is_over(timezone: str, day_cutoff: str) -> None:
    for start in (date(2024, 1, 1), date(2024, 7, 1)):
        clock = calendars.ends_at(start - timedelta(days=1), timezone, day_cutoff) + AFTER_CUTOFF
        for lived in range(200):
            day = start + timedelta(days=lived)
            clock += timedelta(days=1)
            assert calendars.ends_at(day, timezone, day_cutoff) <= clock + AHEAD
            assert clock < calendars.closes_at(day, timezone, day_cutoff)
