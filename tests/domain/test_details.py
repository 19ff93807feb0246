from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from gateway.domain import details
from gateway.domain.details import InvalidDetails, MerchantData
from tests import visits

TODAY = date(2026, 3, 2)
SHOP = "mer_" + "0" * 26
DATA = visits.data(SHOP)
DRAW = {"type": "drawdown", "actions": ["quote"],
        "limits": {"per_draw_amount": 1, "outstanding_amount": 1, "currency": "CNY"}}  # fmt: skip
COLLECT = {"type": "repayment_collection", "actions": ["debit"], "max_withhold_bps": 1500}
OFFERS = {"type": "offers", "actions": ["read"]}


def parse(*asked: Any) -> details.Details:
    return details.parse(json.dumps(list(asked)), TODAY)


def test_every_type_is_understood_and_written_as_it_came() -> None:
    asked = visits.everything(SHOP)
    written = json.loads(details.encode(parse(*asked)))
    # A list of nobody says the same as no list; the end is filled in.
    assert written == [{k: v for k, v in one.items() if v != []} | _end(one) for one in asked]


def _end(one: dict[str, Any]) -> dict[str, str]:
    return {"expires_at": "2026-08-29"} if one["type"] == "merchant_data" else {}


@pytest.mark.parametrize(
    "asked",
    [
        [{"type": "payments", "actions": ["read"]}],
        [{"actions": ["read"]}],
        [OFFERS | {"colour": "red"}],
        [DATA | {"merchant": {"id": SHOP, "name": "x"}}],
        [OFFERS | {"actions": []}],
        [OFFERS | {"actions": ["write"]}],
        [OFFERS | {"actions": ["read", "read"]}],
        [DATA | {"datatypes": ["sales", "sales"]}],
        [DATA | {"datatypes": ["passwords"]}],
        [DATA | {"purpose": "marketing"}],
        [DATA | {"lookback_days": 0}],
        [DATA | {"lookback_days": "730"}],
        [DATA | {"retention_days": 36_500}],
        [DATA | {"recipients": [{"bank": "bnk_a"}, {"bank": "bnk_a"}]}],
        [DATA | {"recipients": [{"bank": "<script>"}]}],
        [DATA | {"merchant": {"id": "mer_1"}}],
        [DATA | {"expires_at": "2026-03-02"}],
        [DATA | {"expires_at": "2027-03-03"}],
        [DATA | {"expires_at": "soon"}],
        [DATA, DATA],
        [DATA, visits.data("mer_" + "1" * 26, purpose="repayment_servicing")],
        [DRAW | {"limits": {"per_draw_amount": 2, "outstanding_amount": 1, "currency": "CNY"}}],
        [DRAW | {"limits": {"per_draw_amount": 0, "outstanding_amount": 1, "currency": "CNY"}}],
        [DRAW | {"limits": {"per_draw_amount": 1, "outstanding_amount": 1, "currency": "XXX"}}],
        [COLLECT | {"max_withhold_bps": 5_001}],
        [],
        [OFFERS] * 9,
    ],
)
def test_what_cannot_be_agreed_to_is_refused(asked: list[Any]) -> None:
    with pytest.raises(InvalidDetails):
        parse(*asked)


@pytest.mark.parametrize("raw", ["", "{", "{}", "[[]]", '"x"', "[" * 100_000, b"\xff"])
def test_what_is_no_list_of_details_is_refused(raw: str | bytes) -> None:
    with pytest.raises(InvalidDetails):
        details.parse(raw, TODAY)


@pytest.mark.parametrize(("today", "last"), [(date(2026, 3, 2), "2027-03-02"), (date(2028, 2, 29), "2029-02-28")])
def test_an_agreement_lasts_twelve_months_at_most(today: date, last: str) -> None:
    (found,) = details.parse(json.dumps([DATA | {"expires_at": last}]), today)
    assert isinstance(found, MerchantData)
    assert str(found.expires_at) == last


def test_an_agreement_lasts_as_long_as_its_longest_part() -> None:
    short, long = DATA | {"expires_at": "2026-04-01"}, visits.data(SHOP, purpose="repayment_servicing")
    assert details.last_day(parse(short, long), TODAY) == date(2026, 8, 29)
    assert details.last_day(parse(short, OFFERS), TODAY) == date(2026, 4, 1)
    assert details.last_day(parse(OFFERS), TODAY) == date(2026, 8, 29)
