"""Are two shops' histories copies of one another? Told from their last closed days alone.

Day-to-day changes of a history survive scaling and a shift in time; runs of them, coarsely rounded, are its marks.
Only histories that share marks are compared, day by day. Real shops follow the same week but not the same chance:
whoever agrees within TOLERANCE nearly every day, and does not when one is read a week earlier or later, is a copy.
These are statistics over amounts, not amounts: floats are at home here, and nothing of them is ever paid.
"""

from __future__ import annotations

import heapq
import itertools
import math
from array import array
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DAYS = 60
"""How many of the last closed days are looked at."""
RUN = 6
"""Day-to-day changes in one mark: long enough that chance seldom makes two alike."""
STEP = 0.05
"""How coarsely a change (of the logarithm) is rounded; ten times the noise that may be laid over a copy."""
MARKS = 24
"""The marks kept of a history, those with the smallest hashes: two histories keep the same ones of what they share."""
SHARED = 2
"""Marks in common, at one distance in time, that make two histories worth comparing."""
NEIGHBOURS = 8
"""How many of those with the same mark each is held against: a thousand copies of one history are a thousand pairs."""
TOLERANCE = 0.02
"""Twice the noise that a copy may carry; of 557 real drugstores of one chain no two agree so on half of their days."""
LEAST_DAYS = 30
"""Trading days in common below which nothing is said."""
ALIKE = 0.8
"""The share of days that agree in a copy."""
BY_CHANCE = 0.4
"""The most that may agree a week apart: more, and the shop is so steady that any other would agree with it."""
WEEK = 7

_PLACE_BITS, _DAY_BITS = 17, 6
_MARK = (1 << 64 - _PLACE_BITS - _DAY_BITS) - 1
MOST_SHOPS = 1 << _PLACE_BITS
"""The most histories one search holds."""


class Twins(msgspec.Struct, frozen=True):
    """Two shops too alike: on `agreeing_bps` of `days_count` days `other` sold `factor_bps` of `one`.

    `other`'s days are those of `one`, `lag_days` later.
    """

    one: str
    other: str
    lag_days: int
    factor_bps: int
    agreeing_bps: int
    days_count: int


def marks(net: Sequence[int]) -> list[tuple[int, int]]:
    """(hash, day) of a history's marks; `net` are its last DAYS closed days, oldest first. Shut days are skipped."""
    days = [day for day, amount in enumerate(net) if amount > 0]
    logs = [math.log(net[day]) / STEP for day in days]
    changes = tuple([round(after - before) for before, after in itertools.pairwise(logs)])
    found = [(hash(changes[at : at + RUN]) & _MARK, days[at]) for at in range(len(changes) - RUN + 1)]
    return heapq.nsmallest(MARKS, found)


class Search:
    """Marks of many histories, packed: 8 bytes a mark, so that a partner of a hundred thousand shops fits."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._packed = array("Q")

    def add(self, name: str, net: Sequence[int]) -> None:
        """Take in a history; one that is beyond MOST_SHOPS is not looked at."""
        if len(self.names) >= MOST_SHOPS:
            return
        place = len(self.names)
        self.names.append(name)
        self._packed.extend(mark << _PLACE_BITS + _DAY_BITS | place << _DAY_BITS | day for mark, day in marks(net))

    def pairs(self, limit: int) -> list[tuple[str, str, int]]:
        """At most `limit` (one, other, lag in days) worth comparing, those that share most first."""
        shared: dict[tuple[int, int, int], int] = {}
        for bucket in self._buckets():
            for at, (one, day) in enumerate(bucket):
                for other, its_day in bucket[at + 1 : at + 1 + NEIGHBOURS]:
                    if one != other:
                        key = (one, other, its_day - day)
                        shared[key] = shared.get(key, 0) + 1
        best: dict[tuple[int, int], tuple[int, int]] = {}
        for (one, other, lag), count in shared.items():
            if count >= SHARED and count > best.get((one, other), (0, 0))[0]:
                best[one, other] = (count, lag)
        chosen = heapq.nsmallest(limit, best, key=lambda pair: (-best[pair][0], pair))
        return [(self.names[one], self.names[other], best[one, other][1]) for one, other in chosen]

    def _buckets(self) -> Iterator[list[tuple[int, int]]]:
        """(place, day) of those with the same mark, by place."""
        bucket: list[tuple[int, int]] = []
        last = -1
        for packed in sorted(self._packed):
            mark = packed >> _PLACE_BITS + _DAY_BITS
            if mark != last:
                if len(bucket) > 1:
                    yield bucket
                bucket, last = [], mark
            bucket.append((packed >> _DAY_BITS & MOST_SHOPS - 1, packed & (1 << _DAY_BITS) - 1))
        if len(bucket) > 1:
            yield bucket


def compare(nets: Mapping[str, Sequence[int]], one: str, other: str, lag: int) -> Twins | None:
    """Whether two histories are copies, the other's `lag` days later; None when not, or when too little is there."""
    days, factor, agreeing = _agreement(nets[one], nets[other], lag)
    if days < LEAST_DAYS or agreeing < ALIKE * days:
        return None
    for apart in (lag - WEEK, lag + WEEK):
        control_days, _, by_chance = _agreement(nets[one], nets[other], apart)
        if by_chance > BY_CHANCE * control_days:
            return None
    return Twins(one, other, lag, round(factor * 10_000), round(agreeing / days * 10_000), days)


def _agreement(one: Sequence[int], other: Sequence[int], lag: int) -> tuple[int, float, int]:
    """Days on which either traded, their usual ratio, and on how many of them it holds."""
    pairs = zip(one[max(0, -lag) :], other[max(0, lag) :], strict=False)
    traded = [(before, after) for before, after in pairs if before > 0 or after > 0]
    ratios = sorted(after / before for before, after in traded if before > 0 and after > 0)
    if not ratios:
        return len(traded), 1.0, 0
    factor = ratios[len(ratios) // 2]
    return len(traded), factor, sum(abs(ratio / factor - 1) <= TOLERANCE for ratio in ratios)
