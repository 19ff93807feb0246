from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain import intents
from gateway.domain.authorities import Agreement, Caps, User
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.intents import Intent, IntentChanged
from gateway.domain.passkeys import canonical, digest
from gateway.domain.quotes import Assumptions, Quote
from gateway.domain.repayments import CollectionMode
from tests.domain.test_authorities import HELD

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUOTE = Quote(
    id="quo_1", offer_id="off_1", merchant_id="mer_1", currency="EUR", amount=100_000, fee_amount=1_200,
    withhold_bps=800, minimum_amount=11_245, estimated_payoff_on=date(2026, 5, 1), final_due_on=date(2026, 11, 27),
    apr_bps=1_527, assumptions=Assumptions("irr", 1_700, 640_000), partner_revenue_share_amount=120,
    bank_id="bnk_sandbox", terms_version="2026-11-01", terms_hash="a" * 64, created_at=NOW,
    expires_at=NOW + timedelta(minutes=15), programme_id="prg_inventory", programme_version=2,
)  # fmt: skip
DRAWDOWN = Drawdown(
    id="drw_1", merchant_id="mer_1", partner_id="par_1", quote_id="quo_1", offer_id="off_1", bank_id="bnk_sandbox",
    programme_id="prg_inventory", state=DrawdownState.awaiting_confirmation, currency="EUR", amount=100_000,
    fee_amount=1_200, withhold_bps=800, minimum_amount=11_245, final_due_on=date(2026, 11, 27), terms_hash="a" * 64,
    evidence=None, end_to_end_id=None, bank_reference=None, active_on=None, reason=None,
    collection=CollectionMode.bank_debit, interval_days=30, all_in_cap_bps=2_400, early_rebate_bps=0, refinances=None,
    refinanced_amount=0, refinanced_fee_amount=0, carried_net_amount=0, state_at=NOW, created_at=NOW,
)  # fmt: skip
AGREEMENT = Agreement("2026-11-01", "b" * 64)
CONFIRM = intents.confirm_drawdown(DRAWDOWN, QUOTE, "c" * 64, AGREEMENT)
AUTHORIZE = intents.authorize(HELD, "c" * 64, AGREEMENT)
values = st.text(max_size=5) | st.integers(-(2**60), 2**60)
facts = st.dictionaries(st.text(max_size=5), values, max_size=6)


def hash_of(intent: Intent) -> bytes:
    return digest(canonical(intent))


@pytest.mark.parametrize(
    "changes",
    [{"amount": 100_001}, {"fee_amount": 1_201}, {"currency": "USD"}, {"bank_id": "bnk_other"},
     {"terms_hash": "d" * 64}, {"expires_at": NOW}],
)  # fmt: skip
def test_another_quote_is_another_intent(changes: dict[str, Any]) -> None:
    changed = intents.confirm_drawdown(DRAWDOWN, msgspec.structs.replace(QUOTE, **changes), "c" * 64, AGREEMENT)
    assert hash_of(changed) != hash_of(CONFIRM)
    with pytest.raises(IntentChanged):
        intents.check(CONFIRM, changed)


def test_another_drawdown_or_payee_is_another_intent() -> None:
    other = msgspec.structs.replace(DRAWDOWN, id="drw_2")
    for changed in (
        intents.confirm_drawdown(other, QUOTE, "c" * 64, AGREEMENT),
        intents.confirm_drawdown(DRAWDOWN, QUOTE, "d" * 64, AGREEMENT),
        intents.confirm_drawdown(DRAWDOWN, QUOTE, "c" * 64, Agreement("2026-11-01", "e" * 64)),
    ):
        assert hash_of(changed) != hash_of(CONFIRM)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "aut_2"}, {"users": HELD.users[:1]}, {"users": (*HELD.users, User("eve", "Eve", "cashier"))},
        {"caps": Caps(100_001, 200_000, 300_000, "EUR")}, {"caps": Caps(100_000, 200_001, 300_000, "EUR")},
        {"caps": Caps(100_000, 200_000, 300_001, "EUR")}, {"caps": Caps(100_000, 200_000, 300_000, "USD")},
    ],
)  # fmt: skip
def test_another_authority_is_another_intent(changes: dict[str, Any]) -> None:
    changed = intents.authorize(msgspec.structs.replace(HELD, **changes), "c" * 64, AGREEMENT)
    assert hash_of(changed) != hash_of(AUTHORIZE)


@pytest.mark.parametrize(
    ("payee", "agreement"),
    [("d" * 64, AGREEMENT), ("c" * 64, Agreement("2027", "b" * 64)), ("c" * 64, Agreement("2026-11-01", "e" * 64))],
)
def test_another_payee_or_agreement_is_another_intent(payee: str, agreement: Agreement) -> None:
    assert hash_of(intents.authorize(HELD, payee, agreement)) != hash_of(AUTHORIZE)


def test_the_two_deeds_are_never_taken_for_each_other() -> None:
    assert CONFIRM["do"] != AUTHORIZE["do"]
    with pytest.raises(IntentChanged):
        intents.check(AUTHORIZE, CONFIRM)


@given(facts, facts)
def test_two_intents_have_one_hash_exactly_when_they_are_equal(one: Intent, other: Intent) -> None:
    assert (hash_of(one) == hash_of(other)) is (one == other)


@given(st.sampled_from([CONFIRM, AUTHORIZE]), st.data(), values)
def test_any_changed_added_or_missing_field_voids_it(intent: Intent, data: st.DataObject, value: str | int) -> None:
    name = data.draw(st.sampled_from(sorted(intent)))
    assume(value != intent[name])
    missing = {key: kept for key, kept in intent.items() if key != name}
    for changed in (intent | {name: value}, missing, intent | {f"{name}+": value}):
        assert hash_of(changed) != hash_of(intent)
        with pytest.raises(IntentChanged) as refused:
            intents.check(changed, intent)
        assert name in str(refused.value.facts["changed"])
    intents.check(dict(reversed(intent.items())), intent)
