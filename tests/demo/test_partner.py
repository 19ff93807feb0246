"""The partner's client: how it proves itself, keeps its token, repeats a call, and shows a refusal."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.demo import answers, partner
from gateway.demo.keys import SigningKey
from gateway.demo.receipts import Kind, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    Answer = Callable[[httpx.Request], httpx.Response]

ISSUER = "http://gateway.test"
OPEN = httpx.Response(200, json={"access_token": "t0k", "token_type": "Bearer", "expires_in": 300})
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


def client(wire: Wire, key: SigningKey | None = None) -> partner.Partner:
    http = httpx.AsyncClient(base_url=ISSUER, transport=httpx.MockTransport(wire))
    return partner.Partner(http, "cli_1", key or SigningKey(), ISSUER)


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
    assert wire.asked[2].headers["Authorization"] == "Bearer t0k"


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
