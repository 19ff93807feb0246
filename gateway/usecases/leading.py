"""Whose sales count on which day, as the rows of one run of the lane make it (`gateway.domain.sources`)."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from gateway.domain.positions import Position
    from gateway.domain.sources import Lead


class Leads:
    """Asked after all rows of a run have been claimed, so that a day counts one source whatever came together."""

    def __init__(self, known: Mapping[str, Position]) -> None:
        """`known` positions by merchant, as the run found them."""
        self._known = known
        self._changed: dict[str, tuple[Lead, ...]] = {}
        self._claimed: dict[str, set[date]] = defaultdict(set)

    def claim(self, merchant_id: str, source: str, days: Iterable[date]) -> None:
        """A source tells of these days. For the one that has led all along this is one comparison a row."""
        last = self._of(merchant_id)[-1:]
        if last and last[0].source == source:
            days = [on for on in days if on < last[0].from_on]
        for on in sorted(set(days)):
            self._claim(merchant_id, source, on)

    def _claim(self, merchant_id: str, source: str, on: date) -> None:
        before, claimed = self._of(merchant_id), self._claimed[merchant_id]

        def told(first_on: date, end_on: date | None) -> bool:
            fresh = any(first_on <= day and (end_on is None or day < end_on) for day in claimed)
            return fresh or self._known[merchant_id].told(first_on, end_on)

        after = sources.claimed(before, source, on, told)
        if after is not before:
            self._changed[merchant_id] = after
        if sources.leads(after, source, on):
            claimed.add(on)

    def counts(self, merchant_id: str, source: str, on: date) -> bool:
        """Whether a source's record of a day counts."""
        spans = self._of(merchant_id)
        last = spans[-1]
        return last.source == source if last.from_on <= on else sources.leads(spans, source, on)

    def applied(self, position: Position) -> Position:
        """The position with those who lead now."""
        leads = self._changed.get(position.merchant_id)
        return position if leads is None else msgspec.structs.replace(position, leads=leads).retiered()

    def _of(self, merchant_id: str) -> tuple[Lead, ...]:
        return self._changed.get(merchant_id) or self._known[merchant_id].leads
