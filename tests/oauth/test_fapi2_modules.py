"""The modules of the FAPI 2.0 Security Profile conformance plan that apply, each one named test over HTTP.

Plain FAPI, plain OAuth, private_key_jwt, DPoP, unsigned pushed requests. The name behind `test_fapi2_` is the module's,
without its prefix `fapi2-security-profile-final-`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from gateway.oauth.authorization_requests import PREFIX
from tests.gateways import ISSUER
from tests.oauth import relying_party
from tests.oauth.dpop_negatives import NEGATIVES, POSITIVES
from tests.oauth.expectations import assert_page, assert_refused, code_form, refused_everywhere, works, works_with_iat
from tests.oauth.relying_party import VERIFIER, hashed, kept_key
from tests.oauth.signing import ABSENT

if TYPE_CHECKING:
    from tests.gateways import Gateway
    from tests.oauth.relying_party import RelyingParty

pytestmark = pytest.mark.anyio
TOKEN = f"{ISSUER}/oauth/token"


# --- basic flows -----------------------------------------------------------------------------------------------------


async def test_fapi2_discovery_end_point_verification(gateway: Gateway) -> None:
    answer = await gateway.http.get("/.well-known/oauth-authorization-server")
    assert answer.headers["content-type"] == "application/json"
    found = AuthorizationServerMetadata(answer.json())
    found.validate()
    assert found["issuer"] == ISSUER
    assert "code" in found["response_types_supported"]
    assert found["authorization_response_iss_parameter_supported"] is True
    assert found["require_pushed_authorization_requests"] is True
    assert found["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert found["code_challenge_methods_supported"] == ["S256"]
    for name in ("dpop_signing_alg_values_supported", "token_endpoint_auth_signing_alg_values_supported"):
        assert set(found[name]) <= {"PS256", "ES256", "EdDSA", "Ed25519"}
    for name in ("authorization", "token", "pushed_authorization_request", "revocation", "introspection"):
        assert found[f"{name}_endpoint"].startswith(f"{ISSUER}/oauth/")
    assert not {"password", "implicit"} & set(found["grant_types_supported"])
    assert "merchant_data" in found["authorization_details_types_supported"]
    assert {"query", "revoke"} <= set(found["grant_management_actions_supported"])


async def test_fapi2_happy_flow(party: RelyingParty) -> None:
    pushed = await party.push()
    assert pushed.status_code == 201
    assert pushed.json()["expires_in"] < 600
    request_uri = pushed.json()["request_uri"]
    assert len(request_uri.removeprefix(PREFIX)) >= 22, "at least 128 bits"
    page = await party.authorize(request_uri)
    assert page.status_code == 303
    answer = await party.approve(request_uri)
    assert answer.keys() == {"code", "state", "iss"}
    assert (answer["state"], answer["iss"]) == ("state-1", ISSUER)
    assert len(answer["code"]) >= 22, "at least 128 bits"
    redeemed = await party.redeem(answer["code"])
    assert redeemed.headers["cache-control"] == "no-store"
    found = redeemed.json()
    assert found["token_type"] == "DPoP"
    assert 0 < found["expires_in"] <= 600
    assert found["authorization_details"][0]["merchant"] == {"id": party.merchant_id}
    assert (await party.call(found["access_token"])).status_code == 200
    bearer = await party.call(found["access_token"], scheme="Bearer")
    assert bearer.status_code == 401, "bound tokens are never taken as Bearer"


async def test_fapi2_user_rejects_authentication(party: RelyingParty) -> None:
    request_uri = await party.pushed()
    assert await party.reject(request_uri) == {"error": "access_denied", "state": "state-1", "iss": ISSUER}
    assert_page(await party.authorize(request_uri))


async def test_fapi2_ensure_authorization_request_without_state_success(party: RelyingParty) -> None:
    answer = await party.approve(await party.pushed(state=ABSENT))
    assert answer.keys() == {"code", "iss"}
    assert (await party.redeem(answer["code"])).status_code == 200


async def test_fapi2_ensure_authorization_request_with_long_state(party: RelyingParty) -> None:
    state = "".join(chr(0x21 + place % 94) for place in range(1_500))
    answer = await party.approve(await party.pushed(state=state))
    assert answer["state"] == state
    assert (await party.redeem(answer["code"])).status_code == 200


async def test_fapi2_ensure_different_state_inside_and_outside_request_object(party: RelyingParty) -> None:
    request_uri = await party.pushed(state="inside")
    page = await party.authorize(request_uri, state="outside")
    assert page.status_code == 303
    assert "outside" not in page.headers["location"]
    assert (await party.approve(request_uri))["state"] == "inside"


async def test_fapi2_state_only_outside_request_object_not_used(party: RelyingParty) -> None:
    request_uri = await party.pushed(state=ABSENT)
    page = await party.authorize(request_uri, state="outside")
    assert page.status_code == 303
    assert "state" not in await party.approve(request_uri)


async def test_fapi2_access_token_type_header_case_sensitivity(party: RelyingParty) -> None:
    token = (await party.tokens())["access_token"]
    for scheme in ("DPoP", "dpop", "DPOP", "dPoP"):
        assert (await party.call(token, scheme=scheme)).status_code == 200, scheme


# --- DPoP ------------------------------------------------------------------------------------------------------------


async def test_fapi2_check_dpop_proof_nbf_exp(party: RelyingParty) -> None:
    code, at = await party.code(), party.now()
    redeemed = await party.send("/oauth/token", code_form(code), nbf=at, exp=at + 300)
    assert redeemed.status_code == 200
    assert (await party.call(redeemed.json()["access_token"], nbf=at, exp=at + 300)).status_code == 200


async def test_fapi2_ensure_dpopproof_with_iat_10seconds_before_succeeds(party: RelyingParty) -> None:
    await works_with_iat(party, -10)


async def test_fapi2_ensure_dpopproof_with_iat_10seconds_after_succeeds(party: RelyingParty) -> None:
    await works_with_iat(party, 10)


async def test_fapi2_ensure_mismatched_dpop_jkt_fails(party: RelyingParty) -> None:
    other = kept_key("other").thumbprint
    answer = await party.send("/oauth/par", party.request(dpop_jkt=other))
    assert_refused(answer, "invalid_request", "invalid_dpop_proof")


async def test_fapi2_ensure_token_endpoint_fails_with_mismatched_dpop_proof_jkt(party: RelyingParty) -> None:
    code = await party.code(proof=None)
    answer = await party.redeem(code, key=kept_key("other"))
    assert_refused(answer, "invalid_request", "invalid_grant", "invalid_dpop_proof")
    assert (await party.redeem(code)).status_code == 200, "a failed attempt uses nothing up"


async def test_fapi2_ensure_token_endpoint_fails_with_mismatched_dpop_jkt(party: RelyingParty) -> None:
    code = await party.code(dpop_jkt=kept_key("other").thumbprint)
    assert_refused(await party.redeem(code), "invalid_request", "invalid_grant", "invalid_dpop_proof")


async def test_fapi2_ensure_dpopproof_at_par_endpoint_binding_success(party: RelyingParty) -> None:
    await works(party, proof=None)


async def test_fapi2_ensure_dpop_auth_code_binding_success(party: RelyingParty) -> None:
    await works(party, dpop_jkt=party.dpop_key.thumbprint)


async def test_fapi2_dpop_negative_tests(party: RelyingParty) -> None:
    token = (await party.tokens())["access_token"]
    await party.call(token)
    for name, make in NEGATIVES.items():
        answer = await party.http.get(party.resource, headers=make(party, token))
        assert answer.status_code == 401, name
        assert 'error="' in answer.headers["www-authenticate"], name
    for name, make in POSITIVES.items():
        answer = await party.http.get(party.resource, headers=make(party, token))
        assert answer.status_code == 200, (name, answer.text)


# --- the authorization request ---------------------------------------------------------------------------------------


async def test_fapi2_ensure_request_object_without_redirect_uri_fails(party: RelyingParty) -> None:
    assert_refused(await party.push(redirect_uri=ABSENT), "invalid_request")


async def test_fapi2_plain_fapi_tolerate_unregistered_redirect_uri(party: RelyingParty) -> None:
    uri = f"{relying_party.REDIRECT_URI}?dummy=lorem"
    request_uri = await party.pushed(redirect_uri=uri)
    answer = await party.approve(request_uri)
    assert answer["dummy"] == "lorem"
    assert (await party.redeem(answer["code"], redirect_uri=uri)).status_code == 200
    for bad in ("http://client.example/cb", "https://client.example/cb#f", "/cb", "javascript:alert(1)",
                "https://u@client.example/", "http://localhost/cb", "com.example.app:/cb", "https:///cb"):  # fmt: skip
        assert_refused(await party.push(redirect_uri=bad), "invalid_request")
    for native in ("http://127.0.0.1:49152/cb", "http://[::1]:49152/cb"):
        assert (await party.push(redirect_uri=native)).status_code == 201


async def test_fapi2_ensure_unsigned_authorization_request_without_using_par_fails(party: RelyingParty) -> None:
    assert_page(await party.http.get("/oauth/authorize", params={"client_id": party.client.id, **party.request()}))


async def test_fapi2_ensure_redirect_uri_in_authorization_request(party: RelyingParty) -> None:
    assert_refused(await party.push(redirect_uri=""), "invalid_request")
    query = {"client_id": party.client.id, **party.request(redirect_uri=ABSENT)}
    assert_page(await party.http.get("/oauth/authorize", params=query))


async def test_fapi2_ensure_response_type_code_idtoken_fails(party: RelyingParty) -> None:
    answer = await party.push(response_type="code id_token")
    assert_refused(answer, "unsupported_response_type", "unauthorized_client", "invalid_request")


async def test_fapi2_ensure_response_type_token_fails(party: RelyingParty) -> None:
    answer = await party.push(response_type="token")
    assert_refused(answer, "unsupported_response_type", "unauthorized_client", "invalid_request")


# --- the token request -----------------------------------------------------------------------------------------------


async def test_fapi2_ensure_client_id_in_token_endpoint(party: RelyingParty) -> None:
    code = await party.code()
    other = await relying_party.register(party.gateway, "Other Ltd")
    answer = await party.redeem(code, client_id=other.client.id)
    assert_refused(answer, "invalid_client", "invalid_request", status=401)
    assert (await party.redeem(code)).status_code == 200


async def test_fapi2_ensure_holder_of_key_required(party: RelyingParty) -> None:
    code = await party.code()
    assert_refused(await party.redeem(code, proof=ABSENT), "invalid_request", "invalid_grant", "invalid_dpop_proof")
    assert (await party.redeem(code)).status_code == 200


async def test_fapi2_ensure_authorization_code_is_bound_to_client(party: RelyingParty) -> None:
    code = await party.code()
    other = await relying_party.register(party.gateway, "Other Ltd")
    assert_refused(await other.redeem(code), "invalid_grant")
    assert (await party.redeem(code)).status_code == 200


async def test_fapi2_attempt_reuse_authorization_code_after_one_second(party: RelyingParty) -> None:
    code = await party.code()
    first = (await party.redeem(code)).json()
    assert (await party.call(first["access_token"])).status_code == 200
    party.gateway.clock.at += timedelta(seconds=1)
    assert_refused(await party.redeem(code), "invalid_grant")
    assert (await party.call(first["access_token"])).status_code == 401, "reuse ends what the code brought"
    assert_refused(await party.refresh(first["refresh_token"]), "invalid_grant")


async def test_fapi2_ensure_token_endpoint_fails_with_expired_auth_code(party: RelyingParty) -> None:
    code = await party.code()
    party.gateway.clock.at += timedelta(seconds=62)
    assert_refused(await party.redeem(code), "invalid_grant")


async def test_fapi2_refresh_token(party: RelyingParty) -> None:
    first = await works(party)
    refreshed = await party.refresh(first["refresh_token"])
    assert refreshed.status_code == 200
    assert refreshed.json().get("refresh_token", first["refresh_token"]) == first["refresh_token"], "not rotated"
    assert (await party.call(refreshed.json()["access_token"])).status_code == 200
    assert_refused(await party.refresh(first["refresh_token"], proof=ABSENT), "invalid_dpop_proof")
    unauthenticated = {"client_assertion": ABSENT, "client_assertion_type": ABSENT}
    assert_refused(await party.refresh(first["refresh_token"], **unauthenticated), "invalid_client", status=401)
    other = await relying_party.register(party.gateway, "Other Ltd")
    assert_refused(await other.refresh(first["refresh_token"]), "invalid_grant")
    stolen = await other.call(first["access_token"], party.resource)
    assert stolen.status_code == 200, "its key is the one in use"
    other.dpop_key = kept_key("other")
    assert (await other.call(first["access_token"], party.resource)).status_code == 401


# --- client authentication -------------------------------------------------------------------------------------------


async def test_fapi2_ensure_signed_client_assertion_with_rs256_fails(gateway: Gateway) -> None:
    party = await relying_party.register(gateway, key=kept_key("rsa", "PS256"))
    await refused_everywhere(party, lambda: party.assertion({"alg": "RS256"}))


async def test_fapi2_ensure_client_assertion_in_token_endpoint(party: RelyingParty) -> None:
    code = await party.code()
    absent = {"client_assertion": ABSENT, "client_assertion_type": ABSENT}
    assert_refused(await party.redeem(code, **absent), "invalid_client", status=401)
    assert (await party.redeem(code)).status_code == 200


async def test_fapi2_ensure_client_assertion_with_exp_is_5_minutes_in_past_fails(party: RelyingParty) -> None:
    await refused_everywhere(party, lambda: party.assertion(iat=party.now() - 360, exp=party.now() - 300))


async def test_fapi2_ensure_client_assertion_with_wrong_aud_fails(party: RelyingParty) -> None:
    await refused_everywhere(party, lambda: party.assertion(aud="https://other.example"))


async def test_fapi2_ensure_client_assertion_with_no_sub_fails(party: RelyingParty) -> None:
    await refused_everywhere(party, lambda: party.assertion(sub=ABSENT))


async def test_fapi2_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted(
    party: RelyingParty,
) -> None:
    at = party.now() + 8
    assert (await party.push(client_assertion=party.assertion(nbf=at, iat=at))).status_code == 201


async def test_fapi2_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails(
    party: RelyingParty,
) -> None:
    at = party.now() + 62
    answer = await party.push(client_assertion=party.assertion(nbf=at, exp=at + 60))
    assert_refused(answer, "invalid_client", status=401)


async def test_fapi2_par_test_array_as_audience_fails(party: RelyingParty) -> None:
    for audience in ([ISSUER], [ISSUER, f"{ISSUER}/oauth/par"]):
        answer = await party.push(client_assertion=party.assertion(aud=audience))
        assert_refused(answer, "invalid_client", status=401)


async def test_fapi2_par_test_par_endpoint_url_as_audience_fails(party: RelyingParty) -> None:
    answer = await party.push(client_assertion=party.assertion(aud=f"{ISSUER}/oauth/par"))
    assert_refused(answer, "invalid_client", status=401)


async def test_fapi2_par_test_token_endpoint_url_as_audience_fails(party: RelyingParty) -> None:
    answer = await party.push(client_assertion=party.assertion(aud=TOKEN))
    assert_refused(answer, "invalid_client", status=401)


# --- pushed requests -------------------------------------------------------------------------------------------------


async def test_fapi2_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds(party: RelyingParty) -> None:
    request_uri = await party.pushed()
    for _ in range(3):
        assert (await party.authorize(request_uri)).status_code == 303
    assert "code" in await party.approve(request_uri)


async def test_fapi2_par_attempt_reuse_request_uri(party: RelyingParty) -> None:
    request_uri = await party.pushed()
    await party.approve(request_uri)
    assert_page(await party.authorize(request_uri))


async def test_fapi2_par_attempt_to_use_expired_request_uri(party: RelyingParty) -> None:
    pushed = (await party.push()).json()
    party.gateway.clock.at += timedelta(seconds=pushed["expires_in"])
    assert_page(await party.authorize(pushed["request_uri"]))


async def test_fapi2_par_attempt_to_use_request_uri_for_different_client(party: RelyingParty) -> None:
    request_uri = await party.pushed()
    other = await relying_party.register(party.gateway, "Other Ltd")
    assert_page(await other.authorize(request_uri))
    assert (await party.authorize(request_uri)).status_code == 303


async def test_fapi2_par_authorization_request_containing_request_uri_form_param(party: RelyingParty) -> None:
    request_uri = await party.pushed()
    assert_refused(await party.push(request_uri=request_uri), "invalid_request")


async def test_fapi2_par_attempt_invalid_http_method(party: RelyingParty) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = await party.http.request(method, "/oauth/par")
        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]


async def test_fapi2_par_without_duplicate_parameters(party: RelyingParty) -> None:
    request_uri = await party.pushed()
    assert (await party.authorize(request_uri)).status_code == 303
    twice = f"client_id={party.client.id}&request_uri={request_uri}&client_id={party.client.id}"
    assert_page(await party.http.get(f"/oauth/authorize?{twice}"))


async def test_fapi2_par_ensure_pkce_required(party: RelyingParty) -> None:
    assert_refused(await party.push(code_challenge=ABSENT, code_challenge_method=ABSENT), "invalid_request")
    assert_refused(await party.push(code_challenge=ABSENT), "invalid_request")


async def test_fapi2_par_plain_pkce_rejected(party: RelyingParty) -> None:
    for method in ("plain", ABSENT, "s256"):
        answer = await party.push(code_challenge=VERIFIER, code_challenge_method=method)
        assert_refused(answer, "invalid_request")


async def test_fapi2_ensure_pkce_code_verifier_required(party: RelyingParty) -> None:
    code = await party.code()
    assert_refused(await party.redeem(code, code_verifier=ABSENT), "invalid_grant")
    assert (await party.redeem(code)).status_code == 200


async def test_fapi2_incorrect_pkce_code_verifier_rejected(party: RelyingParty) -> None:
    code = await party.code()
    for wrong in ("w" * 64, VERIFIER + "v", VERIFIER[:-1], hashed(VERIFIER), "v"):
        assert_refused(await party.redeem(code, code_verifier=wrong), "invalid_grant")
    assert (await party.redeem(code)).status_code == 200
