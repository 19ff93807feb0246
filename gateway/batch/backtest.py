"""Replay history through the whole policy: what would have been lent, repaid, lost and earned.

On every N-th day each merchant with enough history is judged on what was known before that day alone. Who has no loan
open draws; the loan then lives through the days that really came after. Merchants are taken a few hundred at a time, on
one calendar, so that the models answer for many at once.
"""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from gateway.batch import judging, lives, vintages, windows
from gateway.batch.grading import Terms
from gateway.batch.windows import REFUNDS, SALES, TICKETS
from gateway.domain import pricing
from gateway.domain.errors import Invalid
from gateway.domain.features import HISTORY_DAYS
from gateway.domain.histories import WINDOW
from gateway.domain.money import BPS, floor_to_step, share
from gateway.domain.positions import Profile
from gateway.domain.programmes import Programme
from gateway.domain.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from gateway.batch.judging import Judgement
    from gateway.batch.sheets import Sheet
    from gateway.ports import Scorer

    Ints = NDArray[np.int64]

CHUNK_COUNT = 256
LEAST_EVERY_DAYS, MOST_EVERY_DAYS = 1, 366
MOST_DAYS = 20 * 366
"""Days longer ago than this before the last one are left aside."""


class InvalidBacktest(Invalid):
    """What a backtest was asked for makes no sense."""

    code = "invalid_backtest"
    title = "The backtest cannot be run like this"


class Plan(msgspec.Struct, frozen=True):
    """How to replay. Days after a merchant's last row and up to `through_on` are days on which it sold nothing.

    Judged every `every_days`; `use_bps` of what is available is drawn, one loan at a time.
    """

    programme: Programme
    currency: str
    through_on: date
    every_days: int = 30
    use_bps: int = BPS
    tier: Tier = Tier.settled

    def __post_init__(self) -> None:
        """Raises InvalidBacktest."""
        if not LEAST_EVERY_DAYS <= self.every_days <= MOST_EVERY_DAYS:
            raise InvalidBacktest(f"--every must be {LEAST_EVERY_DAYS} to {MOST_EVERY_DAYS} days")
        if not 0 < self.use_bps <= BPS:
            raise InvalidBacktest("--use must be above 0 and at most 1")


class Outcome(msgspec.Struct, frozen=True):
    """Every loan and every decision of a replay."""

    loans: list[vintages.Loan]
    decisions: list[vintages.Decision]
    merchants_count: int


def replay(scorer: Scorer, plan: Plan, sheets: Iterable[Sheet]) -> Outcome:
    """Replay every merchant; the order of merchants decides nothing but the order of the answer."""
    outcome = Outcome([], [], 0)
    rest = iter(sheets)
    while some := list(islice(rest, CHUNK_COUNT)):
        kept = [sheet for sheet in (_kept(sheet, plan) for sheet in some) if len(sheet.on)]
        if kept:
            _replay(scorer, plan, kept, outcome)
        outcome = msgspec.structs.replace(outcome, merchants_count=outcome.merchants_count + len(some))
    return outcome


def _kept(sheet: Sheet, plan: Plan) -> Sheet:
    """The rows of the last MOST_DAYS that are known."""
    through = plan.through_on.toordinal()
    return _between(sheet, through - MOST_DAYS, through + 1)


def _between(sheet: Sheet, first: int, end: int) -> Sheet:
    """The rows from day `first` on and before day `end`."""
    low, high = np.searchsorted(sheet.on, (first, end)).tolist()
    return sheet._replace(on=sheet.on[low:high], amounts=sheet.amounts[:, low:high])


def _replay(scorer: Scorer, plan: Plan, sheets: list[Sheet], outcome: Outcome) -> None:
    """Walk the calendar, remembering each merchant's last grade and until when its loan runs."""
    through, terms = plan.through_on.toordinal(), Terms(plan.programme, plan.currency, Profile(tier=plan.tier))
    grades: list[str | None] = [None] * len(sheets)
    busy = [0] * len(sheets)
    for on in _origins(sheets, plan):
        known = _known(sheets, plan, on)
        if not known:
            continue
        window = windows.windows(list(known.values()), on)
        judged = judging.judge(scorer, terms, window, [grades[at] for at in known])
        for at, one in zip(known, judged, strict=True):
            grades[at] = one.given.grade
            outcome.decisions.append(_decision(one, on))
            if busy[at] < on < through and (loan := _loan(sheets[at], plan, on, one)) is not None:
                outcome.loans.append(loan)
                # Who was written off is not lent to again.
                written_off = loan.life.ending is lives.Ending.charged_off
                busy[at] = through if written_off else on + loan.life.days_count


def _origins(sheets: list[Sheet], plan: Plan) -> range:
    """Days of judgement, the same for every merchant whatever the file holds."""
    earliest = min(int(sheet.on[0]) for sheet in sheets) + plan.programme.thin_days
    first = -(-earliest // plan.every_days) * plan.every_days
    return range(first, plan.through_on.toordinal() + 1, plan.every_days)


def _known(sheets: list[Sheet], plan: Plan, on: int) -> dict[int, Sheet]:
    """What was known before the day `on` of those with enough trading days by then and a row within 30 days."""
    found = {}
    for at, sheet in enumerate(sheets):
        end = int(np.searchsorted(sheet.on, on))
        if end and sheet.on[end - 1] >= on - WINDOW:
            start = int(np.searchsorted(sheet.on, on - HISTORY_DAYS))
            if np.count_nonzero(sheet.amounts[TICKETS, start:end]) >= plan.programme.thin_days:
                found[at] = sheet._replace(on=sheet.on[:end], amounts=sheet.amounts[:, :end])
    return found


def _decision(one: Judgement, on: int) -> vintages.Decision:
    said = one.assessment
    return vintages.Decision(_vintage(on), said.limit_amount, said.terms.base_amount, said.reasons[0].code)


def _loan(sheet: Sheet, plan: Plan, on: int, one: Judgement) -> vintages.Loan | None:
    """Draw and live it; None when what would be drawn is less than the least amount."""
    programme, chosen = plan.programme, one.chosen
    step = programme.step_amount(plan.currency)
    amount = floor_to_step(share(one.assessment.available_amount, plan.use_bps), step)
    if chosen is None or amount < step:
        return None
    grade = next(grade for grade in programme.grades if grade.name == chosen.grade)
    cost = pricing.cost(amount, grade.fee_bps, programme, one.outlook, date.fromordinal(on))
    nets = _after(sheet, plan, on)
    life = lives.live(lives.Terms(amount, cost.fee_amount, cost.withhold_bps), programme, nets)
    return vintages.Loan(
        merchant_id=sheet.merchant_id,
        vintage=_vintage(on),
        grade=grade.name,
        amount=amount,
        base_amount=one.assessment.terms.base_amount,
        limit_amount=one.assessment.limit_amount,
        pd=chosen.pd,
        seen_days_count=plan.through_on.toordinal() - on,
        life=life,
    )


def _after(sheet: Sheet, plan: Plan, on: int) -> list[int]:
    """Net sales of the days after `on`, as far as they are known and a loan can live."""
    count = min(plan.through_on.toordinal() - on, plan.programme.term_days + lives.CHARGED_OFF_DAYS)
    later = _between(sheet, on + 1, on + 1 + count)
    days = np.zeros(count, np.int64)
    days[later.on - on - 1] = later.amounts[SALES] - later.amounts[REFUNDS]
    nets: list[int] = days.tolist()
    return nets


def _vintage(on: int) -> str:
    return date.fromordinal(on).isoformat()[:7]
