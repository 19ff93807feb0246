"""Run the models on what the closed days say, many merchants at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from gateway.domain import features, inputs, underwriting
from gateway.domain.positions import GradeScore, Position
from gateway.usecases import forecasting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gateway.ports import RiskScore, Scorer
    from gateway.usecases.world import World

PD, RULES = "pd", "rules"


def score(world: World, positions: Sequence[Position]) -> list[Position]:
    """The same positions with fresh scores; those without a closed day are left as they are.

    One that may not be assessed is left without: what comes in to service its loan is for nothing else.
    """
    now = world.clock.now()
    assessed = [bool(position.assessed_under(now)) for position in positions]
    at = [i for i, position in enumerate(positions) if assessed[i] and position.history is not None]
    answer = [one if may else unscored(one) for one, may in zip(positions, assessed, strict=True)]
    if at:
        for i, scored in zip(at, _score(world, [positions[i] for i in at]), strict=True):
            answer[i] = scored
    return answer


def unscored(position: Position) -> Position:
    """The same position, and nothing that models said of it."""
    return position if position.scores is None else msgspec.structs.replace(position, scores=None)


def afresh(world: World, position: Position) -> Position:
    """A position whose consents changed: without scores where none lets it be assessed, else with those of its days."""
    history, scores = position.history, position.scores
    same = history is not None and scores is not None and scores.scored_through_on == history.through_on
    if same and not outdated(world, position) and position.assessed_under(world.clock.now()):
        return position
    (again,) = score(world, [position])
    return again


def current(world: World, positions: Sequence[Position]) -> list[Position]:
    """The same positions, none with scores of another programme version or of a risk model out of service."""
    answer = list(positions)
    old = [i for i, position in enumerate(answer) if outdated(world, position)]
    if old:
        for i, scored in zip(old, score(world, [answer[i] for i in old]), strict=True):
            answer[i] = scored
    return answer


def outdated(world: World, position: Position) -> bool:
    """Whether its scores are not of the programme and the risk model that judge now."""
    scores = position.scores
    return scores is not None and (scores.model != risk_model(world) or scores.programme != world.programme.ref)


def risk_model(world: World) -> str:
    """Which model says the PD now: the scorecard where monitoring, or a refused file, leaves nothing else."""
    return RULES if world.governance.rules_only or not world.scorer.usable(PD) else PD


def risks(scorer: Scorer, model: str, rows: NDArray[np.float32]) -> list[RiskScore]:
    """(n, PD_FEATURES) → n risk scores with their contributions, by the `model` of that name."""
    return scorer.rules(rows) if model == RULES else scorer.explain(rows)


def chances(scorer: Scorer, model: str, rows: NDArray[np.float32]) -> list[int]:
    """The same PDs alone, in 1/100 bp: cheap, for the many exposures a policy tries."""
    return [one.pd for one in scorer.rules(rows)] if model == RULES else scorer.default(rows)


def _score(world: World, positions: list[Position]) -> list[Position]:
    histories = forecasting.stack([position.history for position in positions if position.history is not None])
    model = risk_model(world)
    return _graded(world, forecasting.foresee(world, positions, histories, model), histories, model)


def _graded(world: World, positions: list[Position], histories: features.Histories, model: str) -> list[Position]:
    """Positions with forecasts → with a grade: the PD of drawing each grade's whole limit, and why the best one's."""
    now, programme = world.clock.now(), world.programme
    given = [inputs.of_assessed(position, programme, 0, now) for position in positions]
    exposures = [underwriting.candidates(one, programme) for one in given]
    base = features.pd_features(histories, np.zeros(len(positions), np.int64))
    rows = features.at_exposures(base, histories, np.array(exposures, dtype=np.int64))
    pds, count = chances(world.scorer, model, rows), len(programme.grades)
    names = [grade.name for grade in programme.grades]
    candidates = [
        tuple(map(GradeScore, names, tried, pds[i * count : (i + 1) * count])) for i, tried in enumerate(exposures)
    ]
    best = [underwriting.best_grade(tried, programme, one) for tried, one in zip(candidates, given, strict=True)]
    picks = [count - 1 if b is None else tried.index(b) for b, tried in zip(best, candidates, strict=True)]
    why = rows[np.arange(len(positions)) * count + np.array(picks)]
    kept, answer = forecasting.packed(why), []
    for i, (position, risk) in enumerate(zip(positions, risks(world.scorer, model, why), strict=True)):
        if (scores := position.scores) is not None:
            scores.features[PD] = kept[i]
            grade = None if (chosen := best[i]) is None else chosen.grade
            told = forecasting.pairs(features.PD_FEATURES, risk.contributions)
            scores = msgspec.structs.replace(
                scores, candidates=candidates[i], grade=grade, pd=risk.pd, contributions=told
            )
        answer.append(msgspec.structs.replace(position, scores=scores))
    return answer
