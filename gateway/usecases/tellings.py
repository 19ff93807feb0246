"""Keep what became of what each source told: counts, the days it reaches over, and why rows were refused last."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain.sales import Totals
from gateway.store import sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.store import Tx

REJECTS_COUNT = 10
"""How many of the last refusals are kept to be shown."""


class RowResult(msgspec.Struct, frozen=True):
    """Why the row at `index` was not taken."""

    index: int
    code: str
    detail: str


class Telling(msgspec.Struct, frozen=True):
    """What came of one source's rows of one kind at one time; `kind` is the datatype's name."""

    merchant_id: str
    source: str
    kind: str
    received_at: datetime
    accepted_count: int = 0
    duplicates_count: int = 0
    late_count: int = 0
    first_on: date | None = None
    last_on: date | None = None
    rejects: tuple[RowResult, ...] = ()


class Aside:
    """What one run's rows add to days that another source leads."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, str, date], Totals] = {}

    def add(self, merchant_id: str, source: str, on: date, totals: Totals) -> None:
        """Count a record that does not count for its day."""
        key = (merchant_id, source, on)
        self._days[key] = self._days.get(key, Totals()) + totals

    def told(self, merchant_id: str, source: str) -> list[date]:
        """The days of which the source told beside the one that leads them."""
        return [on for whose, by, on in self._days if (whose, by) == (merchant_id, source)]

    async def write(self, tx: Tx) -> None:
        """Put it into the unit's transaction."""
        rows = [
            {"merchant_id": merchant_id, "source": source, "business_on": on, "net_amount": totals.net_amount,
             "tickets_count": totals.tickets_count}
            for (merchant_id, source, on), totals in sorted(self._days.items())
        ]  # fmt: skip
        await tx.many(sql.sources.aside, rows)


async def note(tx: Tx, tellings: Iterable[Telling]) -> None:
    """Add to what is known of the sources, in the unit that took their rows in."""
    await tx.many(sql.sources.note, [_row(one) for one in tellings])


def _row(one: Telling) -> dict[str, Any]:
    columns = msgspec.structs.asdict(one)
    rejects = columns.pop("rejects")
    return columns | {
        "rejected_count": len(rejects),
        "rejects_json": rejects[-REJECTS_COUNT:],
        "rejected_at": one.received_at if rejects else None,
    }
