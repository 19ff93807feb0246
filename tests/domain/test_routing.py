"""Who is offered first: always the best for the merchant among those that offer, and never for nothing another one."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import routing
from gateway.domain.inputs import Own
from gateway.domain.money import share
from gateway.domain.programmes import ProgrammeRef
from gateway.domain.routing import Candidate, Standing
from gateway.domain.underwriting import Outcome

OWN = Own(10**9, "A", 1, None, stale=False, season_ago_amount=0, season_ahead_amount=0, override=None, bank_stop=None)
IDS = ("prg_a", "prg_b", "prg_c", "prg_d")
AMOUNTS = st.integers(0, 50) | st.integers(0, 10**7)
DAY = date(2026, 3, 2)
DAYS = st.sampled_from([None, DAY, DAY + timedelta(days=1)])
PRESENT = st.sampled_from([None, *IDS, "prg_gone"])
MARGINS = st.sampled_from([0, 1, 500, 10_000])


@st.composite
def lenders(draw: st.DrawFn) -> list[Candidate]:
    """Some lenders' answers, in any order."""
    names = draw(st.permutations(IDS))[: draw(st.integers(1, len(IDS)))]
    return [draw(st.builds(lender, st.just(name), AMOUNTS.map(lambda n: n + 1), AMOUNTS, DAYS, offers=st.booleans()))
            for name in names]  # fmt: skip


def lender(
    name: str, limit: int = 1_000, cost: int = 10, pays_on: date | None = None, *, offers: bool = True
) -> Candidate:
    return Candidate(
        programme=ProgrammeRef(name, 1), bank_id=f"bnk_{name}", outcome=Outcome.offered if offers else Outcome.declined,
        limit_amount=limit if offers else 0, available_amount=limit if offers else 0, grade="A",
        fee_bps=100 if offers else None, cost_amount=cost if offers else None, reason="base_binds", own=OWN,
        pays_on=pays_on,
    )  # fmt: skip


def chosen(found: list[Candidate], present: str | None = None, margin: int = 500) -> str | None:
    one = routing.choose(found, 1, present, margin).chosen
    return None if one is None else one.programme.id


@given(lenders(), PRESENT, MARGINS)
def test_somebody_is_chosen_if_and_only_if_somebody_offers_and_never_one_that_does_not(
    found: list[Candidate], present: str | None, margin: int
) -> None:
    route = routing.choose(found, 1, present, margin)
    offering = {one.programme.id for one in found if one.outcome is Outcome.offered}
    assert (route.chosen is not None) == bool(offering)
    assert {one.programme.id for one in route.candidates if one.standing is Standing.chosen} <= offering
    refused = {one.programme.id for one in route.candidates if one.standing is Standing.not_eligible}
    assert refused == {one.programme.id for one in found} - offering
    assert route.judged_id in {one.programme.id for one in found}


@given(lenders(), PRESENT, MARGINS, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(
    found: list[Candidate], present: str | None, margin: int, random: object
) -> None:
    shuffled = sorted(found, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert routing.choose(shuffled, 1, present, margin) == routing.choose(found, 1, present, margin)


@given(lenders(), PRESENT, MARGINS, st.data())
def test_who_is_chosen_stays_chosen_when_it_gets_cheaper_or_lends_more(
    found: list[Candidate], present: str | None, margin: int, data: st.DataObject
) -> None:
    winner = chosen(found, present, margin)
    if winner is None:
        return
    at = next(i for i, one in enumerate(found) if one.programme.id == winner)
    cost = data.draw(st.integers(0, found[at].cost_amount or 0))
    more = found[at].limit_amount + data.draw(AMOUNTS)
    found[at] = msgspec.structs.replace(found[at], cost_amount=cost, limit_amount=more)
    assert chosen(found, present, margin) == winner


@given(lenders(), MARGINS)
def test_a_merchant_without_a_lender_gets_the_cheapest_then_the_highest_limit_then_the_first_payout(
    found: list[Candidate], margin: int
) -> None:
    ranked = sorted((one.cost_amount or 0, -one.limit_amount, one.pays_on or date.max, one.programme.id)
                    for one in found if one.outcome is Outcome.offered)  # fmt: skip
    assert chosen(found, None, margin) == (ranked[0][3] if ranked else None)


@given(lenders(), PRESENT, MARGINS)
def test_the_lender_chosen_is_never_materially_dearer_than_any_other(
    found: list[Candidate], present: str | None, margin: int
) -> None:
    one = routing.choose(found, 1, present, margin).chosen
    costs = [other.cost_amount for other in found if other.cost_amount is not None]
    if one is not None and one.cost_amount is not None:
        assert one.cost_amount - min(costs) <= share(min(costs), margin)


@given(lenders(), MARGINS)
def test_choosing_again_after_the_choice_changes_nothing(found: list[Candidate], margin: int) -> None:
    first = chosen(found, None, margin)
    assert chosen(found, first, margin) == first


def test_every_lender_is_told_why_it_is_not_first() -> None:
    found = [lender("prg_a", pays_on=DAY), lender("prg_b", cost=11), lender("prg_c", limit=900), lender("prg_d"),
             lender("prg_e", pays_on=DAY)]  # fmt: skip
    told = {one.programme.id: one.standing for one in routing.choose(found, 1, None, 500).candidates}
    assert told == {
        "prg_a": Standing.chosen,
        "prg_b": Standing.higher_price,
        "prg_c": Standing.lower_limit,
        "prg_d": Standing.later_payout,
        "prg_e": Standing.later_id,
    }


def test_a_merchant_keeps_its_lender_until_another_one_is_materially_better() -> None:
    def found(cost: int, limit: int = 1_000) -> list[Candidate]:
        return [lender("prg_a", cost=cost, limit=limit), lender("prg_b", cost=1_000)]

    assert chosen(found(953), "prg_b") == "prg_b"
    assert routing.choose(found(953), 1, "prg_b", 500).candidates[0].standing is Standing.not_materially_better
    assert chosen(found(952), "prg_b") == "prg_a"
    assert chosen(found(1_000, limit=1_050), "prg_b") == "prg_b"
    assert chosen(found(1_000, limit=1_051), "prg_b") == "prg_a"
    assert chosen(found(1_001, limit=9_000), "prg_b") == "prg_b"
    assert chosen([lender("prg_a"), lender("prg_b", offers=False)], "prg_b") == "prg_a"
