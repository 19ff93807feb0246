"""The change between two limits, split over the terms of the formula by Shapley values.

A term's part is the mean, over every order in which the terms could have changed, of what its own change did. So the
parts sum to the change, two terms that do the same get the same, and one that did not change gets nothing.
"""

from __future__ import annotations

from math import factorial
from typing import TYPE_CHECKING, NamedTuple

from gateway.domain.money import BPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.domain.underwriting import Terms


class Factors(NamedTuple):
    """The terms of the formula that a change is split over; `caps` is the lesser of programme cap and headroom."""

    base: int
    affordability: int
    grade: int
    dial: int
    caps: int


CAPS = Factors._fields.index("caps")
NOTHING = Factors(0, 0, 0, 0, 0)


def factors(terms: Terms) -> Factors:
    """The terms as the split reads them."""
    caps = min(terms.programme_cap_amount, terms.headroom_amount)
    return Factors(terms.base_amount, terms.affordability_amount, terms.grade_bps, terms.dial_bps, caps)


def limit_of(given: Sequence[int]) -> int:
    """`underwriting.limit_amount` over Factors; a test holds both to the same answers."""
    base, affordability, grade, dial, caps = given
    return max(0, min(min(base, affordability) * grade * dial // BPS**2, caps))


def split(before: Factors, after: Factors) -> Factors:
    """Each term's part of the change of the limit, in minor units; together exactly the change."""
    if before == after:
        return NOTHING
    moved = [at for at in range(len(before)) if before[at] != after[at]]
    if moved[-1] == CAPS and min(before[CAPS], after[CAPS]) >= _highest(before, after):
        moved.pop()  # other shops draw all the time: room that neither limit comes near is no change
        if not moved:
            return NOTHING
    parts = [0] * len(before)
    if len(moved) == 1:
        parts[moved[0]] = limit_of(after) - limit_of(before)
        return Factors(*parts)
    if len(moved) == 2:  # noqa: PLR2004 - a pair
        return _of_two(before, after, *moved)
    limits = [_mixed(before, after, moved, chosen) for chosen in range(1 << len(moved))]
    for at, part in zip(moved, _rounded(_weighted(limits, len(moved)), factorial(len(moved))), strict=True):
        parts[at] = part
    return Factors(*parts)


def _of_two(before: Factors, after: Factors, one: int, other: int) -> Factors:
    """The usual case at a day's close, without a table of subsets."""
    first, second = list(before), list(before)
    first[one], second[other] = after[one], after[other]
    neither, both, by_one, by_other = limit_of(before), limit_of(after), limit_of(first), limit_of(second)
    parts = [0] * len(before)
    parts[one], parts[other] = _rounded([by_one - neither + both - by_other, by_other - neither + both - by_one], 2)
    return Factors(*parts)


def _highest(before: Factors, after: Factors) -> int:
    """What the limit could come to at most without caps, whatever of the terms moved."""
    base, affordability, grade, dial = [max(before[at], after[at]) for at in range(CAPS)]
    return min(base, affordability) * grade * dial // BPS**2


def _mixed(before: Factors, after: Factors, moved: list[int], chosen: int) -> int:
    """The limit if only the `chosen` of the terms that moved (a bit each) had done so."""
    values = list(before)
    for bit, at in enumerate(moved):
        if chosen >> bit & 1:
            values[at] = after[at]
    return limit_of(values)


def _weighted(limits: list[int], count: int) -> list[int]:
    """Shapley values of `count` terms times count!, from the limit of each subset that changed."""
    weights = [factorial(size) * factorial(count - size - 1) for size in range(count)]
    return [
        sum(
            weights[chosen.bit_count()] * (limits[chosen | 1 << bit] - limits[chosen])
            for chosen in range(1 << count)
            if not chosen >> bit & 1
        )
        for bit in range(count)
    ]


def _rounded(numerators: list[int], denominator: int) -> list[int]:
    """Whole parts with the same sum: rounded down, then one more for the largest remainders, the first among equals."""
    parts = [numerator // denominator for numerator in numerators]
    left = sum(numerators) // denominator - sum(parts)
    for at in sorted(range(len(parts)), key=lambda at: -(numerators[at] % denominator))[:left]:
        parts[at] += 1
    return parts
