"""What would raise a limit: one action at a time, only where something is known and something changes."""

from __future__ import annotations

import msgspec
import pytest

from gateway.domain import counterfactuals, underwriting
from gateway.domain.counterfactuals import ACTIONS, Case
from gateway.domain.features import PD_FEATURES, PD_SIGNS
from gateway.domain.positions import GradeScore
from gateway.domain.programmes import INVENTORY
from tests.domain.positions import TODAY, position, scores
from tests.gateways import NOW

BAD = {
    "active_day_share_90": 0.4, "longest_gap_180": 20.0, "refund_rate_90": 0.3, "refund_rate_trend": 0.1,
    "tickets_per_day_90": 0.7, "revenue_cv_26w": 1.5, "worst_week_share_84": 0.1, "rev30_to_rev90": 0.6,
    "history_days": 60.0, "supplier_overdue_days": 12.0, "tax_arrears_days": 40.0, "late_utility_count_180": 2.0,
    "fixed_cost_ratio_90": 0.6, "net_flow_margin_90": -0.2, "cash_cover_min_180": 1.0, "low_cash_share_180": 0.4,
    "stock_cover_off": 90.0, "instalment_ratio": 0.3,
}  # fmt: skip
ROW = [BAD.get(name) for name in PD_FEATURES]
EXPOSURES = (960_000, 816_000, 624_000, 384_000)


def case(grade: str | None = "C") -> Case:
    """A shop that sells 1.2 million a month, at a grade."""
    tried = tuple(GradeScore(one.name, amount, 10**6) for one, amount in zip(INVENTORY.grades, EXPOSURES, strict=True))
    said = msgspec.structs.replace(scores(TODAY, grade, 10**9), features={"pd": ROW}, candidates=tried)
    found = position([40_000] * 120, scores=said)
    given = msgspec.structs.replace(underwriting.inputs(found, INVENTORY, 10**12, NOW), graded_from=grade)
    return Case(given, underwriting.assess(given, INVENTORY), said, INVENTORY)


@pytest.mark.parametrize("action", ACTIONS, ids=[action.code for action in ACTIONS])
def test_each_action_lowers_the_risk_of_a_shop_in_need_of_it_and_can_be_had_enough_of(
    action: counterfactuals.Action,
) -> None:
    before = BAD[action.feature]
    after = action.to(before)
    assert (after - before) * PD_SIGNS[action.feature] < 0
    for _ in range(500):
        before, after = after, action.to(after)
    assert (after - before) * PD_SIGNS[action.feature] <= 0


def test_only_what_is_known_and_would_change_can_be_done() -> None:
    found = counterfactuals.possible(PD_FEATURES, ROW)
    assert {action.code for action, _, _ in found} == {action.code for action in ACTIONS}
    assert all(PD_FEATURES[column] == action.feature for action, column, _ in found)
    assert counterfactuals.possible(PD_FEATURES, [None] * len(ROW)) == []
    perfect = [1.0 if name == "active_day_share_90" else None for name in PD_FEATURES]
    assert counterfactuals.possible(PD_FEATURES, perfect) == []


def test_an_answer_of_the_model_goes_through_grade_and_formula() -> None:
    given = case()
    actions = counterfactuals.possible(PD_FEATURES, ROW)[:3]
    better = [10**6, 10_000, 10_000, 10_000]  # the model would give a B
    same = [10**6, 10**6, 10_000, 10_000]
    worse = [10**6] * 4
    (found,) = counterfactuals.of_model(given, actions, [*same, *better, *worse])
    action, column, after = actions[1]
    assert (found.code, found.text.en) == (action.code, action.en)
    assert found.change == counterfactuals.Change(
        action.feature, round((ROW[column] or 0) * 1_000_000), round(after * 1_000_000)
    )
    assert found.limit_amount == 1_200_000 * 8 // 10 * 8_500 // 10_000
    assert found.difference_amount == found.limit_amount - given.made.limit_amount > 0


def test_a_declined_shop_is_told_what_would_have_brought_an_offer() -> None:
    given = case(None)
    assert given.made.limit_amount == 0
    actions = counterfactuals.possible(PD_FEATURES, ROW)[:1]
    (found,) = counterfactuals.of_model(given, actions, [10**6, 10**6, 10**6, 10_000])
    assert found.difference_amount == found.limit_amount > 0


def test_more_sales_count_only_where_they_are_what_holds_the_limit() -> None:
    given = case()
    (found,) = counterfactuals.of_formula(given.made)
    assert (found.code, found.change) == ("more_sales", None)
    assert found.difference_amount == given.made.limit_amount // 10
    terms = msgspec.structs.replace(given.made.terms, affordability_amount=1)
    assert counterfactuals.of_formula(msgspec.structs.replace(given.made, terms=terms)) == []
    capped = msgspec.structs.replace(given.made.terms, headroom_amount=given.made.limit_amount)
    assert counterfactuals.of_formula(msgspec.structs.replace(given.made, terms=capped)) == []


def test_the_four_largest_are_shown() -> None:
    given = case(None)
    actions = counterfactuals.possible(PD_FEATURES, ROW)
    pds = [pd for number in range(len(actions)) for pd in ([10_000] * 4 if number % 2 else [10**6] * 3 + [10_000])]
    found = counterfactuals.largest(counterfactuals.of_model(given, actions, pds))
    assert len(found) == counterfactuals.SHOWN_COUNT
    assert {one.limit_amount for one in found} == {960_000}


def test_four_more_weeks_also_end_what_policy_asks_of_a_short_history() -> None:
    given = case()
    young = msgspec.structs.replace(given.given, trading_days_count=20, length_days=20)
    refused = Case(young, underwriting.assess(young, INVENTORY), given.scores, INVENTORY)
    assert [one.code for one in refused.made.reasons] == ["thin_history"]
    actions = [one for one in counterfactuals.possible(PD_FEATURES, ROW) if one[0].code in {"longer_history", "no_gap"}]
    found = counterfactuals.of_model(refused, actions, [10_000] * 4 * len(actions))
    assert [one.code for one in found] == ["longer_history"]
