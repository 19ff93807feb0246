"""A file's identity: the rules know a file by origin, date, time and one modifier, and by no id of ours.

Two files of the same identity are one to the bank, which refuses the second as a copy. So the gateway numbers a day's
files (`gateway.domain.references.numbered`), and time and modifier carry that number: 36 files for each minute of the
day. The time is therefore not when the file was made, which the rules leave optional anyway. Both ways are exact, so
that a bank's word about a file leads back to its message id.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

import msgspec

from gateway.domain import references

_MODIFIERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_MINUTES = 24 * 60
FILES_PER_DAY = _MINUTES * len(_MODIFIERS)
_LAST_YEAR = 2068
"""Two-digit years from 69 on are read as the last century's (POSIX strptime)."""
_NAME = re.compile(r"(?:.*-)?([0-9]{6})([0-9]{4})([A-Z0-9])")


class Identity(msgspec.Struct, frozen=True):
    """A file's day and number, and what its header says of them."""

    day: date
    number: int

    @property
    def time(self) -> str:
        """The header's file creation time."""
        hour, minute = divmod(self.number // len(_MODIFIERS), 60)
        return f"{hour:02d}{minute:02d}"

    @property
    def modifier(self) -> str:
        """The header's file ID modifier."""
        return _MODIFIERS[self.number % len(_MODIFIERS)]


def identity(message_id: str) -> Identity | None:
    """The identity of a numbered message id; None for another one, or a number beyond a day's."""
    read = references.read_numbered(message_id)
    if read is None or read[1] >= FILES_PER_DAY or not 2000 <= read[0].year <= _LAST_YEAR:  # noqa: PLR2004 - the century
        return None
    return Identity(*read)


def message_id(name: str) -> str:
    """The message id of a file the bank names by its identity (`…-YYMMDDHHMMX`); any other name as it is."""
    shape = _NAME.fullmatch(name)
    try:
        moment = datetime.strptime(shape[1] + shape[2], "%y%m%d%H%M") if shape else None  # noqa: DTZ007 - only digits
    except ValueError:
        moment = None
    if shape is None or moment is None:
        return name
    minutes = (moment - moment.replace(hour=0, minute=0)) // timedelta(minutes=1)
    number = minutes * len(_MODIFIERS) + _MODIFIERS.index(shape[3])
    return references.numbered(moment.date(), number)
