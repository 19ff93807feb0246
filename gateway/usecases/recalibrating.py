"""Put the PD on the level of loans that have ended: outcomes in, a line over the logit out, applied only when asked."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import calibrations
from gateway.domain.calibrations import MILLION, CalibrationRefused, Learned, Outcome
from gateway.domain.errors import FieldError
from gateway.domain.models import Promotion
from gateway.scorer import CALIBRATION
from gateway.store import sql
from gateway.usecases import models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.domain.models import Said
    from gateway.store.queries import Query
    from gateway.usecases.world import World

FILE_BYTES = 64 * 1024 * 1024
FAULTS_COUNT = 5
"""The most lines named when a file is refused."""
YES, NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})
SOURCES: dict[str, Query | None] = {
    "decision_id": sql.models.said_of_decision,
    "merchant_id": sql.models.said_of_merchant,
    "pd": None,
}
"""The file's first column: a decision, a merchant (the decision behind its newest drawdown), or the model's own PD."""


class _Scores(msgspec.Struct, frozen=True):
    """What a stored decision says of its PD."""

    pd: int | None = None
    model: str = "pd"
    models: dict[str, str] = {}


class _Said(msgspec.Struct, frozen=True):
    scores: _Scores


class Recalibrated(msgspec.Struct, frozen=True):
    """What was learned, what was left out, and whether it is in force. Rows count once a loan.

    `unknown_count`: no scored decision is kept under that id; `other_models_count`: another model or version answered.
    """

    learned: Learned
    unknown_count: int
    other_models_count: int
    applied: Promotion | None


async def recalibrate(world: World, path: str, said: Said | None) -> Recalibrated:
    """Learn from the outcomes in a CSV file; in force only where somebody `said` so. Raises CalibrationRefused.

    The header is `decision_id,defaulted`, `merchant_id,defaulted` or `pd,defaulted` (a PD as a decimal below 1, of
    the model alone); `defaulted` is 1 or 0. A faulty line refuses the file by its number.
    """
    kind, rows = await asyncio.to_thread(_rows, path)
    source = SOURCES[kind]
    outcomes, unknown, others = [], 0, 0
    for key, defaulted in rows:
        if source is None:
            outcomes.append(Outcome(calibrations.logit_of(round(float(key) * MILLION)), defaulted))
            continue
        found = await world.store.one(source, _Said, id=key)
        if found is None or found.scores.pd is None:
            unknown += 1
        elif (logit := _own_logit(world, found.scores)) is None:
            others += 1
        else:
            outcomes.append(Outcome(logit, defaulted))
    learned = await asyncio.to_thread(calibrations.learn, outcomes)
    applied = None if said is None else await models.recalibrate(world, learned.calibration, said)
    return Recalibrated(learned, unknown, others, applied)


def _own_logit(world: World, scores: _Scores) -> float | None:
    """What the PD model said before any calibration; None where it is not the one that answers now."""
    card = models.card(world, "pd")
    if card is None or scores.model != "pd" or scores.models.get("pd") != card.sha256 or scores.pd is None:
        return None
    return calibrations.own_logit(scores.pd, scores.models.get(CALIBRATION))


def _rows(path: str) -> tuple[str, list[tuple[str, bool]]]:
    """(the first column's name, its values with their outcomes)."""
    try:
        body = Path(path).read_bytes() if Path(path).stat().st_size <= FILE_BYTES else None
        text = None if body is None else body.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        raise CalibrationRefused(f"the file cannot be read: {fault}") from None
    if text is None:
        raise CalibrationRefused(f"the file is larger than {FILE_BYTES} bytes")
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip() for name in next(lines, [])]
    except csv.Error:
        header = []
    if len(header) != 2 or header[0] not in SOURCES or header[1] != "defaulted":  # noqa: PLR2004 - two columns
        raise CalibrationRefused(f"the header is to be one of {', '.join(f'{name},defaulted' for name in SOURCES)}")
    try:
        return header[0], _checked(header[0], lines)
    except csv.Error as fault:
        raise CalibrationRefused(f"line {lines.line_num} cannot be read: {fault}") from None


def _checked(kind: str, lines: Iterable[list[str]]) -> list[tuple[str, bool]]:
    faults, found, seen = [], [], set()
    for number, cells in enumerate(lines, 2):
        if not cells:
            continue
        key, fault = cells[0].strip(), _fault(kind, cells)
        if fault is None and kind != "pd" and key in seen:
            fault = "it stands here twice"
        if fault is None:
            seen.add(key)
            found.append((key, cells[1].strip().lower() in YES))
        else:
            faults.append(FieldError(f"/{number}", "bad_line", fault))
    if faults:
        told = "; ".join(f"line {one.pointer[1:]}: {one.detail}" for one in faults[:FAULTS_COUNT])
        raise CalibrationRefused(f"{len(faults)} lines are faulty: {told}", errors=tuple(faults[:FAULTS_COUNT]))
    return found


def _fault(kind: str, cells: list[str]) -> str | None:
    if len(cells) != 2:  # noqa: PLR2004 - two columns
        return f"{len(cells)} columns, not 2"
    if cells[1].strip().lower() not in YES | NO:
        return "defaulted is neither 1 nor 0"
    if kind != "pd":
        return None if cells[0].strip() else "it names nothing"
    try:
        within = 0 < float(cells[0]) < 1
    except ValueError:
        within = False
    return None if within else "the PD is no number between 0 and 1"
