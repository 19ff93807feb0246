"""A merchant's rows made into its sheet: its days in order, each once, and flags that say what was found.

A day that is missing sold nothing. Of a day that is there twice the later row counts, as a correction does. A merchant
one of whose rows cannot be read gets an error and is not scored on the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.batch.lines import FIELDS, REQUIRED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gateway.batch.files import Faults

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

MAX_ROWS = 100_000
"""More rows than any shop has days; a merchant with more gets an error."""
AMOUNTS = len(FIELDS) - 2
OPTIONAL = len(FIELDS) - len(REQUIRED)
NOTHING_TOLD = (False,) * OPTIONAL


class Error(NamedTuple):
    """Why a merchant cannot be scored: a stable `code`, in words, and the lines of the file (its header is line 1)."""

    code: str
    detail: str
    lines: tuple[int, ...] = ()
    lines_count: int = 0


class Sheet(NamedTuple):
    """One merchant of the file. With an `error` its days are empty.

    `line`: the first one that is its own. `on`: (k,) proleptic ordinals, ascending, each once. `amounts`: (6, k) sales,
    refunds, tickets, outflow, balance, instalment. `told`: which of the last three have a value on every row. `flags`:
    what was found, and how often.
    """

    merchant_id: str
    line: int
    on: Ints
    amounts: Ints
    told: tuple[bool, ...]
    flags: dict[str, int]
    error: Error | None = None


class Part(NamedTuple):
    """Some rows of one merchant, and the numbers of their lines."""

    lines: Ints
    on: Ints
    amounts: Ints
    told: Bools

    def at(self, which: Ints | Bools | slice) -> Part:
        """Some of these rows."""
        return Part(self.lines[which], self.on[which], self.amounts[:, which], self.told[:, which])


class Gathered(NamedTuple):
    """A merchant's rows so far, in the file's order, and its faults."""

    name: bytes
    parts: list[Part]
    faults: Faults

    @property
    def line(self) -> int:
        """The number of its first line."""
        rows = [int(self.parts[0].lines[0])] if self.parts and len(self.parts[0].lines) else []
        return min(rows + self.faults.lines[:1])

    @property
    def rows_count(self) -> int:
        """How many rows there are."""
        return sum(len(part.on) for part in self.parts)


def joined(parts: Sequence[Part]) -> Part:
    """All rows of all parts."""
    if len(parts) == 1:
        return parts[0]
    return Part(
        np.concatenate([np.zeros(0, np.int64), *(part.lines for part in parts)]),
        np.concatenate([np.zeros(0, np.int64), *(part.on for part in parts)]),
        np.concatenate([np.zeros((AMOUNTS, 0), np.int64), *(part.amounts for part in parts)], axis=1),
        np.concatenate([np.zeros((OPTIONAL, 0), bool), *(part.told for part in parts)], axis=1),
    )


def sheet(one: Gathered, until: int | None, unended: int) -> Sheet:
    """`until`: an ordinal; rows of that day and later are left aside. `unended`: the line that has no end, or 0."""
    if one.faults.count:
        return _refused(one, Error("broken_rows", one.faults.first, tuple(one.faults.lines), one.faults.count))
    days, flags = joined(one.parts), dict[str, int]()
    if len(days.on) > MAX_ROWS:
        return _refused(one, Error("too_many_rows", f"more than {MAX_ROWS} rows"))
    if unended and int(days.lines[-1]) == unended:
        flags["unended_line"] = 1
    if until is not None and (late := int(np.count_nonzero(days.on >= until))):
        flags["rows_after_as_of"] = late
        days = days.at(days.on < until)
        if not len(days.on):
            return _refused(one, Error("no_days", "no row before the as-of day"), flags)
    days = _ordered(days, flags)
    on, amounts = days.on, days.amounts
    if gaps := int(on[-1]) - int(on[0]) + 1 - len(on):
        flags["gaps"] = gaps
    if below := int(np.count_nonzero(amounts[0] < amounts[1])):
        flags["negative_days"] = below
    return Sheet(_name(one), one.line, on, amounts, _told(days, flags), flags)


def _name(one: Gathered) -> str:
    return one.name.decode(errors="backslashreplace")


def _refused(one: Gathered, error: Error, flags: dict[str, int] | None = None) -> Sheet:
    nothing = joined(())
    return Sheet(_name(one), one.line, nothing.on, nothing.amounts, NOTHING_TOLD, flags or {}, error)


def _ordered(days: Part, flags: dict[str, int]) -> Part:
    """The days in order, each once: the last row of each."""
    on = days.on
    if int(np.count_nonzero(on[1:] > on[:-1])) == len(on) - 1:
        return days
    if falls := int(np.count_nonzero(on[1:] < on[:-1])):
        flags["unsorted_days"] = falls
    order = np.argsort(on, kind="stable")
    last = np.append(on[order[1:]] > on[order[:-1]], True)
    if again := int(np.count_nonzero(~last)):
        flags["duplicate_days"] = again
    return days.at(order[last])


def _told(days: Part, flags: dict[str, int]) -> tuple[bool, ...]:
    """Which optional columns have a value on every row; one that has some is flagged and not used."""
    if not np.count_nonzero(days.told):
        return NOTHING_TOLD
    some, every = (tuple(bool(test(column)) for column in days.told) for test in (np.any, np.all))
    for name, one, whole in zip(FIELDS[len(REQUIRED) :], some, every, strict=True):
        if one and not whole:
            flags[f"{name.removesuffix('_amount')}_incomplete"] = 1
    return every
