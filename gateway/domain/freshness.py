"""What is missing of what a source tells: usual trading days without a record, and a source that fell silent.

A weekday is usual where it was traded on in at least half of the weeks looked at. Pure: days in, days out.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

WEEKS = 8
"""How many weeks say what is usual."""
SILENT_DAYS = 2
"""So many usual days in a row without a record, and a source that spoke is silent: one may be a holiday."""
LEAST_DAYS = 7
"""Days a source must have told of before anything is usual."""


class Gap(msgspec.Struct, frozen=True):
    """Usual days in a row without a record; days that are not usual may lie between them."""

    from_on: date
    to_on: date
    days_count: int


def missing(told: Collection[date], through_on: date) -> list[date]:
    """Usual days without a record in the `WEEKS` before and on `through_on`, the last day that is over."""
    known = set(told)
    if len(known) < LEAST_DAYS:
        return []
    first = max(min(known), through_on - timedelta(weeks=WEEKS) + timedelta(days=1))
    days = [first + timedelta(days=number) for number in range((through_on - first).days + 1)]
    usual = _usual(known, days)
    return [on for on in days if on not in known and on.weekday() in usual]


def _usual(known: set[date], days: Sequence[date]) -> set[int]:
    """Weekdays traded on in at least half of the weeks until the source last spoke."""
    last = max(known)
    spoken = [on for on in days if on <= last] or days
    counts = [[0, 0] for _ in range(7)]
    for on in spoken:
        counts[on.weekday()][0] += 1
        counts[on.weekday()][1] += on in known
    return {weekday for weekday, (all_count, told_count) in enumerate(counts) if told_count * 2 >= all_count > 0}


def gaps(told: Collection[date], through_on: date) -> tuple[Gap, ...]:
    """The missing days as runs between which the source spoke."""
    found: list[Gap] = []
    spoken = sorted(told)
    for on in missing(told, through_on):
        last = found[-1] if found else None
        if last is not None and not any(last.to_on < day < on for day in spoken):
            found[-1] = Gap(last.from_on, on, last.days_count + 1)
        else:
            found.append(Gap(on, on, 1))
    return tuple(found)


def silent(told: Collection[date], through_on: date) -> bool:
    """Whether a source that spoke says nothing any more: `SILENT_DAYS` usual days at the end are missing."""
    last = max(told, default=None)
    return last is not None and sum(on > last for on in missing(told, through_on)) >= SILENT_DAYS
