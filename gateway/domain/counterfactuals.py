"""What would raise a limit: one thing the shop can change at a time, asked of the same model, grades and formula.

An action changes one feature of the stored row and leaves the others, so it says less than life would: a shop that
opens two more days a week sells more, too. Whoever calls asks the model about the rows that `possible` makes.
"""

from __future__ import annotations

from math import expm1, log1p
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from gateway.domain import underwriting
from gateway.domain.money import share
from gateway.domain.positions import GradeScore, seen
from gateway.domain.reasons import Text
from gateway.domain.underwriting import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.domain.positions import Scores
    from gateway.domain.programmes import Programme
    from gateway.domain.underwriting import Assessment, Inputs

MILLION = 1_000_000
SHOWN_COUNT = 4
"""The most that are shown, the largest first."""
FOUR_WEEKS = 28
MORE_SALES_BPS = 1_000
"""How many more sales the one action on the base supposes."""


def _same(given: Inputs) -> Inputs:
    return given


def _known_longer(given: Inputs) -> Inputs:
    """With as many trading days to a week as so far."""
    traded = min(FOUR_WEEKS, FOUR_WEEKS * given.trading_days_count // max(1, given.length_days))
    return msgspec.structs.replace(
        given, length_days=given.length_days + FOUR_WEEKS, trading_days_count=given.trading_days_count + traded
    )


class Action(NamedTuple):
    """One thing a shop can do: what it does to a feature, and words. Where the value stays, there is nothing to do."""

    code: str
    feature: str
    to: Callable[[float], float]
    en: str
    zh: str
    known: Callable[[Inputs], Inputs] = _same
    """What policy itself would read otherwise."""


def _at_most(bound: float) -> Callable[[float], float]:
    return lambda value: min(value, bound)


def _times(factor: float) -> Callable[[float], float]:
    return lambda value: value * factor


def _more_tickets(value: float) -> float:
    """The feature is a logarithm."""
    return log1p(expm1(value) * 1.2)


ACTIONS = (
    Action("trade_more_days", "active_day_share_90", lambda v: min(1.0, v + 2 / 7),
           "Sell on two more days a week", "每周多营业两天"),
    Action("no_gap", "longest_gap_180", _at_most(2.0),
           "Go half a year without a gap of more than two days", "半年内不连续停业超过两天"),
    Action("fewer_refunds", "refund_rate_90", _times(0.5), "Halve the refunds", "退款减少一半"),
    Action("refunds_steady", "refund_rate_trend", _at_most(0.0), "Stop refunds from rising", "退款不再增加"),
    Action("more_tickets", "tickets_per_day_90", _more_tickets, "Make a fifth more sales a day",
           "每天的成交笔数增加两成"),
    Action("steadier_weeks", "revenue_cv_26w", _times(0.75),
           "Have weekly sales swing a quarter less", "每周销售额的波动减少四分之一"),
    Action("stronger_weak_week", "worst_week_share_84", lambda v: max(v, min(1.0, v * 1.2)),
           "Sell a fifth more in the weakest week", "最差一周的销售额提高两成"),
    Action("month_recovers", "rev30_to_rev90", lambda v: max(v, 1.0),
           "Bring the last month's sales back to the quarter's level", "最近一个月的销售额恢复到三个月的平均水平"),
    Action("longer_history", "history_days", lambda v: v + FOUR_WEEKS,
           "Trade for four more weeks", "再经营四个星期", _known_longer),
    Action("suppliers_in_time", "supplier_overdue_days", _at_most(0.0),
           "Pay suppliers' bills that are past due", "付清逾期的供应商账款"),
    Action("tax_cleared", "tax_arrears_days", _at_most(0.0), "Pay the tax that is past due", "缴清拖欠的税款"),
    Action("utilities_in_time", "late_utility_count_180", _at_most(0.0),
           "Pay utility bills in time for half a year", "半年内按时缴纳水电费"),
    Action("lower_fixed_cost", "fixed_cost_ratio_90", _times(0.9),
           "Lower rent, wages and the like by a tenth", "房租、工资等固定支出减少一成"),
    Action("more_left", "net_flow_margin_90", lambda v: max(v, min(1.0, v + 0.05)),
           "Keep five more percent of sales after all costs", "销售额扣除全部支出后多结余百分之五"),
    Action("more_cash", "cash_cover_min_180", lambda v: v + 5,
           "Always keep cash for five more days", "现金始终多留够五天的支出"),
    Action("less_often_low", "low_cash_share_180", _times(0.5),
           "Halve the days on which cash is low", "现金偏少的天数减少一半"),
    Action("usual_stock", "stock_cover_off", _times(0.5),
           "Bring the stock halfway to what is usual", "库存向同行的正常水平靠近一半"),
    Action("instalments_halved", "instalment_ratio", _times(0.5),
           "Pay down other loans until their instalments are half", "其他贷款的每月还款减少一半"),
)  # fmt: skip
"""What is in a shop's own hands; each only where the stored row knows the feature."""

MORE_SALES = Text(
    "Sell a tenth more in 30 days: the limit is a share of them", "30 天的销售额增加一成，额度按销售额的一定比例计算"
)


class Change(msgspec.Struct, frozen=True):
    """What moved: a feature's value in 1e-6, before and after."""

    feature: str
    before: int
    after: int


class Counterfactual(msgspec.Struct, frozen=True):
    """What one change alone would have made of the decision; amounts in minor units."""

    code: str
    text: Text
    change: Change | None
    """None: of the formula itself, not of the model."""
    limit_amount: int
    difference_amount: int


def possible(names: Sequence[str], row: Sequence[float | None]) -> list[tuple[Action, int, float]]:
    """The actions that change something in a stored row: (action, column, the value after)."""
    found = []
    for action in ACTIONS:
        column = names.index(action.feature)
        value = row[column]
        if value is not None and (after := action.to(value)) != value:
            found.append((action, column, after))
    return found


class Case(NamedTuple):
    """A decision as it was made."""

    given: Inputs
    made: Assessment
    scores: Scores
    programme: Programme


def of_model(case: Case, actions: Sequence[tuple[Action, int, float]], pds: Sequence[int]) -> list[Counterfactual]:
    """What raises the limit, of `actions`; `pds` has one PD a candidate grade for each action in turn."""
    _, made, scores, programme = case
    row, count, found = seen(scores.features["pd"]), len(scores.candidates), []
    for number, (action, column, after) in enumerate(actions):
        given = action.known(case.given)
        asked = zip(scores.candidates, pds[number * count : (number + 1) * count], strict=True)
        scored = tuple(GradeScore(one.grade, one.exposure_amount, pd) for one, pd in asked)
        best = underwriting.best_grade(scored, programme, given)
        grade, pd = (None, None) if best is None else (best.grade, best.pd)
        again = underwriting.assess(msgspec.structs.replace(given, grade=grade, pd=pd), programme)
        before = row[column] or 0.0
        changed = Change(action.feature, round(before * MILLION), round(after * MILLION))
        found += _raised(action.code, Text(action.en, action.zh), changed, made, again.limit_amount)
    return found


def of_formula(made: Assessment) -> list[Counterfactual]:
    """More sales, where the base is what holds the limit."""
    terms = made.terms
    if made.outcome is not Outcome.offered or terms.base_amount >= terms.affordability_amount:
        return []
    more = terms.base_amount + share(terms.base_amount, MORE_SALES_BPS)
    limit_amount = underwriting.limit_amount(msgspec.structs.replace(terms, base_amount=more))
    return _raised("more_sales", MORE_SALES, None, made, limit_amount)


def largest(found: Sequence[Counterfactual]) -> list[Counterfactual]:
    """At most SHOWN_COUNT, the largest raise first."""
    return sorted(found, key=lambda one: (-one.difference_amount, one.code))[:SHOWN_COUNT]


def _raised(code: str, text: Text, change: Change | None, made: Assessment, limit_amount: int) -> list[Counterfactual]:
    difference = limit_amount - made.limit_amount
    return [Counterfactual(code, text, change, limit_amount, difference)] if difference > 0 else []
