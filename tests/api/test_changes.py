"""Changes of payout account and contact over HTTP: asked for by the partner, who never sees them in full again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.domain.accounts import sandbox_iban
from gateway.usecases import work
from tests import visits

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio

NEW = {"holder_name": "AZHEN BREAKFAST", "iban": sandbox_iban("new")}
CONTACT = {"email": "zhen@elsewhere.example"}


async def put(partner: Partner, merchant_id: str, what: str, body: Any, key: str = "k1") -> httpx.Response:
    path = f"/v1/merchants/{merchant_id}/{what}"
    return await partner.send("PUT", path, json=body, headers={"idempotency-key": key})


async def test_a_change_is_answered_masked_and_says_where_the_holder_approves_it(gateway: Gateway) -> None:
    partner = await gateway.partner()
    merchant_id = await visits.shop(partner)
    answer = await put(partner, merchant_id, "payout-account", NEW)
    assert answer.status_code == 201, answer.text
    change = answer.json()
    assert change["approval_url"].endswith(f"/connect/changes?merchant_id={merchant_id}")
    assert (change["kind"], change["state"], change["shown"]) == (
        "payout_account", "awaiting_approval", NEW["iban"][-4:]
    )  # fmt: skip
    assert (change["holder_name"], change["effective_at"]) == (NEW["holder_name"], None)
    assert NEW["iban"] not in answer.text
    again = await put(partner, merchant_id, "payout-account", NEW)
    assert (again.headers["idempotent-replayed"], again.json()) == ("true", change)
    contact = (await put(partner, merchant_id, "contact", CONTACT)).json()
    assert (contact["kind"], contact["shown"], contact["holder_name"]) == ("contact", "z•••@e•••.example", None)
    page = await partner.seen(f"/v1/merchants/{merchant_id}/changes")
    assert page == {"data": [change, contact], "next_cursor": None}


async def test_the_first_contact_is_in_effect_at_once(site: Gateway) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner, contact=None)
    change = (await put(partner, merchant_id, "contact", CONTACT)).json()
    assert (change["state"], change["approval_url"], change["expires_at"]) == ("effective", None, None)
    assert change["effective_at"] == change["state_at"]


async def test_every_step_is_an_event_without_account_or_address(gateway: Gateway) -> None:
    partner = await gateway.partner()
    merchant_id = await visits.shop(partner)
    first, second = [(await put(partner, merchant_id, "contact", CONTACT, key)).json() for key in ("a", "b")]
    await work.drain(gateway.world)
    events = (await partner.seen("/v1/events", limit=100))["data"]
    told = [(event["type"], event["data"]) for event in events if event["type"].startswith("change.")]
    same = {"merchant_id": merchant_id, "kind": "contact"}
    assert told == [
        ("change.awaiting_approval", same | {"id": first["id"], "state": "awaiting_approval", "sequence": 1}),
        ("change.replaced", same | {"id": first["id"], "state": "replaced", "sequence": 2}),
        ("change.awaiting_approval", same | {"id": second["id"], "state": "awaiting_approval", "sequence": 1}),
    ]


@pytest.mark.parametrize(
    ("what", "body", "code"),
    [
        ("payout-account", NEW | {"holder_name": "Somebody Else"}, "name_mismatch"),
        ("payout-account", {"holder_name": "Azhen Breakfast"}, "invalid_account"),
        ("payout-account", NEW | {"account": "123456"}, "invalid_account"),
        ("payout-account", NEW | {"iban": "NL00REST0000000000"}, "invalid_account"),
        ("payout-account", {"iban": NEW["iban"]}, "invalid_body"),
        ("payout-account", NEW | {"account": "12-34-56"}, "invalid_body"),
        ("payout-account", NEW | {"bank": "x"}, "invalid_body"),
        ("contact", {"email": "zhen"}, "invalid_body"),
        ("contact", {}, "invalid_body"),
    ],
)
async def test_what_cannot_be_is_refused_and_leaves_nothing(
    site: Gateway, what: str, body: dict[str, Any], code: str
) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner)
    answer = await put(partner, merchant_id, what, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await partner.seen(f"/v1/merchants/{merchant_id}/changes"))["data"] == []


async def test_a_shop_without_a_contact_gets_one_first(site: Gateway) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner, contact=None)
    answer = await put(partner, merchant_id, "payout-account", NEW)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_verified_contact")


@pytest.mark.parametrize(("what", "body"), [("payout-account", NEW), ("contact", CONTACT)])
async def test_another_partners_shop_is_not_there(gateway: Gateway, what: str, body: dict[str, Any]) -> None:
    merchant_id = await visits.shop(await gateway.partner())
    stranger = await gateway.partner()
    assert (await put(stranger, merchant_id, what, body)).status_code == 404
    assert (await stranger.get(f"/v1/merchants/{merchant_id}/changes")).status_code == 404


@pytest.mark.parametrize("member", ["payout_account", "contact", "contact_email", "iban"])
async def test_neither_can_be_corrected_like_a_name(site: Gateway, member: str) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner)
    answer = await partner.patch(f"/v1/merchants/{merchant_id}", {member: CONTACT["email"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")


async def test_pages_hold_every_change_once(site: Gateway) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner)
    made = [(await put(partner, merchant_id, "contact", CONTACT, key)).json()["id"] for key in "abcde"]
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await partner.seen(f"/v1/merchants/{merchant_id}/changes", limit=2, **cursor)
        found += [change["id"] for change in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == made


async def test_a_request_lives_for_a_week(site: Gateway) -> None:
    partner = await site.partner()
    merchant_id = await visits.shop(partner)
    change = (await put(partner, merchant_id, "contact", CONTACT)).json()
    kept = (await partner.seen(f"/v1/merchants/{merchant_id}/changes"))["data"][0]
    assert kept == change
    assert str(site.world.clock.now() + timedelta(days=7))[:10] == change["expires_at"][:10]
