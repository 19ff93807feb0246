"""Credit over HTTP: where a shop stands, its offers, forecasts and decisions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from gateway.domain import outlooks
from gateway.domain.anomalies import ANOMALY_FEATURES
from gateway.domain.features import PD_FEATURES
from tests import tills
from tests.tills import refund, row

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio


async def test_a_new_shop_has_no_offer_and_is_told_why(site: Gateway) -> None:
    till = await tills.new(await site.partner())
    offer = await till.offer()
    assert (offer["id"], offer["state"], offer["limit_amount"], offer["decision_id"]) == (None, "none", 0, None)
    assert offer["reasons"][0]["code"] == "no_closed_day"
    assert offer["reasons"][0]["text"].keys() == {"en", "zh"}
    answer = await till.partner.get(f"{till.path}/forecast")
    assert (answer.status_code, answer.json()["code"]) == (404, "no_forecast")


async def test_the_standing_the_offer_and_the_decision_say_the_same(site: Gateway) -> None:
    till = await tills.trading(await site.partner())
    standing = await till.offer()
    offer = await till.partner.seen(f"/v1/offers/{standing['id']}")
    decision = await till.partner.seen(f"/v1/decisions/{standing['decision_id']}")
    (listed,) = await till.decisions()
    assert decision | {"counterfactuals": [], "counterfactuals_from": None} == listed
    assert (
        standing["offered_limit_amount"]
        == standing["limit_amount"]
        == offer["limit_amount"]
        == decision["limit_amount"]
    )
    assert standing["terms"] == offer["terms"] == decision["terms"]
    assert standing["reasons"] == offer["reasons"] == decision["reasons"]
    assert (decision["pd"], len(decision["contributions"])) == (standing["pd"], len(PD_FEATURES))
    assert standing["available_amount"] == standing["limit_amount"] // standing["step_amount"] * standing["step_amount"]
    assert 0 < standing["suggested_amount"] <= standing["available_amount"]
    assert standing["suggested_amount"] % standing["step_amount"] == 0


async def test_forecasts_are_ordered_quantiles(site: Gateway) -> None:
    till = await tills.trading(await site.partner(), days=90)
    found = await till.partner.seen(f"{till.path}/forecast")
    for name, days in (("forecast_7", 7), ("forecast_30", 30)):
        one = found[name]
        amounts = [one[f"p{level:02}_amount"] for level in (5, 10, 25, 50, 75, 90, 95)]
        assert amounts == sorted(amounts)
        assert (one["days"], one["fallback"]) == (days, False)
        assert amounts[0] < days * 40_000 < 2 * amounts[-1]
    assert [week["week"] for week in found["year"]] == list(range(1, 53))
    for before, week in itertools.pairwise(found["year"]):
        assert week["p10_amount"] <= week["p50_amount"] <= week["p90_amount"]
        assert all(before[name] <= week[name] for name in ("p10_amount", "p50_amount", "p90_amount"))
    assert found["year"][-1]["p10_amount"] < 364 * 40_000 < 2 * found["year"][-1]["p90_amount"]
    assert found["as_of_on"] == tills.TODAY.isoformat()
    assert found["stocking_need_amount"] == found["forecast_7"]["p50_amount"] * 6_000 // 10_000


async def test_the_fresh_limit_follows_each_sale_while_the_offer_stays(site: Gateway) -> None:
    till = await tills.trading(await site.partner())
    first = await till.offer()
    for sent in (row(41_000), row(9_000), refund(5_000), refund(60_000)):
        said = (await till.push(sent))["offer"]
        terms = said["terms"]
        common = min(terms["base_amount"], terms["affordability_amount"]) * terms["grade_bps"] // 10_000
        assert said["limit_amount"] == min(common, terms["programme_cap_amount"], terms["headroom_amount"])
        assert (said["id"], said["offered_limit_amount"]) == (first["id"], first["limit_amount"])
        assert said["available_amount"] <= said["limit_amount"]
        assert said["reasons"]
    assert len(await till.decisions()) == 1


async def test_decisions_are_paged_oldest_first(site: Gateway) -> None:
    till = await tills.trading(await site.partner())
    for _ in range(3):
        await till.push(refund(100_000))
    everything = await till.decisions()
    assert len(everything) == 4
    page = await till.partner.seen(f"{till.path}/decisions", limit=3)
    rest = await till.partner.seen(f"{till.path}/decisions", limit=3, cursor=page["next_cursor"])
    assert page["data"] + rest["data"] == everything
    assert [one["decided_at"] for one in everything] == sorted(one["decided_at"] for one in everything)


async def test_a_decision_says_what_the_models_said_and_what_would_have_raised_the_limit(site: Gateway) -> None:
    till = await tills.trading(await site.partner())
    decision = await till.partner.seen(f"/v1/decisions/{(await till.offer())['decision_id']}")
    assert decision["model"] == "pd"
    assert decision["counterfactuals_from"] == decision["models"]["pd"]
    assert [week["week"] for week in decision["year"]] == list(outlooks.KNOTS)
    assert [part["feature"] for part in decision["anomaly_contributions"]] == list(ANOMALY_FEATURES)
    raising = decision["counterfactuals"]
    assert 0 < len(raising) <= 4
    for one in raising:
        assert one["difference_amount"] == one["limit_amount"] - decision["limit_amount"] > 0
        assert one["text"].keys() == {"en", "zh"}
        assert one["change"] is None or one["change"]["before"] != one["change"]["after"]
    assert [one["difference_amount"] for one in raising] == sorted(
        (one["difference_amount"] for one in raising), reverse=True
    )
    assert decision["reasons"][-1]["code"].endswith("_binds")
    assert len(decision["reasons"]) <= 4


async def test_who_sells_more_often_gets_what_the_counterfactual_promised_at_least(site: Gateway) -> None:
    """Two shops, alike but for what one action changes: the promise is about the real model."""
    partner = await site.partner()
    few, many = await tills.new(partner), await tills.new(partner)
    await few.push(*tills.days_back(60))
    await many.push(*tills.days_back(60, 20_000), *tills.days_back(60, 20_000))
    told = {}
    for till in (few, many):
        await till.close()
        told[till.id] = await partner.seen(f"/v1/decisions/{(await till.offer())['decision_id']}")
    promised = {one["code"]: one["limit_amount"] for one in told[few.id]["counterfactuals"]}
    assert told[many.id]["limit_amount"] >= promised["more_tickets"] > told[few.id]["limit_amount"]
