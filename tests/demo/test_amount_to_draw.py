"""How much the demo's shop draws: enough to show, little enough to be repaid by its file."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.demo.answers import Offer
from gateway.demo.story import amount_to_draw


def offer(limit: int, suggested: int, step: int = 100, available: int | None = None) -> Offer:
    return Offer(
        id="off_1",
        state="undelivered",
        currency="EUR",
        limit_amount=limit,
        available_amount=limit // step * step if available is None else available,
        step_amount=step,
        minimum_amount=step,
        suggested_amount=suggested,
    )


@pytest.mark.parametrize(
    ("limit", "suggested", "amount"),
    [(10_000, 0, 2_500), (10_000, 3_150, 3_200), (10_000, 9_000, 5_000), (150, 0, 100)],
)
def test_the_suggestion_is_kept_between_a_fourth_and_half(limit: int, suggested: int, amount: int) -> None:
    assert amount_to_draw(offer(limit, suggested)) == amount


@given(st.integers(1, 10**12), st.integers(0, 10**12), st.sampled_from([1, 100, 10_000, 50_000]))
def test_the_amount_can_be_quoted_whatever_the_offer(limit: int, suggested: int, step: int) -> None:
    assume(limit >= step)
    made = offer(limit, suggested, step)
    amount = amount_to_draw(made)
    assert amount % step == 0
    assert step <= amount <= made.available_amount
    assert amount * 4 >= limit or amount == made.available_amount
