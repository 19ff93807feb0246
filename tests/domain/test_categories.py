"""Categories: lines share out what a record counts for, a day keeps so many, and a need is shared out to the unit."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import categories
from gateway.domain.categories import MOST, OTHER
from gateway.domain.money import BPS, MAX_AMOUNT, share_out
from gateway.domain.sales import Line, SaleKind

AMOUNTS = st.integers(0, MAX_AMOUNT)
NAMES = st.sampled_from(["bread", "dairy", "tea", OTHER])
LINES = st.lists(st.builds(Line, item_id=st.just("i"), quantity=st.just("1"), amount=AMOUNTS,
                           category=st.one_of(st.none(), NAMES, st.just("  "))), min_size=1, max_size=12)  # fmt: skip


@given(st.integers(-MAX_AMOUNT, MAX_AMOUNT), st.lists(AMOUNTS, min_size=1, max_size=40))
def test_what_is_shared_out_adds_up_and_no_part_is_a_unit_off_its_proportion(amount: int, weights: list[int]) -> None:
    parts = share_out(amount, weights)
    assert sum(parts) == amount
    assert len(parts) == len(weights)
    total = sum(weights)
    if total:
        assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))
    assert all(part * amount >= 0 for part in parts)


def test_the_larger_remainder_is_served_first_and_of_equal_ones_the_earlier() -> None:
    assert share_out(10, [1, 1, 1]) == [4, 3, 3]
    assert share_out(7, [10, 60, 30]) == [1, 4, 2]
    assert share_out(-10, [1, 1, 1]) == [-4, -3, -3]
    assert share_out(5, [0, 0]) == [3, 2]


@pytest.mark.parametrize("weights", [[], [1, -1]], ids=["none", "below zero"])
def test_weights_that_mean_nothing_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        share_out(1, weights)


@given(st.sampled_from(SaleKind), AMOUNTS, LINES)
def test_a_records_categories_add_up_to_what_it_counts_for(kind: SaleKind, net: int, lines: list[Line]) -> None:
    taken = categories.taken(kind, net, lines)
    assert sum(taken.values()) == (net if kind is SaleKind.sale else -net)
    assert all(name.strip() == name != "" for name in taken)


def test_lines_in_no_category_are_under_other() -> None:
    lines = [Line("a", "1", 300, "tea"), Line("b", "1", 100), Line("c", "1", 0, " ")]
    assert categories.taken(SaleKind.sale, 200, lines) == {"tea": 150, OTHER: 50}
    assert categories.taken(SaleKind.refund, 200, lines) == {"tea": -150, OTHER: -50}


@given(st.lists(st.dictionaries(st.integers(0, 99).map(str), st.integers(-50, 50), max_size=80), max_size=6))
def test_a_day_keeps_so_many_categories_and_loses_nothing(changes: list[dict[str, int]]) -> None:
    day: Counter[str] = Counter()
    known: dict[str, int] = {}
    for change in [*changes, *({name: -amount for name, amount in change.items()} for change in changes)]:
        for name, amount in categories.kept(change, known).items():
            known[name] = known.get(name, 0) + amount
        day.update(change)
    assert sum(known.values()) == sum(day.values()) == 0
    assert len(known.keys() - {OTHER}) <= MOST
    assert not any(known.values()), "what was taken away came off where it went"


@given(st.integers(0, MAX_AMOUNT), st.dictionaries(st.text(max_size=3), st.integers(-1_000, MAX_AMOUNT), max_size=90))
def test_the_need_by_category_is_exactly_the_need(need: int, sold: dict[str, int]) -> None:
    found = categories.stocking(need, sold)
    assert bool(found) == any(amount > 0 for amount in sold.values())
    if found:
        assert (sum(one.need_amount for one in found), sum(one.share_bps for one in found)) == (need, BPS)
        assert len({one.category for one in found}) == len(found) <= MOST + 1
    kept = {one.category for one in found}
    assert not any(sold.get(name, 1) <= 0 for name in kept - {OTHER}), "who was given more back than it sold needs none"


def test_the_need_names_the_best_sellers_first() -> None:
    found = categories.stocking(1_000, {"tea": 1, "bread": 6, "ice": -4, OTHER: 3})
    told = [(one.category, one.need_amount, one.share_bps) for one in found]
    assert told == [("bread", 600, 6_000), ("tea", 100, 1_000), (OTHER, 300, 3_000)]
