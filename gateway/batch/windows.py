"""Sheets → what the models see of them: the days before each one's as-of day, right-aligned."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import evidence
from gateway.domain.features import HISTORY_DAYS, Histories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gateway.batch.sheets import Sheet
    from gateway.domain.evidence import Evidence

    Ints = NDArray[np.int64]

SALES, REFUNDS, TICKETS, OUTFLOW, BALANCE, INSTALMENT = range(6)
INSTALMENT_DAYS = 30


class Window(NamedTuple):
    """n merchants at their as-of days. `data_on`: (n,) the last day each has a row of. `seen`: None = sales alone."""

    histories: Histories
    data_on: Ints
    seen: Evidence | None


def windows(sheets: Sequence[Sheet], as_of: int | None = None) -> Window:
    """The window of sheets without errors. `as_of` is an ordinal for all; None = the day after each one's last row."""
    first = np.array([sheet.on[0] for sheet in sheets], np.int64)
    last = np.array([sheet.on[-1] for sheet in sheets], np.int64)
    days = last + 1 if as_of is None else np.full(len(sheets), as_of, np.int64)
    told = any(any(sheet.told) for sheet in sheets)
    columns = np.zeros((6 if told else 3, len(sheets), HISTORY_DAYS), np.int64)
    for row, (sheet, day) in enumerate(zip(sheets, days.tolist(), strict=True)):
        _place(columns[:, row], sheet, day)
    net = columns[SALES] - columns[REFUNDS]
    histories = Histories(net, columns[REFUNDS], columns[TICKETS], days - first, days)
    return Window(histories, last, _evidence(sheets, columns, days) if told else None)


def _place(columns: Ints, sheet: Sheet, as_of: int) -> None:
    """Put each of a sheet's days into its column, those before the window aside."""
    on, wanted = sheet.on, len(columns)
    end = HISTORY_DAYS - (as_of - 1 - int(on[-1]))
    start = end - len(on)
    if int(on[-1]) - int(on[0]) + 1 == len(on) and end > 0:  # no gap: all at once
        columns[:, max(start, 0) : end] = sheet.amounts[:wanted, max(-start, 0) :]
        return
    column = on - (as_of - HISTORY_DAYS)
    kept = column >= 0
    columns[:, column[kept]] = sheet.amounts[:wanted, kept]


def _evidence(sheets: Sequence[Sheet], columns: Ints, days: Ints) -> Evidence:
    """Flows of days without a row are 0; balances stay what they were."""
    flows, balances, owed = np.array([sheet.told for sheet in sheets]).T
    facts = np.full((len(sheets), len(evidence.FACTS)), np.nan)
    due = columns[INSTALMENT][:, -INSTALMENT_DAYS:].sum(axis=1)
    facts[:, evidence.FACTS.index("instalment_30_amount")] = np.where(owed, due, np.nan)
    carried = np.stack([_carried(sheet, day) for sheet, day in zip(sheets, days.tolist(), strict=True)])
    return evidence.Evidence(columns[OUTFLOW], carried, flows, balances, facts)


def _carried(sheet: Sheet, as_of: int) -> Ints:
    """The balance at the end of each day of the window: on a day without a row, that of the last one that has one."""
    if not sheet.told[BALANCE - OUTFLOW]:
        return np.zeros(HISTORY_DAYS, np.int64)
    at = np.searchsorted(sheet.on, np.arange(as_of - HISTORY_DAYS, as_of), side="right") - 1
    return np.where(at >= 0, sheet.amounts[BALANCE][np.maximum(at, 0)], 0)


def trading_days(histories: Histories) -> list[int]:
    """On how many of the days at hand each sold anything, as `histories.History` counts them."""
    counts: list[int] = np.count_nonzero(histories.tickets, axis=1).tolist()
    return counts
