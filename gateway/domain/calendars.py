"""A shop's own calendar: its time zone and the hour at which its business day ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from gateway.domain.errors import Invalid

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant at the edge: RFC 3339 with an offset; one without is refused."""
GRACE = timedelta(hours=2)
"""How long after its cut-off a day waits for the till's own close before the gateway closes it."""


NIGHT_BEGINS = timedelta(hours=4)
"""After midnight UTC: when what is worked out once a day over all merchants is due."""


class UnknownTimezone(Invalid):
    """Not a name of the IANA time zone database."""

    code = "unknown_timezone"
    title = "The time zone is not an IANA name"


def night_on(now: datetime) -> date:
    """The date whose night has begun last; `now` is the business clock's."""
    return (now - NIGHT_BEGINS).date()


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """`Asia/Seoul` → its rules; raises UnknownTimezone."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimezone(f"{name[:60]!r} is not an IANA time zone such as Asia/Shanghai") from None


@lru_cache(maxsize=256)
def cutoff(text: str) -> timedelta:
    """`"04:00"` → how far past midnight the business day runs on."""
    at = time.fromisoformat(text)
    return timedelta(hours=at.hour, minutes=at.minute)


def business_date(at: datetime, timezone: str, day_cutoff: str) -> date:
    """The shop's business day that the instant `at` belongs to; it never goes back when clocks do."""
    if at.tzinfo is UTC and (known := _turn(at.date(), timezone, day_cutoff)) is not None:
        turn, before, after = known
        return before if at < turn else after
    return _business_date(at, timezone, day_cutoff)


@lru_cache(maxsize=16_384)
def _turn(utc_on: date, timezone: str, day_cutoff: str) -> tuple[datetime, date, date] | None:
    """When within a UTC day the shop's business day turns, from which to which; None where clocks change in it."""
    start = datetime(utc_on.year, utc_on.month, utc_on.day, tzinfo=UTC)
    local = start.astimezone(zone(timezone))
    offset = local.utcoffset()
    if local.fold or offset is None or offset != (start + timedelta(days=1)).astimezone(zone(timezone)).utcoffset():
        return None
    before = _business_date(start, timezone, day_cutoff)
    after = before + timedelta(days=1)
    turn = datetime(after.year, after.month, after.day, tzinfo=UTC) + cutoff(day_cutoff) - offset
    return turn, before, after


def _business_date(at: datetime, timezone: str, day_cutoff: str) -> date:
    local = at.astimezone(zone(timezone))
    day = (local.replace(tzinfo=None) - cutoff(day_cutoff)).date()
    if local.fold and at >= ends_at(day, timezone, day_cutoff):
        return day + timedelta(days=1)  # the repeated hour, after a cut-off inside its first run
    return day


def ends_at(business_on: date, timezone: str, day_cutoff: str) -> datetime:
    """The instant at which the business day `business_on` ends (UTC)."""
    local = datetime.combine(business_on + timedelta(days=1), time(), zone(timezone)) + cutoff(day_cutoff)
    return local.astimezone(UTC)


def closes_at(business_on: date, timezone: str, day_cutoff: str) -> datetime:
    """When the gateway closes `business_on` by itself."""
    return ends_at(business_on, timezone, day_cutoff) + GRACE
