"""`gateway backtest`: a file of histories through the whole policy, and the report of it."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, TypeVar

import msgspec

from gateway import scorer
from gateway.batch import backtest, histories, numerals, policies, report, vintages
from gateway.batch.backtest import InvalidBacktest, Outcome, Plan
from gateway.domain.errors import Invalid
from gateway.domain.money import BPS, minor_units

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.batch.histories import Reading
    from gateway.batch.sheets import Sheet
    from gateway.settings import Settings

    Answer = TypeVar("Answer")

MODELS = ("path_52", "anomaly", "pd")
NEAR_DAYS, LEAST_NEAR = 30, 20
"""Unless one in so many merchants has rows within so many days of the last day, that day is taken for an error."""
SHOWN_COUNT = 20
"""So many merchants that could not be read are named; the rest are counted."""


class _Replayed(msgspec.Struct, frozen=True):
    """What one reading of the file came to. `refused`: merchants who could not be read, and why."""

    outcome: Outcome
    refused: list[str]
    strays_count: int


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Replay, write the report, print the totals; 0 = done."""
    minor_units(arguments.currency)
    programme = policies.read(arguments.programme)
    through_on = arguments.through or _last_on(arguments.history)
    plan = Plan(programme, arguments.currency, through_on, arguments.every, _use_bps(arguments.use), arguments.tier)
    models = scorer.load(settings.models_dir, MODELS)
    replayed = _replayed(arguments.history, models, plan)
    result = _backtest(arguments.history, plan, replayed, models.hashes())
    _write(arguments.output, report.render(result))
    if arguments.json is not None:
        _write(arguments.json, msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n")
    print(msgspec.json.format(msgspec.json.encode(result.book.total), indent=2).decode())
    for line in _told(replayed):
        print(f"gateway: {line}", file=sys.stderr)
    print(f"gateway: {arguments.output} says more", file=sys.stderr)
    return 0


def _told(replayed: _Replayed) -> Iterator[str]:
    """What was left out of the file."""
    yield from (f"left out {line}" for line in replayed.refused[:SHOWN_COUNT])
    if more := len(replayed.refused[SHOWN_COUNT:]):
        yield f"left out {more} more"
    if replayed.strays_count:
        yield f"{replayed.strays_count} lines are of no merchant that can be told"


def _replayed(path: Path, models: scorer.OnnxScorer, plan: Plan) -> _Replayed:
    def take(sheets: Iterator[Sheet], reading: Reading) -> _Replayed:
        refused: list[str] = []
        outcome = backtest.replay(models, plan, _good(sheets, refused))
        return _Replayed(outcome, refused, reading.strays.count)

    return _read(path, plan.through_on.toordinal() + 1, take)


def _good(sheets: Iterator[Sheet], refused: list[str]) -> Iterator[Sheet]:
    for sheet in sheets:
        if sheet.error is None:
            yield sheet
        else:
            refused.append(f"{sheet.merchant_id}: {sheet.error.detail}")


def _last_on(path: Path) -> date:
    """The last day anybody sold something on, so that who stopped is seen to have stopped. Raises InvalidBacktest."""

    def take(sheets: Iterator[Sheet], _reading: Reading) -> Counter[int]:
        return Counter(int(sheet.on[-1]) for sheet in sheets if sheet.error is None)

    ends = _read(path, None, take)
    if not ends:
        raise InvalidBacktest(f"{path.name} holds no merchant that can be read")
    last_on = date.fromordinal(max(ends))
    near = sum(count for on, count in ends.items() if on > max(ends) - NEAR_DAYS)
    if near * LEAST_NEAR < ends.total():
        told = f"only {near} of {ends.total()} merchants have rows within {NEAR_DAYS} days of the last one, {last_on}"
        raise InvalidBacktest(f"{told}: say with --through which day is the last that is known")
    return last_on


def _read(path: Path, until: int | None, take: Callable[[Iterator[Sheet], Reading], Answer]) -> Answer:
    try:
        return histories.whole(path, until, take)
    except OSError as error:
        raise Invalid(f"{path} cannot be read: {error}") from None


def _backtest(path: Path, plan: Plan, replayed: _Replayed, models: dict[str, str]) -> report.Backtest:
    programme, outcome = plan.programme, replayed.outcome
    return report.Backtest(
        history=numerals.plain(path.name),
        programme_id=programme.id,
        programme_version=programme.version,
        programme_name=programme.name,
        currency=plan.currency,
        tier=plan.tier,
        every_days=plan.every_days,
        use_bps=plan.use_bps,
        through_on=plan.through_on.isoformat(),
        merchants_count=outcome.merchants_count,
        refused_count=len(replayed.refused),
        models=models,
        book=vintages.counted(outcome.loans, outcome.decisions),
    )


def _use_bps(text: str) -> int:
    """`0.6` → 6,000, exactly or refused."""
    try:
        share = Decimal(text) * BPS
        whole = int(share)
    except (InvalidOperation, ValueError, OverflowError):
        raise InvalidBacktest(f"--use must be a number such as 0.6, not {text[:20]!r}") from None
    if whole != share:
        raise InvalidBacktest("--use has at most four decimals")
    return whole


def _write(path: Path, body: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    except OSError as error:
        raise Invalid(f"{path} cannot be written: {error}") from None
