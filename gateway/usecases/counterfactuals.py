"""What would have raised a decision's limit, worked out when somebody asks, from what was stored with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from gateway.domain import counterfactuals as rules
from gateway.domain import underwriting
from gateway.domain.counterfactuals import Case, Counterfactual
from gateway.domain.features import PD_FEATURES
from gateway.domain.histories import WINDOW
from gateway.domain.positions import seen
from gateway.domain.underwriting import Outcome
from gateway.usecases import programmes, replays, scoring

if TYPE_CHECKING:
    from gateway.usecases.decisions import Decision
    from gateway.usecases.world import World

ANSWERABLE = frozenset({Outcome.offered, Outcome.declined})


class Found(msgspec.Struct, frozen=True):
    """What would raise the limit, largest first, and the SHA-256 of the model that was asked; None: it is not here."""

    counterfactuals: tuple[Counterfactual, ...] = ()
    model: str | None = None


NOTHING = Found()


async def of(world: World, decision: Decision) -> Found:
    """One-feature counterfactuals by the very model and programme that judged; nothing where these or its data went."""
    given, scores = decision.inputs, decision.scores
    if given is None or scores is None:
        return NOTHING
    model = scores.models.get(scores.model)
    if model is None or model != world.scorer.hashes().get(scores.model):
        return NOTHING
    running = next((one for one in world.programmes if one.ref == decision.programme), None)
    programme = running or await programmes.find(world.store, decision.programme)
    if programme is None:
        return NOTHING
    made = underwriting.assess(given, programme)
    found = _of_model(world, Case(given, made, scores, programme))
    return Found(tuple(rules.largest([*rules.of_formula(made), *found])), model)


def _of_model(world: World, case: Case) -> list[Counterfactual]:
    given, made, scores, _ = case
    stored = seen(scores.features["pd"])
    actions = rules.possible(PD_FEATURES, stored)
    if not actions or made.outcome not in ANSWERABLE:
        return []
    row = np.array([[np.nan if value is None else value for value in stored]], dtype=np.float32)
    tried = replays.at_exposures(row, scores, given.tails[WINDOW])
    rows = np.repeat(tried[None], len(actions), axis=0)
    for number, (_, column, after) in enumerate(actions):
        rows[number, :, column] = after
    pds = scoring.chances(world.scorer, scores.model, rows.reshape(-1, rows.shape[2]))
    return rules.of_model(case, actions, pds)
