"""Which pages may call what from a browser: exactly what a widget's token may, from exactly the registered pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest

from gateway.domain.widget_sessions import NEEDED, Component
from gateway.main import application
from gateway.settings import Mode
from gateway.usecases import clients
from gateway.usecases.page_origins import KEPT
from tests.api.operations import NOBODYS, routes
from tests.api.test_widget import till_of

if TYPE_CHECKING:
    from tests.gateways import Gateway

pytestmark = pytest.mark.anyio
PAGE, OTHER = "https://till.example", "https://evil.example"
HEADERS = {"Authorization", "Content-Type", "DPoP", "Idempotency-Key", "Last-Event-ID"}
OPEN = {
    "POST /widget/v1/token", "GET /widget/v1/stream", "GET /v1/merchants/{merchant_id}/summary",
    "GET /v1/drawdowns/{drawdown_id}", "POST /v1/drawdowns", "POST /v1/quotes", "POST /v1/offers/{offer_id}/deliver",
    "GET /v1/drawdowns/{drawdown_id}/payoff", "GET /v1/drawdowns/{drawdown_id}/progress",
    "POST /v1/drawdowns/{drawdown_id}/repayments", "GET /v1/drawdowns/{drawdown_id}/statement",
}  # fmt: skip
"""What a page with the frame's rights certainly does."""


async def preflight(http: httpx.AsyncClient, path: str, method: str, origin: str = PAGE) -> httpx.Response:
    asked = {"origin": origin, "access-control-request-method": method, "access-control-request-headers": "dpop"}
    return await http.options(path, headers=asked)


def said(answer: httpx.Response) -> list[str]:
    return [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_page_may_call_what_a_widgets_token_may_and_nothing_else(site: Gateway) -> None:
    rights = frozenset().union(*(NEEDED[component] for component in Component))
    seen = set()
    for method, template, right in [*routes(), ("POST", "/widget/v1/token", None)]:
        path = "/".join(NOBODYS if "{" in part else part for part in template.split("/"))
        answer = await preflight(site.http, path, method)
        allowed = answer.headers.get("access-control-allow-methods", "").split(", ")
        if method not in allowed:
            assert right not in rights or template == "/v1/merchants", (method, template)
            continue
        assert right is None or right in rights, (method, template)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert set(answer.headers["access-control-allow-headers"].split(", ")) == HEADERS
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" in answer.headers["vary"]
        seen.add(f"{method} {template}")
    assert seen >= OPEN
    for path in ("/oauth/token", "/oauth/par", "/v1/widget/sessions", "/widget/v1/frame", "/docs/api", "/livez"):
        assert said(await preflight(site.http, path, "POST")) == [], path


async def test_a_page_reads_a_refusal_and_the_headers_it_needs(site: Gateway) -> None:
    for origin, heard in ((PAGE, True), ("null", False), ("https://till.example/x", False), ("", False)):
        answer = await site.http.post("/v1/quotes", json={}, headers={"origin": origin})
        assert answer.status_code == 401
        assert answer.headers.get("access-control-allow-origin") == (origin if heard else None)
    answer = await site.http.post("/v1/quotes", json={}, headers={"origin": PAGE})
    exposed = set(answer.headers["access-control-expose-headers"].split(", "))
    assert exposed == {"DPoP-Nonce", "Request-Id", "Idempotent-Replayed", "Retry-After"}
    assert said(await site.http.post("/v1/quotes", json={})) == []
    assert said(await site.http.post("/v1/quotes", json={}, headers={"origin": site.world.settings.issuer})) == []


async def test_in_live_mode_only_registered_pages_may_call(own_gateway: Gateway) -> None:
    world = own_gateway.world
    partner = await own_gateway.partner()
    settings: Any = msgspec.structs.replace(world.settings, mode=Mode.live, issuer="https://gateway.example")
    world.settings = settings
    transport = httpx.ASGITransport(application(world))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="https://gateway.example") as http:
        assert said(await preflight(http, "/v1/quotes", "POST")) == []
        await clients.place(world, partner.client_id, [PAGE, "https://two.example"])
        own_gateway.clock.at += KEPT
        for origin in (PAGE, "https://two.example"):
            answer = await preflight(http, "/v1/quotes", "POST", origin)
            assert answer.headers["access-control-allow-origin"] == origin
        for origin in (OTHER, "https://ill.example", "http://localhost:3000", 'x","y'):
            assert said(await preflight(http, "/v1/quotes", "POST", origin)) == []
        await clients.disable(world, partner.client_id)
        own_gateway.clock.at += KEPT
        assert said(await preflight(http, "/v1/quotes", "POST")) == []


async def test_a_token_remembers_the_page_that_got_it_unless_it_is_our_own_frame(site: Gateway) -> None:
    till = await till_of(site)
    kept = {}
    for origin in (None, till.issuer, PAGE, "null", OTHER):
        secret = (await till.session(parent_origins=[PAGE]))["client_secret"]
        for _ in range(2):  # the second time with the nonce
            sent = {"dpop": till.proof("POST", "/widget/v1/token")} | ({} if origin is None else {"origin": origin})
            answer = await till.http.post("/widget/v1/token", json={"client_secret": secret}, headers=sent)
            if not till._hear(answer):
                break
        if answer.is_success:
            kept[origin] = (await site.world.tokens.identify(answer.json()["access_token"])).page_origin
        else:
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert kept == {None: None, till.issuer: None, PAGE: PAGE}
