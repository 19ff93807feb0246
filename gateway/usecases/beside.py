"""What the models see of merchants beside their sales, put into the rows that they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gateway.domain import anomalies, features, shelves
from gateway.domain import evidence as e
from gateway.domain.positions import PD, seen
from gateway.domain.underwriting import P50

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from gateway.domain.categories import Stocking
    from gateway.domain.features import Histories
    from gateway.domain.positions import Position, Scores
    from gateway.usecases.evidence import Told

    Rows = NDArray[np.float32]

ANOMALY = "anomaly"
_FIRST = features.PD_FEATURES.index(next(iter(e.SIGNS)))
EVIDENCE = slice(_FIRST, _FIRST + len(e.SIGNS))
"""The columns of the risk model's rows that are of more than sales."""
WITNESS = slice(anomalies.ANOMALY_FEATURES.index("sales_to_purchases"), len(anomalies.ANOMALY_FEATURES))
"""The same of the anomaly model's."""


class Beside(NamedTuple):
    """What is seen of some of n merchants, by their number: columns, shelves, or what was to be bought already."""

    risk: dict[int, Rows]
    """(1, columns), or two rows where some of it is of a source that may not lower a risk: with that, and without."""
    witness: dict[int, Rows]
    shelves: dict[int, Told]
    stocking: dict[int, tuple[Stocking, ...]]


def of(positions: Sequence[Position], histories: Histories, told: Mapping[str, Told]) -> Beside:
    """What was read of them; only a source that may lower a risk speaks for, or against, odd sales."""
    found = Beside({}, {}, {}, {})
    for number, position in enumerate(positions):
        one = told.get(position.merchant_id)
        if one is None:
            continue
        parts = [one.everything] if one.sure is one.everything else [one.everything, one.sure]
        net, length = (
            np.repeat(item[number : number + 1], len(parts), axis=0) for item in (histories.net, histories.length)
        )
        columns = e.columns(e.stack([part.evidence for part in parts]), net, length)
        found.risk[number] = np.stack(columns, axis=1).astype(np.float32)
        past = features.Histories(*(item[number : number + 1] for item in histories))
        witness = anomalies.unheard(*past.net.shape)._replace(facts=one.sure.witness[None])
        found.witness[number] = anomalies.anomaly_features(past, witness)[0, WITNESS]
        if one.everything.shelves is not None:
            found.shelves[number] = one
    return found


def kept(positions: Sequence[Position]) -> Beside:
    """What their last scores saw, where these are of the same closed days."""
    found = Beside({}, {}, {}, {})
    for number, position in enumerate(positions):
        scores, history = position.scores, position.history
        if scores is None or history is None or scores.scored_through_on != history.through_on:
            continue
        for into, name, columns in ((found.risk, PD, EVIDENCE), (found.witness, ANOMALY, WITNESS)):
            row = _row(scores, name, columns)
            if not np.isnan(row).all():
                into[number] = row[None] if into is found.risk else row
        if scores.stocking is not None:
            found.stocking[number] = scores.stocking
    return found


def anything(scores: Scores) -> bool:
    """Whether the models saw anything beside sales."""
    rows = (_row(scores, PD, EVIDENCE), _row(scores, ANOMALY, WITNESS))
    return scores.stocking is not None or not all(np.isnan(row).all() for row in rows)


def _row(scores: Scores, name: str, columns: slice) -> Rows:
    return np.array(seen(scores.features.get(name, []))[columns], np.float32)


def risk_rows(base: Rows, beside: Beside, chances: Callable[[Rows], list[int]]) -> Rows:
    """The risk model's rows with what is seen; of two ways to see it the riskier: so no mere word lowers a risk."""
    rows = base.copy() if beside.risk else base
    for number, columns in beside.risk.items():
        tried = np.repeat(rows[number : number + 1], len(columns), axis=0)
        tried[:, EVIDENCE] = columns
        worst = 0 if len(tried) == 1 else int(np.argmax(chances(tried)))
        rows[number] = tried[worst]
    return rows


def odd_rows(rows: Rows, beside: Beside) -> Rows:
    """The anomaly model's rows with what is seen."""
    for number, columns in beside.witness.items():
        rows[number, WITNESS] = columns
    return rows


def stocking(beside: Beside, number: int, forecast_7: tuple[int, ...]) -> tuple[Stocking, ...] | None:
    """What a merchant has to buy for the next week; None = its shelves are not known."""
    one = beside.shelves.get(number)
    if one is None or one.everything.shelves is None:
        return beside.stocking.get(number)
    held = one.everything.shelves
    return shelves.restocking(forecast_7[P50], one.everything.cost_bps, one.sold, held)
