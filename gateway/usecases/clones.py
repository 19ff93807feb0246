"""Copies among one partner's shops: searched for each night; whoever looks like one is flagged until it does not."""

from __future__ import annotations

import asyncio
from array import array
from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from gateway.domain import clones
from gateway.domain.alerts import Severity
from gateway.store import sql
from gateway.usecases import alerts, positions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from gateway.domain.clones import Twins
    from gateway.store import Tx
    from gateway.usecases.world import World

CLONE = "clone_suspected"
"""The flag, and the kind of the alert."""
PAIRS_COUNT = 20_000
"""The most pairs of a partner's shops that are compared day by day."""
NAMED_COUNT = 5
"""The most others an alert names."""


class Suspects:
    """One partner's shops of a night: histories to compare, and who is flagged already."""

    def __init__(self) -> None:
        self._search = clones.Search()
        self._nets: dict[str, array[int]] = {}
        self._through_on: dict[str, date] = {}
        self._flagged: set[str] = set()

    @property
    def full(self) -> bool:
        """Whether no more fit: the next ones are compared among themselves."""
        return len(self._nets) >= clones.MOST_SHOPS

    def add(self, merchant_id: str, net: Sequence[int], through_on: date, flags: Iterable[str]) -> None:
        """Take in a shop's last closed days, oldest first."""
        self._search.add(merchant_id, net)
        self._nets[merchant_id] = array("q", net)
        self._through_on[merchant_id] = through_on
        if CLONE in flags:
            self._flagged.add(merchant_id)

    async def settle(self, world: World) -> int:
        """Compare them, set flags and take back those that hold no more; how many changed."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for twins in await asyncio.to_thread(self._twins):
            for mine, its, told in self._told(twins):
                found[mine].append({"merchant_id": its} | told)
        changed = 0
        for merchant_id in sorted(found.keys() | self._flagged):
            evidence = {"others": found[merchant_id][:NAMED_COUNT], "others_count": len(found[merchant_id])}
            changed += await world.store.write(partial(_mark, world, merchant_id, evidence))
        return changed

    def _twins(self) -> list[Twins]:
        """In a thread of its own: with very many shops it takes a while, and nothing waits for it."""
        pairs = self._search.pairs(PAIRS_COUNT)
        return [twins for pair in pairs if (twins := clones.compare(self._nets, *pair)) is not None]

    def _told(self, twins: Twins) -> list[tuple[str, str, dict[str, Any]]]:
        """What each of the two is told of the other; days apart by the calendar, not by what was closed when."""
        apart = (self._through_on[twins.other] - self._through_on[twins.one]).days
        told = {"days_count": twins.days_count, "agreeing_bps": twins.agreeing_bps}
        return [
            (twins.one, twins.other, told | {"lag_days": twins.lag_days + apart}),
            (twins.other, twins.one, told | {"lag_days": -twins.lag_days - apart}),
        ]


async def _mark(world: World, merchant_id: str, evidence: dict[str, Any], tx: Tx) -> int:
    """Flag a shop or take the flag back, with an alert either way; 0 when it stands as it should already."""
    position = await positions.certain(tx, world, merchant_id)
    wanted = evidence["others_count"] > 0 and bool(position.assessed_under(world.clock.now()))
    if wanted == (CLONE in position.flags):
        return 0
    flags = tuple(sorted({*position.flags, CLONE} if wanted else set(position.flags) - {CLONE}))
    await tx.run(sql.positions.flag, merchant_id=merchant_id, flags_json=flags)
    positions.forget(tx, world, merchant_id)
    if wanted:
        await alerts.start(tx, world, CLONE, merchant_id, severity=Severity.warning, evidence=evidence, about=position)
    else:
        await alerts.close(tx, world, CLONE, merchant_id)
    return 1
