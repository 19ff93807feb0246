"""What a shop's categories took, from the lines of its records, and what restocking each will need.

A record's lines share out what counts of it (its amount without tax and tip), so categories of a day never add up to
more than the day. Lines in no category, and what is beyond the most categories a day keeps, are under `OTHER`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain.money import BPS, share_out
from gateway.domain.sales import SaleKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from gateway.domain.sales import Line

OTHER = "other"
MOST = 64
"""The most categories a merchant's day keeps, and a forecast names; `OTHER` comes on top."""
WINDOW = 28
"""The closed days whose shares restocking goes by: four whole weeks."""


class Stocking(msgspec.Struct, frozen=True):
    """One category's part of the stocking need: minor units, and its share in basis points."""

    category: str
    need_amount: int
    share_bps: int


def taken(kind: SaleKind, net_amount: int, lines: Iterable[Line]) -> dict[str, int]:
    """What one record adds to each category of its day: refunds and voids take away. `lines` is not empty."""
    sums: dict[str, int] = {}
    for line in lines:
        name = (line.category or "").strip() or OTHER
        sums[name] = sums.get(name, 0) + line.amount
    net = net_amount if kind is SaleKind.sale else -net_amount
    if sum(sums.values()) == net:  # most tills' lines add up to the ticket: the hot path's short way
        return sums
    return dict(zip(sums, share_out(net, list(sums.values())), strict=True))


def kept(change: Mapping[str, int], known: Collection[str]) -> dict[str, int]:
    """A day's change where the day has `known` categories already: what is beyond `MOST` goes under `OTHER`.

    A category that was kept once always is, one that was not never: what is taken away later comes off where it went.
    """
    names = {name for name in known if name != OTHER}
    found: dict[str, int] = {}
    for name, amount in change.items():
        if name != OTHER and name not in names and len(names) < MOST:
            names.add(name)
        place = name if name in names else OTHER
        found[place] = found.get(place, 0) + amount
    return found


def stocking(need_amount: int, sold: Mapping[str, int]) -> list[Stocking]:
    """The need shared out by what each category sold, largest first; parts and shares add up exactly.

    Categories that took in nothing, returns counted, need nothing; those beyond `MOST` are one. Empty: no lines came.
    """
    amounts = {name: amount for name, amount in sold.items() if amount > 0}
    named = sorted((name for name in amounts if name != OTHER), key=lambda name: (-amounts[name], name))
    rest = sum(amounts[name] for name in named[MOST:]) + amounts.get(OTHER, 0)
    found = {name: amounts[name] for name in named[:MOST]} | ({OTHER: rest} if rest else {})
    if not found:
        return []
    weights = list(found.values())
    return [Stocking(*one) for one in zip(found, share_out(need_amount, weights), share_out(BPS, weights), strict=True)]
