"""How a till writes the moment of a sale: the formats we try, and the only one that fits a whole column.

Formats are `datetime.strptime` patterns, so that what a refusal names can be given back with `--date-format`.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from gateway.domain.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%d.%m.%Y")
_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p")
_ISO_TIMES = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M%z", "%H:%M:%S%z", "%H:%M:%S.%f%z")
_NOON = time(12)

CANDIDATES: tuple[str, ...] = (
    *_DATES,
    *(f"{day} {clock}" for day in _DATES for clock in _TIMES),
    *(f"%Y-%m-%dT{clock}" for clock in _ISO_TIMES),
    *(f"%Y-%m-%d {clock}" for clock in _ISO_TIMES if clock.endswith("%z")),
)
"""ISO 8601 (also with a T, fractions, an offset or Z), Y/m/d, Y.m.d, US m/d/Y and m-d-Y, European d/m/Y, d-m-Y and
d.m.Y; each alone or with a 24 h or a 12 h time, with and without seconds. Years have four digits: two-digit years
read several ways and must be named with `--date-format`."""


class AmbiguousDates(Invalid):
    """Several formats fit every row and disagree on what they say."""

    code = "ambiguous_dates"
    title = "The dates can be read in more than one way"


def parse(text: str, pattern: str) -> datetime | None:
    """`text` read by `pattern`, naive unless the pattern has an offset; None when it does not fit."""
    try:
        return datetime.strptime(text, pattern)  # noqa: DTZ007 - local time, placed in its zone by `instant`
    except ValueError:
        return None


def surviving(texts: Iterable[str], candidates: Iterable[str] = CANDIDATES) -> tuple[list[str], int]:
    """The candidates that fit every text in order, and how many texts were read.

    Stops at the text that ends the last candidate; the second value is then that text's position, from 0.
    """
    alive = list(candidates)
    position = 0
    for position, text in enumerate(texts):
        fitting = [pattern for pattern in alive if parse(text, pattern) is not None]
        if not fitting:
            return [], position
        alive = fitting
    return alive, position + 1


def first_difference(texts: Iterable[str], patterns: list[str]) -> str | None:
    """The first text that `patterns`, all of which fit, read differently; None when they always agree."""
    for text in texts:
        if len({parse(text, pattern) for pattern in patterns}) > 1:
            return text
    return None


def has_time(pattern: str) -> bool:
    """Whether a format says the time of day, too."""
    return "%H" in pattern or "%I" in pattern or "%c" in pattern or "%X" in pattern


def instant(moment: datetime, pattern: str, timezone: ZoneInfo) -> datetime:
    """The UTC instant of what a till printed in `timezone`.

    A date without a time is taken as noon, so that no day cut-off moves it to a neighbour. A local time skipped by
    a clock change is read with the offset before the change (02:30 becomes 03:30); one that happens twice is the
    first (PEP 495, fold 0).
    """
    if moment.tzinfo is None:
        wall = moment if has_time(pattern) else datetime.combine(moment.date(), _NOON)
        moment = wall.replace(tzinfo=timezone)
    return moment.astimezone(UTC)
