"""Decisions as they were made, and made again from what was kept."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from gateway.domain import underwriting
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.positions import Scores
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.reasons import Reason
from gateway.domain.underwriting import Inputs, Outcome, Terms
from gateway.store import sql

if TYPE_CHECKING:
    from gateway.domain.programmes import Programme
    from gateway.ports import Scorer
    from gateway.store import Reader

TOLERANCE = 10
"""How far a model run again may lie from what was stored: 1e-5, for another processor's arithmetic."""


class Decision(msgspec.Struct, frozen=True):
    """A stored decision; with `inputs` and `scores` it can be repeated."""

    id: str
    merchant_id: str
    outcome: Outcome
    limit_amount: int
    inputs: Inputs
    scores: Scores | None
    terms: Terms
    reasons: tuple[Reason, ...]
    programme: ProgrammeRef
    decided_at: datetime
    data_at: datetime | None


class Replay(msgspec.Struct, frozen=True):
    """A decision made again: what differs, and whether the models that answered then are the ones here."""

    decision_id: str
    agrees: bool
    limit_amount: int
    replayed_limit_amount: int
    pd: int | None
    replayed_pd: int | None
    same_models: bool
    differences: tuple[str, ...]


class ProgrammeGone(Conflict):
    """The programme version a decision was made under is not in this version of the gateway."""

    code = "programme_unknown"
    title = "The decision's programme version is not here"


async def find(reader: Reader, decision_id: str, partner_id: str) -> Decision:
    """One decision about a partner's own merchant; raises NotFound."""
    decision = await reader.one(sql.decisions.find, Decision, decision_id=decision_id, partner_id=partner_id)
    if decision is None:
        raise NotFound("There is no such decision")
    return decision


async def page(reader: Reader, merchant_id: str, after: str, limit: int) -> list[Decision]:
    """A merchant's decisions in the order they were made."""
    return await reader.all(sql.decisions.page, Decision, merchant_id=merchant_id, after=after, limit=limit)


async def replay(reader: Reader, scorer: Scorer, programme: Programme, decision_id: str) -> Replay:
    """Repeat the policy exactly and the models within their tolerance, from the stored inputs alone."""
    decision = await reader.one(sql.decisions.stored, Decision, decision_id=decision_id)
    if decision is None:
        raise NotFound(f"There is no decision {decision_id}")
    if decision.programme != programme.ref:
        raise ProgrammeGone(f"{decision.programme.id} version {decision.programme.version} is not here")
    again = underwriting.assess(decision.inputs, programme)
    differences = []
    if (again.outcome, again.limit_amount, again.terms) != (decision.outcome, decision.limit_amount, decision.terms):
        differences.append(f"policy: {again.outcome} {again.limit_amount}, stored {decision.outcome} {decision.limit_amount}")
    pd, same = None, True
    if decision.scores is not None:
        same = decision.scores.models == scorer.hashes()
        pd, faults = _rescore(decision.scores, scorer)
        differences += faults
    return Replay(
        decision_id,
        not differences,
        decision.limit_amount,
        again.limit_amount,
        None if decision.scores is None else decision.scores.pd,
        pd,
        same,
        tuple(differences),
    )


def _rescore(scores: Scores, scorer: Scorer) -> tuple[int, list[str]]:
    pd = scorer.default(_row(scores, "pd"))[0]
    faults = [] if scores.pd is None or abs(pd - scores.pd) <= TOLERANCE else [f"pd: {pd}, stored {scores.pd}"]
    for horizon, stored in ((7, scores.ratios_7), (30, scores.ratios_30)):
        (ratios,) = scorer.forecast(horizon, _row(scores, f"forecast_{horizon}"))
        if any(abs(a - b) > TOLERANCE for a, b in zip(ratios, stored, strict=True)):
            faults.append(f"forecast_{horizon}: {list(ratios)}, stored {list(stored)}")
    return pd, faults


def _row(scores: Scores, model: str) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    values = [np.nan if value is None else value for value in scores.features[model]]
    return np.array([values], dtype=np.float32)
