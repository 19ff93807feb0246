"""What no merchant agreed to is refused: on every operation, for whatever reason the agreement is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import rights
from gateway.domain.grants import OPENED_BY
from gateway.domain.rights import GRANTABLE, OWN, Right
from gateway.main import application
from tests import tills
from tests.api import agreements, minting
from tests.api.operations import ask, guarded, things
from tests.gateways import NOW
from tests.tills import row

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Gateway
    from tests.shops import Shop

pytestmark = pytest.mark.anyio


def assert_refused(answer: httpx.Response, right: Right, code: str) -> None:
    """403, with a challenge that names an action which would have done (RFC 6750 section 3.1, RFC 9396)."""
    assert (answer.status_code, answer.json()["code"]) == (403, code), answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith('DPoP error="insufficient_scope"')
    assert any(
        f'authorization_details_type="{need.kind}", authorization_details_action="{need.action}"' in challenge
        for need in OPENED_BY[right]
    ), challenge


async def opened(shop: Shop, token: str, ids: dict[str, str]) -> list[tuple[str, str, int]]:
    """The operations that answer anything but that the merchant's consent is missing."""
    found = []
    for method, template, _ in guarded():
        answer = await ask(shop.partner, token, method, template, ids)
        if (answer.status_code, answer.json().get("code")) != (403, "consent_required"):
            found.append((method, template, answer.status_code))
    return found


# --- every operation -------------------------------------------------------------------------------------------------


async def test_every_right_that_a_route_needs_is_public_the_clients_own_or_opened_by_a_consent(site: Gateway) -> None:
    for route in application(site.world).routes:
        for handler in getattr(route, "route_handlers", []):
            right = rights.needed(handler)
            assert right is Right.public or right in OWN or right in OPENED_BY, (route.path, right)
    assert OWN | OPENED_BY.keys() == set(GRANTABLE)
    assert all(OPENED_BY.values())


def test_the_operations_that_need_consent_are_these() -> None:
    """A new one is added here by hand, so that nobody makes one the client's own by mistake."""
    assert {(method, template) for method, template, _ in guarded()} == {
        ("POST", "/v1/merchants/{merchant_id}/sales"),
        ("POST", "/v1/merchants/{merchant_id}/days/{business_on}/close"),
        ("POST", "/v1/merchants/{merchant_id}/stock"),
        ("POST", "/v1/merchants/{merchant_id}/purchases"),
        ("POST", "/v1/merchants/{merchant_id}/signals"),
        ("GET", "/v1/merchants/{merchant_id}/data-status"),
        ("GET", "/v1/merchants/{merchant_id}/offer"),
        ("GET", "/v1/merchants/{merchant_id}/forecast"),
        ("GET", "/v1/merchants/{merchant_id}/decisions"),
        ("GET", "/v1/merchants/{merchant_id}/notices"),
        ("GET", "/v1/merchants/{merchant_id}/peers"),
        ("GET", "/v1/notices/{notice_id}"),
        ("GET", "/v1/offers/{offer_id}"),
        ("POST", "/v1/offers/{offer_id}/deliver"),
        ("GET", "/v1/decisions/{decision_id}"),
        ("POST", "/v1/decisions/{decision_id}/contest"),
        ("POST", "/v1/quotes"),
        ("POST", "/v1/drawdowns"),
        ("GET", "/v1/merchants/{merchant_id}/drawdowns"),
        ("GET", "/v1/drawdowns/{drawdown_id}"),
        ("POST", "/v1/drawdowns/{drawdown_id}/cancel"),
        ("GET", "/v1/drawdowns/{drawdown_id}/repayments"),
        ("POST", "/v1/drawdowns/{drawdown_id}/repayments"),
        ("GET", "/v1/drawdowns/{drawdown_id}/payoff"),
        ("GET", "/v1/drawdowns/{drawdown_id}/statement"),
        ("GET", "/v1/drawdowns/{drawdown_id}/schedule"),
        ("GET", "/v1/drawdowns/{drawdown_id}/progress"),
        ("POST", "/v1/drawdowns/{drawdown_id}/arrangements"),
    }


async def test_without_a_grant_no_operation_is_open(shop: Shop) -> None:
    ids = await things(shop)
    for method, template, right in guarded():
        assert_refused(await ask(shop.partner, shop.partner.token, method, template, ids), right, "consent_required")


async def test_a_grant_of_everything_else_opens_no_operation(shop: Shop) -> None:
    ids = await things(shop)
    for method, template, right in guarded():
        opening = {(need.kind, need.action) for need in OPENED_BY[right]}
        others = [
            one | {"actions": kept}
            for one in agreements.all_but(shop.id)
            if (kept := [action for action in one["actions"] if (one["type"], action) not in opening])
        ]
        await agreements.agree(shop.partner, shop.id, others)
        answer = await ask(shop.partner, shop.partner.grants[shop.id], method, template, ids)
        assert_refused(answer, right, "insufficient_scope")


async def test_the_grant_of_another_merchant_opens_no_operation(shop: Shop) -> None:
    ids, other = await things(shop), await tills.new(shop.partner)
    for method, template, _ in guarded():
        answer = await ask(shop.partner, shop.partner.grants[other.id], method, template, ids)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, template)
        assert "www-authenticate" not in answer.headers


async def test_after_a_revocation_no_token_of_the_grant_opens_an_operation(shop: Shop) -> None:
    ids = await things(shop)
    token, grant_id = shop.partner.grants[shop.id], ids["grant_id"]
    held = await minting.caller(shop.partner, shop.id)
    await agreements.revoke(shop.partner, shop.id)
    # A token that was made while the grant ended, and outlived it: the tokens' end alone must not be what protects.
    late = await minting.token(shop.partner, None, held.rights, grant_id=grant_id, merchant_id=shop.id, jkt=held.jkt)
    for method, template, _ in guarded():
        answer = await ask(shop.partner, token, method, template, ids)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token"), (method, template)
    assert await opened(shop, late, ids) == []


async def test_once_a_grant_ran_out_no_operation_is_open_even_before_anybody_noticed(shop: Shop) -> None:
    """On the business clock, with a token that is good for years, and no sweep in between."""
    ids = await things(shop)
    shop.gateway.clock.at += timedelta(days=366)
    assert await opened(shop, shop.partner.grants[shop.id], ids) == []


# --- what the agreement says -----------------------------------------------------------------------------------------


async def test_what_the_merchant_drops_is_closed_at_once_and_the_rest_stays_open(gateway: Gateway) -> None:
    partner = await gateway.partner()
    till = await tills.trading(partner)
    assert (await partner.get(f"{till.path}/offer")).status_code == 200
    before = partner.grants[till.id]
    await agreements.narrow(partner, till.id, ["offers"])
    answer = await partner.send("GET", f"{till.path}/offer", token=before)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token"), "what it said is not true any more"
    grant = await agreements.in_force(partner, till.id)
    renewed = await minting.token(partner, None, GRANTABLE, grant_id=grant.grant_id, merchant_id=till.id)
    answer = await partner.send("GET", f"{till.path}/offer", token=renewed)
    assert_refused(answer, Right.offers_read, "consent_required")
    assert (await partner.send("POST", f"{till.path}/sales", json=[row()], token=renewed)).status_code == 200


async def test_a_kind_of_data_that_was_dropped_is_not_taken_whatever_the_token_says(gateway: Gateway) -> None:
    partner = await gateway.partner()
    till = await tills.new(partner)
    await till.push(row(700))
    await agreements.narrow(partner, till.id, ["merchant_data-credit_assessment-sales"])
    grant = await agreements.in_force(partner, till.id)
    token = await minting.token(partner, None, GRANTABLE, grant_id=grant.grant_id, merchant_id=till.id)
    for path, body in (("sales", [row(800)]), (f"days/{tills.YESTERDAY}/close", {})):
        answer = await partner.send("POST", f"{till.path}/{path}", json=body, token=token)
        assert_refused(answer, Right.sales_write, "consent_required")
    seen = await partner.send("GET", f"{till.path}/offer", token=token)
    assert seen.json()["limit_amount"] == 0


@pytest.mark.parametrize("days", [1, 30])
async def test_rows_from_before_what_was_agreed_to_are_refused_one_by_one(gateway: Gateway, days: int) -> None:
    partner = await gateway.partner()
    till = await tills.new(partner)
    await agreements.agree(partner, till.id, agreements.all_but(till.id, lookback_days=days))
    rows = [row(1, NOW - timedelta(days=back)) for back in (0, days - 1, days, days + 1, 800)]
    answer = (await till.send(rows)).json()
    assert (answer["accepted"], [one["index"] for one in answer["rejected"]]) == (3, [3, 4])
    assert {one["code"] for one in answer["rejected"]} == {"beyond_consent"}
    assert all(str(tills.TODAY - timedelta(days=days)) in one["detail"] for one in answer["rejected"])
    nothing = await till.send(rows[3:])
    assert (nothing.status_code, nothing.json()["code"]) == (422, "nothing_taken")


async def test_a_decision_names_the_version_of_each_consent_it_rests_on(gateway: Gateway) -> None:
    partner = await gateway.partner()
    till = await tills.trading(partner)
    first = await agreements.in_force(partner, till.id)
    assert (await till.decisions())[-1]["consents"] == [{"grant_id": first.grant_id, "version": 1}]
    await agreements.narrow(partner, till.id, ["merchant_data-credit_assessment-goods"])
    about = {"grant_id": first.grant_id, "merchant_id": till.id}
    partner.grants[till.id] = await minting.token(partner, None, GRANTABLE, **about)
    made = len(await till.decisions())
    await till.push(tills.refund(900_000))
    later = (await till.decisions())[made:]
    assert later, "so large a refund makes a decision"
    assert all(one["consents"] == [{"grant_id": first.grant_id, "version": 2}] for one in later)
    assert (await till.decisions())[made - 1]["consents"][0]["version"] == 1, "what was decided stays as it was"


# --- how much, from whom, and repaid how -----------------------------------------------------------------------------

LIMITS: dict[str, Any] = {"per_draw_amount": 10**12, "outstanding_amount": 10**12, "currency": "EUR"}
SMALLER: dict[str, Any] = {
    "more in one loan": lambda q: {"limits": LIMITS | {"per_draw_amount": q["amount"] - 1}},
    "more in all": lambda q: {
        "limits": LIMITS | {"per_draw_amount": q["amount"], "outstanding_amount": 2 * q["amount"] - 1}
    },
    "another currency": lambda _: {"limits": LIMITS | {"currency": "CNY"}},
    "no bank": lambda _: {"recipients": []},
    "another bank": lambda _: {"recipients": [{"bank": "bnk_another"}]},
    "a smaller share of sales": lambda q: {"max_withhold_bps": q["withhold_bps"] - 1},
}
ENOUGH: dict[str, Any] = {
    "more in one loan": lambda q: {"limits": LIMITS | {"per_draw_amount": q["amount"]}},
    "more in all": lambda q: {
        "limits": LIMITS | {"per_draw_amount": q["amount"], "outstanding_amount": 2 * q["amount"]}
    },
    "a smaller share of sales": lambda q: {"max_withhold_bps": q["withhold_bps"]},
}
"""To the last cent what it takes."""


@pytest.mark.parametrize("name", SMALLER)
async def test_a_loan_beyond_what_was_agreed_to_is_not_proposed(shop: Shop, name: str) -> None:
    amount = (await shop.quote())["amount"]
    await shop.draw(amount)  # half of what "more in all" allows
    quote = await shop.quote(amount)
    terms = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
    await agreements.agree(shop.partner, shop.id, agreements.all_but(shop.id, **SMALLER[name](quote)))
    refused = await shop.partner.post("/v1/drawdowns", terms)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_required"), refused.text
    assert refused.headers["www-authenticate"].startswith('DPoP error="insufficient_scope"')
    enough = ENOUGH.get(name, lambda _: {})(quote)
    await agreements.agree(shop.partner, shop.id, agreements.all_but(shop.id, **enough))
    again = await shop.partner.post("/v1/drawdowns", terms)
    assert again.status_code == 201, "nothing was used up by what was refused"


@pytest.mark.parametrize("actions", [None, ["withhold"]], ids=["nothing", "only withholding"])
async def test_a_loan_that_may_not_be_collected_is_not_proposed(shop: Shop, actions: list[str] | None) -> None:
    details = agreements.all_but(shop.id, "repayment_collection")
    kept = [one | {"actions": actions} for one in agreements.all_but(shop.id) if one["type"] == "repayment_collection"]
    await agreements.agree(shop.partner, shop.id, details + (kept if actions else []))
    quote = await shop.quote()
    refused = await shop.partner.post("/v1/drawdowns", {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]})
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_required")
    assert 'authorization_details_type="repayment_collection"' in refused.headers["www-authenticate"]


async def test_a_loan_that_waits_for_the_click_is_not_lent_once_the_consent_is_gone(shop_on_both: Shop) -> None:
    shop = shop_on_both
    proposed = await shop.propose()
    await agreements.revoke(shop.partner, shop.id)
    refused = await shop.confirm(proposed)
    assert 400 <= refused.status_code < 500, refused.text
    await agreements.agree(shop.partner, shop.id, agreements.all_but(shop.id))
    assert (await shop.drawdown(proposed["id"]))["state"] == "awaiting_confirmation"
