from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import inputs, reviews
from gateway.domain.money import minor_units
from gateway.domain.positions import Override
from gateway.domain.programmes import INVENTORY, ReviewRule
from gateway.domain.reviews import CLEARABLE, BadRuling, ReviewKind, Ruling
from tests.domain.positions import position
from tests.gateways import NOW

if TYPE_CHECKING:
    from gateway.domain.inputs import Inputs

GRADES = ("A", "B")
RULE = ReviewRule({"CNY": 1_000, "JPY": 20_000}, default_amount_major=500, anomaly=1_000_000)
PROGRAMME = msgspec.structs.replace(INVENTORY, review=RULE)


def seen(**changes: Any) -> Inputs:
    """What policy reads of an ordinary shop, but for `changes`."""
    read = inputs.inputs(position([10_000] * 60), PROGRAMME, 10**9, NOW)
    return msgspec.structs.replace(read, **changes)


def override(*clears: str) -> Override:
    return Override("rev_x", NOW + timedelta(days=1), clears)


@given(
    currency=st.sampled_from(["CNY", "JPY", "EUR", "KWD"]),
    amount=st.integers(0, 10**9),
    least_major=st.integers(0, 10**5),
)
def test_a_draw_is_large_from_its_currencys_amount_up_and_never_where_that_is_zero(
    currency: str, amount: int, least_major: int
) -> None:
    programme = msgspec.structs.replace(INVENTORY, review=ReviewRule({currency: least_major}, default_amount_major=1))
    found = reviews.reasons(seen(currency=currency), amount, programme)
    assert (found == ("amount",)) == (0 < least_major * minor_units(currency) <= amount)


@pytest.mark.parametrize(
    ("currency", "least_amount"), [("CNY", 100_000), ("JPY", 20_000), ("EUR", 50_000), ("KRW", 500)]
)
def test_a_currency_without_an_amount_of_its_own_has_the_default(currency: str, least_amount: int) -> None:
    for amount, reasons in ((least_amount - 1, ()), (least_amount, ("amount",))):
        assert reviews.reasons(seen(currency=currency), amount, PROGRAMME) == reasons


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, ()),
        ({"anomaly": 999_999}, ()),
        ({"anomaly": 1_000_000}, ("anomaly",)),
        ({"flags": ("clone_suspected",)}, ("clone_suspected",)),
        ({"flags": ("clone_suspected",), "anomaly": 10**7}, ("clone_suspected", "anomaly")),
        ({"flags": ("clone_suspected",), "anomaly": 10**7, "override": override("anomaly")}, ("clone_suspected",)),
        ({"flags": ("clone_suspected",), "override": override("clone_suspected")}, ()),
        ({"flags": ("clone_suspected",), "override": override("anomaly_suspected")}, ("clone_suspected",)),
    ],
    ids=["nothing", "below", "alert", "flag", "both", "one lifted", "lifted", "another lifted"],
)
def test_a_draw_waits_for_each_flag_that_nobody_lifted(changes: dict[str, Any], reasons: tuple[str, ...]) -> None:
    assert reviews.reasons(seen(**changes), 1, PROGRAMME) == reasons
    assert reviews.reasons(seen(**changes), 50_000, PROGRAMME) == ("amount", *reasons)


def test_no_person_replaces_verification_consent_or_data() -> None:
    assert not CLEARABLE & {"merchant_not_verified", "consent_withdrawn", "no_closed_day", "data_stale", "no_sales"}


@pytest.mark.parametrize("kind", list(ReviewKind))
def test_only_a_contest_has_to_be_overruled_to_be_approved(kind: ReviewKind) -> None:
    if kind is ReviewKind.contest:
        with pytest.raises(BadRuling):
            reviews.check_approval(Ruling("officer-1", "x"), kind, GRADES)
    else:
        reviews.check_approval(Ruling("officer-1", "x"), kind, GRADES)
    reviews.check_approval(Ruling("officer-1", "x", tuple(sorted(CLEARABLE)), "B", 90), kind, GRADES)
    reviews.check_approval(Ruling("officer-1", "x", grade="A", days=1), kind, GRADES)


@given(by=st.text(max_size=70), reason=st.text(max_size=600))
def test_whoever_decides_is_named_as_the_audit_log_can_and_says_why(by: str, reason: str) -> None:
    named = 0 < len(by) <= 60 and by.isascii() and by[0].isalnum() and by == by.lower() and not set(by) - ALLOWED
    if named and reason.strip() and len(reason) <= 500:
        reviews.check(Ruling(by, reason))
    else:
        with pytest.raises(BadRuling):
            reviews.check(Ruling(by, reason))


ALLOWED = set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def test_the_guide_names_all_that_a_person_may_lift() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "review.md").read_text(encoding="utf-8")
    assert {code for code in CLEARABLE if f"`{code}`" not in guide} == set()
