from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from gateway.domain import quotes
from gateway.domain.quotes import AboveLimit, Assumptions, NotAStep, Quote
from gateway.domain.repayments import CollectionMode

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUOTE = Quote(
    id="quo_1", offer_id="off_1", merchant_id="mer_1", currency="EUR", amount=100_000, fee_amount=1_200,
    withhold_bps=800, minimum_amount=11_245, estimated_payoff_on=date(2026, 5, 1), final_due_on=date(2026, 11, 27),
    apr_bps=1_527, assumptions=Assumptions("irr", 1_700, 640_000), partner_revenue_share_amount=120,
    bank_id="bnk_sandbox", terms_version="2026-11-01", terms_hash="", created_at=NOW,
    expires_at=NOW + timedelta(minutes=15), programme_id="prg_inventory", programme_version=2,
)  # fmt: skip
OTHER: dict[str, Any] = {
    "id": "quo_2", "offer_id": "off_2", "merchant_id": "mer_2", "currency": "KRW", "amount": 99_999,
    "fee_amount": 1_201, "withhold_bps": 900, "minimum_amount": 11_246, "estimated_payoff_on": date(2026, 5, 2),
    "final_due_on": date(2026, 11, 28), "apr_bps": 1_528, "assumptions": Assumptions("irr", 1_701, 640_000),
    "partner_revenue_share_amount": 121, "bank_id": "bnk_other", "terms_version": "2026-12-01",
    "created_at": NOW + timedelta(microseconds=1), "expires_at": NOW + timedelta(minutes=16),
    "programme_id": "prg_other", "programme_version": 3,
    "collection": CollectionMode.partner_split, "interval_days": 31, "all_in_cap_bps": 2_399,
    "early_rebate_bps": 1, "refinances": "drw_1", "refinanced_amount": 1, "refinanced_fee_amount": 1,
}  # fmt: skip


def test_a_field_that_came_later_leaves_the_hash_of_earlier_quotes_alone() -> None:
    binding = {name: value for name, value in msgspec.to_builtins(QUOTE).items() if name != "terms_hash"}
    assert not {"collection", "interval_days", "all_in_cap_bps", "early_rebate_bps", "refinances"} & binding.keys()


def test_a_default_read_from_a_database_is_no_term_either() -> None:
    stored = msgspec.structs.replace(QUOTE, all_in_cap_bps=int("2400"), refinanced_amount=int("0"))
    assert quotes.terms_hash(stored) == quotes.terms_hash(msgspec.structs.replace(QUOTE, all_in_cap_bps=2_400))
    told = msgspec.to_builtins(stored)
    told = {name: value for name, value in told.items() if name not in {"terms_hash", "all_in_cap_bps"}}
    assert quotes.terms_hash(stored) == hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


def test_a_quote_of_before_programmes_had_versions_keeps_the_hash_it_was_signed_with() -> None:
    before = msgspec.structs.replace(QUOTE, programme_version=0)
    assert quotes.terms_hash(before) == quotes.terms_hash(msgspec.structs.replace(before, programme_id="prg_another"))
    assert quotes.terms_hash(before) != quotes.terms_hash(msgspec.structs.replace(before, amount=before.amount + 1))


def test_every_field_but_the_hash_itself_is_bound_by_the_hash() -> None:
    assert {*OTHER, "terms_hash"} == set(Quote.__struct_fields__)
    hashes = {quotes.terms_hash(msgspec.structs.replace(QUOTE, **{name: value})) for name, value in OTHER.items()}
    assert quotes.terms_hash(QUOTE) not in hashes
    assert len(hashes) == len(OTHER)


def test_the_hash_does_not_depend_on_the_hash_in_the_quote() -> None:
    signed = msgspec.structs.replace(QUOTE, terms_hash=quotes.terms_hash(QUOTE))
    assert quotes.terms_hash(signed) == signed.terms_hash


@pytest.mark.parametrize("amount", [1, 99, 150, 1_001])
def test_an_amount_between_steps_is_refused(amount: int) -> None:
    with pytest.raises(NotAStep):
        quotes.check_amount(amount, 1_000_000, 100)


def test_an_amount_above_what_is_available_is_refused_and_says_what_is() -> None:
    with pytest.raises(AboveLimit) as refused:
        quotes.check_amount(1_100, 1_000, 100)
    assert refused.value.facts == {"available_amount": 1_000}


def test_the_whole_available_amount_can_be_drawn() -> None:
    quotes.check_amount(1_000, 1_000, 100)
