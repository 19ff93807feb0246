"""What policy would have said of many merchants on one past day: the models and the limit, as a day close has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.batch import grading
from gateway.batch.grading import Foreseen
from gateway.domain import features, underwriting
from gateway.domain.positions import PD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.batch.grading import Terms
    from gateway.batch.windows import Window
    from gateway.domain.positions import GradeScore
    from gateway.domain.underwriting import Assessment, Inputs
    from gateway.ports import Scorer


class Judgement(NamedTuple):
    """One merchant: what policy read, what it said, the PD of the grade it chose, and the middle outlook (P50)."""

    given: Inputs
    assessment: Assessment
    chosen: GradeScore | None
    outlook: tuple[int, ...]


def judge(scorer: Scorer, terms: Terms, window: Window, grades: Sequence[str | None]) -> list[Judgement]:
    """Score and assess everybody, nothing being owed and the bank's whole room free; `grades`: what each had before.

    Raises ModelRefused where the models of the year, the anomaly or the PD cannot be asked.
    """
    past, programme = window.histories, terms.programme
    years = grading.year(scorer, past, features.forecast_features(past, 30))
    odd = [one.score for one in grading.anomaly(scorer, past)]
    given = grading.inputs(terms, window, Foreseen([()] * len(years), years, odd), grades)
    candidates = grading.candidates(scorer, PD, programme, grading.rows(programme, window, given))
    judged = []
    for one, scored, foreseen in zip(given, candidates, years, strict=True):
        chosen = underwriting.best_grade(scored, programme, one)
        graded = msgspec.structs.replace(
            one, grade=None if chosen is None else chosen.grade, pd=None if chosen is None else chosen.pd
        )
        outlook = tuple([middle for _, middle, _ in foreseen])
        judged.append(Judgement(graded, underwriting.assess(graded, programme), chosen, outlook))
    return judged
