"""A shop's own calendar: its time zone and the hour at which its business day ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.domain.errors import Invalid

GRACE = timedelta(hours=2)
"""How long after its cut-off a day waits for the till's own close before the gateway closes it."""


class UnknownTimezone(Invalid):
    """Not a name of the IANA time zone database."""

    code = "unknown_timezone"
    title = "The time zone is not an IANA name"


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
    """The shop's business day that the instant `at` belongs to."""
    return (at.astimezone(zone(timezone)).replace(tzinfo=None) - cutoff(day_cutoff)).date()


def ends_at(business_on: date, timezone: str, day_cutoff: str) -> datetime:
    """The instant at which the business day `business_on` ends (UTC)."""
    local = datetime.combine(business_on + timedelta(days=1), time(), zone(timezone)) + cutoff(day_cutoff)
    return local.astimezone(UTC)


def closes_at(business_on: date, timezone: str, day_cutoff: str) -> datetime:
    """When the gateway closes `business_on` by itself."""
    return ends_at(business_on, timezone, day_cutoff) + GRACE
