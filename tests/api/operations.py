"""The operations of the API's description that need a right, and a shop with one thing of each kind to name in them."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING, Any

from gateway.domain.rights import OWN, Right
from gateway.store import sql
from tests.api import minting, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.gateways import Partner
    from tests.shops import Shop

NOBODYS = "01jc0000000000000000000000"
WITHOUT_IDS = {
    ("GET", "/v1/merchants"), ("POST", "/v1/merchants"), ("GET", "/v1/events"), ("GET", "/v1/sandbox/clock"),
    ("POST", "/v1/sandbox/clock/advance"), ("GET", "/v1/remittances"), ("POST", "/v1/remittances"),
    ("GET", "/v1/webhooks"), ("POST", "/v1/webhooks"), ("GET", "/widget/v1/stream"),
    ("GET", "/widget/v1/consents"),
}  # fmt: skip
"""Routes that name no thing; what they list is looked at below."""
IN_THE_BODY = {
    ("POST", "/v1/quotes"): "offer_id", ("POST", "/v1/drawdowns"): "quote_id",
    ("POST", "/v1/widget/sessions"): "merchant_id",
}  # fmt: skip
BODIES: dict[str, Any] = {
    "/sales": {
        "sale_id": "stolen",
        "kind": "sale",
        "occurred_at": "2026-03-02T08:00:00Z",
        "amount": 1,
        "currency": "EUR",
    },
    "/parties": {"role": "owner", "kind": "person", "name": "Thief", "reference": "r"},
    "/stock": {
        "stock_id": "stolen", "item_id": "i", "counted_at": "2026-03-02T08:00:00Z", "quantity": "1", "currency": "EUR",
    },
    "/purchases": {
        "purchase_id": "stolen", "kind": "order", "issued_on": "2026-03-01", "amount": 1, "currency": "EUR",
    },
    "/signals": {"kind": "device", "signal_id": "stolen", "on": "2026-03-01", "devices_count": 1,
                 "active_minutes_count": 1},
    "/quotes": {"amount": 1_000},
    "/drawdowns": {"terms_hash": "0" * 64},
    "/arrangements": {"kind": "pause"},
    "/confirm": {"terms_hash": "0" * 64},
    "/contest": {"statement": "Not ours"},
    "/scenario": {"scenario": "closed_shop"},
    "/bank": {"decides": "reject"},
    "/merchants/{merchant_id}": {"legal_name": "Stolen"},
    "/authority": {
        "users": [{"id": "u-1", "name": "Thief", "role": "owner"}],
        "caps": {"per_draw_amount": 1, "per_24h_amount": 1, "per_30d_amount": 1, "currency": "EUR"},
    },
    "/payout-account": {"holder_name": "Corner Bakery", "iban": "NL91ABNA0417164300"},
    "/connections": {"platform": "square", "account_id": "6SSW7HV8K2ST5", "secret": "a-secret-of-thieves"},
    "/connections/{connection_id}": {"secret": "a-secret-of-thieves"},
    "/contact": {"email": "thief@stranger.example"},
    "/webhooks": {"url": "https://hooks.example.com/"},
    "/webhooks/{webhook_id}": {"url": "https://thief.example.com/"},
    "/replay": {"from_position": 1},
    "/widget/sessions": {
        "user": {"id": "u-1", "name": "Thief", "role": "owner"}, "components": ["offer"],
        "parent_origins": ["https://till.example"],
    },
}  # fmt: skip


def routes() -> Iterator[tuple[str, str, Right]]:
    """Method, template and right of every operation of the API's description that is not public."""
    for template, operations in json.loads(snapshot.current())["paths"].items():
        for method, operation in operations.items():
            if operation["security"]:
                ((right,),) = operation["security"][0].values()
                yield method.upper(), template, Right(right)


def guarded() -> Iterator[tuple[str, str, Right]]:
    """Those of them that need a merchant's consent."""
    return (operation for operation in routes() if operation[2] not in OWN)


async def ask(partner: Partner, token: str | None, method: str, template: str, ids: dict[str, str]) -> httpx.Response:
    body: dict[str, Any] = next((found for end, found in BODIES.items() if template.endswith(end)), {})
    if (method, template) in IN_THE_BODY:
        name = IN_THE_BODY[method, template]
        body = body | {name: ids[name]}
    key = {"idempotency-key": f"{method}{template}{ids['merchant_id']}"}
    sent = body if method in {"POST", "PATCH", "PUT"} else None
    return await partner.send(method, template.format(**ids), token=token, headers=key, json=sent)


def told(answer: httpx.Response, ids: dict[str, str]) -> dict[str, Any]:
    """What an answer says, without what must differ: the request's id, and the id that was asked for."""
    text = answer.text
    for value in ids.values():
        text = text.replace(value, "-")
    found: dict[str, Any] = json.loads(text)
    found.pop("request_id", None)
    return found | {"status": answer.status_code, "challenge": answer.headers.get("www-authenticate")}


async def things(shop: Shop) -> dict[str, str]:
    """The id of one thing of each kind that the shop has."""
    await shop.sell(100_000, "refund")  # a cut, which must be told
    quote, spare = await shop.quote(), await shop.quote()
    widget = BODIES["/widget/sessions"] | {"merchant_id": shop.id}
    drawdown_id = await shop.draw(quote["amount"])
    await shop.partner.done(f"/v1/sandbox/merchants/{shop.id}/scenario", {"scenario": "healthy"})
    return {
        "merchant_id": shop.id,
        "party_id": (await shop.partner.done(f"/v1/merchants/{shop.id}/parties", BODIES["/parties"]))["id"],
        "offer_id": quote["offer_id"],
        "quote_id": spare["id"],
        "drawdown_id": drawdown_id,
        "agreement_id": (await shop.partner.seen(f"/v1/merchants/{shop.id}/agreements"))["data"][0]["id"],
        "decision_id": (await shop.partner.seen(f"/v1/merchants/{shop.id}/decisions"))["data"][0]["id"],
        "notice_id": (await shop.partner.seen(f"/v1/merchants/{shop.id}/notices"))["data"][0]["id"],
        "grant_id": str((await minting.caller(shop.partner, shop.id)).grant_id),
        "connection_id": (await shop.partner.done(f"/v1/merchants/{shop.id}/connections", _CONNECTION))["id"],
        "session_id": (await shop.partner.done("/v1/widget/sessions", widget))["id"],
        "business_on": "2026-03-01",
        "remittance_id": await _remittance(shop),
        "webhook_id": (await shop.partner.done("/v1/webhooks", BODIES["/webhooks"]))["id"],
    }


_CONNECTION = {"platform": "stripe", "account_id": "acct_1PgafTB7WZ01zgkW"}


async def _remittance(shop: Shop) -> str:
    world, remittance_id = shop.world, shop.world.ids.new("remittance")
    await world.store.write(
        lambda tx: tx.run(
            sql.remittances.add, id=remittance_id, partner_id=shop.partner.partner_id, reference=remittance_id,
            bank_id="bnk_sandbox", currency="EUR", amount=0, end_to_end_id=remittance_id, entries_json=(),
            created_at=world.clock.now(),
        )
    )  # fmt: skip
    return remittance_id


def named(method: str, template: str) -> set[str]:
    """The things an operation names."""
    names = {name for _, name, _, _ in string.Formatter().parse(template) if name}
    return names | ({IN_THE_BODY[method, template]} if (method, template) in IN_THE_BODY else set())
