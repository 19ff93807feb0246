"""Decisions as they were made, and made again from what was kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import explanations, pricing, routing, underwriting
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.grants import Basis
from gateway.domain.histories import WINDOW
from gateway.domain.positions import Offered, Scores
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.reasons import Reason
from gateway.domain.routing import Answer, Route
from gateway.domain.underwriting import Inputs, Outcome, Terms
from gateway.store import sql
from gateway.usecases import programmes, replays

if TYPE_CHECKING:
    from gateway.domain.programmes import Programme
    from gateway.domain.underwriting import Assessment
    from gateway.ports import Scorer
    from gateway.store import Reader
    from gateway.usecases.world import Vault


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
    route: Route | None
    """How its programme was chosen among several; None where there was one, or it is sealed."""


class _Stored(Decision, frozen=True):
    """A decision with the offer it was measured against, and what was sealed of it."""

    against: Offered | None
    envelope: bytes | None


class _Made(msgspec.Struct, frozen=True):
    """What a decision was made of: the content of its envelope."""

    inputs: Inputs
    scores: Scores | None
    against: Offered | None = None
    route: Route | None = None


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

    `programme` is the running one; a decision made under another version is repeated under that. A sealed
    decision needs the `vault`. Raises NotFound, ProgrammeGone or DecisionSealed.
    """
    decision = await reader.one(sql.decisions.stored, _Stored, decision_id=decision_id)
    if decision is None:
        raise NotFound(f"There is no decision {decision_id}")
    if decision.programme != programme.ref:
        programme = await _programme(reader, decision.programme)
    made = _made_of(decision, vault)
    again = underwriting.assess(made.inputs, programme)
    differences = _policy(decision, made, again, programme)
    if made.route is not None:
        differences += await _routed(reader, scorer, made, made.route)
    pd, scores = None, made.scores
    if scores is not None:
        differences += replays.grading(made.inputs, scores, programme)
        pd, faults = replays.models(scores, made.inputs.tails[WINDOW], scorer)
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


async def _routed(reader: Reader, scorer: Scorer, made: _Made, route: Route) -> list[str]:
    """What each lender said, from the inputs that were its own, and which of them was chosen."""
    found, answers = list[str](), []
    for one in route.candidates:
        its = await _programme(reader, one.programme)
        given = made.inputs.under(one.own)
        answers.append(Answer(its, given, underwriting.assess(given, its), one.pays_on))
        if made.scores is not None and one.programme != made.scores.programme:
            scores = made.scores.under(its.id)
            faults = replays.grading(given, scores, its) + replays.models(scores, given.tails[WINDOW], scorer)[1]
            found += [f"{its.id} {fault}" for fault in faults]
    again = routing.route(answers, pricing.outlook(made.scores), route.present_id)
    return found + replays.differing(("route", again, route))


async def _programme(reader: Reader, ref: ProgrammeRef) -> Programme:
    found = await programmes.find(reader, ref)
    if found is None:
        raise ProgrammeGone(f"{ref.id} version {ref.version} is not here")
    return found


def _made_of(decision: _Stored, vault: Vault | None) -> _Made:
    if decision.inputs is not None:
        return _Made(decision.inputs, decision.scores, decision.against, decision.route)
    if vault is None or decision.envelope is None:
        raise DecisionSealed("Its merchant's data was erased: replaying it takes the key that it was sealed with")
    return msgspec.json.decode(vault.unseal(decision.envelope, decision.id), type=_Made)


def _policy(decision: Decision, made: _Made, again: Assessment, programme: Programme) -> list[str]:
    """Policy from the stored inputs against what was stored."""
    oldest = decision.decided_at - timedelta(days=programme.stale_days)
    why = explanations.explain(made.against, again, made.scores, programme)
    return replays.differing(
        ("outcome", again.outcome, decision.outcome),
        ("limit_amount", again.limit_amount, decision.limit_amount),
        ("terms", again.terms, decision.terms),
        ("reasons", why, decision.reasons),
        ("stale", decision.data_at is None or decision.data_at < oldest, made.inputs.stale),
    )
