"""Another partner's things look exactly like things that do not exist, on every route."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING, Any

import pytest

from gateway.api import rights
from gateway.domain.rights import Right
from gateway.main import application

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.gateways import Gateway, Partner
    from tests.shops import Shop

pytestmark = pytest.mark.anyio
NOBODYS = "01jc0000000000000000000000"
WITHOUT_IDS = {
    ("GET", "/v1/merchants"), ("POST", "/v1/merchants"), ("GET", "/v1/events"), ("GET", "/v1/sandbox/clock"),
    ("POST", "/v1/sandbox/clock/advance"),
}  # fmt: skip
"""Routes that name no thing; what they list is looked at below."""
IN_THE_BODY = {("POST", "/v1/quotes"): "offer_id", ("POST", "/v1/drawdowns"): "quote_id"}
NOT_MADE_HERE = {"grant_id": f"grt_{NOBODYS}"}
"""Things with tests of tenancy of their own; here only nobody's are asked for."""
BODIES: dict[str, Any] = {
    "/sales": {
        "sale_id": "stolen",
        "kind": "sale",
        "occurred_at": "2026-03-02T08:00:00Z",
        "amount": 1,
        "currency": "EUR",
    },
    "/quotes": {"amount": 1_000},
    "/drawdowns": {"terms_hash": "0" * 64},
    "/confirm": {"terms_hash": "0" * 64},
    "/merchants/{merchant_id}": {"legal_name": "Stolen"},
}


def routes(gateway: Gateway) -> Iterator[tuple[str, str]]:
    """Method and template of every route that is not public."""
    for route in application(gateway.world).routes:
        for handler in getattr(route, "route_handlers", []):
            (method,) = map(str, handler.http_methods)
            if method != "OPTIONS" and rights.needed(handler) is not Right.public:
                yield method, route.path.replace(":str", "")


async def ask(partner: Partner, method: str, template: str, ids: dict[str, str]) -> httpx.Response:
    body: dict[str, Any] = next((found for end, found in BODIES.items() if template.endswith(end)), {})
    if (method, template) in IN_THE_BODY:
        name = IN_THE_BODY[method, template]
        body = body | {name: ids[name]}
    headers = partner._headers | {"idempotency-key": f"{method}{template}{ids['merchant_id']}"}
    sent = body if method in {"POST", "PATCH"} else None
    return await partner.http.request(method, template.format(**ids), headers=headers, json=sent)


def told(answer: httpx.Response, ids: dict[str, str]) -> dict[str, Any]:
    """What an answer says, without what must differ: the request's id, and the id that was asked for."""
    text = answer.text
    for value in ids.values():
        text = text.replace(value, "-")
    found: dict[str, Any] = json.loads(text)
    found.pop("request_id", None)
    return found | {"status": answer.status_code}


async def test_another_partners_things_look_like_nothing_on_every_route(shop: Shop) -> None:
    quote = await shop.quote()
    spare = await shop.quote()
    drawdown_id = await shop.draw(quote["amount"])
    decisions = (await shop.partner.seen(f"/v1/merchants/{shop.id}/decisions"))["data"]
    theirs = {
        "merchant_id": shop.id,
        "offer_id": quote["offer_id"],
        "quote_id": spare["id"],
        "drawdown_id": drawdown_id,
        "decision_id": decisions[0]["id"],
        "business_on": "2026-03-01",
    } | NOT_MADE_HERE
    nobodys = {name: value if name == "business_on" else f"{value[:4]}{NOBODYS}" for name, value in theirs.items()}
    stranger = await shop.gateway.partner()
    before = await shop.offer(), await shop.drawdown(drawdown_id), await shop.repayments(drawdown_id)
    looked = set()
    for method, template in routes(shop.gateway):
        if (method, template) in WITHOUT_IDS:
            continue
        names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        assert names or (method, template) in IN_THE_BODY, f"{method} {template} names nothing: list it"
        found, nothing = [await ask(stranger, method, template, ids) for ids in (theirs, nobodys)]
        assert (found.status_code, found.json()["code"]) == (404, nothing.json()["code"]), (
            method,
            template,
            found.text,
        )
        assert told(found, theirs) == told(nothing, nobodys), (method, template)
        # The owner, asked the same way, finds it: the address was a good one.
        if method == "GET" and not names & NOT_MADE_HERE.keys():
            assert (await ask(shop.partner, method, template, theirs)).is_success, template
        looked.add((method, template))
    assert len(looked) >= 16
    assert before == (await shop.offer(), await shop.drawdown(drawdown_id), await shop.repayments(drawdown_id))
    for listed in ("/v1/merchants", "/v1/events"):
        assert (await stranger.seen(listed))["data"] == []


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
