from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import authorities
from gateway.domain.authorities import (
    MOVES,
    OPEN_FOR,
    Agreement,
    Approval,
    Authority,
    AuthorityState,
    Caps,
    CapsTooHigh,
    Draw,
    Drawn,
    NewAuthority,
    StepUp,
    User,
)
from gateway.domain.errors import Invalid
from gateway.domain.programmes import INVENTORY

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TERMS = authorities.agreement(INVENTORY)
ANNE, BO = User("anne", "Anne", "owner"), User("bo", "Bo", "cashier")
CAPS = Caps(100_000, 200_000, 300_000, "EUR")
APPROVAL = Approval("a" * 64, TERMS, "psk_1", "b" * 64, "192.0.2.1", "en", "2026-11", NOW)
HELD = Authority(
    id="aut_1", merchant_id="mer_1", partner_id="par_1", state=AuthorityState.active, users=(ANNE, BO), caps=CAPS,
    approval=APPROVAL, created_at=NOW, expires_at=NOW + OPEN_FOR, state_at=NOW,
)  # fmt: skip
DRAW = Draw(
    user_id="bo", amount=50_000, currency="EUR", payee_hash="a" * 64, agreement=TERMS, first=False, flagged=False
)
NOTHING = Drawn(0, 0)
amounts = st.integers(1, 400_000)
drawn = st.integers(0, 400_000)


def test_a_draw_inside_needs_no_more_than_a_click() -> None:
    assert authorities.why_not(HELD, DRAW, NOTHING) == ()


@given(st.builds(Caps, amounts, amounts, amounts, st.just("EUR")), amounts, st.builds(Drawn, drawn, drawn))
def test_a_click_is_enough_exactly_when_every_cap_holds(caps: Caps, amount: int, before: Drawn) -> None:
    held, draw = msgspec.structs.replace(HELD, caps=caps), msgspec.structs.replace(DRAW, amount=amount)
    holds = (
        amount <= caps.per_draw_amount
        and before.per_24h_amount + amount <= caps.per_24h_amount
        and before.per_30d_amount + amount <= caps.per_30d_amount
    )
    assert authorities.why_not(held, draw, before) == (() if holds else (StepUp.over_cap,))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"user_id": "eve"}, StepUp.new_user), ({"payee_hash": "c" * 64}, StepUp.new_payee),
        ({"first": True}, StepUp.first_draw), ({"flagged": True}, StepUp.flagged),
        ({"currency": "USD"}, StepUp.over_cap), ({"amount": 100_001}, StepUp.over_cap),
        ({"agreement": Agreement(TERMS.version, "0" * 64)}, StepUp.no_authority),
        ({"agreement": Agreement("2027-01-01", TERMS.hash)}, StepUp.no_authority),
    ],
)  # fmt: skip
def test_whatever_was_not_approved_is_named(changes: dict[str, Any], why: StepUp) -> None:
    assert authorities.why_not(HELD, msgspec.structs.replace(DRAW, **changes), NOTHING) == (why,)


@pytest.mark.parametrize("state", [state for state in AuthorityState if state is not AuthorityState.active])
def test_only_an_active_authority_counts(state: AuthorityState) -> None:
    held = msgspec.structs.replace(HELD, state=state)
    assert authorities.why_not(held, DRAW, NOTHING) == (StepUp.no_authority,)
    assert authorities.why_not(None, DRAW, NOTHING) == (StepUp.no_authority,)
    assert authorities.why_not(msgspec.structs.replace(HELD, approval=None), DRAW, NOTHING) == (StepUp.no_authority,)


def test_every_reason_is_told_at_once() -> None:
    draw = msgspec.structs.replace(DRAW, user_id="eve", payee_hash="c" * 64, first=True, flagged=True, amount=400_000)
    told_elsewhere = {StepUp.new_agreement, StepUp.foreign_page}  # of the agreement in force, and of who asks
    assert set(authorities.why_not(HELD, draw, NOTHING)) == set(StepUp) - {StepUp.no_authority} - told_elsewhere
    assert set(authorities.why_not(None, draw, NOTHING)) == {StepUp.no_authority, StepUp.first_draw, StepUp.flagged}


@given(amounts, amounts, amounts)
def test_caps_that_pass_never_fall_with_the_window_nor_exceed_the_programme(one: int, day: int, month: int) -> None:
    scale = INVENTORY.cap_amount("EUR") // 300_000  # so that the programme's own cap is met from both sides
    caps = Caps(one * scale, day * scale, month * scale, "EUR")
    fits = caps.per_draw_amount <= caps.per_24h_amount <= caps.per_30d_amount <= INVENTORY.cap_amount("EUR")
    new = NewAuthority((ANNE,), caps)
    if fits:
        authorities.check(new, "EUR", INVENTORY)
    else:
        with pytest.raises(CapsTooHigh) as refused:
            authorities.check(new, "EUR", INVENTORY)
        assert refused.value.errors[0].pointer.startswith("/caps/per_")


@pytest.mark.parametrize(
    ("new", "pointer"),
    [
        (NewAuthority((ANNE, User("anne", "Another", "cashier")), CAPS), "/users"),
        (NewAuthority((ANNE,), Caps(1, 1, 1, "USD")), "/caps/currency"),
    ],
)
def test_users_named_twice_and_another_currency_are_refused(new: NewAuthority, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        authorities.check(new, "EUR", INVENTORY)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_the_users_hash_knows_every_field_and_no_order() -> None:
    hashes = {
        authorities.users_hash(users)
        for users in (
            (ANNE, BO), (ANNE,), (ANNE, User("bo", "Bo", "owner")), (ANNE, User("bo", "Bob", "cashier")),
            (ANNE, User("bo2", "Bo", "cashier")),
        )
    }  # fmt: skip
    assert len(hashes) == 5
    assert authorities.users_hash((ANNE, BO)) == authorities.users_hash((BO, ANNE))


def test_any_changed_figure_of_the_programme_is_another_agreement() -> None:
    hashes = {TERMS.hash}
    for name in INVENTORY.__struct_fields__:
        value = getattr(INVENTORY, name)
        if isinstance(value, int):
            hashes.add(authorities.agreement(msgspec.structs.replace(INVENTORY, **{name: value + 1})).hash)
    assert len(hashes) > 15


def test_nothing_leads_back_from_an_end() -> None:
    ends = {state for state, targets in MOVES.items() if not targets}
    assert set(AuthorityState) - ends == {AuthorityState.proposed, AuthorityState.active}
    assert all(AuthorityState.proposed not in targets for targets in MOVES.values())
