"""The partner's client: how it proves itself, keeps its token, repeats a call, and shows a refusal."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from gateway.demo import answers, partner
from gateway.demo.keys import SigningKey
from gateway.demo.receipts import Kind, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = Callable[[httpx.Request], httpx.Response]

ISSUER = "http://gateway.test"
OPEN = httpx.Response(200, json={"access_token": "t0k", "token_type": "DPoP", "expires_in": 300})
SALE = Receipt(
    sale_id="A1",
    kind=Kind.sale,
    occurred_at=datetime(2024, 1, 1, 10, tzinfo=UTC),
    business_on=date(2024, 1, 1),
    amount=1250,
)


class Wire:
    """A stand-in for the network: answers from a list, and remembers what was asked."""

    def __init__(self, *answered: httpx.Response | Exception) -> None:
        self.waiting = list(answered)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def client(wire: Wire, key: SigningKey | None = None, refresh_token: str | None = None) -> partner.Partner:
    http = httpx.AsyncClient(base_url=ISSUER, transport=httpx.MockTransport(wire))
    return partner.Partner(http, "cli_1", key or SigningKey(), ISSUER, refresh_token)


def proven(request: httpx.Request, key: SigningKey) -> dict[str, object]:
    """The claims of a request's DPoP proof, whose signature an independent library checks with the key inside it."""
    proof = jwt.decode(request.headers["DPoP"], ECKey.import_key({**key.jwk()}))
    assert (proof.header["typ"], proof.header["alg"], proof.header["jwk"]) == ("dpop+jwt", "ES256", key.jwk())
    return proof.claims


def problem(status: int, **body: object) -> httpx.Response:
    return httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


def test_an_assertion_is_a_jwt_that_an_independent_library_verifies() -> None:
    key = SigningKey()
    now = int(time.time())
    token = jwt.decode(key.assertion("cli_1", ISSUER, now), KeySet.import_key_set(msgspec.json.decode(key.jwks())))
    assert token.header["alg"] == "ES256"
    assert {name: token.claims[name] for name in ("iss", "sub", "aud", "iat")} == {
        "iss": "cli_1",
        "sub": "cli_1",
        "aud": ISSUER,
        "iat": now,
    }
    assert 0 < token.claims["exp"] - now <= 300


def test_the_registered_key_has_no_private_part() -> None:
    assert set(msgspec.json.decode(SigningKey().jwks())["keys"][0]) == {"kty", "crv", "alg", "use", "kid", "x", "y"}


def test_no_assertion_is_used_twice() -> None:
    key = SigningKey()
    assert key.assertion("cli_1", ISSUER, 0) != key.assertion("cli_1", ISSUER, 0)


@pytest.mark.anyio
async def test_one_token_serves_many_calls() -> None:
    clock = {"now": "2024-01-01T00:00:00Z"}
    wire = Wire(OPEN, httpx.Response(200, json=clock), httpx.Response(200, json=clock))
    gateway = client(wire)
    await gateway.get("/v1/sandbox/clock", answers.BusinessClock)
    await gateway.get("/v1/sandbox/clock", answers.BusinessClock)
    assert [request.url.path for request in wire.asked] == ["/oauth/token", "/v1/sandbox/clock", "/v1/sandbox/clock"]
    form = parse_qs(wire.asked[0].content.decode())
    assert form["grant_type"] == ["client_credentials"]
    assert wire.asked[2].headers["Authorization"] == "DPoP t0k"


@pytest.mark.anyio
async def test_each_request_proves_the_key_its_token_is_bound_to() -> None:
    key = SigningKey()
    wire = Wire(OPEN, httpx.Response(200, json={"now": "2024-01-01T00:00:00Z"}))
    await client(wire, key).get("/v1/sandbox/clock?at=now", answers.BusinessClock)
    first, second = (proven(request, key) for request in wire.asked)
    assert (first["htm"], first["htu"]) == ("POST", f"{ISSUER}/oauth/token")
    assert (second["htm"], second["htu"]) == ("GET", f"{ISSUER}/v1/sandbox/clock")
    assert "ath" not in first
    assert second["ath"] == urlsafe_b64encode(sha256(b"t0k").digest()).rstrip(b"=").decode()
    assert first["jti"] != second["jti"]


@pytest.mark.anyio
async def test_the_servers_nonce_is_put_into_the_next_proof_and_kept() -> None:
    key, clock = SigningKey(), httpx.Response(200, json={"now": "2024-01-01T00:00:00Z"})
    wanted = httpx.Response(400, json={"error": "use_dpop_nonce"}, headers={"DPoP-Nonce": "n1"})
    renewed = problem(401, code="use_dpop_nonce")
    renewed.headers["DPoP-Nonce"] = "n2"
    wire = Wire(wanted, OPEN, renewed, clock, clock)
    gateway = client(wire, key)
    for _ in range(2):
        await gateway.get("/v1/sandbox/clock", answers.BusinessClock)
    assert [proven(request, key).get("nonce") for request in wire.asked] == [None, "n1", "n1", "n2", "n2"]
    forms = [parse_qs(request.content.decode()) for request in wire.asked[:2]]
    assert forms[0]["client_assertion"] != forms[1]["client_assertion"]


@pytest.mark.anyio
async def test_a_server_that_never_takes_its_own_nonce_is_not_asked_for_ever() -> None:
    wanted = [httpx.Response(400, json={"error": "use_dpop_nonce"}, headers={"DPoP-Nonce": f"n{n}"}) for n in range(2)]
    with pytest.raises(partner.Refused, match="400 use_dpop_nonce"):
        await client(Wire(*wanted)).get("/v1/sandbox/clock", answers.BusinessClock)


@pytest.mark.anyio
async def test_a_consent_is_asked_for_and_its_code_redeemed_with_the_verifier_it_was_pushed_with() -> None:
    wire = Wire(
        httpx.Response(201, json={"request_uri": "urn:1", "expires_in": 60}),
        httpx.Response(200, json={"access_token": "g1", "expires_in": 1, "refresh_token": "r1", "grant_id": "grt_1"}),
        OPEN,
        httpx.Response(200, json={}),
    )
    gateway = client(wire)
    asked = await gateway.ask([{"type": "offers", "actions": ["read"]}])
    assert asked.url == f"{ISSUER}/oauth/authorize?client_id=cli_1&request_uri=urn%3A1"
    await (await gateway.redeem("c0de", asked.verifier)).get("/v1/x", dict)
    pushed, redeemed, refreshed = (parse_qs(request.content.decode()) for request in wire.asked[:3])
    challenge = urlsafe_b64encode(sha256(redeemed["code_verifier"][0].encode()).digest()).rstrip(b"=").decode()
    assert (pushed["code_challenge"], pushed["code_challenge_method"]) == ([challenge], ["S256"])
    assert msgspec.json.decode(pushed["authorization_details"][0]) == [{"type": "offers", "actions": ["read"]}]
    assert (redeemed["code"], redeemed["redirect_uri"]) == (["c0de"], pushed["redirect_uri"])
    assert (refreshed["grant_type"], refreshed["refresh_token"]) == (["refresh_token"], ["r1"])


@pytest.mark.anyio
async def test_a_token_the_gateway_forgot_is_replaced_once() -> None:
    unknown = problem(401, code="invalid_token", title="unknown")
    wire = Wire(OPEN, unknown, OPEN, unknown)
    with pytest.raises(partner.Refused, match="401 invalid_token"):
        await client(wire).get("/v1/sandbox/clock", answers.BusinessClock)
    assert wire.waiting == []


@pytest.mark.anyio
async def test_a_busy_gateway_is_asked_again_with_the_same_key() -> None:
    busy = httpx.Response(429, headers={"Retry-After": "0"})
    wire = Wire(OPEN, busy, httpx.Response(200, json={"now": "2024-01-01T00:00:00Z"}))
    await client(wire).post("/v1/sandbox/clock/advance", {"days": 1}, answers.BusinessClock)
    first, second = (request.headers["Idempotency-Key"] for request in wire.asked[1:])
    assert first == second


@pytest.mark.anyio
async def test_sales_go_as_one_line_each() -> None:
    wire = Wire(OPEN, httpx.Response(200, json={"accepted": 2, "duplicates": 0, "rejected": []}))
    pushed = await client(wire).push("mer_1", [SALE, SALE], "CNY")
    sent = wire.asked[1]
    assert pushed.accepted == 2
    assert (sent.url.path, sent.headers["Content-Type"]) == ("/v1/merchants/mer_1/sales", "application/x-ndjson")
    assert msgspec.json.decode(sent.content.splitlines()[0]) == {
        "sale_id": "A1",
        "kind": "sale",
        "occurred_at": "2024-01-01T10:00:00Z",
        "amount": 1250,
        "currency": "CNY",
    }


@pytest.mark.anyio
async def test_a_problem_is_shown_as_the_gateway_wrote_it() -> None:
    wire = Wire(
        OPEN,
        problem(
            422,
            code="amount_above_limit",
            title="Too much",
            detail="5 is more than 4",
            request_id="req_9",
            errors=[{"pointer": "/amount", "code": "above", "detail": "at most 4"}],
        ),
    )
    with pytest.raises(partner.Refused) as refused:
        await client(wire).post("/v1/quotes", {"amount": 5}, answers.Quote)
    assert refused.value.detail == (
        "POST /v1/quotes → 422 amount_above_limit: 5 is more than 4; /amount at most 4 (req_9)"
    )
    assert refused.value.facts == {"status": 422, "problem": "amount_above_limit"}


@pytest.mark.anyio
async def test_a_refused_token_shows_the_oauth_error() -> None:
    refusal = httpx.Response(401, json={"error": "invalid_client", "error_description": "who?"})
    with pytest.raises(partner.Refused, match="/oauth/token → 401 invalid_client: who"):
        await client(Wire(refusal)).get("/v1/sandbox/clock", answers.BusinessClock)


@pytest.mark.anyio
async def test_an_answer_of_another_shape_and_one_that_is_no_json_are_named() -> None:
    with pytest.raises(partner.Unexpected, match="GET /v1/sandbox/clock → 200"):
        await client(Wire(OPEN, httpx.Response(200, json={"then": 1}))).get("/v1/sandbox/clock", answers.BusinessClock)
    with pytest.raises(partner.Refused, match="502 : Bad <gateway>"):
        await client(Wire(OPEN, httpx.Response(502, text="Bad <gateway>"))).get("/x", answers.BusinessClock)


@pytest.mark.anyio
async def test_a_gateway_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(partner.Unreachable, match="POST /oauth/token: nobody home"):
        await client(Wire(httpx.ConnectError("nobody home"))).get("/x", answers.BusinessClock)
