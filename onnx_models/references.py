"""What the training rows looked like, column by column: the reference that drift is measured against.

Deciles of what is known, the share that is missing, and the range almost everything lies in; so that a gateway can
tell a population that has moved (`gateway/domain/drift.py`) without any row of the training data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

DECILES = np.arange(1, 10) / 10
RANGE = (0.0005, 0.9995)
"""All but one row in a thousand lies between these two quantiles."""
SCORE = "score"
"""The column of what the model answered."""


def reference(names: Iterable[str], rows: NDArray[np.float32], score: NDArray[np.float64]) -> dict[str, Any]:
    """(n, k) training rows and what the model says of all or some of them → a card's `reference`."""
    columns = {name: column(rows[:, i]) for i, name in enumerate(names)}
    return {"rows": len(rows), "score_rows": len(score), "columns": {**columns, SCORE: column(score)}}


def column(values: NDArray[Any]) -> dict[str, Any]:
    """Edges (a value belongs to the bin above an edge it equals), shares of the bins, missing share, range.

    A column of few values has fewer than ten bins; one never known has no edge and one bin.
    """
    known = values[~np.isnan(values)].astype(np.float32).astype(np.float64)
    missing = round(1 - len(known) / len(values), 6)
    if not len(known):
        return {"edges": [], "shares": [1.0], "missing": missing, "low": None, "high": None}
    edges = np.unique(np.quantile(known, DECILES, method="higher"))
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    if not counts[0]:
        edges, counts = edges[1:], counts[1:]
    low, high = np.quantile(known, RANGE, method="nearest").tolist()
    shares = (counts / len(known)).round(6).tolist()
    return {"edges": edges.tolist(), "shares": shares, "missing": missing, "low": low, "high": high}
