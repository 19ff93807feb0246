"""A merchant's browser on the hosted pages, and a partner's request for it to decide: for tests and screenshots."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import msgspec

from gateway.domain import details
from gateway.oauth import authorization_requests, pkce, tokens
from gateway.store import sql
from gateway.usecases import messages
from gateway.usecases.authorization import Parameters
from gateway.usecases.clients import Client
from tests.gateways import ISSUER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.gateways import Gateway, Partner

BACK = "https://till.example/back"
CONTACT = "zhen@shop.example"
FORM = re.compile(r'name="form" value="([0-9a-f]{64})"')


class Request(msgspec.Struct, frozen=True):
    """A pushed request, and who it is for."""

    client_id: str
    partner_id: str
    merchant_id: str
    request_uri: str

    def query(self, **more: str) -> str:
        """How its pages are addressed."""
        return "?" + urlencode({"client_id": self.client_id, "request_uri": self.request_uri, **more})


def data(merchant_id: str, **changes: Any) -> dict[str, Any]:
    """A merchant_data detail."""
    return {
        "type": "merchant_data",
        "actions": ["push"],
        "datatypes": ["sales", "stock", "purchases", "signals.tax"],
        "merchant": {"id": merchant_id},
        "lookback_days": 730,
        "purpose": "credit_assessment",
        "recipients": [{"bank": "bnk_sandbox"}],
        "retention_days": 1825,
        **changes,
    }


def everything(merchant_id: str) -> list[dict[str, Any]]:
    """One detail of every type."""
    limits = {"per_draw_amount": 500_000, "outstanding_amount": 2_000_000, "currency": "CNY"}
    servicing = {"datatypes": ["sales"], "purpose": "repayment_servicing", "recipients": []}
    return [
        data(merchant_id),
        data(merchant_id, **servicing),
        {"type": "offers", "actions": ["read"]},
        {"type": "drawdown", "actions": ["quote", "propose"], "limits": limits},
        {"type": "repayment_collection", "actions": ["withhold", "debit"], "max_withhold_bps": 1500},
    ]


async def shop(partner: Partner, name: str = "Azhen Breakfast", contact: str | None = CONTACT) -> str:
    """A merchant of the partner's that has consented to nothing yet; its id."""
    body: dict[str, Any] = {"legal_name": name, "country": "CN", "currency": "CNY", "timezone": "Asia/Shanghai"}
    if contact is not None:
        body["contact_email"] = contact
    answer = await partner.send("POST", "/v1/merchants", json=body, headers={"idempotency-key": tokens.mint()})
    found: str = answer.json()["id"]
    return found


async def client_of(gateway: Gateway, partner: Partner) -> str:
    """The partner's one client."""
    page = await gateway.world.store.all(sql.clients.page, Client, after_id="", limit=1000)
    return next(client.id for client in page if client.partner_id == partner.partner_id)


async def push(
    gateway: Gateway,
    partner: Partner,
    merchant_id: str,
    asked: Sequence[dict[str, Any]] | None = None,
    *,
    grant_id: str | None = None,
    redirect_uri: str = BACK,
) -> Request:
    """A request that waits for the merchant. How a client pushes one over HTTP has tests of its own."""
    request = Request(await client_of(gateway, partner), partner.partner_id, merchant_id, "")
    return await push_again(gateway, request, asked, grant_id=grant_id, redirect_uri=redirect_uri)


async def push_again(
    gateway: Gateway,
    request: Request,
    asked: Sequence[dict[str, Any]] | None = None,
    *,
    grant_id: str | None = None,
    redirect_uri: str = BACK,
) -> Request:
    """Another request of the same client for the same merchant."""
    world, handle, merchant_id, client_id = gateway.world, tokens.mint(), request.merchant_id, request.client_id
    raw = json.dumps(everything(merchant_id) if asked is None else asked)
    wanted = details.parse(raw, world.clock.now().date())
    challenge = pkce.check_challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "S256")
    kept = Parameters(redirect_uri, "st-1", challenge, None, wanted, grant_id)
    expires_at = world.system_clock.now() + timedelta(seconds=590)
    await world.store.write(
        lambda tx: tx.run(
            sql.authorization.push,
            handle_hash=tokens.digest(handle),
            client_id=client_id,
            merchant_id=merchant_id,
            parameters_json=kept,
            dpop_jkt=None,
            expires_at=expires_at,
        )
    )
    return msgspec.structs.replace(request, request_uri=authorization_requests.PREFIX + handle)


class Browser:
    """Keeps cookies, follows nothing by itself, and fills in the form token of the page it saw last."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http
        self.page = ""

    async def see(self, address: str, **headers: str) -> httpx.Response:
        """GET a page."""
        answer = await self.http.get(address, headers=headers)
        self._note(answer)
        return answer

    async def send(self, address: str, fields: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        """POST the form of the page seen last; `form` among the fields overrides its token."""
        token = FORM.search(self.page)
        values = ({"form": token[1]} if token else {}) | (fields or {})
        answer = await self.http.post(address, data=values, headers=headers)
        self._note(answer)
        return answer

    async def sign_in(self, gateway: Gateway, query: str) -> httpx.Response:
        """Ask for a code, read it in the outbox, enter it; the answer that leads on."""
        await self.see("/connect/sign-in" + query)
        assert (await self.send("/connect/sign-in" + query, {"do": "send"})).status_code == 303
        await self.see("/connect/code" + query)
        return await self.send("/connect/code" + query, {"code": await last_code(gateway)})

    def _note(self, answer: httpx.Response) -> None:
        if answer.headers.get("content-type", "").startswith("text/html"):
            self.page = answer.text


async def last_code(gateway: Gateway) -> str:
    """The newest code in the outbox."""
    found = re.search(r"\d{6}", (await messages.latest(gateway.world))[0].text)
    assert found is not None
    return found[0]


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


@asynccontextmanager
async def browser(gateway: Gateway) -> AsyncIterator[Browser]:
    """A fresh one."""
    transport = gateway.http._transport
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER, timeout=60) as http:
        yield Browser(http)
