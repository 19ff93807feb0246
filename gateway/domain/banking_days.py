"""Banking days: the day on which an instruction goes out, and the day that is so many banking days away.

`closed` says whether banks are closed on a day of their own calendar. Days are the bank's, by its time zone.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable

    Closed = Callable[[date], bool]

LONGEST_CLOSURE_DAYS = 31
"""No calendar keeps banks closed for longer; one that says so is wrong, and its bank would never be paid by."""
_DAY = timedelta(days=1)


def never(_on: date) -> bool:
    """The calendar of a bank that works every day."""
    return False


def next_open(on: date, closed: Closed) -> date:
    """`on`, or the first day after it on which banks are open. Raises ValueError when there is none in a month."""
    for _ in range(LONGEST_CLOSURE_DAYS):
        if not closed(on):
            return on
        on += _DAY
    raise ValueError(f"banks are closed for {LONGEST_CLOSURE_DAYS} days before {on}")


def after(on: date, count: int, closed: Closed) -> date:
    """The `count`-th banking day after `on`; with 0, `on` itself or the first banking day after it."""
    found = next_open(on, closed)
    for _ in range(count):
        found = next_open(found + _DAY, closed)
    return found


def execute_on(now: datetime, cutoff: str, timezone: str, closed: Closed) -> date:
    """The banking day of what is handed over at `now`: today until the local `cutoff` (HH:MM), else the next one."""
    local = now.astimezone(ZoneInfo(timezone))
    late = local.time().replace(second=0, microsecond=0) > time.fromisoformat(cutoff)
    return next_open(local.date() + _DAY if late else local.date(), closed)
