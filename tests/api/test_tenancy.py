"""Another's things look exactly like things that do not exist: on every route, by every kind of token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import rights
from gateway.domain.rights import OWN, Right
from gateway.main import application
from tests import tills
from tests.api.operations import NOBODYS, WITHOUT_IDS, ask, named, routes, things, told

if TYPE_CHECKING:
    from tests.gateways import Partner
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
ERASURE = "/v1/grants/{grant_id}/erasure"


async def standing(shop: Shop, ids: dict[str, str]) -> list[Any]:
    """Whatever somebody else might have changed."""
    looks = (
        "/v1/merchants/{merchant_id}", "/v1/merchants/{merchant_id}/offer", "/v1/merchants/{merchant_id}/authority",
        "/v1/merchants/{merchant_id}/changes", "/v1/offers/{offer_id}", "/v1/drawdowns/{drawdown_id}",
        "/v1/drawdowns/{drawdown_id}/repayments", "/v1/grants/{grant_id}", "/v1/events",
        "/v1/webhooks/{webhook_id}", "/v1/webhooks/{webhook_id}/deliveries",
    )  # fmt: skip
    return [await shop.partner.seen(look.format(**ids)) for look in looks]


def nobodys(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same look, of nothing at all."""
    return {name: value if name == "business_on" else f"{value[:4]}{NOBODYS}" for name, value in ids.items()}


async def askers(shop: Shop) -> dict[str, tuple[Partner, str]]:
    """Everybody who must not see the shop, with the token they have; each one's other things do exist."""
    stranger = await shop.gateway.partner()
    strange, sibling = await tills.new(stranger), await tills.new(shop.partner)
    return {
        "another partner": (stranger, stranger.token),
        "another partner, by a merchant's grant": (stranger, stranger.grants[strange.id]),
        "the same partner, by another merchant's grant": (shop.partner, shop.partner.grants[sibling.id]),
    }


async def test_the_description_names_every_route_that_needs_a_right(shop: Shop) -> None:
    served = set()
    for route in application(shop.world).routes:
        for handler in getattr(route, "route_handlers", []):
            (method,) = map(str, handler.http_methods)
            if rights.needed(handler) is not Right.public:
                served.add((method, route.path.replace(":str", ""), rights.needed(handler)))
    assert served == set(routes())


async def test_anothers_things_look_like_nothing_on_every_route(shop: Shop) -> None:
    theirs = await things(shop)
    everybody, before = await askers(shop), await standing(shop, theirs)
    looked, leaks = 0, []
    for method, template, right in routes():
        if (method, template) in WITHOUT_IDS:
            continue
        assert named(method, template), f"{method} {template} names nothing: list it"
        for who, (partner, token) in everybody.items():
            found, nothing = [await ask(partner, token, method, template, ids) for ids in (theirs, nobodys(theirs))]
            where = (who, method, template, found.text)
            if told(found, theirs) != told(nothing, nobodys(theirs)):
                leaks.append((*where, nothing.text))
            held = (await partner.world.tokens.identify(token)).rights
            assert found.status_code == (404 if right in held else 403), where
            assert right in held or (right in OWN) == (token != partner.token), where
            looked += 1
    assert leaks == []
    assert looked >= 3 * 24
    assert await standing(shop, theirs) == before


async def test_its_own_partner_finds_each_of_these_things(shop: Shop) -> None:
    """The addresses above were good ones."""
    theirs = await things(shop)
    reading = {
        template for method, template, _ in routes() if (method, template) not in WITHOUT_IDS and method == "GET"
    }
    for template in reading - {ERASURE}:
        assert (await ask(shop.partner, None, "GET", template, theirs)).is_success, template
    assert (await ask(shop.partner, None, "DELETE", "/v1/grants/{grant_id}", theirs)).status_code == 204
    assert (await ask(shop.partner, None, "GET", ERASURE, theirs)).is_success, "there is one once data was taken back"
    for who, (partner, token) in (await askers(shop)).items():
        nothing, found = [await ask(partner, token, "GET", ERASURE, ids) for ids in (nobodys(theirs), theirs)]
        assert told(found, theirs) == told(nothing, nobodys(theirs)), who


async def test_what_is_listed_is_ones_own(shop: Shop) -> None:
    everybody = await askers(shop)
    for who, (partner, token) in everybody.items():
        for listed in ("/v1/merchants", "/v1/events", "/v1/webhooks"):
            answer = await partner.send("GET", listed, token=token)
            assert shop.id not in answer.text
            assert answer.status_code == (200 if token == partner.token else 403), who


async def test_an_idempotency_key_brings_no_answer_about_another_shop(shop: Shop) -> None:
    """Keys are a client's, and its merchants' tokens share them."""
    sibling = await tills.new(shop.partner)
    offer = await shop.offer()
    body = {"offer_id": offer["id"], "amount": offer["step_amount"]}
    mine = await shop.partner.post("/v1/quotes", body, key="same")
    terms = {"quote_id": mine.json()["id"], "terms_hash": mine.json()["terms_hash"]}
    drawn = await shop.partner.post("/v1/drawdowns", terms, key="same")
    assert (mine.status_code, drawn.status_code) == (201, 201)
    token = shop.partner.grants[sibling.id]
    for path, sent in (("/v1/quotes", body), ("/v1/drawdowns", terms)):
        answer = await shop.partner.send("POST", path, json=sent, token=token, headers={"idempotency-key": "same"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


async def test_a_cursor_of_one_partner_opens_nothing_for_another(shop: Shop) -> None:
    await shop.partner.done("/v1/merchants", {"legal_name": "B", "country": "NL", "currency": "EUR", "timezone": "UTC"})
    cursor = (await shop.partner.seen("/v1/merchants", limit=1))["next_cursor"]
    assert len((await shop.partner.seen("/v1/merchants", limit=1, cursor=cursor))["data"]) == 1
    stranger = await shop.gateway.partner()
    assert (await stranger.seen("/v1/merchants", cursor=cursor))["data"] == []


async def test_two_partners_may_use_the_same_references_and_keys(shop: Shop) -> None:
    stranger = await shop.gateway.partner()
    body = {"legal_name": "B", "country": "NL", "currency": "EUR", "timezone": "UTC", "partner_reference": "shop-1"}
    one = await shop.partner.post("/v1/merchants", body, key="same")
    other = await stranger.post("/v1/merchants", body, key="same")
    assert (one.status_code, other.status_code) == (201, 201)
    assert one.json()["id"] != other.json()["id"]
