"""Decisions as they were made, and made again from what was kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from gateway.domain import features, underwriting
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.grants import Basis
from gateway.domain.histories import WINDOW
from gateway.domain.positions import Scores
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.reasons import Reason
from gateway.domain.underwriting import Inputs, Outcome, Terms
from gateway.store import sql

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gateway.domain.programmes import Programme
    from gateway.domain.underwriting import Assessment
    from gateway.ports import Scorer
    from gateway.store import Reader
    from gateway.usecases.world import Vault

    Floats = NDArray[np.float32]

LEVEL_DAYS = 28
"""The days whose mean a forecast's ratios refer to."""
MILLION = 1_000_000
TOLERANCE = 10
"""How far a model run again may lie from what was stored: 1e-5, for another processor's arithmetic."""


class Decision(msgspec.Struct, frozen=True):
    """A stored decision; with `inputs` and `scores` it can be repeated.

    Both are gone from one that was `sealed` when its merchant's data was erased.
    """

    id: str
    merchant_id: str
    outcome: Outcome
    limit_amount: int
    inputs: Inputs | None
    scores: Scores | None
    terms: Terms
    reasons: tuple[Reason, ...]
    programme: ProgrammeRef
    bases: tuple[Basis, ...]
    """The consents under which its inputs were held."""
    decided_at: datetime
    data_at: datetime | None
    sealed: bool


class _Stored(Decision, frozen=True):
    """A decision with what was sealed of it."""

    envelope: bytes | None


class _Made(msgspec.Struct, frozen=True):
    """What a decision was made of: the content of its envelope."""

    inputs: Inputs
    scores: Scores | None


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


class DecisionSealed(Conflict):
    """What the decision was made of is encrypted, and whoever asks has no key."""

    code = "decision_sealed"
    title = "The decision is sealed"


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


async def replay(
    reader: Reader, scorer: Scorer, programme: Programme, decision_id: str, vault: Vault | None = None
) -> Replay:
    """Repeat the policy exactly and the models within their tolerance, from the stored inputs alone.

    A sealed decision needs the `vault`. Raises NotFound, ProgrammeGone or DecisionSealed.
    """
    decision = await reader.one(sql.decisions.stored, _Stored, decision_id=decision_id)
    if decision is None:
        raise NotFound(f"There is no decision {decision_id}")
    if decision.programme != programme.ref:
        raise ProgrammeGone(f"{decision.programme.id} version {decision.programme.version} is not here")
    made = _made_of(decision, vault)
    again = underwriting.assess(made.inputs, programme)
    differences = _policy(decision, made.inputs, again, programme)
    pd, scores = None, made.scores
    if scores is not None:
        differences += _grading(made.inputs, scores, programme)
        pd, faults = _rescore(scores, made.inputs.tails[WINDOW], scorer)
        differences += faults
    elif made.inputs.scored:
        differences.append("scores: none are stored")
    return Replay(
        decision_id,
        not differences,
        decision.limit_amount,
        again.limit_amount,
        None if scores is None else scores.pd,
        pd,
        scores is None or scores.models == scorer.hashes(),
        tuple(differences),
    )


def _made_of(decision: _Stored, vault: Vault | None) -> _Made:
    if decision.inputs is not None:
        return _Made(decision.inputs, decision.scores)
    if vault is None or decision.envelope is None:
        raise DecisionSealed("Its merchant's data was erased: replaying it takes the key that it was sealed with")
    return msgspec.json.decode(vault.unseal(decision.envelope, decision.id), type=_Made)


def _policy(decision: Decision, given: Inputs, again: Assessment, programme: Programme) -> list[str]:
    """Policy from the stored inputs against what was stored; the leading reasons told a change and are not repeated."""
    oldest = decision.decided_at - timedelta(days=programme.stale_days)
    return _differing(
        ("outcome", again.outcome, decision.outcome),
        ("limit_amount", again.limit_amount, decision.limit_amount),
        ("terms", again.terms, decision.terms),
        ("reasons", again.reasons, decision.reasons[-len(again.reasons) :]),
        ("stale", decision.data_at is None or decision.data_at < oldest, given.stale),
    )


def _grading(given: Inputs, scores: Scores, programme: Programme) -> list[str]:
    """The integer steps between models and policy: amounts of the forecast, exposures tried, the grade."""
    best = underwriting.best_grade(scores.candidates, programme)
    exposures = underwriting.candidates(given.tails[WINDOW], scores.forecast_30, given.currency, programme)
    found = _differing(
        ("forecast_30", scores.forecast_30, given.forecast_30),
        ("pd", scores.pd, given.pd),
        ("grade", (None if best is None else best.grade,) * 2, (scores.grade, given.grade)),
        ("candidates", exposures, [candidate.exposure_amount for candidate in scores.candidates]),
    )
    if given.trading_days_count >= LEVEL_DAYS:
        for horizon, ratios, stored in (
            (7, scores.ratios_7, scores.forecast_7),
            (30, scores.ratios_30, scores.forecast_30),
        ):
            scale = max(0, given.tails[LEVEL_DAYS] * horizon // LEVEL_DAYS)
            found += _differing((f"forecast_{horizon}", tuple(scale * ratio // MILLION for ratio in ratios), stored))
    return found


def _differing(*checks: tuple[str, object, object]) -> list[str]:
    return [f"{name}: {again}, stored {stored}" for name, again, stored in checks if again != stored]


def _rescore(scores: Scores, net_30_amount: int, scorer: Scorer) -> tuple[int, list[str]]:
    """The models run again on the stored features; the PD's at every exposure that was tried."""
    row = _row(scores, "pd")
    (explained,) = scorer.explain(row)
    pairs = {
        "pd": ([explained.pd], [explained.pd if scores.pd is None else scores.pd]),
        "contributions": ([c.logit for c in explained.contributions], [logit for _, logit in scores.contributions]),
        "candidates": (scorer.default(_at_exposures(row, scores, net_30_amount)), [c.pd for c in scores.candidates]),
        "ratios_7": (scorer.forecast(7, _row(scores, "forecast_7"))[0], scores.ratios_7),
        "ratios_30": (scorer.forecast(30, _row(scores, "forecast_30"))[0], scores.ratios_30),
    }
    faults = [
        f"{name}: {list(again)}, stored {list(stored)}"
        for name, (again, stored) in pairs.items()
        if len(again) != len(stored) or any(abs(a - b) > TOLERANCE for a, b in zip(again, stored, strict=True))
    ]
    return explained.pd, faults


def _at_exposures(row: Floats, scores: Scores, net_30_amount: int) -> Floats:
    exposures = np.array([[candidate.exposure_amount for candidate in scores.candidates]], dtype=np.int64)
    days = np.zeros((1, features.HISTORY_DAYS), np.int64)
    days[0, -1] = net_30_amount
    one = np.ones(1, np.int64)
    return features.at_exposures(row, features.Histories(days, days, days, one, one), exposures)


def _row(scores: Scores, model: str) -> Floats:
    values = [np.nan if value is None else value for value in scores.features[model]]
    return np.array([values], dtype=np.float32)
