"""Run the models on what the closed days say, many merchants at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from gateway.domain import features, inputs, underwriting
from gateway.domain.positions import PD, GradeScore, Grading, Position
from gateway.usecases import beside, evidence, forecasting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from gateway.domain.programmes import Programme
    from gateway.domain.risk_scores import RiskScore
    from gateway.ports import Scorer
    from gateway.store import Reader
    from gateway.usecases.evidence import Told
    from gateway.usecases.world import World

RULES = "rules"


def score(world: World, positions: Sequence[Position], told: Mapping[str, Told] | None = None) -> list[Position]:
    """The same positions with fresh scores; those without a closed day are left as they are.

    One that may not be assessed is left without: what comes in to service its loan is for nothing else. `told` is what
    is seen of merchants beside their sales (`evidence.of`); None = what the last scores saw of the same days.
    """
    now = world.clock.now()
    assessed = [bool(position.assessed_under(now)) for position in positions]
    at = [i for i, position in enumerate(positions) if assessed[i] and position.history is not None]
    answer = [one if may else unscored(one) for one, may in zip(positions, assessed, strict=True)]
    if at:
        for i, scored in zip(at, _score(world, [positions[i] for i in at], told), strict=True):
            answer[i] = scored
    return answer


def unscored(position: Position) -> Position:
    """The same position, and nothing that models said of it."""
    return position if position.scores is None else msgspec.structs.replace(position, scores=None)


async def afresh(reader: Reader, world: World, position: Position) -> Position:
    """A position whose consents changed: without scores where none lets it be assessed, else with those of its days.

    What the models saw beside sales is read again where they saw any, or may now.
    """
    told = await evidence.of(reader, world, [position])
    history, scores = position.history, position.scores
    same = history is not None and scores is not None and scores.scored_through_on == history.through_on
    bare = not told and not (scores is not None and beside.anything(scores))
    if same and bare and not outdated(world, position) and position.assessed_under(world.clock.now()):
        return position
    (again,) = score(world, [position], told)
    return again


async def score_day(reader: Reader, world: World, positions: Sequence[Position]) -> list[Position]:
    """Positions whose closed days changed, with fresh scores of them and of all else that is seen."""
    return score(world, positions, await evidence.of(reader, world, positions))


def current(world: World, positions: Sequence[Position]) -> list[Position]:
    """The same positions, none with scores of other programme versions or of a risk model out of service."""
    answer = list(positions)
    old = [i for i, position in enumerate(answer) if outdated(world, position)]
    if old:
        for i, scored in zip(old, score(world, [answer[i] for i in old]), strict=True):
            answer[i] = scored
    return answer


def outdated(world: World, position: Position) -> bool:
    """Whether its scores are not of the programmes and the risk model that judge now."""
    scores, programmes = position.scores, world.programmes
    if scores is None:
        return False
    if scores.model != risk_model(world) or len(scores.others) + 1 != len(programmes):
        return True
    if not scores.others:
        return scores.programme != programmes[0].ref
    return {scores.programme, *(one.programme for one in scores.others)} != {one.ref for one in programmes}


def risk_model(world: World) -> str:
    """Which model says the PD now: the scorecard where monitoring, or a refused file, leaves nothing else."""
    return RULES if world.governance.rules_only or not world.scorer.usable(PD) else PD


def risks(scorer: Scorer, model: str, rows: NDArray[np.float32]) -> list[RiskScore]:
    """(n, PD_FEATURES) → n risk scores with their contributions, by the `model` of that name."""
    return scorer.rules(rows) if model == RULES else scorer.explain(rows)


def chances(scorer: Scorer, model: str, rows: NDArray[np.float32]) -> list[int]:
    """The same PDs alone, in 1/100 bp: cheap, for the many exposures a policy tries."""
    return [one.pd for one in scorer.rules(rows)] if model == RULES else scorer.default(rows)


def _score(world: World, positions: list[Position], told: Mapping[str, Told] | None) -> list[Position]:
    """Forecasts and features once, then the PD of each programme's own limits; the first programme's in front."""
    histories = forecasting.stack([position.history for position in positions if position.history is not None])
    model = risk_model(world)
    more = beside.kept(positions) if told is None else beside.of(positions, histories, told)
    foreseen = forecasting.foresee(world, positions, histories, model, more)
    base = features.pd_features(histories, np.zeros(len(positions), np.int64))
    risk = _Risk(world, model, histories, beside.risk_rows(base, more, partial(chances, world.scorer, model)))
    graded = [_gradings(risk, programme, positions, foreseen) for programme in world.programmes]
    answer = []
    for position, (first, *others) in zip(foreseen, zip(*graded, strict=True), strict=True):
        scores = None if position.scores is None else position.scores.graded(first, tuple(others))
        answer.append(msgspec.structs.replace(position, scores=scores))
    return answer


class _Risk(NamedTuple):
    """What grading under each programme begins with: `base` are the features of a loan of nothing."""

    world: World
    model: str
    histories: features.Histories
    base: NDArray[np.float32]


def _gradings(
    risk: _Risk, programme: Programme, before: Sequence[Position], foreseen: Sequence[Position]
) -> list[Grading]:
    """Positions with forecasts → their grades under one programme: the PD of each grade's whole limit, and why."""
    scorer, now = risk.world.scorer, risk.world.clock.now()
    held = [None if one.scores is None else one.scores.grade_under(programme.id) for one in before]
    given = [inputs.of_assessed(position, programme, 0, now) for position in foreseen]
    if programme is not risk.world.programmes[0]:  # whose grade is in front already
        given = [msgspec.structs.replace(one, graded_from=grade) for one, grade in zip(given, held, strict=True)]
    exposures = [underwriting.candidates(one, programme) for one in given]
    rows = features.at_exposures(risk.base, risk.histories, np.array(exposures, dtype=np.int64))
    pds, count = chances(scorer, risk.model, rows), len(programme.grades)
    names = [grade.name for grade in programme.grades]
    tried = [tuple(map(GradeScore, names, one, pds[i * count : (i + 1) * count])) for i, one in enumerate(exposures)]
    best = [underwriting.best_grade(tries, programme, one) for tries, one in zip(tried, given, strict=True)]
    picks = [count - 1 if b is None else tries.index(b) for b, tries in zip(best, tried, strict=True)]
    why = rows[np.arange(len(given)) * count + np.array(picks)]
    ref, kept = programme.ref, forecasting.packed(why)
    return [
        Grading(
            programme=ref,
            graded_from=held[i],
            candidates=tried[i],
            grade=None if (chosen := best[i]) is None else chosen.grade,
            pd=one.pd,
            contributions=forecasting.pairs(features.PD_FEATURES, one.contributions),
            row=kept[i],
        )
        for i, one in enumerate(risks(scorer, risk.model, why))
    ]
