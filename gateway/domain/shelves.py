"""What lies on a shop's shelves and is on its way, at cost, and what of the next week's demand that leaves to buy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gateway.domain.categories import OTHER, Stocking, stocking
from gateway.domain.money import BPS, MAX_AMOUNT, share, share_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.domain.sales import Line

COUNT_DAYS = 31
"""A count is believed for so long."""
COSTED_BPS = 8_000
"""With costs known of a smaller part of the items on the shelves, what lies there cannot be said."""


class Item(NamedTuple):
    """The newest count of one item at one place: decimal numbers as strings, and what one costs, if that is told."""

    item_id: str
    quantity: str
    on_order_quantity: str
    unit_cost_amount: int | None
    category: str | None


class Shelves(NamedTuple):
    """Minor units at cost by category: what is there, and what is on its way."""

    there: dict[str, int]
    coming: dict[str, int]

    @property
    def amount(self) -> int:
        """All that is there."""
        return sum(self.there.values())


def shelves(items: Iterable[Item]) -> Shelves | None:
    """Counts → amounts, rounded down; None where there are none, or too few have a cost."""
    counted = list(items)
    costs = {one.item_id: one.unit_cost_amount for one in counted if one.unit_cost_amount is not None}
    stocked = [one for one in counted if _millionths(one.quantity)]
    costed = sum(1 for one in stocked if one.item_id in costs)
    if not counted or costed * BPS < COSTED_BPS * len(stocked):
        return None
    there, coming = dict[str, int](), dict[str, int]()
    for one in counted:
        name, cost = (one.category or "").strip() or OTHER, costs.get(one.item_id, 0)
        for sums, quantity in ((there, one.quantity), (coming, one.on_order_quantity)):
            if quantity != "0":
                sums[name] = min(MAX_AMOUNT, sums.get(name, 0) + _millionths(quantity) * cost // 1_000_000)
    return Shelves(there, coming)


def _millionths(quantity: str) -> int:
    """A decimal number of at most six places → whole millionths."""
    whole, _, part = quantity.partition(".")
    return int(whole + part.ljust(6, "0"))


def ordered(amount: int, lines: Iterable[Line]) -> dict[str, int]:
    """An order's amount by category, as its lines share it out; all of it under `OTHER` where it has none."""
    sums = dict[str, int]()
    for line in lines:
        name = (line.category or "").strip() or OTHER
        sums[name] = sums.get(name, 0) + line.amount
    if sum(sums.values()) <= 0:
        return {OTHER: amount}
    return dict(zip(sums, share_out(amount, list(sums.values())), strict=True))


def restocking(demand_amount: int, cost_bps: int, sold: Mapping[str, int], held: Shelves) -> tuple[Stocking, ...]:
    """What to buy for the next week's demand, at cost, by category: less what is there and what is on its way.

    `demand_amount` is in sales, `sold` what each category took lately; without categories there is one, `OTHER`.
    """
    cost = share(max(0, demand_amount), cost_bps)
    demand = {one.category: one.need_amount for one in stocking(cost, sold)} or {OTHER: cost}
    had = {name: held.there.get(name, 0) + held.coming.get(name, 0) for name in {*held.there, *held.coming}}
    needs = short(demand, had)
    parts = share_out(BPS, list(needs.values())) if any(needs.values()) else [0] * len(needs)
    found = [Stocking(name, amount, part) for (name, amount), part in zip(needs.items(), parts, strict=True)]
    return tuple(sorted(found, key=lambda one: (-one.need_amount, one.category)))


def short(demand: Mapping[str, int], had: Mapping[str, int]) -> dict[str, int]:
    """What each category's demand leaves to buy after what the shop has or awaits; never below zero.

    Where the shelves name none of the categories sold, their whole is shared out by demand.
    """
    if not set(demand) & {name for name in had if name != OTHER}:
        total, stocked = sum(demand.values()), sum(had.values())
        return {name: amount * max(0, total - stocked) // total if total else 0 for name, amount in demand.items()}
    return {name: max(0, amount - had.get(name, 0)) for name, amount in demand.items()}
