"""Every refusal and every crash is a problem of RFC 9457, with its status, its headers and a request id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from litestar import get
from litestar.response import Stream

from gateway.api import problems
from gateway.domain.errors import GatewayError, Overloaded
from gateway.domain.rights import Right
from tests.api import tiny

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio
SALE = {"sale_id": "a-1", "occurred_at": "2026-01-02T05:00:00Z", "amount": 5, "currency": "KRW"}


async def ask(method: str, address: str, **options: Any) -> Any:
    async with tiny.client(tiny.make()) as session:
        return await session.request(method, address, **options)


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/merchants/%2e%2e%2fx", 404, "not_found"),
        ("PUT", "/v1/sales", 405, "method_not_allowed"),
        ("TRACE", "/v1/sales", 405, "method_not_allowed"),
        ("GET", "/v1/errors/invalid", 422, "invalid_request"),
        ("GET", "/v1/errors/conflict", 409, "gone_elsewhere"),
        ("GET", "/v1/errors/notfound", 404, "not_found"),
        ("GET", "/v1/errors/overloaded", 429, "overloaded"),
        ("GET", "/v1/errors/upstream", 502, "upstream_failed"),
        ("GET", "/v1/errors/crash", 500, "internal_error"),
        ("GET", "/v1/slow", 503, "timed_out"),
        ("POST", "/v1/sales", 401, "invalid_token"),
    ],
)
async def test_every_failure_is_a_problem(method: str, address: str, status: int, code: str) -> None:
    answer = await ask(method, address)
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert body["type"] == f"{tiny.ISSUER}/docs/errors#{code}"
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == answer.headers["request-id"]
    assert answer.headers["cache-control"] == "no-store"


async def test_a_crash_tells_nothing_of_the_inside() -> None:
    answer = await ask("GET", "/v1/errors/crash")
    assert "4711" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_facts_and_field_errors_are_rendered() -> None:
    conflict = (await ask("GET", "/v1/errors/conflict")).json()
    invalid = (await ask("GET", "/v1/errors/invalid")).json()
    assert conflict["offer_id"] == "off_x"
    assert invalid["errors"] == [{"pointer": "/a", "code": "b", "detail": "c"}]


async def test_facts_never_replace_the_standard_members() -> None:
    rendered = problems.render(Overloaded("x", status=200, code="y"), request_id="req_1", issuer="https://i")
    assert (rendered.status, b'"status":429' in rendered.body, b'"code":"overloaded"' in rendered.body) == (
        429,
        True,
        True,
    )


async def test_a_busy_gateway_says_when_to_come_back() -> None:
    assert (await ask("GET", "/v1/errors/overloaded")).headers["retry-after"] == "7"
    assert (await ask("GET", "/v1/errors/conflict")).headers["retry-after"] == "3"


async def test_a_method_a_route_lacks_is_answered_with_those_it_has() -> None:
    answer = await ask("DELETE", "/v1/merchants")
    assert {part.strip() for part in answer.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


async def test_options_tells_the_methods_without_a_token() -> None:
    answer = await ask("OPTIONS", "/v1/merchants")
    assert answer.status_code == 204
    assert {part.strip() for part in answer.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


async def test_head_answers_as_get_without_a_body() -> None:
    got = await ask("GET", "/v1/merchants", headers=tiny.READER)
    head = await ask("HEAD", "/v1/merchants", headers=tiny.READER)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert (await ask("HEAD", "/v1/merchants")).status_code == 401


async def test_a_wrong_body_is_answered_with_pointers() -> None:
    answer = await ask("POST", "/v1/sales", json={**SALE, "amount": "5", "tip": 1}, headers=tiny.WRITER)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"pointer": "/amount", "code": "wrong_type", "detail": "must be an integer, not a string"},
        {"pointer": "/tip", "code": "unknown_field", "detail": "is not a field of this"},
    ]


@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 50_000, b"\xff", b'{"a":1,"a":2}', b"NaN"])
async def test_a_malformed_body_is_a_bad_request(raw: bytes) -> None:
    headers = {**tiny.WRITER, "Content-Type": "application/json"}
    assert (await ask("POST", "/v1/sales", content=raw, headers=headers)).status_code == 400


@pytest.mark.parametrize(
    "media_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/x-ndjson",
        "application/json; charset=latin-1",
        "",
    ],
)
async def test_a_body_of_another_media_type_is_not_supported(media_type: str) -> None:
    headers = {**tiny.WRITER, "Content-Type": media_type}
    answer = await ask("POST", "/v1/sales", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_compressed_body_is_not_supported() -> None:
    headers = {**tiny.WRITER, "Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert (await ask("POST", "/v1/sales", content=b"x", headers=headers)).status_code == 415


async def test_json_is_utf_8_whether_it_says_so_or_not() -> None:
    for media_type in ("application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"'):
        headers = {**tiny.WRITER, "Content-Type": media_type}
        answer = await ask("POST", "/v1/sales", content=b'{"note":"\xea\xb0\x80"}', headers=headers)
        assert answer.status_code == 422, media_type


async def test_instants_leave_in_utc_with_a_z() -> None:
    answer = await ask("POST", "/v1/sales", json={**SALE, "occurred_at": "2026-01-02T05:00:00Z"}, headers=tiny.WRITER)
    assert answer.json()["occurred_at"] == "2026-01-02T05:00:00Z"
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=5", 200, None),
        ("limit=0", 422, "invalid_request"),
        ("limit=101", 422, "invalid_request"),
        ("limit=x", 422, "invalid_request"),
        ("limit=%D9%A5", 422, "invalid_request"),
        ("limit=1&limit=2", 400, "bad_request"),
        ("lmit=2", 422, "unknown_parameter"),
        ("cursor=abc", 422, "invalid_cursor"),
        ("cursor=" + "a" * 121, 422, "invalid_request"),
    ],
)
async def test_a_query_is_read_strictly(query: str, status: int, code: str | None) -> None:
    answer = await ask("GET", f"/v1/merchants?{query}", headers=tiny.READER)
    assert (answer.status_code, answer.json().get("code")) == (status, code)


@pytest.mark.parametrize(
    "merchant", ["mer_x", "off_01jc0000000000000000000000", "mer_01jc000000000000000000000l", "%D9%A5"]
)
async def test_an_id_that_cannot_be_one_is_not_found(merchant: str) -> None:
    answer = await ask("GET", f"/v1/merchants/{merchant}", headers=tiny.READER)
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such merchant")


async def test_the_catalogue_knows_every_code_once() -> None:
    entries = problems.catalogue()
    codes = [entry.code for entry in entries]
    assert len(codes) == len(set(codes))
    assert {"malformed_body", "invalid_body", "not_found", "overloaded", "gone_elsewhere", "internal_error"} <= set(
        codes
    )
    for entry in entries:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", entry.code)
        assert entry.title
        assert entry.meaning
        assert 400 <= entry.status < 600


async def test_the_type_of_a_problem_leads_to_its_entry() -> None:
    page = (await ask("GET", "/docs/errors")).text
    for entry in problems.catalogue():
        assert f'id="{entry.code}"' in page


def test_no_two_errors_share_a_code_without_being_kin() -> None:
    kinds: dict[str, type[GatewayError]] = {}
    for kind in problems._tree(GatewayError):
        other = kinds.setdefault(kind.code, kind)
        assert issubclass(other, kind) or issubclass(kind, other), f"{kind} and {other} are both {kind.code}"


async def test_an_answer_that_breaks_off_does_not_take_the_server_along() -> None:
    @get("/v1/half", opt={"right": Right.public})
    async def half() -> Stream:
        """Send one piece and fail."""

        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            raise RuntimeError("the source went away")

        return Stream(pieces())

    sent = await tiny.speak(tiny.make(half), "GET", "/v1/half", {}, {"type": "http.request", "body": b""})
    assert [message.get("status") for message in sent] == [200, None]
    assert sent[-1]["more_body"] is True
