"""The owner without a screen: what it makes of pages that are not as the story expects them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx
import pytest

from gateway.demo import owner

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.anyio

SIGN_IN = '<form action="/connect/sign-in?x=1" method="post"><input name="form" value="f1"></form>'
OUTBOX = "<p>123456 is your code</p><p>654321 was the one before</p>"
CODE = '<form action="/connect/code"><input name="form" value="f2"><input name="code"></form>'
CONSENT = (
    '<form action="/connect/sign-out"><input name="form" value="f3"></form>'
    '<form action="/connect/consent"><input name="form" value="f3">'
    '<input type="checkbox" name="sales"><input type="checkbox" name="offers" checked></form>'
)


def see(page: str) -> httpx.Response:
    return httpx.Response(200, html=page)


def go(address: str) -> httpx.Response:
    return httpx.Response(303, headers={"Location": address})


GOES_WELL = {
    "GET /oauth/authorize": go("/connect/sign-in?x=1"),
    "GET /connect/sign-in": see(SIGN_IN),
    "POST /connect/sign-in": go("/connect/code"),
    "GET /sandbox/outbox": see(OUTBOX),
    "GET /connect/code": see(CODE),
    "POST /connect/code": go("/connect/consent"),
    "GET /connect/consent": see(CONSENT),
    "POST /connect/consent": go("http://127.0.0.1/demo?code=c0de&state=s"),
}


async def agreed(pages: Mapping[str, httpx.Response]) -> tuple[str, dict[str, dict[str, list[str]]]]:
    """What `agree` brought back, and the forms that were sent."""
    forms: dict[str, dict[str, list[str]]] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            forms[request.url.path] = parse_qs(request.content.decode(), keep_blank_values=True)
        return pages[f"{request.method} {request.url.path}"]

    async with httpx.AsyncClient(base_url="http://gateway.test", transport=httpx.MockTransport(answer)) as http:
        return await owner.agree(http, "/oauth/authorize?request_uri=urn:1"), forms


async def test_the_owner_signs_in_with_the_newest_code_and_turns_every_line_on() -> None:
    code, forms = await agreed(GOES_WELL)
    assert code == "c0de"
    assert forms == {
        "/connect/sign-in": {"form": ["f1"], "do": ["send"]},
        "/connect/code": {"form": ["f2"], "code": ["123456"]},
        "/connect/consent": {"form": ["f3"], "sales": ["on"], "offers": ["on"], "do": ["agree"]},
    }


@pytest.mark.parametrize(
    ("address", "page", "why"),
    [
        ("GET /connect/sign-in", see("<p>closed</p>"), "has no form for /connect/sign-in"),
        ("GET /connect/sign-in", httpx.Response(404), "/connect/sign-in answered 404"),
        ("GET /connect/sign-in", go("/connect/sign-in"), "around in a circle"),
        ("POST /connect/sign-in", see(SIGN_IN), "was answered with 200"),
        ("GET /sandbox/outbox", see("<p>nothing was sent</p>"), "shows no code"),
        ("GET /connect/consent", see(CODE), "has no form for /connect/consent"),
        ("POST /connect/consent", go("http://127.0.0.1/demo?error=access_denied"), "did not lead back with a code"),
    ],
)
async def test_a_page_that_is_not_understood_says_which(address: str, page: httpx.Response, why: str) -> None:
    with pytest.raises(owner.PageNotUnderstood, match=why):
        await agreed({**GOES_WELL, address: page})
