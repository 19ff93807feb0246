"""Reminders of what is overdue: a ladder by days past due, at hours in which a shop may be written to, not too often.

Weekdays from nine to six where the shop is; between two reminders lie days, whatever happened meanwhile.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from gateway.domain import calendars

LADDER = ((1, "payment_late"), (7, "payment_late"), (14, "payment_late"), (30, "payment_late_long"),
          (60, "payment_late_long"), (80, "payment_late_last"))  # fmt: skip
"""From how many days past due which message is sent; its words stand in `usecases/messages.toml`."""
APART = timedelta(days=5)
"""The least time between two reminders about one loan."""
OPENS, SHUTS = time(9), time(18)
"""When a shop may be written to, by its own clock."""
_SATURDAY = 5


def steps_count(past_due_days: int) -> int:
    """How many steps of the ladder have been reached."""
    return sum(days <= past_due_days for days, _ in LADDER)


def message(steps: int) -> str:
    """The message of the last step reached, of at least one."""
    return LADDER[steps - 1][1]


def may_write(at: datetime, timezone: str) -> bool:
    """Whether the instant lies in the hours in which a shop may be written to."""
    local = at.astimezone(calendars.zone(timezone))
    return local.weekday() < _SATURDAY and OPENS <= local.time() < SHUTS


def write_at(at: datetime, timezone: str) -> datetime:
    """The first instant from `at` on at which a shop may be written to (UTC)."""
    if may_write(at, timezone):
        return at
    local = at.astimezone(calendars.zone(timezone))
    on = local.date() if local.time() < OPENS else local.date() + timedelta(days=1)
    while on.weekday() >= _SATURDAY:
        on += timedelta(days=1)
    return datetime.combine(on, OPENS, calendars.zone(timezone)).astimezone(UTC)
