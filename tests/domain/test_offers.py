"""When a fresh assessment makes, freezes, thaws or withdraws an offer, and when it changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gateway.domain import offers, reasons
from gateway.domain.offers import Change
from gateway.domain.positions import Offered
from gateway.domain.programmes import INVENTORY
from gateway.domain.underwriting import Assessment, Outcome, Terms
from tests.gateways import NOW

SHOWN = Offered(
    id="off_1",
    decision_id="dec_1",
    limit_amount=100_000,
    grade="B",
    base_amount=100_000,
    made_at=NOW - timedelta(hours=30),
    expires_at=NOW + timedelta(days=20),
    raised_at=NOW - timedelta(hours=25),
)
COOLING = msgspec.structs.replace(SHOWN, raised_at=NOW - timedelta(hours=24) + timedelta(seconds=1))


def fresh(limit: int, grade: str = "B", outcome: Outcome = Outcome.offered, code: str = "base_binds") -> Assessment:
    terms = Terms(limit, limit, grade, 10_000, 10**9, 10**9, 125_000, limit - 100_000)
    amount = limit if outcome is Outcome.offered else 0
    return Assessment(outcome, terms, amount, amount, (reasons.make(code),))


def change(current: Offered | None, found: Assessment, *, closing: bool = False, **later: Any) -> Change:
    return offers.change(current, found, INVENTORY, NOW + timedelta(**later), closing)


@pytest.mark.parametrize(
    ("limit", "grade", "closing", "expected"),
    [
        (100_000, "B", True, Change.none),
        (104_999, "B", True, Change.none),
        (105_000, "B", False, Change.make),
        (95_001, "B", False, Change.none),
        (95_000, "B", False, Change.make),
        (99_999, "B", True, Change.make),  # a lasting cut, however small
        (100_000, "A", False, Change.make),  # a grade has a price of its own
        (100_000, "C", False, Change.make),
        (99_999, "A", False, Change.make),
        (100_001, "C", False, Change.make),
    ],
)
def test_an_offer_follows_material_changes_only(limit: int, grade: str, closing: bool, expected: Change) -> None:  # noqa: FBT001
    assert change(SHOWN, fresh(limit, grade), closing=closing) is expected


@pytest.mark.parametrize(
    ("limit", "grade", "expected"),
    [
        (200_000, "B", Change.none),
        (100_000, "A", Change.none),
        (95_000, "B", Change.make),
        (99_000, "A", Change.make),
        (200_000, "C", Change.make),  # a worse price cannot wait for a better limit
    ],
)
def test_a_raise_cools_down_for_a_day_and_a_cut_never_does(limit: int, grade: str, expected: Change) -> None:
    assert change(COOLING, fresh(limit, grade)) is expected
    assert change(COOLING, fresh(limit, grade), seconds=1) is Change.make


@pytest.mark.parametrize(
    ("current", "outcome", "expected"),
    [
        (None, Outcome.declined, Change.none),
        (None, Outcome.frozen, Change.none),
        (SHOWN, Outcome.declined, Change.withdraw),
        (SHOWN, Outcome.frozen, Change.freeze),
        (msgspec.structs.replace(SHOWN, frozen=True), Outcome.frozen, Change.none),
        (msgspec.structs.replace(SHOWN, frozen=True), Outcome.declined, Change.withdraw),
    ],
)
def test_a_stop_freezes_or_withdraws(current: Offered | None, outcome: Outcome, expected: Change) -> None:
    assert change(current, fresh(0, outcome=outcome, code="data_stale")) is expected


def test_a_frozen_offer_thaws_unless_another_replaces_it() -> None:
    frozen = msgspec.structs.replace(SHOWN, frozen=True)
    assert change(frozen, fresh(100_001)) is Change.unfreeze
    assert change(frozen, fresh(50_000)) is Change.make
    assert change(msgspec.structs.replace(COOLING, frozen=True), fresh(200_000)) is Change.unfreeze


def test_an_expired_offer_is_as_good_as_none() -> None:
    assert change(SHOWN, fresh(100_000), days=20) is Change.make
    assert change(SHOWN, fresh(0, outcome=Outcome.declined), days=20) is Change.none
    assert change(SHOWN, fresh(0, outcome=Outcome.frozen), days=20) is Change.none
