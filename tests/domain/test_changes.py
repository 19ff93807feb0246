from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import accounts, changes, intents
from gateway.domain.accounts import sandbox_iban
from gateway.domain.changes import (
    MOVES,
    OPEN,
    Change,
    ChangeKind,
    ChangeState,
    NameMismatch,
    NewContact,
    NewPayoutAccount,
    StrangeAccount,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
IBAN = sandbox_iban("shop")
CHANGE = Change(
    "chg_1", "mer_1", "par_1", "cli_1", ChangeKind.payout_account, ChangeState.awaiting_approval, "Corner", b"sealed",
    None, NOW, NOW, NOW, NOW,
)  # fmt: skip


def test_what_is_open_is_what_can_still_move() -> None:
    assert set(MOVES) == set(ChangeState)
    assert {state for state, targets in MOVES.items() if targets} == OPEN


def test_nothing_takes_effect_without_the_holders_approval_and_the_wait() -> None:
    assert [state for state, targets in MOVES.items() if ChangeState.effective in targets] == [ChangeState.waiting]
    assert [state for state, targets in MOVES.items() if ChangeState.waiting in targets] == [
        ChangeState.awaiting_approval
    ]


def test_an_approved_change_is_never_replaced_by_another_request() -> None:
    assert MOVES[ChangeState.waiting] == {ChangeState.effective, ChangeState.stopped}


def test_an_account_is_an_iban_or_another_schemes_number() -> None:
    assert changes.account_number(NewPayoutAccount("Corner", iban=IBAN)) == IBAN
    assert (
        changes.account_number(NewPayoutAccount("阿珍早餐铺", account="6222020000000000000")) == "6222020000000000000"
    )


@pytest.mark.parametrize(
    "given_",
    [
        {},
        {"iban": IBAN, "account": "123456"},
        {"iban": IBAN[:-1] + "x"},
        {"iban": IBAN.lower()},
        {"iban": IBAN[:17]},
        {"iban": IBAN, "savings": True},
        {"iban": IBAN, "routing_number": "021000021"},
        {"account": "123456", "savings": True},
        {"account": "123456", "routing_number": "021000022"},
    ],
)
def test_anything_else_is_no_account(given_: dict[str, Any]) -> None:
    with pytest.raises(StrangeAccount):
        changes.account_number(NewPayoutAccount("Corner", **given_))


@pytest.mark.parametrize("account", ["12345", "1" * 35, "12 34 56", "123-456", "abcdef", ""])
def test_an_account_number_is_digits_and_capitals(account: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"holder_name": "Corner", "account": account}, NewPayoutAccount)


@pytest.mark.parametrize("email", ["", "zhen", "zhen@shop", "a b@shop.example", "zhen@shop.example\n", "@shop.example"])
def test_a_contact_is_an_address(email: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"email": email}, NewContact)


def test_another_holder_is_refused() -> None:
    changes.check_holder("CORNER BAKERY", "Corner Bakery B.V.")
    with pytest.raises(NameMismatch):
        changes.check_holder("Corner Bakers", "Corner Bakery B.V.")


@pytest.mark.parametrize(
    "other",
    [{"id": "chg_2"}, {"value": b"sealed again"}, {"holder_name": "Korner"}, {"kind": ChangeKind.contact}],
)
def test_any_other_change_is_another_intent(other: dict[str, Any]) -> None:
    changed = msgspec.structs.replace(CHANGE, **other)
    assert intents.approve_change(changed, b"old") != intents.approve_change(CHANGE, b"old")


@given(st.binary(), st.binary())
def test_the_intent_says_what_it_was_signed_from(one: bytes, two: bytes) -> None:
    assert (intents.approve_change(CHANGE, one) == intents.approve_change(CHANGE, two)) == (one == two)
    assert intents.approve_change(CHANGE, None) != intents.approve_change(CHANGE, one)


def test_of_an_account_the_last_four_are_shown() -> None:
    assert accounts.tail(IBAN) == IBAN[-4:]
