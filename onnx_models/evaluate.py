"""`python -m onnx_models.evaluate [MODELS]`: the forecasts on real shops, none trained on, found by RESTOCK_SHARED.

Prints pinball loss (mean over seven quantiles) beside that of the 28-day mean, and the 80 % interval's coverage. It
writes nothing: the data's licences do not allow copies.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gateway import scorer
from gateway.domain import features as f
from onnx_models import metrics

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

STEP = 5  # meets every weekday and every day of a fortnight
EPOCH = pd.Timestamp("1970-01-01")


def chain(folder: Path) -> tuple[Ints, int]:
    """A chain of drugstores: (merchants, days) net sales and the first day's ordinal."""
    table = pd.read_parquet(folder / "rossmann_even_stores.parquet")
    return _daily(table, "Store", "Date", "Sales")


def countries(folder: Path) -> tuple[Ints, int]:
    """An online gift shop, one merchant a country that bought on 50 days or more."""
    table = pd.read_parquet(folder / "online_retail.parquet")
    table["amount"] = table["Quantity"] * table["UnitPrice"]
    days, start = _daily(table, "Country", "InvoiceDate", "amount")
    return days[np.count_nonzero(days, axis=1) >= 50], start


def gift_shop(folder: Path) -> tuple[Ints, int]:
    """The same shop as one merchant."""
    table = pd.read_parquet(folder / "online_retail.parquet")
    table["amount"] = table["Quantity"] * table["UnitPrice"]
    return _daily(table.assign(shop=1), "shop", "InvoiceDate", "amount")


def sellers(folder: Path) -> tuple[Ints, int]:
    """Marketplace sellers with at least 100 items sold."""
    table = pd.read_parquet(folder / "olist_order_items.parquet")
    busy = table["seller_id"].map(table["seller_id"].value_counts()) >= 100
    table["at"] = table["shipping_limit_date"].dt.tz_localize(None)
    return _daily(table[busy & (table["at"] < "2018-09-01")], "seller_id", "at", "price")


def bakery(folder: Path) -> tuple[Ints, int]:
    """One bakery cafe."""
    table = pd.read_csv(folder / "bakery_tickets.csv").dropna(subset=["total"])
    table["datetime"] = pd.to_datetime(table["datetime"])
    return _daily(table.assign(shop=1), "shop", "datetime", "total")


SETS: dict[str, Callable[[Path], tuple[Ints, int]]] = {
    "chain": chain,
    "countries": countries,
    "gift_shop": gift_shop,
    "sellers": sellers,
    "bakery": bakery,
}


def main() -> None:
    """Print one line a set and horizon."""
    if "RESTOCK_SHARED" not in os.environ:
        sys.exit("RESTOCK_SHARED must name the folder that holds data/")
    models = scorer.load(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
    for name, read in SETS.items():
        days, start = read(Path(os.environ["RESTOCK_SHARED"]) / "data")
        for horizon in f.HORIZONS:
            actual, answers = backtest(models, days, start, horizon)
            levels = np.ones_like(answers)
            ours, mean = metrics.pinball(actual, answers), metrics.pinball(actual, levels)
            print(
                f"{name:10s} {horizon:2d} d  rows {len(actual):6d}  pinball {ours:.4f}  28-day mean {mean:.4f}  "
                f"coverage {metrics.coverage(actual, answers):.3f}  width {np.mean(answers[:, 5] - answers[:, 1]):.3f}"
            )


def backtest(models: scorer.OnnxScorer, days: Ints, start: int, horizon: int) -> tuple[Floats, Floats]:
    """Ratios that came true and the quantiles said before, from every STEP-th day with enough history."""
    actual, answers = [], []
    first = (days != 0).argmax(axis=1)
    for day in range(f.FORECAST_MIN_DAYS, days.shape[1] - horizon + 1, STEP):
        past = histories(days, start, first, day)
        level = past.net[:, -28:].sum(axis=1) / 28
        which = np.flatnonzero((past.length >= f.FORECAST_MIN_DAYS) & (level > 0))
        if len(which):
            rows = f.forecast_features(f.Histories(*(item[which] for item in past)), horizon)
            answers.append(np.array(models.forecast(horizon, rows)) / 1e6)
            actual.append(days[which, day : day + horizon].sum(axis=1) / horizon / level[which])
    return np.minimum(np.concatenate(actual), f.RATIO_CEILING), np.concatenate(answers)


def histories(days: Ints, start: int, first: Ints, day: int) -> f.Histories:
    """What was known of every merchant at the start of `day`."""
    net = np.zeros((len(days), f.HISTORY_DAYS), np.int64)
    known = min(day, f.HISTORY_DAYS)
    net[:, f.HISTORY_DAYS - known :] = days[:, day - known : day]
    nothing = np.zeros_like(net)
    return f.Histories(net, nothing, nothing, np.maximum(day - first, 0), np.full(len(days), start + day))


def _daily(table: pd.DataFrame, merchant: str, when: str, amount: str) -> tuple[Ints, int]:
    """(merchants, days) integer cents, days without sales as 0."""
    day = (pd.to_datetime(table[when]).dt.normalize() - EPOCH).dt.days.to_numpy()
    rows = pd.factorize(table[merchant], sort=True)[0]
    first = int(day.min())
    days = np.zeros((rows.max() + 1, int(day.max()) - first + 1), np.int64)
    np.add.at(days, (rows, day - first), np.rint(table[amount].to_numpy() * 100).astype(np.int64))
    return days, first + f.EPOCH_ORDINAL


if __name__ == "__main__":
    main()
