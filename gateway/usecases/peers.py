"""Peers: sketches of what each cohort is like, built anew each night, and where one shop stands in its own.

Sketches are KLL (Karnin, Lang, Liberty 2016; Apache DataSketches): a cohort of any size is some kilobytes, and a rank
is within 1.4 % of the true one; up to about 200 merchants it is exact.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain import peers, shelves
from gateway.domain.details import Datatype, Purpose
from gateway.domain.shelves import COUNT_DAYS, Item
from gateway.store import sql
from gateway.usecases.evidence import Count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gateway.domain.grants import Grant
    from gateway.domain.positions import Position
    from gateway.store import Tx
    from gateway.usecases.world import World

ACCURACY = 200
"""The sketches' k: about so many values are kept of each metric."""
MOST_COHORTS = 20_000
CHUNK_COUNT = 200
"""The most sketches one unit writes."""
MOST_ITEMS = 4_000
"""The newest counts that are read of a shop."""
ASSESSING = Purpose.credit_assessment
FRESH = timedelta(days=7)
"""Older sketches say nothing: whoever was erased since must not be in them for long."""


class Metric(msgspec.Struct, frozen=True):
    """One metric of a shop and the share of its cohort below it, in percent."""

    metric: str
    value: int
    percentile: int


class Standing(msgspec.Struct, frozen=True):
    """Where a shop stands among `merchants_count` of its like."""

    built_on: date
    cohort: str
    merchants_count: int
    metrics: list[Metric]


class _Sketch(msgspec.Struct, frozen=True):
    metric: str
    built_on: date
    merchants_count: int
    sketch: bytes


class _Visits(msgspec.Struct, frozen=True):
    merchant_id: str
    customers_count: int
    again_count: int


class Build:
    """Cohorts as a night's pass fills them: plain lists while they are small, sketches afterwards."""

    def __init__(self) -> None:
        self._cohorts: dict[str, dict[str, Any]] = {}
        self._whose: dict[str, Counter[str]] = {}

    def add(self, cohort: str, metrics: Mapping[str, int], partner_id: str) -> None:
        """Count a partner's merchant in."""
        found = self._cohorts.get(cohort)
        if found is None:
            if len(self._cohorts) >= MOST_COHORTS:
                return
            found = self._cohorts[cohort] = {}
        self._whose.setdefault(cohort, Counter())[partner_id] += 1
        for metric, value in metrics.items():
            _put(found, metric, value)

    def rows(self, built_on: date) -> list[dict[str, Any]]:
        """What is kept: sketches of at least `peers.LEAST` merchants that tell no partner of a few others."""
        return [
            {
                "cohort": cohort, "metric": metric, "built_on": built_on, "merchants_count": sketch.n,
                "sketch": sketch.serialize(),
            }
            for cohort, metrics in sorted(self._cohorts.items())
            if peers.hides(self._whose[cohort].values())
            for metric, sketch in sorted(metrics.items())
            if not isinstance(sketch, list)
        ]  # fmt: skip


def _put(found: dict[str, Any], metric: str, value: int) -> None:
    kept = found.setdefault(metric, [])
    if not isinstance(kept, list):
        kept.update(float(value))
        return
    kept.append(value)
    if len(kept) >= peers.LEAST:
        found[metric] = sketch = _library().kll_doubles_sketch(ACCURACY)
        for one in kept:
            sketch.update(float(one))


def _library() -> Any:
    """DataSketches, loaded when first needed: ten milliseconds that a start can do without."""
    import datasketches  # noqa: PLC0415

    return datasketches


async def keep(world: World, build: Build, built_on: date) -> None:
    """Write a night's sketches; those of cohorts that are no more go when the night ends (`sql.cohorts.forget`)."""
    rows = build.rows(built_on)
    for start in range(0, len(rows), CHUNK_COUNT):
        await world.store.write(partial(_keep, rows[start : start + CHUNK_COUNT]))


async def _keep(rows: list[dict[str, Any]], tx: Tx) -> None:
    await tx.many(sql.cohorts.keep, rows)


async def visits(world: World, merchant_ids: list[str], on: date) -> dict[str, tuple[int, int]]:
    """Known customers of the days before `on`, and how many of them came on two days or more."""
    after_on = on - timedelta(days=peers.VISITS_DAYS)
    found = await world.store.all(sql.cohorts.visits, _Visits, merchant_ids_json=merchant_ids, after_on=after_on)
    return {one.merchant_id: (one.customers_count, one.again_count) for one in found}


async def stock(world: World, grants: Mapping[str, Sequence[Grant]], through_on: date) -> dict[str, int]:
    """What lies on the shelves of those who count them and let us know, at cost in minor units."""
    now = world.clock.now()
    may = [m for m, held in grants.items() if any(Datatype.stock in one.reaches(ASSESSING, now) for one in held)]
    end = datetime.combine(through_on + timedelta(days=1), time(), UTC)
    rows = await world.store.all(
        sql.evidence.stock, Count, merchant_ids_json=may, after_at=end - timedelta(days=COUNT_DAYS), before_at=end,
        most_count=MOST_ITEMS, limit=MOST_ITEMS * max(1, len(may)),
    )  # fmt: skip
    newest: dict[str, dict[tuple[str, str], Item]] = {}
    for one in rows:
        newest.setdefault(one.merchant_id, {})[one.item_id, one.location_id] = one.item
    found = {merchant_id: shelves.shelves(items.values()) for merchant_id, items in newest.items()}
    return {merchant_id: held.amount for merchant_id, held in found.items() if held is not None}


async def standing(world: World, position: Position) -> Standing | None:
    """Where a shop stands; None while its like are too few, or too little is known of it."""
    now, history = world.clock.now(), position.history
    if history is None or not position.assessed_under(now):
        return None
    profile = position.profile
    cohort = peers.cohort(profile.country, profile.mcc, position.currency, history.tails[peers.PERIOD])
    if cohort is None:
        return None
    kept = await world.store.all(sql.cohorts.of, _Sketch, cohort=cohort, fresh_on=now.date() - FRESH)
    if not kept:
        return None
    known = await visits(world, [position.merchant_id], now.date())
    held = await stock(world, {position.merchant_id: position.grants}, history.through_on)
    values = peers.of_history(history, known.get(position.merchant_id), held.get(position.merchant_id))
    metrics = [_metric(one, values[one.metric]) for one in kept if one.metric in values]
    return Standing(kept[0].built_on, cohort, max(one.merchants_count for one in kept), metrics) if metrics else None


def _metric(kept: _Sketch, value: int) -> Metric:
    sketch = _library().kll_doubles_sketch.deserialize(kept.sketch)
    below, at_most = sketch.get_rank(float(value), inclusive=False), sketch.get_rank(float(value), inclusive=True)
    return Metric(kept.metric, value, peers.percentile(below, at_most))
