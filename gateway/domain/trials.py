"""A programme tried before it is applied: who would get what, merchant by merchant and summed up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain.money import BPS

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_COUNT = 20
"""How many of the biggest changes a trial names."""


class Shift(msgspec.Struct, frozen=True):
    """One merchant's limit under the programme in force and under the one tried; grade None = no offer.

    `weight_bps` is the change as a share of what one merchant may owe at most, for currencies cannot be compared.
    """

    merchant_id: str
    currency: str
    before_amount: int
    after_amount: int
    before_grade: str | None
    after_grade: str | None
    weight_bps: int
    reason: str


class Sums(msgspec.Struct, frozen=True):
    """All limits of one currency, in minor units."""

    before_amount: int = 0
    after_amount: int = 0


class Counts(msgspec.Struct, frozen=True):
    """Merchants of one grade."""

    before_count: int = 0
    after_count: int = 0


class Trial(msgspec.Struct, frozen=True):
    """What applying a programme would come to; `biggest` are the largest changes, largest first.

    Of those offered something before, some gain, some lose and some stop; some start.
    """

    merchants_count: int = 0
    gain_count: int = 0
    lose_count: int = 0
    stop_count: int = 0
    start_count: int = 0
    currencies: dict[str, Sums] = {}
    grades: dict[str, Counts] = {}
    biggest: tuple[Shift, ...] = ()


def weigh(before_amount: int, after_amount: int, cap_amount: int) -> int:
    """A change as a share of a merchant's cap, in bps."""
    return abs(after_amount - before_amount) * BPS // cap_amount


def add(trial: Trial, shifts: Iterable[Shift]) -> Trial:
    """A trial with more merchants in it; their order does not matter."""
    currencies, grades, counts = dict(trial.currencies), dict(trial.grades), _counts(trial)
    everyone = list(shifts)
    for one in everyone:
        sums = currencies.get(one.currency, Sums())
        before, after = sums.before_amount + one.before_amount, sums.after_amount + one.after_amount
        currencies[one.currency] = Sums(before, after)
        for name, more in ((one.before_grade, (1, 0)), (one.after_grade, (0, 1))):
            if name is not None:
                held = grades.get(name, Counts())
                grades[name] = Counts(held.before_count + more[0], held.after_count + more[1])
        counts["merchants_count"] += 1
        if one.before_amount != one.after_amount:
            counts[_kind(one)] += 1
    moved = [one for one in (*trial.biggest, *everyone) if one.before_amount != one.after_amount]
    return Trial(
        **counts,
        currencies=dict(sorted(currencies.items())),
        grades=dict(sorted(grades.items())),
        biggest=tuple(sorted(moved, key=lambda one: (-one.weight_bps, one.merchant_id))[:SHOWN_COUNT]),
    )


def _kind(one: Shift) -> str:
    if one.before_amount == 0:
        return "start_count"
    if one.after_amount == 0:
        return "stop_count"
    return "gain_count" if one.after_amount > one.before_amount else "lose_count"


def _counts(trial: Trial) -> dict[str, int]:
    names = ("merchants_count", "gain_count", "lose_count", "stop_count", "start_count")
    return {name: getattr(trial, name) for name in names}
