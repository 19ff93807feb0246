"""How large and how slow a request may be, and what a request id may look like."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.api import limits
from tests.api import tiny

pytestmark = pytest.mark.anyio
JSON = {**tiny.WRITER, "Content-Type": "application/json", "Idempotency-Key": "k"}
SALES = f"/v1/merchants/{tiny.MERCHANT}/sales"


async def ask(method: str, address: str, **options: Any) -> Any:
    async with tiny.client(tiny.make()) as session:
        return await session.request(method, address, **options)


async def pieces(count: int, size: int) -> Any:
    for _ in range(count):
        yield b" " * size


async def test_a_body_above_the_limit_is_too_large() -> None:
    answer = await ask("POST", "/v1/sales", content=b" " * (limits.MAX_BODY_BYTES + 1), headers=JSON)
    assert (answer.status_code, answer.json()["bytes_limit"]) == (413, limits.MAX_BODY_BYTES)


async def test_a_body_that_does_not_tell_its_size_is_counted() -> None:
    answer = await ask("POST", "/v1/sales", content=pieces(100, 1_000), headers=JSON)
    assert answer.status_code == 413


async def test_a_batch_route_takes_more() -> None:
    row = b'{"sale_id":"a","occurred_at":"2026-01-02T05:00:00Z","amount":5,"currency":"KRW"}'
    answer = await ask("POST", SALES, content=b"[" + b",".join([row] * 2_000) + b"]", headers=JSON)
    assert (answer.status_code, answer.json()["accepted_count"]) == (200, 2_000)
    larger = await ask("POST", SALES, content=b" " * (limits.MAX_BATCH_BYTES + 1), headers=JSON)
    assert larger.status_code == 413


async def test_lines_are_a_batch_too() -> None:
    row = b'{"sale_id":"a","occurred_at":"2026-01-02T05:00:00Z","amount":5,"currency":"KRW"}\n'
    headers = {**JSON, "Content-Type": "application/x-ndjson"}
    answer = await ask("POST", SALES, content=row * 3 + b"{}\n", headers=headers)
    assert answer.json() == {"accepted_count": 3, "rejected_count": 1, "at": "2026-01-02T05:00:00Z"}


async def test_a_client_that_goes_away_leaves_no_crash() -> None:
    sent = await tiny.speak(tiny.make(), "POST", "/v1/sales", JSON, {"type": "http.disconnect"})
    assert sent[0]["status"] == 400


async def test_a_long_address_is_refused() -> None:
    answer = await ask("GET", "/v1/merchants?cursor=" + "a" * limits.MAX_ADDRESS_BYTES, headers=tiny.READER)
    assert (answer.status_code, answer.json()["code"]) == (414, "address_too_long")


async def test_large_or_many_headers_are_refused() -> None:
    large = await ask("GET", "/livez", headers={"X-Large": "a" * limits.MAX_HEADER_BYTES})
    many = await ask("GET", "/livez", headers=[(f"X-{n}", "1") for n in range(limits.MAX_HEADERS)])
    assert {large.status_code, many.status_code} == {431}


async def test_a_slow_request_ends_with_a_problem() -> None:
    answer = await ask("GET", "/v1/slow")
    assert (answer.status_code, answer.json()["code"], "retry-after" in answer.headers) == (503, "timed_out", True)


@pytest.mark.parametrize("own", ["0f8fad5b-d9cb-469f-a165-70867728950e", "order_1234.retry-2"])
async def test_a_safe_request_id_is_kept(own: str) -> None:
    assert (await ask("GET", "/livez", headers={"Request-Id": own})).headers["request-id"] == own


@pytest.mark.parametrize("unsafe", ["short", "a b c d e f g", "x" * 65, "<script>alert</script>", '"quoted-value"'])
async def test_an_unsafe_request_id_is_replaced(unsafe: str) -> None:
    answer = await ask("GET", "/livez", headers={"Request-Id": unsafe})
    assert answer.headers["request-id"].startswith("req_")


async def test_every_answer_carries_the_constant_headers() -> None:
    for address in ("/livez", "/nowhere", "/v1/errors/crash"):
        headers = (await ask("GET", address)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["restock-version"] == "2026-11-01"
        assert headers["cache-control"] == "no-store"
