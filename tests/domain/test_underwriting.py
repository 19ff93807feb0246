"""The limit rule, recomputed by hand from plain series of days."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import reasons, underwriting
from gateway.domain.merchants import MerchantState
from gateway.domain.positions import GradeScore
from gateway.domain.programmes import INVENTORY
from gateway.domain.underwriting import Assessment, Outcome, Terms
from tests.domain.positions import CONSENT, TODAY, at, position, scores
from tests.gateways import NOW

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.domain.grants import Grant
    from gateway.domain.positions import Position

STEP = INVENTORY.step_amount("EUR")
NETS = st.lists(st.integers(-200_000, 400_000), min_size=31, max_size=120)
GRADES = st.sampled_from(["A", "B", "C", "D"])
OPEN = st.integers(0, 45)
ROOM = st.integers(0, 20_000_000)


def assess(found: Position, room: int = 10**12) -> Assessment:
    return underwriting.assess(underwriting.inputs(found, INVENTORY, room, NOW), INVENTORY)


def ended(expires_at: datetime) -> Grant:
    """The usual consent, over at this moment."""
    return msgspec.structs.replace(CONSENT, expires_at=expires_at)


def by_hand(terms: Terms) -> int:
    """product.md's formula over printed terms, in its own arithmetic."""
    graded = min(terms.base_amount, terms.affordability_amount) * terms.grade_bps * terms.dial_bps // 100_000_000
    return max(0, min(graded, terms.programme_cap_amount, terms.headroom_amount))


@given(nets=NETS, open_days=OPEN, grade=GRADES, more=st.tuples(st.integers(0, 3_000_000), ROOM, st.integers(0, 10**6)))
def test_the_limit_is_the_formula_over_its_printed_terms(
    nets: list[int], open_days: int, grade: str, more: tuple[int, int, int]
) -> None:
    p10, room, owed = more
    found = assess(position(nets, min(open_days, len(nets) - 1), grade, p10, exposure_amount=owed), room)
    limit = by_hand(found.terms)
    assert found.limit_amount == (limit if found.outcome is Outcome.offered else 0)
    assert found.outcome is not Outcome.offered or limit >= STEP
    assert 0 <= found.available_amount <= max(0, found.limit_amount - owed)
    assert found.available_amount % STEP == 0
    assert found.limit_amount - owed - found.available_amount < STEP or not found.limit_amount
    assert found.reasons


@given(nets=NETS, open_days=OPEN)
def test_the_base_is_80_percent_of_the_better_of_two_30_day_windows(nets: list[int], open_days: int) -> None:
    """Of the closed one, which today's refunds lower, and of the one that ends today: never of more than 30 days."""
    open_days = min(open_days, len(nets) - 1)
    base = assess(position(nets, open_days)).terms.base_amount
    closed = nets[: len(nets) - open_days]
    so_far = sum(nets[len(nets) - min(open_days, 30) :]) if open_days else 0
    ends_today = sum(nets[-30:]) if open_days else sum(closed[-30:])
    assert base == max(0, sum(closed[-30:]) + min(0, so_far), ends_today) * 8_000 // 10_000
    assert base <= max(0, sum(closed[-30:]), ends_today) * 8 / 10


@given(nets=NETS, open_days=OPEN, more=st.integers(1, 500_000), back=st.integers(0, 40), grade=GRADES)
def test_with_the_same_scores_more_sales_never_lower_and_refunds_never_raise_the_limit(
    nets: list[int], open_days: int, more: int, back: int, grade: str
) -> None:
    open_days, back = min(open_days, len(nets) - 1), min(back, len(nets) - 1)
    changed = [*nets]
    changed[-1 - back] += more
    less, rich = assess(position(nets, open_days, grade)), assess(position(changed, open_days, grade))
    assert rich.limit_amount >= less.limit_amount
    assert rich.terms.base_amount >= less.terms.base_amount


@given(p10=st.integers(0, 10**9), grade=GRADES)
def test_what_is_affordable_is_repaid_by_the_withheld_share_with_its_fee(p10: int, grade: str) -> None:
    terms = next(one for one in INVENTORY.grades if one.name == grade)
    given = underwriting.inputs(position([40_000] * 60, p10=p10), INVENTORY, 0, NOW)
    amount = underwriting.affordability_amount(given, terms, INVENTORY)
    withheld = p10 * INVENTORY.term_days // 30 * INVENTORY.withhold_bps // 10_000
    assert amount + amount * terms.fee_bps // 10_000 <= withheld
    assert (amount + 1) * (10_000 + terms.fee_bps) > withheld * 10_000


@pytest.mark.parametrize(
    ("found", "code", "outcome"),
    [
        (position([40_000] * 29), "", Outcome.offered),
        (position([40_000] * 28), "thin_history", Outcome.declined),
        (position([40_000] * 60, scores=None), "no_closed_day", Outcome.declined),
        (position([40_000] * 60, grade=None), "risk_too_high", Outcome.declined),
        (position([40_000] * 60, data_at=at(days=-4, seconds=-1)), "data_stale", Outcome.frozen),
        (position([40_000] * 60, data_at=at(days=-4)), "", Outcome.offered),
        (position([40_000] * 60, merchant_state=MerchantState.suspended), "merchant_not_verified", Outcome.declined),
        (position([40_000] * 60, grants=()), "consent_withdrawn", Outcome.frozen),
        (position([40_000] * 60, grants=(ended(NOW),)), "consent_withdrawn", Outcome.frozen),
        (position([40_000] * 60, grants=(ended(at(microseconds=1)),)), "", Outcome.offered),
        (position([40_000] * 60, grants=(ended(NOW), CONSENT)), "", Outcome.offered),
        (position([40_000] * 29 + [-10_000] * 31), "no_sales", Outcome.declined),
        (position([40] * 60), "below_minimum", Outcome.declined),
        (position([40_000] * 60 + [-2_000_000]), "no_sales", Outcome.declined),
    ],
)
def test_a_stop_says_why(found: Position, code: str, outcome: Outcome) -> None:
    given = assess(found)
    assert given.outcome is outcome
    assert not code or [one.code for one in given.reasons] == [code]
    assert (given.limit_amount > 0) is (outcome is Outcome.offered)


def test_days_far_ahead_or_long_open_do_not_count() -> None:
    found = position([40_000] * 60, open_days=0)
    ahead = msgspec.structs.replace(
        found, open_days={NOW.date() + timedelta(days=1): position([9]).open_days[NOW.date()]}
    )
    assert assess(ahead).terms == assess(found).terms
    unclosed = position([40_000] * 100, open_days=99)
    assert assess(unclosed).terms.base_amount == 30 * 40_000 * 8 // 10
    never = msgspec.structs.replace(unclosed, history=None, scores=None)
    assert assess(never).terms.base_amount == 30 * 40_000 * 8 // 10


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "base_binds"),
        ({"affordability_amount": 99}, "affordability_binds"),
        ({"programme_cap_amount": 79}, "programme_cap_binds"),
        ({"headroom_amount": 78}, "headroom_binds"),
    ],
)
def test_the_binding_term_is_named(changes: dict[str, int], code: str) -> None:
    terms = msgspec.structs.replace(Terms(100, 100, "B", 8_000, 10**6, 10**6, 125, 0), **changes)
    assert underwriting._binding(terms).code == code


def test_the_best_grade_is_the_largest_limit_consistent_with_its_own_risk() -> None:
    scored = (
        GradeScore("A", 900, 15_001),
        GradeScore("B", 800, 33_250),
        GradeScore("C", 700, 1),
        GradeScore("D", 1, 1),
    )
    found = position([40_000] * 60)
    held = msgspec.structs.replace(scores(TODAY, "D", 1), graded_from="D")
    given = underwriting.inputs(msgspec.structs.replace(found, scores=held), INVENTORY, 0, NOW)
    best = underwriting.best_grade(scored, INVENTORY, given)
    assert best is not None
    assert best.grade == "B"
    hopeless = tuple(msgspec.structs.replace(one, pd=120_001) for one in scored)
    assert underwriting.best_grade(hopeless, INVENTORY, given) is None


def test_every_reason_is_told_in_both_languages() -> None:
    for code, (english, chinese) in reasons.TEXTS.items():
        assert english.isascii(), code
        assert not chinese.isascii(), code
