"""Whose sales count on which day: one source a day, and nothing that only one source told is lost for long."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import sources
from gateway.domain.sources import Lead
from gateway.domain.tiers import Tier

DAY = date(2026, 3, 2)


def day(number: int) -> date:
    """So many days after the first."""
    return DAY + timedelta(days=number)


def tell(*told: tuple[str, int]) -> tuple[tuple[Lead, ...], dict[date, set[str]]]:
    """Who leads after sources told of days in this order, and whose records of each day counted when they came."""
    spans: tuple[Lead, ...] = ()
    counted: dict[date, set[str]] = {}
    for source, number in told:
        spans = sources.claimed(
            spans, source, day(number),
            lambda first, end: any(first <= on and (end is None or on < end) for on in counted),
        )  # fmt: skip
        if sources.leads(spans, source, day(number)):
            counted.setdefault(day(number), set()).add(source)
    return spans, counted


@given(st.lists(st.tuples(st.sampled_from(["partner", "square", "csv", "hand"]), st.integers(0, 20)), max_size=30))
def test_a_day_counts_one_source_whatever_comes_in_which_order(told: list[tuple[str, int]]) -> None:
    spans, counted = tell(*told)
    assert list(spans) == sorted(spans, key=lambda one: one.from_on)
    assert len({one.from_on for one in spans}) == len(spans)
    for on, who in counted.items():
        assert len(who) == 1
        assert sources.leads(spans, next(iter(who)), on)  # who counted once leads that day for ever


@given(st.lists(st.integers(0, 400), min_size=1))
def test_the_only_source_leads_every_day_it_tells_of(days: list[int]) -> None:
    spans, counted = tell(*[("square", number) for number in days])
    assert spans == (Lead("square", day(min(days))),)
    assert set(counted) == {day(number) for number in days}


def test_the_past_may_come_from_a_file_before_or_after_going_live() -> None:
    past, live = [("csv", number) for number in range(5)], [("partner", number) for number in (5, 6, 7)]
    for told in (past + live, live + past, live[::-1] + past[::-1], past + live[::-1]):
        spans, counted = tell(*told)
        assert [one.source for one in spans] == ["csv", "partner"]
        assert len(counted) == 8


def test_a_second_live_source_waits_until_the_first_is_silent() -> None:
    live = [("partner", number) for number in range(5)]
    assert tell(*live, ("square", 5), ("square", 7))[0] == (Lead("partner", day(0)),)
    assert tell(*live, ("square", 5), ("square", 8))[0] == (Lead("partner", day(0)), Lead("square", day(8)))
    assert tell(*live, ("square", 8), ("partner", 9))[1].get(day(9)) is None


def test_a_tier_is_that_of_most_of_the_sales_and_the_lower_of_two_alike() -> None:
    spans = (Lead("csv", day(0)), Lead("square", day(10)))
    worth = {day(number): 100 for number in range(30)}

    def nets(first: date, end: date | None) -> int:
        return sum(net for on, net in worth.items() if first <= on and (end is None or on < end))

    assert sources.trusted(spans, Tier.declared, nets, day(0)) is Tier.settled
    assert sources.trusted(spans, Tier.declared, nets, day(-20)) is Tier.settled
    worth |= {day(number): 300 for number in range(10)}
    assert sources.trusted(spans, Tier.declared, nets, day(0)) is Tier.declared
    assert sources.trusted(spans, Tier.declared, nets, day(5)) is Tier.settled
    worth |= {day(number): 200 for number in range(10)}
    assert sources.trusted(spans, Tier.declared, nets, day(0)) is Tier.declared
    assert sources.trusted((), Tier.settled, nets, day(0)) is Tier.settled
    assert sources.tier("csv:meituan", Tier.settled) is Tier.declared


def test_a_source_may_lower_a_risk_where_it_is_trusted_as_the_sales_are_or_settled() -> None:
    assert not sources.supports("hand", Tier.bank_matched, Tier.declared)
    assert sources.supports("csv:kingdee", Tier.settled, Tier.declared)
    assert not sources.supports("csv:kingdee", Tier.settled, Tier.settled)
    assert sources.supports("camt053", Tier.declared, Tier.settled)
    assert not sources.supports("partner", Tier.declared, Tier.settled)
    assert sources.supports("partner", Tier.settled, Tier.bank_matched)
