"""Why a limit is what it is: parts that add up to the change, nobody blamed who did nothing, codes for what did."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import explanations, reasons, splits, underwriting
from gateway.domain.anomalies import ANOMALY_FEATURES
from gateway.domain.feature_texts import ODD, RISK
from gateway.domain.features import PD_FEATURES
from gateway.domain.positions import GradeScore, Offered, Scores, Verdict
from gateway.domain.programmes import INVENTORY
from gateway.domain.splits import Factors
from gateway.domain.underwriting import Assessment, Outcome, Terms
from tests.domain.positions import TODAY, scores
from tests.gateways import NOW

if TYPE_CHECKING:
    from gateway.domain.reasons import Reason

AMOUNTS = st.integers(0, 10**12)
SHARES = st.integers(0, 10_000)
FACTORS = st.builds(Factors, AMOUNTS, AMOUNTS, SHARES, SHARES, AMOUNTS)
GRADES = {grade.name: grade for grade in INVENTORY.grades}


def by_orders(before: Factors, after: Factors) -> list[Fraction]:
    """Shapley values as they are defined: every order in which the five terms can change, one after the other."""
    sums = [0] * len(before)
    orders = list(itertools.permutations(range(len(before))))
    for order in orders:
        now = list(before)
        for at in order:
            was = splits.limit_of(now)
            now[at] = after[at]
            sums[at] += splits.limit_of(now) - was
    return [Fraction(one, len(orders)) for one in sums]


@given(before=FACTORS, after=FACTORS)
def test_parts_add_up_to_the_change_and_are_the_shapley_values_but_for_a_rounding(
    before: Factors, after: Factors
) -> None:
    parts = splits.split(before, after)
    assert sum(parts) == splits.limit_of(after) - splits.limit_of(before)
    assert all(abs(part - exact) < 1 for part, exact in zip(parts, by_orders(before, after), strict=True))


@given(before=FACTORS, after=FACTORS, still=st.sets(st.integers(0, 4)))
def test_a_term_that_did_not_change_gets_nothing(before: Factors, after: Factors, still: set[int]) -> None:
    mixed = Factors(*(old if at in still else new for at, (old, new) in enumerate(zip(before, after, strict=True))))
    parts = splits.split(before, mixed)
    assert all(parts[at] == 0 for at in still)


@given(before=FACTORS, after=FACTORS)
def test_terms_that_do_the_same_get_the_same_and_the_way_back_undoes_the_way_there(
    before: Factors, after: Factors
) -> None:
    twins = [one._replace(affordability=one.base, dial=one.grade) for one in (before, after)]
    parts = splits.split(*twins)
    assert abs(parts.base - parts.affordability) <= 1
    assert abs(parts.grade - parts.dial) <= 1
    there, back = splits.split(before, after), splits.split(after, before)
    assert all(abs(one + other) <= 1 for one, other in zip(there, back, strict=True))


@given(before=FACTORS, after=FACTORS)
def test_what_rose_never_gets_a_part_below_nothing(before: Factors, after: Factors) -> None:
    for part, old, new in zip(splits.split(before, after), before, after, strict=True):
        assert part * (new - old) >= 0


@given(values=FACTORS, room=AMOUNTS)
def test_the_split_is_of_the_very_formula_that_policy_uses(values: Factors, room: int) -> None:
    terms = Terms(values.base, values.affordability, "B", values.grade, values.caps, room, 0, 0, 0, values.dial)
    assert splits.limit_of(splits.factors(terms)) == underwriting.limit_amount(terms)


def fresh(grade: str = "A", code: str = "base_binds", **changes: Any) -> Assessment:
    """An offer at a grade: base 100,000, a forecast that repays more, caps far away."""
    terms = Terms(100_000, 150_000, grade, GRADES[grade].limit_bps, 10**9, 10**9, 125_000, 0)
    terms = msgspec.structs.replace(terms, **changes)
    limit = underwriting.limit_amount(terms)
    return Assessment(Outcome.offered, terms, limit, limit, (reasons.make(code, terms.base_amount),))


def stopped(code: str, outcome: Outcome = Outcome.declined) -> Assessment:
    return msgspec.structs.replace(fresh(), outcome=outcome, limit_amount=0, reasons=(reasons.make(code),))


def judged(grade: str | None = "A", refused: str = "", **logits: int) -> Scores:
    """Scores whose model refuses the grades in `refused`; logits of the features named, the others 0."""
    pds = {name: 10**6 if name in refused else 1 for name in GRADES}
    return msgspec.structs.replace(
        scores(TODAY, grade, 1),
        candidates=tuple(GradeScore(name, 1, pd) for name, pd in pds.items()),
        features={"pd": [0.5] * len(PD_FEATURES)},
        contributions=tuple((name, logits.get(name, 0)) for name in PD_FEATURES),
        anomaly_contributions=tuple((name, logits.get(name, 0)) for name in ANOMALY_FEATURES),
    )


def offered(made: Assessment, by: Scores | None = None) -> Offered:
    """The offer that an assessment led to."""
    kept = explanations.grounds(made, by, INVENTORY)
    terms = made.terms
    assert terms.grade is not None
    return Offered("off_1", "dec_1", made.limit_amount, terms.grade, terms.base_amount, NOW, NOW, None, grounds=kept)


def told(found: tuple[Reason, ...]) -> list[tuple[str, int | None]]:
    return [(one.code, one.amount) for one in found]


def explain(made: Assessment, current: Offered | None = None, by: Scores | None = None) -> list[tuple[str, int | None]]:
    return told(explanations.explain(current, made, by, INVENTORY))


@pytest.mark.parametrize(
    ("changes", "code", "part"),
    [
        ({"base_amount": 90_000, "net_closed_amount": 112_500}, "sales_fell", -10_000),
        ({"base_amount": 110_000, "net_closed_amount": 137_500}, "sales_rose", 10_000),
        ({"affordability_amount": 60_000}, "forecast_fell", -40_000),
        ({"dial_bps": 7_500}, "dial_lowered", -25_000),
        ({"headroom_amount": 30_000}, "caps_fell", -70_000),
        ({"base_amount": 80_000, "haircut_bps": 2_000}, "trust_fell", -20_000),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_term_has_its_own_word_for_a_change(changes: dict[str, Any], code: str, part: int) -> None:
    current = offered(fresh(), judged())
    assert explain(fresh(**changes), current, judged())[0] == (code, part)
    assert sum(amount or 0 for _, amount in explain(fresh(**changes), current, judged())[:-1]) == part


def test_a_change_of_the_programme_is_not_called_a_change_of_sales() -> None:
    current = offered(fresh(), judged())
    assert current.grounds is not None
    older = msgspec.structs.replace(INVENTORY, version=INVENTORY.version - 1).ref
    current = msgspec.structs.replace(current, grounds=msgspec.structs.replace(current.grounds, programme=older))
    assert explain(fresh(base_amount=90_000), current)[0] == ("policy_changed", -10_000)
    assert explain(fresh(base_amount=90_000, net_closed_amount=112_500), current)[0] == ("sales_fell", -10_000)
    assert explain(fresh(base_amount=110_000), current)[0] == ("policy_changed", 10_000)
    assert explain(fresh(grade_bps=9_000), current)[0] == ("policy_changed", -10_000)


def test_a_base_that_moves_against_sales_moves_with_the_season_where_the_programme_looks_at_it() -> None:
    seasonal = msgspec.structs.replace(INVENTORY, seasonal_max_bps=15_000)
    current = offered(fresh())
    for base, code in ((110_000, "season_rose"), (90_000, "sales_fell")):
        less = fresh(base_amount=base, net_closed_amount=112_500)
        assert explanations.explain(current, less, None, seasonal)[0].code == code
        assert explanations.explain(current, less, None, INVENTORY)[0].code.startswith("sales_")


def test_a_lower_grade_is_told_by_the_features_that_lowered_it_and_only_then() -> None:
    current = offered(fresh("A"), judged("A"))
    worse = judged("B", refused="A", longest_gap_180=300_000, revenue_cv_26w=100_000, history_days=-500_000)
    assert explain(fresh("B"), current, worse) == [
        ("longest_gap_180_worse", -11_250),
        ("revenue_cv_26w_worse", -3_750),
        ("base_binds", 100_000),
    ]
    by_rule = msgspec.structs.replace(worse, candidates=judged().candidates)  # the model would have given an A
    assert explain(fresh("B"), current, by_rule)[0] == ("grade_lowered", -15_000)
    by_another = msgspec.structs.replace(worse, model="rules")
    assert explain(fresh("B"), current, by_another)[0] == ("grade_lowered", -15_000)
    by_a_person = msgspec.structs.replace(worse, grade="C")
    assert explain(fresh("B"), current, by_a_person)[0] == ("grade_lowered", -15_000)
    assert explain(fresh("A"), offered(fresh("B"), worse), judged("A"))[0] == ("longest_gap_180_better", 11_250)


def test_the_model_is_not_blamed_where_the_grade_stayed() -> None:
    current = offered(fresh("B"), judged("B", refused="A"))
    worse = judged("B", refused="A", longest_gap_180=900_000)
    assert explain(fresh("B", base_amount=90_000, net_closed_amount=1), current, worse) == [
        ("sales_fell", -8_500),
        ("base_binds", 90_000),
    ]


def test_at_most_four_reasons_those_of_the_changes_way_first_and_what_binds_last() -> None:
    current = offered(fresh("A"), judged("A"))
    worse = judged("B", refused="A", longest_gap_180=3, revenue_cv_26w=2, top_day_share_90=1)
    found = explain(fresh("B", base_amount=90_000, net_closed_amount=1, dial_bps=9_000), current, worse)
    assert len(found) == explanations.SHOWN_COUNT
    assert found[-1] == ("base_binds", 90_000)
    sizes = [abs(amount or 0) for _, amount in found[:-1]]
    assert sizes == sorted(sizes, reverse=True)
    up = explain(fresh("A", base_amount=120_000, affordability_amount=110_000, net_closed_amount=10**6), current)
    assert [code for code, _ in up[:2]] == ["sales_rose", "forecast_fell"]


def test_a_first_offer_is_held_against_the_best_there_is() -> None:
    assert explain(fresh("A"), by=judged("A")) == [("base_binds", 100_000)]
    by_model = judged("B", refused="A", longest_gap_180=200_000, tax_arrears_days=100_000)
    by_model.features["pd"] = [None if name == "tax_arrears_days" else 0.0 for name in PD_FEATURES]
    assert explain(fresh("B"), by=by_model) == [
        ("longest_gap_180", -10_000),
        ("tax_arrears_days_unknown", -5_000),
        ("base_binds", 100_000),
    ]
    assert explain(fresh("B"), by=judged("B"))[0] == ("grade_bounded", -15_000)
    assert explain(fresh("A", dial_bps=5_000))[0] == ("dial_below_full", -50_000)
    capped = explain(fresh("A", "headroom_binds", affordability_amount=80_000, headroom_amount=70_000))
    assert capped[0][0] == "forecast_below_base"


def test_a_stop_comes_first_and_names_what_the_model_saw() -> None:
    saw = judged(None, "ABCD", longest_gap_180=5, revenue_cv_26w=9, history_days=-3, day_spike=4)
    assert [code for code, _ in explain(stopped("risk_too_high"), by=saw)] == [
        "risk_too_high", "revenue_cv_26w", "longest_gap_180",
    ]  # fmt: skip
    assert [code for code, _ in explain(stopped("anomaly_suspected", Outcome.frozen), by=saw)] == [
        "anomaly_suspected", "day_spike",
    ]  # fmt: skip
    assert explain(stopped("no_sales"), by=saw) == [("no_sales", None)]
    assert explain(stopped("risk_too_high")) == [("risk_too_high", None)]


def test_standing_reasons_are_the_decisions_until_something_changed() -> None:
    made = fresh("A")
    current, said = offered(made, judged()), (reasons.make("sales_fell", -5), *made.reasons)
    verdict = Verdict("dec_1", "offered", said, NOW)

    def standing(now: Assessment, last: Verdict | None = verdict) -> tuple[Reason, ...]:
        return explanations.standing(current, last, now, judged(), INVENTORY)

    assert standing(made) == said
    assert standing(fresh("A", headroom_amount=10**8)) == said  # which does not bind
    less = fresh("A", base_amount=99_990, net_closed_amount=124_987)
    assert told(standing(less)) == [("sales_fell", -10), ("base_binds", 99_990)]
    frozen = stopped("data_stale", Outcome.frozen)
    assert standing(frozen) == frozen.reasons
    risky = Verdict("dec_2", "declined", (reasons.make("risk_too_high"), reasons.make("longest_gap_180")), NOW)
    assert standing(stopped("risk_too_high"), risky) == risky.reasons
    assert told(standing(stopped("no_sales"), risky)) == [("no_sales", None)]


def test_an_offer_from_before_grounds_were_kept_is_explained_as_a_first_one() -> None:
    old = msgspec.structs.replace(offered(fresh()), grounds=None)
    assert explain(fresh(base_amount=90_000), old) == [("base_binds", 90_000)]


def test_every_feature_has_words_in_both_languages() -> None:
    assert tuple(RISK) == PD_FEATURES
    assert tuple(ODD) == ANOMALY_FEATURES
    for code, words in reasons.TEXTS.items():
        assert all(word and word == word.strip() for word in words), code
    ways = ("", "_worse", "_better", "_unknown")
    assert all(feature + way in reasons.TEXTS for feature in PD_FEATURES for way in ways)
