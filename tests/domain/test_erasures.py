from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import calendars
from gateway.domain import erasures as rules
from gateway.domain.details import Details, parse
from gateway.domain.erasures import MOVES, Ended, Erasure, ErasureState, Held, Kind, Loan

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MERCHANT = "mer_" + "0" * 26
DATA = {
    "type": "merchant_data", "actions": ["push"], "datatypes": ["sales"], "merchant": {"id": MERCHANT},
    "lookback_days": 730, "purpose": "credit_assessment", "retention_days": 90, "expires_at": "2026-06-30",
}  # fmt: skip
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "America/Los_Angeles", "Pacific/Kiritimati"])
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
COUNTS = st.integers(0, 10**6)


def details(*wanted: dict[str, object]) -> Details:
    return parse(msgspec.json.encode(wanted), NOW.date())


@pytest.mark.parametrize(
    ("changes", "lets"),
    [
        ({}, True),
        ({"expires_at": "2026-03-03"}, True),
        ({"datatypes": ["stock", "signals.tax"]}, False),
        ({"purpose": "repayment_servicing"}, False),
    ],
)
def test_only_sales_for_credit_assessment_let_a_shop_be_assessed_and_all_for_it_goes_in_the_end(
    changes: dict[str, object],
    lets: bool,  # noqa: FBT001
) -> None:
    offers: dict[str, object] = {"type": "offers", "actions": ["read"]}
    assert (rules.assessing(details(offers, DATA | changes)) is not None) is lets
    goes = changes.get("purpose", "credit_assessment") == "credit_assessment"
    assert (rules.due_at(Ended("grt", details(DATA | changes), NOW)) is not None) is goes


def test_what_is_taken_back_is_due_at_once_and_what_time_ends_after_its_retention() -> None:
    assert rules.due_at(Ended("grt", details(DATA), NOW)) == NOW
    assert rules.due_at(Ended("grt", details(DATA), NOW, by_time=True)) == NOW + timedelta(days=90)
    assert rules.lapses_at(details(DATA)) == datetime(2026, 7, 1, tzinfo=UTC)


def test_five_years_from_a_leap_day_end_on_a_day_that_is_there() -> None:
    assert rules.keeping_ends_on(date(2028, 2, 29)) == date(2033, 2, 28)
    assert rules.keeping_ends_on(date(2026, 3, 2)) == date(2031, 3, 2)


@given(
    st.lists(st.tuples(INSTANTS, st.integers(-1, 40) | st.none()), max_size=5),
    ZONES,
    st.sampled_from(["00:00", "04:00"]),
)
def test_no_day_that_a_loan_repays_from_is_ever_erased(
    loans: list[tuple[datetime, int | None]], timezone: str, day_cutoff: str
) -> None:
    """Repayments count the days after the money was booked; a booking is at most a day behind the shop's calendar."""
    known = [Loan(None if later is None else at.date() + timedelta(days=later), at) for at, later in loans]
    before_on = rules.kept_from(known, timezone, day_cutoff)
    for loan in known:
        assert before_on <= (loan.active_on or calendars.business_date(loan.created_at, timezone, day_cutoff))
    assert known or before_on == date.max


def erasure(state: ErasureState, sales_count: int = 0, days_count: int = 0) -> Erasure:
    until = date(2031, 3, 2) if state is ErasureState.erased else None
    return Erasure("era", MERCHANT, "grt", state, NOW, sales_count, days_count, 1, 1, NOW, NOW, None, until)


@given(st.sampled_from(ErasureState), st.tuples(*[COUNTS] * 8), COUNTS, COUNTS)
def test_a_report_tells_of_everything_that_is_there(
    state: ErasureState, counts: tuple[int, ...], sales_count: int, days_count: int
) -> None:
    held = Held(*counts)
    told = rules.report(erasure(state, sales_count, days_count), held)
    kept = {one.kind: one for one in told.kept}
    for kind in (Kind.decisions, Kind.offers, Kind.consents, Kind.loans, Kind.agreements, Kind.verifications):
        count = getattr(held, f"{kind}_count")
        assert (kind in kept) is (count > 0)
        assert count == 0 or kept[kind].count == count
    assert {Kind.audit, Kind.shop} <= kept.keys()
    assert (Kind.sales in kept) is (state is ErasureState.partial and held.sales_count > 0)
    assert {gone.kind: gone.count for gone in told.erased} == {
        kind: count for kind, count in ((Kind.sales, sales_count), (Kind.days, days_count)) if count
    }
    assert all(one.until_on is not None for one in told.kept if one.sealed and state is ErasureState.erased)


def test_only_a_called_off_erasure_is_over_for_good() -> None:
    assert {state for state, moves in MOVES.items() if not moves} == {ErasureState.canceled}
    assert ErasureState.canceled not in MOVES[ErasureState.erased]
