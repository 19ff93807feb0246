"""The journey by authlib's own httpx client: discovery, pushed request, the merchant's pages, code, sales, the end.

The merchant reads and posts the hosted pages as a browser without JavaScript does.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc.jwk import ECKey

from gateway.main import application
from gateway.usecases import clients
from tests import visits
from tests.gateways import ISSUER
from tests.oauth.relying_party import REDIRECT_URI, RelyingParty, answered, kept_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.gateways import Gateway

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:The httpx module is deprecated")]
VERIFIER = "authlib-" * 8


class Proving(httpx.AsyncBaseTransport):
    """Adds the DPoP proof that authlib's client does not make, and repeats a request that lacks the nonce."""

    def __init__(self, party: RelyingParty, inner: httpx.AsyncBaseTransport) -> None:
        self._party, self._inner = party, inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(2):
            token = request.headers.get("authorization", "").partition(" ")[2] or None
            proof = self._party.proof(request.method, str(request.url).partition("?")[0], token=token)
            request.headers["dpop"] = proof
            answer = await self._inner.handle_async_request(request)
            await answer.aread()
            self._party.nonce = answer.headers.get("dpop-nonce", self._party.nonce)
            if "use_dpop_nonce" not in answer.text:
                break
        return answer


def in_header(token: str, uri: str, headers: httpx.Headers, body: Any, _placement: str) -> Any:
    """A DPoP-bound token as RFC 9449 section 7.1 sends it."""
    headers["Authorization"] = f"DPoP {token}"
    return uri, headers, body


@pytest.fixture
async def session(party: RelyingParty) -> AsyncIterator[Any]:
    from authlib.integrations.httpx_client import AsyncOAuth2Client  # noqa: PLC0415 - warns when it is imported
    from authlib.oauth2.auth import TokenAuth  # noqa: PLC0415

    party.key = kept_key("authlib")
    jwks = json.dumps({"keys": [{**party.key.jwk, "kid": "main"}]}).encode()
    await clients.rotate(party.gateway.world, party.client.id, jwks)
    private = ECKey.import_key({**party.key.jwk, **party.key.private_member})
    app: Any = application(party.gateway.world)
    transport = Proving(party, httpx.ASGITransport(app))
    methods, jtis = TokenAuth.SIGN_METHODS, itertools.count(1)
    methods["dpop"] = in_header

    class Signed(PrivateKeyJWT):  # type: ignore[misc]  # authlib has no types
        """Its own assertions, valid for a minute by the gateway's clock, each with a jti of its own."""

        def sign(self, auth: Any, token_endpoint: str) -> Any:
            at = party.now()
            self.claims = {"iat": at, "exp": at + 60, "jti": f"authlib-{next(jtis)}"}
            return super().sign(auth, token_endpoint)

    signed = Signed(ISSUER, headers={"kid": "main"}, alg="ES256")
    async with AsyncOAuth2Client(
        party.client.id, private, token_endpoint_auth_method=signed, transport=transport, redirect_uri=REDIRECT_URI
    ) as session:
        yield session
    del methods["dpop"]


async def test_authlibs_client_pushes_sales_until_the_merchant_takes_consent_back(
    gateway: Gateway, party: RelyingParty, session: Any
) -> None:
    found = (await gateway.http.get("/.well-known/oauth-authorization-server")).json()
    wanted = party.request(code_challenge=create_s256_code_challenge(VERIFIER), client_id=party.client.id)
    pushed = await session.post(
        found["pushed_authorization_request_endpoint"],
        data=wanted,
        auth=session.client_auth(session.token_endpoint_auth_method),
    )
    assert pushed.status_code == 201, pushed.text
    query = urlencode({"client_id": party.client.id, "request_uri": pushed.json()["request_uri"]})
    answer = await agreed(gateway, f"{found['authorization_endpoint']}?{query}")
    assert (answer["state"], answer["iss"]) == ("state-1", ISSUER)
    token = await session.fetch_token(found["token_endpoint"], code=answer["code"], code_verifier=VERIFIER)
    assert token["token_type"] == "DPoP"
    sale = {
        "sale_id": "a-1", "kind": "sale", "occurred_at": gateway.clock.now().isoformat(), "amount": 1_200,
        "currency": "CNY",
    }  # fmt: skip
    taken = await session.post(f"{ISSUER}{party.resource}/sales", json=[sale])
    assert taken.status_code == 200, taken.text
    assert taken.json()["accepted"] == 1
    again = await session.refresh_token(found["token_endpoint"], refresh_token=token["refresh_token"])
    assert again["access_token"] != token["access_token"]
    grant = f"{found['grant_management_endpoint']}/{token['grant_id']}"
    assert (await party.partner.send("DELETE", grant.removeprefix(ISSUER))).status_code == 204
    assert (await session.post(f"{ISSUER}{party.resource}/sales", json=[sale])).status_code == 401


async def agreed(gateway: Gateway, address: str) -> dict[str, str]:
    """The merchant signs in and turns everything on; the parameters its browser takes back to the client."""
    async with visits.browser(gateway) as browser:
        consent = (await browser.see(address)).headers["location"]
        start = (await browser.see(consent)).headers["location"]
        await browser.sign_in(gateway, start.removeprefix("/connect/sign-in"))
        await browser.see(consent)
        switches = re.findall(r'role="switch"[^>]* name="([^"]+)"', browser.page)
        sent = await browser.send(consent, {"do": "agree", **dict.fromkeys(switches, "on")})
    assert sent.status_code == 303, sent.text
    return answered(sent.headers["location"])
