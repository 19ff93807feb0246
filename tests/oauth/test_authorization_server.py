"""What the conformance modules do not ask: details, scopes, tenancy, revocation, introspection, grants, the page."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.oauth import tokens
from gateway.oauth.authorization_requests import LIFETIME_SECONDS
from gateway.store import sql
from gateway.usecases import access, authorization, clients, consents
from tests.gateways import ISSUER
from tests.oauth import relying_party
from tests.oauth.relying_party import EVIDENCE, answered, kept_key
from tests.oauth.signing import ABSENT

if TYPE_CHECKING:
    import httpx

    from tests.gateways import Gateway
    from tests.oauth.relying_party import RelyingParty

pytestmark = pytest.mark.anyio


def said(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error", "")


# --- what is asked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("details", "error"), [
    (ABSENT, "invalid_request"),
    ("{", "invalid_authorization_details"),
    ("[]", "invalid_authorization_details"),
    ("{}", "invalid_authorization_details"),
    ('[{"type":"payment"}]', "invalid_authorization_details"),
    ('[{"type":"offers","actions":["read"],"more":1}]', "invalid_authorization_details"),
    ('[{"type":"offers","actions":["write"]}]', "invalid_authorization_details"),
    ('[{"type":"offers","actions":["read"]}]', "invalid_request"),
    ('[{"type":"offers","actions":["read"]},{"type":"offers","actions":["read"]}]', "invalid_authorization_details"),
    ("[" * 5_000, "invalid_authorization_details"),
])  # fmt: skip
async def test_details_that_cannot_be_granted_are_refused(party: RelyingParty, details: Any, error: str) -> None:
    assert said(await party.push(authorization_details=details)) == (400, error)


async def test_a_hint_names_the_merchant_where_the_details_do_not(party: RelyingParty) -> None:
    offers = '[{"type":"offers","actions":["read"]}]'
    found = await party.tokens(authorization_details=offers, login_hint=party.merchant_id)
    assert found["scope"] == "merchants:read offers:read"
    other = "mer_01jc0000000000000000000000"
    assert said(await party.push(login_hint=other)) == (400, "invalid_request")
    assert said(await party.push(authorization_details=offers, login_hint="x")) == (400, "invalid_request")


async def test_another_partners_merchant_looks_like_none(party: RelyingParty) -> None:
    other = await relying_party.register(party.gateway, "Other Ltd")
    party.merchant_id = other.merchant_id
    theirs = await party.push()
    party.merchant_id = "mer_01jc0000000000000000000000"
    nobodys = await party.push()
    assert theirs.json() == nobodys.json()
    assert said(theirs) == (400, "invalid_authorization_details")


async def test_a_scope_narrows_every_token_of_the_grant(party: RelyingParty) -> None:
    found = await party.tokens(scope="offers:read")
    assert found["scope"] == "offers:read"
    forbidden = await party.call(found["access_token"])
    assert forbidden.status_code == 403
    assert forbidden.headers["www-authenticate"] == (
        'DPoP error="insufficient_scope", scope="merchants:read", authorization_details_type="merchant_data", '
        'authorization_details_action="push"'
    )
    wider = await party.refresh(found["refresh_token"], scope="merchants:read")
    assert said(wider) == (400, "invalid_scope")
    narrower = await party.refresh(found["refresh_token"], authorization_details="[]")
    assert said(narrower) == (400, "invalid_authorization_details")
    assert (await party.refresh(found["refresh_token"])).json()["scope"] == "offers:read"


@pytest.mark.parametrize("scope", ["drawdowns:write", "grants:write", "openid", "offers:read nothing"])
async def test_a_scope_beyond_the_details_is_refused(party: RelyingParty, scope: str) -> None:
    assert said(await party.push(scope=scope)) == (400, "invalid_scope")


async def test_a_refresh_may_ask_for_less(party: RelyingParty) -> None:
    found = await party.tokens()
    narrowed = (await party.refresh(found["refresh_token"], scope="merchants:read")).json()
    assert narrowed["scope"] == "merchants:read"
    assert (await party.refresh(found["refresh_token"])).json()["scope"] == found["scope"]


async def test_the_token_says_what_was_granted_and_not_what_was_asked(party: RelyingParty) -> None:
    world = party.gateway.world
    asked = await authorization.pending(world, await party.pushed(), party.client.id)
    some = asked.details[1:]
    where = await world.store.write(lambda tx: authorization.approve(tx, world, asked, some, EVIDENCE))
    found = (await party.redeem(answered(where)["code"])).json()
    assert found["authorization_details"] == [{"type": "offers", "actions": ["read"]}]
    assert found["scope"] == "merchants:read offers:read"


async def test_a_scope_of_which_the_merchant_granted_less_is_no_error(party: RelyingParty) -> None:
    world = party.gateway.world
    asked = await authorization.pending(world, await party.pushed(scope="sales:write offers:read"), party.client.id)
    some = asked.details[1:]
    where = await world.store.write(lambda tx: authorization.approve(tx, world, asked, some, EVIDENCE))
    found = (await party.redeem(answered(where)["code"])).json()
    assert found["scope"] == "offers:read"
    assert (await party.refresh(found["refresh_token"])).json()["scope"] == "offers:read"


@pytest.mark.parametrize(("changes", "error"), [
    ({"request": "e30."}, "request_not_supported"),
    ({"response_mode": "fragment"}, "invalid_request"),
    ({"response_mode": "form_post"}, "invalid_request"),
    ({"response_type": ABSENT}, "invalid_request"),
    ({"state": "a\tb"}, "invalid_request"),
    ({"state": "x" * 5_000}, "invalid_request"),
    ({"dpop_jkt": "x"}, "invalid_request"),
    ({"grant_id": "grt_01jc0000000000000000000000"}, "invalid_request"),
    ({"grant_management_action": "merge"}, "invalid_request"),
    ({"grant_management_action": "replace"}, "invalid_request"),
    ({"grant_management_action": "replace", "grant_id": "grt_01jc0000000000000000000000"}, "invalid_request"),
])  # fmt: skip
async def test_a_request_that_cannot_be_served_is_refused(
    party: RelyingParty, changes: dict[str, Any], error: str
) -> None:
    assert said(await party.push(**changes)) == (400, error)


async def test_a_refused_push_spends_no_assertion(party: RelyingParty) -> None:
    assertion = party.assertion()
    for changes in ({"redirect_uri": ABSENT}, {"scope": "x"}, {"authorization_details": "[]"}):
        assert (await party.push(client_assertion=assertion, **changes)).status_code == 400
    assert (await party.push(client_assertion=assertion)).status_code == 201
    assert said(await party.push(client_assertion=assertion)) == (401, "invalid_client")


async def test_a_renewal_keeps_the_grant_and_its_refresh_token(party: RelyingParty) -> None:
    first = await party.tokens()
    renewal = {"grant_management_action": "replace", "grant_id": first["grant_id"]}
    second = await party.tokens(**renewal)
    assert second["grant_id"] == first["grant_id"]
    assert (await party.refresh(first["refresh_token"])).status_code == 200
    other = await relying_party.register(party.gateway, "Other Ltd")
    assert said(await other.push(**renewal)) == (400, "invalid_request")


# --- where the browser is sent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [
    "", "client_id=x", "request_uri=x", "client_id=&request_uri=", "client_id=%ff&request_uri=x", "&", "=",
    "client_id=x&request_uri=https://attacker.example/", "client_id=<script>&request_uri=<script>",
    "client_id=x&redirect_uri=https://attacker.example/&response_type=code&state=x",
])  # fmt: skip
async def test_a_link_that_cannot_be_used_ends_on_a_page(gateway: Gateway, query: str) -> None:
    answer = await gateway.http.get(f"/oauth/authorize?{query}")
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers
    assert "<script" not in answer.text
    assert "attacker" not in answer.text


async def test_the_browser_is_sent_to_our_own_page_by_303(party: RelyingParty) -> None:
    answer = await party.authorize(await party.pushed())
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/connect/consent?client_id=cli_")
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_request_of_a_disabled_client_cannot_be_answered(party: RelyingParty) -> None:
    world, request_uri = party.gateway.world, await party.pushed()
    asked = await authorization.pending(world, request_uri, party.client.id)
    await clients.disable(world, party.client.id)
    assert (await party.authorize(request_uri)).status_code == 400
    with pytest.raises(authorization.BadRequestUri):
        await world.store.write(lambda tx: authorization.approve(tx, world, asked, asked.details, EVIDENCE))


async def test_a_request_that_expires_on_the_page_cannot_be_answered(party: RelyingParty) -> None:
    world = party.gateway.world
    asked = await authorization.pending(world, await party.pushed(), party.client.id)
    party.gateway.clock.at += timedelta(seconds=LIFETIME_SECONDS)
    for answer in (
        lambda tx: authorization.approve(tx, world, asked, asked.details, EVIDENCE),
        lambda tx: authorization.reject(tx, world, asked),
    ):
        with pytest.raises(authorization.BadRequestUri):
            await world.store.write(answer)


# --- tokens afterwards -----------------------------------------------------------------------------------------------


async def test_a_client_takes_its_access_token_back(either_party: RelyingParty) -> None:
    party, found = either_party, await either_party.tokens()
    assert (await party.call(found["access_token"])).status_code == 200
    for _ in range(2):
        answer = await party.send("/oauth/revoke", {"token": found["access_token"]}, proof=ABSENT)
        assert (answer.status_code, answer.content) == (200, b"")
    assert (await party.call(found["access_token"])).status_code == 401
    assert (await party.refresh(found["refresh_token"])).status_code == 200


async def test_a_refresh_token_taken_back_takes_its_access_tokens_along(either_party: RelyingParty) -> None:
    party, found = either_party, await either_party.tokens()
    second = (await party.refresh(found["refresh_token"])).json()
    form = {"token": found["refresh_token"], "token_type_hint": "access_token"}
    assert (await party.send("/oauth/revoke", form, proof=ABSENT)).status_code == 200
    for token in (found["access_token"], second["access_token"]):
        assert (await party.call(token)).status_code == 401
    assert said(await party.refresh(found["refresh_token"])) == (400, "invalid_grant")
    assert (await party.tokens())["token_type"] == "DPoP", "the merchant may be asked again"


async def test_revocation_is_for_the_tokens_own_client(party: RelyingParty) -> None:
    found, other = await party.tokens(), await relying_party.register(party.gateway, "Other Ltd")
    for token in (found["access_token"], found["refresh_token"]):
        assert said(await other.send("/oauth/revoke", {"token": token}, proof=ABSENT)) == (400, "invalid_request")
    assert said(await other.send("/oauth/revoke", {}, proof=ABSENT)) == (400, "invalid_request")
    assert (await other.send("/oauth/revoke", {"token": "unknown"}, proof=ABSENT)).status_code == 200
    assert (await party.call(found["access_token"])).status_code == 200


async def test_a_token_is_explained_to_its_own_client_alone(either_party: RelyingParty) -> None:
    party, found = either_party, await either_party.tokens()
    answer = (await party.send("/oauth/introspect", {"token": found["access_token"]}, proof=ABSENT)).json()
    assert answer["active"] is True
    assert answer["cnf"] == {"jkt": party.dpop_key.thumbprint}
    assert (answer["client_id"], answer["sub"]) == (party.client.id, party.merchant_id)
    assert answer["exp"] - answer["iat"] == found["expires_in"]
    assert answer["authorization_details"] == found["authorization_details"]
    refresh = (await party.send("/oauth/introspect", {"token": found["refresh_token"]}, proof=ABSENT)).json()
    assert (refresh["active"], refresh["grant_id"]) == (True, found["grant_id"])
    other = await relying_party.register(party.gateway, "Other Ltd")
    for asker, token in ((other, found["access_token"]), (other, found["refresh_token"]), (party, "unknown")):
        answer = (await asker.send("/oauth/introspect", {"token": token}, proof=ABSENT)).json()
        assert answer == {"active": False}
    party.gateway.clock.at += timedelta(seconds=301)
    answer = (await party.send("/oauth/introspect", {"token": found["access_token"]}, proof=ABSENT)).json()
    assert answer == {"active": False}


@pytest.mark.parametrize("path", ["/oauth/par", "/oauth/token", "/oauth/revoke", "/oauth/introspect"])
async def test_no_endpoint_serves_a_client_that_did_not_prove_itself(party: RelyingParty, path: str) -> None:
    nobody = {"client_assertion": ABSENT, "client_assertion_type": ABSENT, "token": "x", "grant_type": "refresh_token"}
    assert said(await party.send(path, nobody, proof=ABSENT)) == (401, "invalid_client")
    stranger = {"client_assertion": kept_key("stranger").sign({"alg": "ES256"}, {"iss": party.client.id})}
    assert said(await party.send(path, {**nobody, **stranger}, proof=ABSENT)) == (401, "invalid_client")
    assert (await party.http.post(f"{path}?client_id=x", data={"token": "x"})).status_code == 400


async def test_the_database_holds_no_secret(party: RelyingParty) -> None:
    code, store = await party.code(), party.gateway.world.store
    found = (await party.redeem(code)).json()
    for query, secret in (
        (sql.authorization.code, code), (sql.authorization.refresh_token, found["refresh_token"]),
        (sql.authorization.token, found["access_token"]),
    ):  # fmt: skip
        assert await store.one(query, hash=tokens.digest(secret)) is not None
        assert await store.one(query, hash=secret) is None


async def test_what_is_over_is_forgotten_but_a_used_code_only_after_a_day(party: RelyingParty) -> None:
    world, code = party.gateway.world, await party.code()
    first = (await party.redeem(code)).json()
    party.gateway.clock.at += timedelta(hours=1)
    await access.forget_expired(world)
    assert (await party.refresh(first["refresh_token"])).status_code == 200
    assert said(await party.redeem(code)) == (400, "invalid_grant")
    assert said(await party.refresh(first["refresh_token"])) == (400, "invalid_grant"), "the reuse was still noticed"
    party.gateway.clock.at += timedelta(days=2)
    assert await access.forget_expired(world) > 0
    assert await world.store.one(sql.authorization.code, hash=tokens.digest(code)) is None


# --- grants ----------------------------------------------------------------------------------------------------------


async def test_a_partner_sees_and_gives_back_a_grant(either_party: RelyingParty) -> None:
    party, found = either_party, await either_party.tokens()
    assert (await party.call(found["access_token"])).status_code == 200
    path = f"/v1/grants/{found['grant_id']}"
    seen = await party.partner.seen(path)
    assert (seen["state"], seen["authorization_details"]) == ("authorised", found["authorization_details"])
    for _ in range(2):
        assert (await party.partner.send("DELETE", path)).status_code == 204
    assert (await party.partner.seen(path))["state"] == "revoked"
    assert (await party.call(found["access_token"])).status_code == 401
    assert said(await party.refresh(found["refresh_token"])) == (400, "invalid_grant")


async def test_another_partners_grant_looks_like_none(party: RelyingParty) -> None:
    found = await party.tokens()
    other = await party.gateway.partner("Other Ltd")
    path = f"/v1/grants/{found['grant_id']}"
    assert (await other.get(path)).status_code == 404
    assert (await other.send("DELETE", path)).status_code == 404
    assert (await other.get("/v1/grants/grt_01jc0000000000000000000000")).status_code == 404
    assert (await party.call(found["access_token"])).status_code == 200


async def test_a_code_of_a_revoked_grant_brings_nothing(either_party: RelyingParty) -> None:
    party, world = either_party, either_party.gateway.world
    first = await party.tokens()
    code = await party.code(grant_management_action="replace", grant_id=first["grant_id"])
    await world.store.write(lambda tx: consents.revoke(tx, world, first["grant_id"], party.merchant_id))
    assert said(await party.redeem(code)) == (400, "invalid_grant")


async def test_a_grant_that_ran_out_brings_no_more_tokens(party: RelyingParty) -> None:
    found = await party.tokens()
    party.gateway.clock.at += timedelta(days=181)
    assert said(await party.refresh(found["refresh_token"])) == (400, "invalid_grant")


async def test_a_token_of_a_grant_reaches_no_address_beyond_its_merchant(party: RelyingParty) -> None:
    everything = json.dumps([*party.details(), {
        "type": "drawdown", "actions": ["quote", "propose"],
        "limits": {"per_draw_amount": 1_000, "outstanding_amount": 1_000, "currency": "CNY"},
    }])  # fmt: skip
    token = (await party.tokens(authorization_details=everything))["access_token"]
    for path in ("/v1/merchants", "/v1/events"):
        assert (await party.call(token, path)).status_code == 403
    another = await party.partner.done("/v1/merchants", {
        "legal_name": "Second shop", "country": "CN", "currency": "CNY", "timezone": "Asia/Shanghai",
    })  # fmt: skip
    assert (await party.call(token, f"/v1/merchants/{another['id']}")).status_code == 404
    assert (await party.call(token)).status_code == 200


async def test_the_api_says_where_it_is_described(gateway: Gateway) -> None:
    challenge = (await gateway.http.get("/v1/merchants")).headers["www-authenticate"]
    assert f'resource_metadata="{ISSUER}/.well-known/oauth-protected-resource"' in challenge
    found = (await gateway.http.get("/.well-known/oauth-protected-resource")).json()
    assert (found["resource"], found["authorization_servers"]) == (ISSUER, [ISSUER])
    assert found["bearer_methods_supported"] == ["header"]
