"""The widget over HTTP: a partner's server makes a session, a page at its till shows our frame, the frame gets a token.

What the frame does in a browser is told in tests/widget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.demo.keys import SigningKey
from gateway.usecases import throttles
from tests.gateways import ISSUER
from tests.shops import rows

if TYPE_CHECKING:
    from tests.gateways import Gateway, Partner

pytestmark = pytest.mark.anyio
PARENT = "https://till.example"
SHOP = {"legal_name": "Corner Bakery", "country": "NL", "currency": "EUR", "timezone": "UTC"}
BO = {"id": "bo", "name": "Bo", "role": "cashier"}
KEY = SigningKey()
"""The frame's."""


class Till:
    """A partner's server and its page at one shop."""

    def __init__(self, gateway: Gateway, partner: Partner, merchant_id: str) -> None:
        self.gateway, self.http, self.partner, self.merchant_id = gateway, gateway.http, partner, merchant_id
        self.issuer = gateway.world.settings.issuer
        self._nonce: str | None = None

    def wanted(self, **changes: Any) -> dict[str, Any]:
        session = {"merchant_id": self.merchant_id, "user": BO, "components": ["offer"], "parent_origins": [PARENT]}
        return session | changes

    async def session(self, **changes: Any) -> dict[str, Any]:
        return await self.partner.done("/v1/widget/sessions", self.wanted(**changes))

    async def exchange(self, client_secret: str, **more: Any) -> httpx.Response:
        """As the frame does; again where only the nonce was missing."""
        for _ in range(2):
            proof = self.proof("POST", "/widget/v1/token")
            sent: dict[str, Any] = {"json": {"client_secret": client_secret}} | more
            answer = await self.http.post("/widget/v1/token", headers={"dpop": proof}, **sent)
            if not self._hear(answer):
                break
        return answer

    async def call(self, method: str, path: str, token: str, **more: Any) -> httpx.Response:
        """As the frame calls the API."""
        headers = more.pop("headers", {})
        for _ in range(2):
            bound = {"authorization": f"DPoP {token}", "dpop": self.proof(method, path, token)}
            answer = await self.http.request(method, path, headers=bound | headers, **more)
            if not self._hear(answer):
                break
        return answer

    def proof(self, method: str, path: str, token: str | None = None) -> str:
        at = int(self.gateway.clock.now().timestamp())
        return KEY.proof(method, self.issuer + path, at, nonce=self._nonce, token=token)

    def _hear(self, answer: httpx.Response) -> bool:
        self._nonce = answer.headers.get("dpop-nonce", self._nonce)
        return "use_dpop_nonce" in answer.text


async def till_of(gateway: Gateway) -> Till:
    partner = await gateway.partner()
    return Till(gateway, partner, (await partner.done("/v1/merchants", SHOP))["id"])


@pytest.fixture
async def till(site: Gateway) -> Till:
    return await till_of(site)


def assert_oauth_error(answer: httpx.Response, error: str, status: int = 400) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_a_session_is_answered_once_and_never_kept(till: Till) -> None:
    answer = await till.partner.post("/v1/widget/sessions", till.wanted())
    made = answer.json()
    assert answer.status_code == 201
    assert made.keys() == {"id", "client_secret", "expires_at", "frame_url"}
    assert made["frame_url"] == f"{ISSUER}/widget/v1/frame?session={made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    kept = await rows(till.gateway.world.settings.database_url, "SELECT body FROM idempotency")
    assert made["client_secret"] not in repr(kept)


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
async def test_the_frames_token_reads_the_offer_and_nothing_of_the_partners(till: Till, *, form: bool) -> None:
    secret = (await till.session())["client_secret"]
    answer = await till.exchange(secret, **({"json": None, "data": {"client_secret": secret}} if form else {}))
    assert answer.status_code == 200, answer.text
    opened = answer.json()
    assert opened.pop("access_token")
    assert opened == {
        "token_type": "DPoP", "expires_in": 300, "merchant_id": till.merchant_id, "components": ["offer"], "user": BO
    }  # fmt: skip
    token = answer.json()["access_token"]
    offer = await till.call("GET", f"/v1/merchants/{till.merchant_id}/offer", token)
    assert offer.status_code in {200, 404}, offer.text
    refused = {
        f"{method} {path}": (await till.call(method, path, token, json={} if method == "POST" else None)).status_code
        for method, path in (
            ("GET", "/v1/merchants"), ("POST", "/v1/merchants"), ("GET", "/v1/events"),
            ("POST", f"/v1/merchants/{till.merchant_id}/sales"), ("POST", "/v1/widget/sessions"),
        )
    }  # fmt: skip
    assert set(refused.values()) == {403}, refused


async def test_a_widget_reads_what_was_agreed_in_the_words_of_the_hosted_page(till: Till) -> None:
    secret = (await till.session(components=["consents"]))["client_secret"]
    token = (await till.exchange(secret)).json()["access_token"]
    told = {}
    for locale in ("en", "zh-CN"):
        answer = await till.call("GET", "/widget/v1/consents", token, params={"locale": locale})
        assert answer.status_code == 200, answer.text
        found = told[locale] = answer.json()
        assert found["locale"] == locale
        assert found["manage_url"] == f"{ISSUER}/connect/consents?merchant_id={till.merchant_id}"
        assert all(line["what"] and line["why"] and line["until_on"] <= found["until_on"] for line in found["lines"])
        assert any(line["bank"] for line in found["lines"])
        assert any(line["lookback_days"] for line in found["lines"])
    assert [line["key"] for line in told["en"]["lines"]] == [line["key"] for line in told["zh-CN"]["lines"]]
    assert told["en"]["lines"][0]["what"] != told["zh-CN"]["lines"][0]["what"]
    own = await till.partner.send("GET", "/widget/v1/consents", token=till.partner.token)
    assert own.status_code == 404


async def test_a_stolen_token_is_worth_nothing_without_its_key(till: Till) -> None:
    token = (await till.exchange((await till.session())["client_secret"])).json()["access_token"]
    path = f"/v1/merchants/{till.merchant_id}/offer"
    thief = SigningKey()
    at = int(till.gateway.clock.now().timestamp())
    proof = thief.proof("GET", till.issuer + path, at, nonce=till._nonce, token=token)
    stolen = await till.http.get(path, headers={"authorization": f"DPoP {token}", "dpop": proof})
    assert stolen.status_code == 401
    assert (await till.http.get(path, headers={"authorization": f"Bearer {token}"})).status_code == 401


async def test_a_token_of_one_shop_opens_no_other(till: Till) -> None:
    other = await till_of(till.gateway)
    mine = (await till.partner.done("/v1/merchants", SHOP))["id"]
    token = (await till.exchange((await till.session())["client_secret"])).json()["access_token"]
    for merchant_id in (other.merchant_id, mine):
        assert (await till.call("GET", f"/v1/merchants/{merchant_id}/offer", token)).status_code == 404


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"json": {"client_secret": "unknown"}}, "invalid_grant"),
        ({"json": {}}, "invalid_request"),
        ({"json": {"client_secret": 5}}, "invalid_request"),
        ({"json": {"client_secret": "a", "more": 1}}, "invalid_request"),
        ({"content": b'{"client_secret":"a","client_secret":"b"}', "json": None}, "invalid_request"),
        ({"content": b"nonsense", "json": None}, "invalid_request"),
        ({"json": None, "data": {"other": "x"}}, "invalid_request"),
    ],
)
async def test_bad_exchanges_are_oauth_errors(till: Till, sent: dict[str, Any], error: str) -> None:
    if "content" in sent:
        sent = sent | {"content": sent["content"]}
        proof = till.proof("POST", "/widget/v1/token")
        headers = {"dpop": proof, "content-type": "application/json"}
        answer = await till.http.post("/widget/v1/token", content=sent["content"], headers=headers)
    else:
        answer = await till.exchange("", **sent)
    assert_oauth_error(answer, error)


async def test_without_a_proof_nothing_is_exchanged_or_spent(till: Till) -> None:
    secret = (await till.session())["client_secret"]
    answer = await till.http.post("/widget/v1/token", json={"client_secret": secret})
    assert_oauth_error(answer, "invalid_dpop_proof")
    assert (await till.exchange(secret)).status_code == 200


async def test_guessing_secrets_locks_the_address(site: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttles, "ADDRESS_COUNT", 4)
    till = await till_of(site)
    transport = httpx.ASGITransport(till.http._transport.app, client=("198.51.100.9", 1))  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as till.http:
        for _ in range(4):
            assert_oauth_error(await till.exchange("guess"), "invalid_grant")
        locked = await till.exchange((await till.session())["client_secret"])
    assert_oauth_error(locked, "temporarily_unavailable", 429)
    assert int(locked.headers["retry-after"]) > 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"parent_origins": ["http://till.example"]}, "invalid_parent_origin"),
        ({"parent_origins": []}, "invalid_request"),
        ({"components": ["everything"]}, "invalid_request"),
        ({"user": {"id": "bo"}}, "invalid_request"),
        ({"more": 1}, "invalid_request"),
    ],
)
async def test_bad_sessions_are_refused(till: Till, changes: dict[str, Any], code: str) -> None:
    answer = await till.partner.post("/v1/widget/sessions", till.wanted(**changes))
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in {code, "invalid_body"}


async def test_a_token_of_a_grant_makes_no_session(till: Till) -> None:
    token = till.partner.grants[till.merchant_id]
    answer = await till.partner.send("POST", "/v1/widget/sessions", token=token, json=till.wanted())
    assert answer.status_code == 403


async def test_ending_a_session_ends_its_token(till: Till) -> None:
    made = await till.session()
    token = (await till.exchange(made["client_secret"])).json()["access_token"]
    path = f"/v1/widget/sessions/{made['id']}"
    assert (await (await till_of(till.gateway)).partner.send("DELETE", path)).status_code == 404
    assert (await till.call("GET", f"/v1/merchants/{till.merchant_id}/offer", token)).status_code in {200, 404}
    assert (await till.partner.send("DELETE", path)).status_code == 204
    assert (await till.call("GET", f"/v1/merchants/{till.merchant_id}/offer", token)).status_code == 401
    assert (await till.partner.send("DELETE", f"/v1/widget/sessions/{till.merchant_id}")).status_code == 404


async def test_the_frames_page_may_be_shown_by_the_named_pages_alone(till: Till) -> None:
    made = await till.session(parent_origins=[PARENT, "http://localhost:3000"])
    answer = await till.http.get(made["frame_url"], headers={"accept-language": "zh-CN"})
    policy = answer.headers["content-security-policy"]
    assert answer.status_code == 200
    assert policy.endswith(f"frame-ancestors {PARENT} http://localhost:3000")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "x-frame-options" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert 'lang="zh-CN"' in answer.text
    assert made["client_secret"] not in answer.text


@pytest.mark.parametrize("query", ["", "?session=", "?session=ses_unknown", "?session=%00"])
async def test_without_a_session_the_frames_page_is_shown_nowhere(till: Till, query: str) -> None:
    answer = await till.http.get(f"/widget/v1/frame{query}")
    assert answer.status_code == 404
    assert answer.headers["content-security-policy"].endswith("frame-ancestors 'none'")


async def test_a_frame_of_no_session_at_all_is_refused_on_both_engines(gateway: Gateway) -> None:
    for session in ("%00", "ses_%00", ""):
        assert (await gateway.http.get(f"/widget/v1/frame?session={session}")).status_code == 404
