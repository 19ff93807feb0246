"""References that fit a rail: the same every time, never cut, and files named by a number of the day."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import references
from gateway.domain.references import ReferenceImpossible

_LONG = "DRW01J8ZQK4M6N7P8Q9R0S1T2V3W4X"


def test_a_reference_that_fits_stays_as_it_is() -> None:
    assert references.shortened(_LONG, 35) == _LONG
    assert references.shortened("DRAWDOWN-1", 15) == "DRAWDOWN-1"


@given(st.text(min_size=16, max_size=35), st.integers(12, 15))
def test_a_longer_one_becomes_digits_and_capitals_of_exactly_the_length(reference: str, length: int) -> None:
    made = references.shortened(reference, length)
    assert made == references.shortened(reference, length)
    assert len(made) == length
    assert set(made) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_neighbouring_references_share_nothing() -> None:
    made = {references.shortened(f"{_LONG}{number}", 15) for number in range(100_000)}
    assert len(made) == 100_000


def test_what_is_stored_once_is_never_made_otherwise() -> None:
    """A change here would orphan every payment that is under way."""
    assert references.shortened(_LONG, 15) == "OEGKBDIUFHWGUIS"


def test_too_short_a_rail_is_refused() -> None:
    with pytest.raises(ReferenceImpossible):
        references.shortened(_LONG, 11)


@given(st.dates(date(1000, 1, 1)), st.integers(0, 999_999))
def test_a_numbered_file_is_read_back(day: date, number: int) -> None:
    assert references.read_numbered(references.numbered(day, number)) == (day, number)


@pytest.mark.parametrize("number", [-1, 10**6])
def test_a_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ReferenceImpossible):
        references.numbered(date(2026, 3, 2), number)


@pytest.mark.parametrize(
    "text", ["", "FILE-1", "20260230-000001", "20260302-1", "20260302-0000001", "x20260302-000001", "２0260302-000001"]
)
def test_any_other_text_is_no_numbered_file(text: str) -> None:
    assert references.read_numbered(text) is None
