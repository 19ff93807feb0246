from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.batch import lives
from gateway.batch.lives import CHARGED_OFF_DAYS, DEFAULTED_DAYS, STEP_DAYS, Ending, Life, Terms
from gateway.domain import pricing
from gateway.domain.programmes import INVENTORY, Programme

TERMS = Terms(amount=900_000, fee_amount=18_000, withhold_bps=1_000)
UNCAPPED = msgspec.structs.replace(INVENTORY, all_in_cap_bps=1_000_000)
NETS = st.lists(st.integers(-300_000, 1_000_000) | st.just(0), max_size=500)


@st.composite
def terms(draw: st.DrawFn) -> Terms:
    amount = draw(st.integers(1, 10**9))
    return Terms(amount, draw(st.integers(0, amount // 10)), draw(st.integers(100, 1_500)))


@given(terms(), NETS)
def test_what_was_lent_is_repaid_lost_or_left_and_a_fee_is_never_more_than_agreed(loan: Terms, nets: list[int]) -> None:
    life = lives.live(loan, INVENTORY, nets)
    assert life.repaid_amount + life.lost_amount + life.left_amount == loan.amount
    assert min(life.repaid_amount, life.lost_amount, life.left_amount, life.fee_amount) >= 0
    assert life.fee_amount <= loan.fee_amount
    assert 0 <= life.days_count <= len(nets)
    assert (life.ending is Ending.repaid) == (life.repaid_amount == loan.amount)
    assert (life.lost_amount > 0) <= (life.ending is Ending.charged_off)


@given(terms(), NETS)
def test_what_is_repaid_by_each_day_never_falls(loan: Terms, nets: list[int]) -> None:
    life = lives.live(loan, INVENTORY, nets)
    assert list(life.steps) == sorted(life.steps)
    assert len(life.steps) == (life.days_count - (life.ending is Ending.repaid)) // STEP_DAYS
    assert all(amount <= life.repaid_amount for amount in life.steps)


@given(terms(), NETS)
def test_no_more_is_taken_than_the_share_of_all_that_was_sold(loan: Terms, nets: list[int]) -> None:
    life = lives.live(loan, INVENTORY, nets)
    sold = sum(net for net in nets[: life.days_count] if net > 0)
    assert life.repaid_amount + life.fee_amount <= sold * loan.withhold_bps // 10_000


@given(terms(), NETS, st.integers(0, 10_000))
def test_a_loan_never_costs_more_a_year_than_its_cap(loan: Terms, nets: list[int], cap_bps: int) -> None:
    programme = msgspec.structs.replace(INVENTORY, all_in_cap_bps=cap_bps)
    life = lives.live(loan, programme, nets)
    if life.ending is Ending.repaid:
        most = loan.amount * life.days_count * pricing.daily_rate(cap_bps) // pricing.RATE_SCALE
        assert life.fee_amount <= most


def test_a_steady_shop_pays_the_share_of_each_day_and_the_rest_on_the_last() -> None:
    life = lives.live(TERMS, UNCAPPED, [100_000] * 200)
    assert life == Life(Ending.repaid, 92, 900_000, 0, 0, 18_000, 0, None, life.steps)


def test_a_shop_that_never_sells_is_late_defaults_and_is_written_off() -> None:
    life = lives.live(TERMS, INVENTORY, [0] * 500)
    first_due = INVENTORY.interval_days
    assert life.ending is Ending.charged_off
    assert life.defaulted_after == first_due + DEFAULTED_DAYS
    assert life.days_count == first_due + CHARGED_OFF_DAYS
    assert (life.lost_amount, life.repaid_amount, life.fee_amount) == (900_000, 0, 0)


def test_a_shop_that_stops_is_late_from_the_first_minimum_it_does_not_cover() -> None:
    minimum = pricing.minimum_amounts(918_000, INVENTORY)[0]
    days = -(-minimum * 2 // 10_000)
    life = lives.live(TERMS, INVENTORY, [100_000] * days + [0] * 500)
    assert life.defaulted_after == 3 * INVENTORY.interval_days + DEFAULTED_DAYS
    assert life.lost_amount == 900_000 - life.repaid_amount > 0


def test_a_shop_that_catches_up_was_late_and_no_more() -> None:
    life = lives.live(TERMS, INVENTORY, [0] * 50 + [300_000] * 100)
    assert life.ending is Ending.repaid
    assert life.past_due_days > 0
    assert life.defaulted_after is None


def test_refunds_are_made_up_for_before_anything_is_withheld_again() -> None:
    life = lives.live(TERMS, INVENTORY, [100_000, -50_000, 50_000, 100_000])
    assert life.ending is Ending.unknown
    assert life.repaid_amount + life.fee_amount == 20_000


def test_one_repaid_fast_pays_no_more_than_the_cap_allows() -> None:
    dear: Programme = msgspec.structs.replace(INVENTORY, all_in_cap_bps=2_400)
    fast = lives.live(TERMS, dear, [9_500_000])
    assert fast.ending is Ending.repaid
    assert fast.fee_amount == 900_000 * pricing.daily_rate(2_400) // pricing.RATE_SCALE


def test_the_last_due_date_is_the_end_of_the_term() -> None:
    odd = msgspec.structs.replace(INVENTORY, term_days=100, interval_days=30)
    minimums = pricing.minimum_amounts(918_000, odd)
    all_but_last = sum(minimums[:-1])
    nets = [10 * all_but_last] + [0] * 400
    assert lives.live(TERMS, odd, nets).defaulted_after == 100 + DEFAULTED_DAYS
