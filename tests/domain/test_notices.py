"""What must be told, and how several decisions become one message."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import notices, reasons
from gateway.domain.underwriting import Assessment, Outcome, Terms
from tests.gateways import NOW

TERMS = Terms(1, 1, "A", 10_000, 1, 1, 1, 0)
CODES = st.sampled_from(["sales_fell", "forecast_fell", "dial_lowered", "caps_fell", "grade_lowered", "no_sales"])
REASONS = st.lists(st.builds(reasons.make, CODES, st.one_of(st.none(), st.integers(-(10**9), 10**9))), max_size=5)


def made(outcome: Outcome, limit_amount: int = 0, code: str = "base_binds") -> Assessment:
    return Assessment(outcome, TERMS, limit_amount, limit_amount, (reasons.make(code),))


@pytest.mark.parametrize(
    ("before", "fresh", "told"),
    [
        (100, made(Outcome.offered, 99), True),
        (100, made(Outcome.offered, 100), False),
        (0, made(Outcome.offered, 1), False),
        (100, made(Outcome.frozen, code="data_stale"), True),
        (0, made(Outcome.declined, code="risk_too_high"), True),
        (100, made(Outcome.frozen, code="consent_withdrawn"), False),  # the merchant's own act
        (0, made(Outcome.declined, code="thin_history"), False),  # nothing was refused yet
        (100, made(Outcome.declined, code="thin_history"), True),
    ],
    ids=["cut", "same", "first", "frozen", "refused", "withdrawn", "too new", "known no longer"],
)
def test_what_is_taken_or_refused_must_be_told(before: int, fresh: Assessment, told: bool) -> None:  # noqa: FBT001
    assert notices.adverse(before, fresh) is told


@given(known=REASONS, fresh=REASONS)
def test_at_most_four_reasons_each_once_and_none_of_them_in_the_merchants_favour(
    known: list[reasons.Reason], fresh: list[reasons.Reason]
) -> None:
    found = notices.principal(known, fresh)
    against = [one for one in [*known, *fresh] if one.amount is None or one.amount < 0]
    assert len(found) == len({one.code for one in found}) <= 4
    assert bool(found) == bool(known or fresh)
    if against:
        assert all(one.amount is None or one.amount < 0 for one in found)
        assert {one.code for one in found} <= {one.code for one in against}


def test_the_same_reason_of_two_cuts_is_one_with_both_parts() -> None:
    first = [reasons.make("sales_fell", -700), reasons.make("base_binds", 9_000)]
    second = [reasons.make("sales_fell", -500), reasons.make("caps_fell", -900), reasons.make("base_binds", 8_000)]
    found = notices.principal(notices.principal((), first), second)
    assert [(one.code, one.amount) for one in found] == [("sales_fell", -1_200), ("caps_fell", -900)]
    stopped = notices.principal(found, [reasons.make("risk_too_high"), reasons.make("longest_gap_180")])
    assert [one.code for one in stopped][:2] == ["risk_too_high", "longest_gap_180"]


def test_a_notice_names_the_first_decision_and_the_newest_of_many() -> None:
    ids: tuple[str, ...] = ()
    for number in range(250):
        ids = notices.joined(ids, f"dec_{number}")
    assert len(ids) == notices.DECISIONS_COUNT
    assert (ids[0], ids[1], ids[-1]) == ("dec_0", "dec_151", "dec_249")


def test_the_words_of_a_reason_survive_being_kept() -> None:
    found = notices.principal((), [reasons.make("sales_fell", -1)])
    assert msgspec.json.decode(msgspec.json.encode(found), type=tuple[reasons.Reason, ...]) == found


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 25))
def test_a_notice_is_sent_within_its_clock_and_a_material_one_in_a_day(before: int, after: int, days: int) -> None:
    now = NOW + timedelta(days=days)
    at = notices.send_at(NOW, now, before, after, 500)
    assert at <= NOW + notices.SMALL_SEND_AFTER < NOW + notices.DUE_AFTER
    if after == 0 or after * 100 <= before * 95 - 100:
        assert at <= now + notices.SEND_AFTER
