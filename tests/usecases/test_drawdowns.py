from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from gateway.domain import consents as consent_rules
from gateway.domain.bank_decisions import BankOutcome
from gateway.domain.programmes import INVENTORY
from gateway.usecases import consent_records, consents
from tests import shops, tills
from tests.gateways import EVIDENCE
from tests.lenders import Lender

if TYPE_CHECKING:
    import httpx

    from gateway.store import Tx
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
TWINS_COUNT = 20


def codes(answers: list[httpx.Response]) -> list[str]:
    return sorted("ok" if answer.is_success else answer.json()["code"] for answer in answers)


async def exposures(shop: Shop) -> tuple[int, int]:
    """What the merchant's and the programme's rows say."""
    url = shop.world.settings.database_url
    ((merchant,),) = await shops.rows(url, "SELECT exposure_amount FROM positions")
    scopes = await shops.rows(url, "SELECT amount FROM exposures")
    return merchant, scopes[0][0] if scopes else 0


async def test_twenty_confirmations_at_once_never_exceed_the_limit(shop_on_both: Shop) -> None:
    shop = shop_on_both
    offer = await shop.offer()
    amount = offer["available_amount"] // 5 // offer["step_amount"] * offer["step_amount"]
    proposed = [await shop.propose(await shop.quote(amount)) for _ in range(TWINS_COUNT)]
    answers = await asyncio.gather(*(shop.confirm(one) for one in proposed))
    room = offer["limit_amount"] // amount
    assert codes(answers) == ["exposure_exceeded"] * (TWINS_COUNT - room) + ["ok"] * room
    assert await exposures(shop) == (room * amount, room * amount)
    await shop.work()
    assert len(await shop.bank.payments()) == room
    assert (await shop.verify()).problems == ()


async def test_twenty_quotes_and_clicks_at_once_of_the_whole_limit_have_one_winner(shop_on_both: Shop) -> None:
    shop = shop_on_both
    offer = await shop.offer()

    async def whole() -> httpx.Response:
        quoted = await shop.partner.post("/v1/quotes", {"offer_id": offer["id"], "amount": offer["available_amount"]})
        if quoted.is_success:
            return await shop.confirm(await shop.propose(quoted.json()))
        return quoted

    told = codes(await asyncio.gather(*(whole() for _ in range(TWINS_COUNT))))
    assert told.count("ok") == 1
    assert set(told) <= {"ok", "exposure_exceeded", "amount_above_limit"}
    assert await exposures(shop) == (offer["available_amount"], offer["available_amount"])


async def test_twenty_drawdowns_of_one_quote_have_one_winner(shop_on_both: Shop) -> None:
    quote = await shop_on_both.quote()
    body = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
    calls = (shop_on_both.partner.post("/v1/drawdowns", body) for _ in range(TWINS_COUNT))
    assert codes(await asyncio.gather(*calls)) == ["ok"] + ["quote_already_drawn"] * (TWINS_COUNT - 1)
    found = await shops.rows(shop_on_both.world.settings.database_url, "SELECT id FROM drawdowns")
    assert len(found) == 1


async def test_confirming_one_drawdown_many_times_at_once_borrows_once(shop_on_both: Shop) -> None:
    shop = shop_on_both
    proposed = await shop.propose()
    answers = await asyncio.gather(*(shop.confirm(proposed) for _ in range(TWINS_COUNT)))
    assert codes(answers) == ["illegal_state"] * (TWINS_COUNT - 1) + ["ok"]
    assert await exposures(shop) == (proposed["amount"], proposed["amount"])
    await shop.work()
    assert await shop.sent(proposed["id"]) == 1


async def test_a_cancel_that_races_the_click_leaves_no_exposure_and_sends_nothing_or_lends(shop_on_both: Shop) -> None:
    shop = shop_on_both
    for _ in range(3):
        proposed = await shop.propose()
        cancel = shop.partner.post(f"/v1/drawdowns/{proposed['id']}/cancel")
        clicked, canceled = await asyncio.gather(shop.confirm(proposed), cancel)
        await shop.work()
        drawdown = await shop.drawdown(proposed["id"])
        assert canceled.is_success == (drawdown["state"] == "canceled")
        assert await shop.sent(proposed["id"]) == (0 if canceled.is_success else 1)
        assert clicked.is_success or canceled.is_success
        assert (await shop.verify()).problems == ()


async def test_once_the_bank_may_have_it_a_drawdown_cannot_be_canceled(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    await shop.work()
    answer = await shop.partner.post(f"/v1/drawdowns/{drawdown_id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_state")


async def test_the_programmes_capacity_bounds_what_many_shops_draw_together(shop_on_both: Shop) -> None:
    shop = shop_on_both
    proposed = [await shop.propose() for _ in range(3)]
    amount = proposed[0]["amount"]
    shop.world.programme = msgspec.structs.replace(INVENTORY, capacity_major=amount * 2 // 100)
    told = codes(await asyncio.gather(*(shop.confirm(one) for one in proposed)))
    assert told[-1] == "ok"
    assert (await exposures(shop))[1] <= amount * 2
    assert (await shop.verify()).problems == ()


async def test_an_expired_quote_borrows_nothing_and_its_proposal_expires(shop: Shop) -> None:
    quote = await shop.quote()
    proposed = await shop.propose(quote)
    shop.gateway.clock.at += timedelta(minutes=15)
    assert codes([await shop.confirm(proposed)]) == ["quote_expired"]
    other = await shop.partner.post("/v1/drawdowns", {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]})
    assert codes([other]) == ["quote_expired"]
    await shop.work()
    assert await shop.states(proposed["id"]) == ["awaiting_confirmation", "expired"]
    assert await exposures(shop) == (0, 0)


async def test_the_hash_of_other_terms_borrows_nothing(shop: Shop) -> None:
    first, second = await shop.quote(), await shop.quote(100_00)
    proposed = await shop.propose(first)
    assert codes([await shop.confirm(proposed | {"terms_hash": second["terms_hash"]})]) == ["stale_terms"]
    other = {"quote_id": second["id"], "terms_hash": first["terms_hash"]}
    assert codes([await shop.partner.post("/v1/drawdowns", other)]) == ["stale_terms"]
    assert await exposures(shop) == (0, 0)


@pytest.mark.parametrize(
    ("amount", "code"), [(0, "invalid_request"), (-1000, "invalid_request"), (1, "amount_not_a_step")]
)
async def test_an_amount_that_is_none_or_between_steps_is_refused(shop: Shop, amount: int, code: str) -> None:
    offer = await shop.offer()
    answer = await shop.partner.post("/v1/quotes", {"offer_id": offer["id"], "amount": amount})
    assert answer.status_code == 422
    assert answer.json()["code"] == code or amount <= 0


async def test_an_amount_above_the_limit_is_refused_and_says_what_is_available(shop: Shop) -> None:
    offer = await shop.offer()
    amount = offer["available_amount"] + offer["step_amount"]
    answer = await shop.partner.post("/v1/quotes", {"offer_id": offer["id"], "amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (422, "amount_above_limit")
    assert answer.json()["available_amount"] == offer["available_amount"]


async def test_a_limit_that_fell_between_quote_and_click_borrows_nothing(shop_on_both: Shop) -> None:
    shop = shop_on_both
    offer = await shop.offer()
    proposed = await shop.propose(await shop.quote(offer["available_amount"]))
    await shop.sell(20 * shops.TAKINGS_AMOUNT, kind="refund")
    assert codes([await shop.confirm(proposed)]) == ["quote_superseded"]
    assert await exposures(shop) == (0, 0)


async def test_a_refund_in_the_same_moment_as_the_click_never_lets_more_be_borrowed_than_the_limit(
    shop_on_both: Shop,
) -> None:
    shop = shop_on_both
    for _ in range(3):
        offer = await shop.offer()
        if offer["available_amount"] == 0:
            break
        proposed = await shop.propose(await shop.quote(offer["available_amount"]))
        await asyncio.gather(shop.sell(shops.TAKINGS_AMOUNT, kind="refund"), shop.confirm(proposed))
        assert (await shop.verify()).problems == ()
    (decided,) = await shops.rows(
        shop.world.settings.database_url,
        "SELECT COUNT(*) FROM drawdowns d JOIN quotes q ON q.id = d.quote_id WHERE d.amount <> q.amount",
    )
    assert decided == (0,)


async def test_a_shop_of_another_partner_is_not_there(shop: Shop) -> None:
    stranger = await shop.gateway.partner()
    await tills.new(stranger)
    quote = await shop.quote()
    proposed = await shop.propose(quote)
    path = f"/v1/drawdowns/{proposed['id']}"
    terms: dict[str, Any] = {"terms_hash": quote["terms_hash"]}
    answers = [
        await stranger.get(path),
        await stranger.get(f"{path}/repayments"),
        await stranger.post(f"{path}/cancel"),
        await stranger.post(f"/v1/sandbox/drawdowns/{proposed['id']}/confirm", terms),
        await stranger.post("/v1/drawdowns", terms | {"quote_id": quote["id"]}),
        await stranger.post("/v1/quotes", {"offer_id": quote["offer_id"], "amount": quote["amount"]}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


async def keep_lines(shop: Shop, gone: str) -> None:
    """The merchant takes one line of its consent back."""
    world = shop.world
    grant_id = (await world.tokens.identify(shop.partner.grants[shop.id])).grant_id

    async def unit(tx: Tx) -> None:
        consent = await consent_records.find(tx, str(grant_id))
        lines = consent_rules.lines((await consent_records.current(tx, consent)).details)
        await consents.narrow(tx, world, consent.grant_id, {line.key for line in lines} - {gone}, EVIDENCE)

    await world.store.write(unit)


@pytest.mark.parametrize("gone", ["merchant_data-credit_assessment-bnk_sandbox", "repayment_collection", "drawdown"])
async def test_what_the_merchant_took_back_after_the_proposal_no_click_brings_back(shop: Shop, gone: str) -> None:
    proposed = await shop.propose()
    await keep_lines(shop, gone)
    assert (await shop.confirm(proposed)).status_code in {403, 409}
    assert await exposures(shop) == (0, 0)


async def test_a_revocation_after_the_proposal_leaves_nothing_to_click(shop: Shop) -> None:
    proposed = await shop.propose()
    await keep_lines(shop, "merchant_data-credit_assessment-sales")
    assert codes([await shop.confirm(proposed)]) == ["quote_superseded"]
    assert await exposures(shop) == (0, 0)


async def test_what_the_bank_declines_itself_is_rejected_and_frees_its_room(shop: Shop) -> None:
    shop.lender.decision = Lender(BankOutcome.rejected)
    drawdown_id = await shop.draw()
    await shop.work()
    assert await shop.states(drawdown_id) == ["awaiting_confirmation", "requested", "rejected"]
    assert await exposures(shop) == (0, 0)
    assert (await shop.verify()).problems == ()


async def test_without_a_bank_nothing_is_proposed_or_confirmed(shop: Shop) -> None:
    quote, proposed = await shop.quote(), await shop.propose()
    shop.rail = None
    body = {"quote_id": quote["id"], "terms_hash": quote["terms_hash"]}
    answers = [await shop.partner.post("/v1/drawdowns", body), await shop.confirm(proposed)]
    assert codes(answers) == ["bank_unavailable"] * 2


async def test_the_evidence_of_the_click_is_kept(shop: Shop) -> None:
    drawdown_id = await shop.draw()
    url = shop.world.settings.database_url
    ((kept, terms_hash),) = await shops.rows(url, "SELECT evidence_json, terms_hash FROM drawdowns")
    evidence = msgspec.json.decode(kept)
    drawdown = await shop.drawdown(drawdown_id)
    assert evidence["terms_hash"] == terms_hash
    assert (evidence["amount"], evidence["fee_amount"]) == (drawdown["amount"], drawdown["fee_amount"])
    assert evidence["method"] == "sandbox"
