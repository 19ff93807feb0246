"""Real shops' daily sales, none trained on: read from the folder RESTOCK_SHARED names, never copied.

Each set is (merchants, days) net sales in whole cents and the first day's ordinal.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gateway.domain import features as f

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

EPOCH = pd.Timestamp("1970-01-01")


def folder() -> Path:
    """The folder of the data sets; says how to name it and leaves where it is not known."""
    if "RESTOCK_SHARED" not in os.environ:
        sys.exit("RESTOCK_SHARED must name the folder that holds data/")
    return Path(os.environ["RESTOCK_SHARED"]) / "data"


def chain(where: Path) -> tuple[Ints, int]:
    """A chain of drugstores, 557 of them; closed days are 0."""
    table = pd.read_parquet(where / "rossmann_even_stores.parquet")
    return _daily(table, "Store", "Date", "Sales")


def countries(where: Path) -> tuple[Ints, int]:
    """An online gift shop, one merchant a country that bought on 50 days or more."""
    days, start = _daily(_retail(where), "Country", "InvoiceDate", "amount")
    return days[np.count_nonzero(days, axis=1) >= 50], start


def gift_shop(where: Path) -> tuple[Ints, int]:
    """The same shop as one merchant."""
    return _daily(_retail(where).assign(shop=1), "shop", "InvoiceDate", "amount")


def sellers(where: Path) -> tuple[Ints, int]:
    """Marketplace sellers with at least 100 items sold."""
    table = pd.read_parquet(where / "olist_order_items.parquet")
    busy = table["seller_id"].map(table["seller_id"].value_counts()) >= 100
    table["at"] = table["shipping_limit_date"].dt.tz_localize(None)
    return _daily(table[busy & (table["at"] < "2018-09-01")], "seller_id", "at", "price")


def bakery(where: Path) -> tuple[Ints, int]:
    """One bakery cafe."""
    table = pd.read_csv(where / "bakery_tickets.csv").dropna(subset=["total"])
    table["datetime"] = pd.to_datetime(table["datetime"])
    return _daily(table.assign(shop=1), "shop", "datetime", "total")


SETS: dict[str, Callable[[Path], tuple[Ints, int]]] = {
    "chain": chain,
    "countries": countries,
    "gift_shop": gift_shop,
    "sellers": sellers,
    "bakery": bakery,
}


def refund_rate(where: Path) -> float:
    """Refunds over gross sales of the gift shop, the one set that tells them apart."""
    amount = _retail(where)["amount"].to_numpy()
    return float(-amount[amount < 0].sum() / amount[amount > 0].sum())


def _retail(where: Path) -> pd.DataFrame:
    table = pd.read_parquet(where / "online_retail.parquet")
    table["amount"] = table["Quantity"] * table["UnitPrice"]
    return table


def _daily(table: pd.DataFrame, merchant: str, when: str, amount: str) -> tuple[Ints, int]:
    """(merchants, days) integer cents, days without sales as 0."""
    day = (pd.to_datetime(table[when]).dt.normalize() - EPOCH).dt.days.to_numpy()
    rows = pd.factorize(table[merchant], sort=True)[0]
    first = int(day.min())
    days = np.zeros((rows.max() + 1, int(day.max()) - first + 1), np.int64)
    np.add.at(days, (rows, day - first), np.rint(table[amount].to_numpy() * 100).astype(np.int64))
    return days, first + f.EPOCH_ORDINAL
