"""Writes simulated merchants' daily sales as the CSV that `gateway score` and `gateway backtest` read.

They are the simulator's merchants, named so: a run from a fresh clone needs no shop's data, and no figure that comes
out of it says anything about real shops. All of them end on one day, but for those that closed before.

    python -m onnx_models.export --merchants 300 build/simulated.csv
"""

from __future__ import annotations

import argparse
import csv
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from onnx_models import parameters as p
from onnx_models import simulator as s

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HEADER = ("merchant_id", "business_on", "sales_amount", "refunds_amount", "tickets_count")
LAST_ON = date(2026, 6, 30)
SEED = 20_261_122
CHUNK = 500


def rows(merchants: int, seed: int = SEED) -> Iterator[tuple[str, str, int, int, int]]:
    """Merchant by merchant, day by day, from the first day known until it closed or LAST_ON; amounts in minor units."""
    for start in range(0, merchants, CHUNK):
        yield from _chunk(np.random.default_rng([seed, start]), start, min(CHUNK, merchants - start))


def _chunk(rng: np.random.Generator, start: int, count: int) -> Iterator[tuple[str, str, int, int, int]]:
    first = LAST_ON.toordinal() - p.DAYS + 1
    shops = s.open_shops(rng, count, p.SECTORS)._replace(start=np.full(count, first))
    sales = s.sell(rng, shops)
    lives = s.live(rng, shops, sales, s.first_books(shops, sales), since=np.zeros(count, np.int64))
    net, refunds, tickets = s.ledger(sales, lives.closed)
    dates = [date.fromordinal(first + day).isoformat() for day in range(p.DAYS)]
    for at in range(count):
        known, closed = int(shops.known[at]), int(lives.closed[at])
        days = zip(
            dates[known:closed],
            (net[known:closed, at] + refunds[known:closed, at]).tolist(),
            refunds[known:closed, at].tolist(),
            tickets[known:closed, at].tolist(),
            strict=True,
        )
        name = f"simulator_{start + at:06}"
        yield from ((name, *day) for day in days)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description="Write simulated merchants' daily sales as CSV.")
    parser.add_argument("--merchants", type=int, default=300)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("file", type=Path)
    given = parser.parse_args(arguments)
    given.file.parent.mkdir(parents=True, exist_ok=True)
    with given.file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows(given.merchants, given.seed))
    print(f"{given.merchants} simulated merchants in {given.file}")


if __name__ == "__main__":
    main()
