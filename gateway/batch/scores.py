"""What models and policy say of many merchants' sheets: the figures a first day close of each would come to."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from gateway.batch import grading, windows
from gateway.batch.grading import Foreseen
from gateway.domain import features, tracking, underwriting
from gateway.domain.positions import PD, GradeScore
from gateway.usecases import beside, forecasting, scoring

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from gateway.batch.grading import Triples
    from gateway.batch.sheets import Sheet
    from gateway.domain.inputs import Inputs
    from gateway.ports import Scorer


class Terms(grading.Terms, frozen=True):
    """What everybody in a file is scored under. `as_of`: None = the day after each one's last row."""

    as_of: date | None = None


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Why a merchant has no scores; `lines` are those of the file (its header is line 1), at most 20 of them."""

    code: str
    detail: str
    lines: tuple[int, ...]
    lines_count: int


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One merchant. Amounts in minor units; PD and contributions in 1e-6.

    `pd` is of drawing the whole limit of `grade` (of the worst one where none fits), by `model`: `pd`, or the `rules`
    where that cannot be used. `candidates`: the same for each grade. `forecast_7` and `forecast_30` are the quantiles
    .05 .10 .25 .50 .75 .90 .95 of the next days' net sales; `year` is cumulative net sales (P10, P50, P90) until the
    weeks 1 2 4 8 13 26 39 52. An `anomaly` of 1,000,000 and above is an alert. With an `error`, all these are empty.
    `flags`: what was found in the rows, and how often.
    """

    merchant_id: str | None
    as_of: str | None = None
    outcome: str | None = None
    reasons: tuple[str, ...] = ()
    limit_amount: int | None = None
    grade: str | None = None
    pd: int | None = None
    model: str | None = None
    candidates: tuple[GradeScore, ...] = ()
    contributions: dict[str, int] = {}
    forecast_7: tuple[int, ...] = ()
    forecast_30: tuple[int, ...] = ()
    year: tuple[tuple[int, int, int], ...] = ()
    anomaly: int | None = None
    anomaly_contributions: dict[str, int] = {}
    flags: dict[str, int] = {}
    error: Problem | None = None


class _Foreseen(NamedTuple):
    """What the models but the PD say, merchant i at index i."""

    forecast_7: list[tuple[int, ...]]
    forecast_30: list[tuple[int, ...]]
    year: list[Triples]
    anomaly: list[tuple[int | None, dict[str, int]]]


def score(scorer: Scorer, terms: Terms, sheets: Sequence[Sheet]) -> list[Answer]:
    """One answer a sheet, in their order; no answer depends on which others are asked with it."""
    good = [sheet for sheet in sheets if sheet.error is None]
    scored = iter(_score(scorer, terms, good) if good else [])
    return [_refused(sheet) if sheet.error is not None else next(scored) for sheet in sheets]


def _refused(sheet: Sheet) -> Answer:
    error = sheet.error
    problem = None if error is None else Problem(error.code, error.detail, error.lines, error.lines_count)
    return Answer(sheet.merchant_id, flags=sheet.flags, error=problem)


def _score(scorer: Scorer, terms: Terms, sheets: list[Sheet]) -> list[Answer]:
    window = windows.windows(sheets, None if terms.as_of is None else terms.as_of.toordinal())
    foreseen = _foresee(scorer, window.histories)
    read = Foreseen(foreseen.forecast_30, foreseen.year, [score for score, _ in foreseen.anomaly])
    given = grading.inputs(terms, window, read, [None] * len(sheets))
    programme, names = terms.programme, [grade.name for grade in terms.programme.grades]
    tried = grading.rows(programme, window, given)
    model = PD if scorer.usable(PD) else scoring.RULES
    candidates = grading.candidates(scorer, model, programme, tried)
    best = [underwriting.best_grade(one, programme, its) for one, its in zip(candidates, given, strict=True)]
    picks = [len(names) - 1 if one is None else names.index(one.grade) for one in best]
    explained = scoring.risks(scorer, model, tried[1][np.arange(len(given)) * len(names) + np.array(picks)])
    answers = []
    for i, (sheet, one) in enumerate(zip(sheets, given, strict=True)):
        grade = None if (chosen := best[i]) is None else chosen.grade
        said = underwriting.assess(msgspec.structs.replace(one, grade=grade, pd=explained[i].pd), programme)
        answers.append(
            Answer(
                sheet.merchant_id,
                date.fromordinal(int(window.histories.as_of[i])).isoformat(),
                said.outcome.value,
                tuple([reason.code for reason in said.reasons]),
                said.limit_amount,
                grade,
                explained[i].pd,
                model,
                candidates[i],
                {part.feature: part.logit for part in explained[i].contributions},
                foreseen.forecast_7[i],
                foreseen.forecast_30[i],
                foreseen.year[i],
                *foreseen.anomaly[i],
                _flags(sheet, one),
            )
        )
    return answers


def _flags(sheet: Sheet, given: Inputs) -> dict[str, int]:
    flags = sheet.flags
    if given.length_days < features.FORECAST_MIN_DAYS:
        flags = {**flags, "fallback_forecast": 1}
    return {**flags, "stale": 1} if given.stale else flags


def _foresee(scorer: Scorer, histories: features.Histories) -> _Foreseen:
    short, long = features.forecast_features(histories, 7), features.forecast_features(histories, 30)
    weeks = features.horizon_scale(histories, 7).tolist()
    months = features.horizon_scale(histories, 30).tolist()
    year: list[Triples] = [()] * len(weeks)
    if scorer.usable(forecasting.PATH):
        year = grading.year(scorer, histories, long)
    odd: list[tuple[int | None, dict[str, int]]] = [(None, {}) for _ in weeks]
    if scorer.usable(beside.ANOMALY):
        found = grading.anomaly(scorer, histories)
        odd = [(one.score, {part.feature: part.logit for part in one.contributions}) for one in found]
    return _Foreseen(
        forecasting.amounts(_widened(scorer, histories, short, 7), weeks),
        forecasting.amounts(_widened(scorer, histories, long, 30), months),
        year,
        odd,
    )


def _widened(
    scorer: Scorer, histories: features.Histories, rows: NDArray[np.float32], horizon: int
) -> list[tuple[int, ...]]:
    """The intervals as a newcomer's are: widened by what its first weeks say, not yet by what it taught."""
    said = np.array(scorer.forecast(horizon, rows), np.int64)
    sure = (histories.length >= features.FORECAST_MIN_DAYS)[:, None]
    wide: list[tuple[int, ...]] = np.where(sure, tracking.widened(said, tracking.start(rows, horizon)), said).tolist()
    return wide
