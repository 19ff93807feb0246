"""Rights: every route declares the one it needs; without it nothing behind the route runs."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import get

from gateway.api import rights
from gateway.domain.rights import GRANTABLE, Right
from tests.api import tiny

pytestmark = pytest.mark.anyio
BODY = {"sale_id": "a-1", "occurred_at": "2026-01-02T05:00:00Z", "amount": 5, "currency": "KRW"}


def test_every_route_declares_a_right() -> None:
    assert rights.undeclared(tiny.make()) == []


def test_a_route_without_a_right_is_found() -> None:
    @get("/v1/open")
    async def forgotten() -> None:
        """Declare nothing."""

    assert rights.undeclared(tiny.make(forgotten)) == ["GET /v1/open"]


async def test_a_route_without_a_right_serves_nobody() -> None:
    @get("/v1/open")
    async def forgotten() -> str:
        return "secret"

    async with tiny.client(tiny.make(forgotten)) as session:
        answer = await session.get("/v1/open", headers=tiny.EVERYTHING)
    assert (answer.status_code, "secret" in answer.text) == (500, False)


def test_public_is_never_granted() -> None:
    assert Right.public not in GRANTABLE
    assert len(GRANTABLE) == len(Right) - 1


@pytest.mark.parametrize(
    ("headers", "status", "challenge"),
    [
        ([], 401, 'DPoP algs="'),
        ([("Authorization", "DPoP nobody")], 401, 'error="invalid_token"'),
        ([("Authorization", "Basic cmVhZGVyOnRva2Vu")], 401, 'error="invalid_token"'),
        ([("Authorization", "Bearer writer-token")], 401, 'error="invalid_token"'),
        ([("Authorization", "DPoP")], 401, 'error="invalid_token"'),
        ([("Authorization", "DPoP writer-token extra")], 401, 'error="invalid_token"'),
        ([("Authorization", "DPoP " + "x" * 600)], 401, 'error="invalid_token"'),
        (
            [("Authorization", "DPoP reader-token")],
            403,
            'scope="sales:write", authorization_details_type="merchant_data"',
        ),
    ],
)
async def test_who_may_not_is_told_why(headers: list[tuple[str, str]], status: int, challenge: str) -> None:
    async with tiny.client(tiny.make()) as session:
        answer = await session.post("/v1/sales", json=BODY, headers=headers)
    assert answer.status_code == status
    assert challenge in answer.headers["www-authenticate"]


async def test_two_authorization_headers_are_refused() -> None:
    both = [("Authorization", "DPoP writer-token"), ("Authorization", "DPoP reader-token")]
    async with tiny.client(tiny.make()) as session:
        answer = await session.post("/v1/sales", json=BODY, headers=both)
    assert (answer.status_code, answer.json()["header"]) == (400, "authorization")


async def test_a_token_in_the_query_does_not_count() -> None:
    async with tiny.client(tiny.make()) as session:
        answer = await session.post("/v1/sales?access_token=writer-token", json=BODY)
    assert answer.status_code == 401


async def test_the_scheme_is_read_without_regard_to_case() -> None:
    async with tiny.client(tiny.make()) as session:
        answer = await session.post("/v1/sales", json=BODY, headers={"Authorization": "dpOP writer-token"})
    assert answer.status_code == 200


async def test_rights_are_checked_before_the_body_is_read() -> None:
    async with tiny.client(tiny.make()) as session:
        answer = await session.post("/v1/sales", content=b"{", headers=tiny.READER)
    assert answer.status_code == 403


async def test_the_caller_reaches_the_handler() -> None:
    async with tiny.client(tiny.make()) as session:
        answer: Any = await session.post("/v1/sales", json=BODY, headers=tiny.WRITER)
    assert answer.status_code == 200
