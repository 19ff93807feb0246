"""The fast lane and the documented route give the same bytes: status, headers, body, and what is stored after them."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.api.fast_lane import FastLane
from gateway.demo.keys import SigningKey
from gateway.domain.rights import Right
from gateway.main import application, open_world
from gateway.settings import Settings
from gateway.store import sql
from gateway.usecases.proofs import MemorySightings, Proofs
from gateway.usecases.world import RandomIds
from tests import gateways, tills
from tests.api import minting
from tests.gateways import Gateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from gateway.usecases.world import World

pytestmark = pytest.mark.anyio

AT = gateways.NOW.isoformat()
NDJSON = "application/x-ndjson"


def row(sale_id: str, amount: int = 5_000, **more: Any) -> dict[str, Any]:
    return {"sale_id": sale_id, "kind": "sale", "occurred_at": AT, "amount": amount, "currency": "EUR", **more}


def refund(sale_id: str, of: str, amount: int) -> dict[str, Any]:
    return row(sale_id, amount, kind="refund", refund_of=of)


LATE = (gateways.NOW - timedelta(days=3)).isoformat()
CORPUS: list[tuple[str, dict[str, Any]]] = [
    ("one sale", {"json": row("a")}),
    ("the same again", {"json": row("a")}),
    ("a newer version", {"json": row("a", 6_000, version=2)}),
    ("an array", {"json": [row("b"), row("c", tax_amount=100, tip_amount=50)]}),
    ("a late row", {"json": row("late", occurred_at=LATE)}),
    ("ndjson", {"content": b"\n".join(json.dumps(row(f"n{i}")).encode() for i in range(5)), "type": NDJSON}),
    ("ndjson, one bad line", {"content": b'{"sale_id":\n' + json.dumps(row("z")).encode(), "type": NDJSON}),
    ("no ndjson at all", {"content": b"", "type": NDJSON}),
    ("a refund", {"json": refund("r1", "b", 2_000)}),
    ("a refund of too much", {"json": refund("r2", "b", 4_000)}),
    ("good and bad rows", {"json": [row("d"), row("e", -5), {"sale_id": 5}, row("f", currency="KRW"), row("d")]}),
    ("only bad rows", {"json": [row("g", currency="KRW"), row("h", occurred_at="2031-01-01T00:00:00Z")]}),
    ("with lines and tenders", {"json": row("i", tenders=[{"means": "cash", "amount": 5_000}], channel="till")}),
    ("an unknown field", {"json": row("j", surprise=1)}),
    ("no rows", {"json": []}),
    ("a number", {"json": 5}),
    ("nothing", {"content": b""}),
    ("no json", {"content": b"{"}),
    ("a key twice", {"content": b'{"sale_id":"k","sale_id":"l"}'}),
    ("nan", {"content": b'{"amount":NaN}'}),
    ("not utf-8", {"content": b'{"sale_id":"\xff"}'}),
    ("too deep", {"content": b"[" * 40 + b"]" * 40}),
    ("too many rows", {"content": b"{}\n" * 10_001, "type": NDJSON}),
    ("too large", {"content": b" " * (5 * 1024 * 1024 + 1)}),
    ("too large and of another type", {"content": b" " * (5 * 1024 * 1024 + 1), "type": "text/csv"}),
    ("nothing of another type", {"content": b"", "type": "text/csv"}),
    ("a charset", {"json": row("m"), "type": "application/json; charset=utf-8"}),
    ("another charset", {"json": row("o"), "type": "application/json; charset=latin-1"}),
    ("another type", {"content": b"sale_id,amount", "type": "text/csv"}),
    ("no type", {"content": b"{}", "type": None}),
    ("compressed", {"json": row("p"), "headers": {"content-encoding": "gzip"}}),
    ("no token", {"json": row("q"), "token": None}),
    ("an unknown token", {"json": row("q"), "token": "nobody-0123456789"}),
    ("a token without the right", {"json": row("q"), "token": "reader"}),
    ("another partner's merchant", {"json": row("q"), "token": "stranger"}),
    ("a partner that knows nobody here", {"json": row("q"), "token": "strange own"}),
    ("the grant of another shop", {"json": row("q"), "token": "sibling"}),
    ("the client's own token", {"json": row("q"), "token": "own"}),
    ("a right that stands on no consent", {"json": row("q"), "token": "baseless"}),
    ("a token bound to no key", {"json": row("q"), "token": "loose"}),
    ("another scheme", {"json": row("q"), "headers": {"authorization": "Basic abc"}, "token": None}),
    ("a bearer", {"json": row("q"), "headers": {"authorization": "Bearer abc"}}),
    ("no proof", {"json": row("q"), "headers": {"dpop": None}}),
    ("a proof that is none", {"json": row("q"), "headers": {"dpop": "x.y.z"}}),
    ("a proof without a nonce", {"json": row("q"), "proof": {"nonce": None}}),
    ("a proof with a nonce of nobody's", {"json": row("q"), "proof": {"nonce": "A" * 32}}),
    ("a proof about another method", {"json": row("q"), "proof": {"method": "PUT"}}),
    ("a proof about another token", {"json": row("q"), "proof": {"token": "other"}}),
    ("a proof by another key", {"json": row("q"), "proof": {"key": SigningKey()}}),
    ("an unknown merchant", {"json": row("q"), "merchant": "mer_01jcz0000000000000000000zz"}),
    ("no merchant's id", {"json": row("q"), "merchant": "mer_1"}),
    ("another noun's id", {"json": row("q"), "merchant": "off_01jcz0000000000000000000zz"}),
    ("a query", {"json": row("q"), "params": {"limit": "5"}}),
    ("another method", {"method": "PUT", "json": row("q")}),
    ("asking what is allowed", {"method": "OPTIONS"}),
    ("a request id of its own", {"json": row("s"), "headers": {"request-id": "till-7-0001"}}),
    ("one last sale", {"json": row("last", 90_000)}),
]  # fmt: skip


class FixedClock:
    """Time that stands: however often each side looks, both see the same."""

    def now(self) -> datetime:
        return gateways.NOW


class Side:
    """One of two worlds that are alike to the last random bit."""

    def __init__(self, world: World, http: httpx.AsyncClient, merchant_id: str, tokens: dict[str, str]) -> None:
        self.world, self.http, self.merchant_id, self._tokens = world, http, merchant_id, tokens

    async def send(self, case: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        path = f"/v1/merchants/{case.get('merchant', self.merchant_id)}/sales"
        method, token = case.get("method", "POST"), case.get("token", "writer")
        headers = {"content-type": case.get("type", "application/json")}
        if token is not None:
            headers |= self._proven(method, path, self._tokens.get(token, token), case.get("proof", {}))
        headers |= case.get("headers", {})
        body = json.dumps(case["json"]).encode() if "json" in case else case.get("content", b"")
        answer = await self.http.request(
            method, path, content=body, params=case.get("params"),
            headers={name: value for name, value in headers.items() if value is not None},
        )  # fmt: skip
        return answer.status_code, answer.headers.raw, answer.content

    def _proven(self, method: str, path: str, token: str, changes: dict[str, Any]) -> dict[str, Any]:
        about = {"nonce": self.world.tokens.proofs.nonce(), "token": token, **changes}
        key = about.pop("key", gateways.KEY)
        proof = key.proof(about.pop("method", method), gateways.ISSUER + path, int(gateways.NOW.timestamp()), **about)
        return {"authorization": f"DPoP {token}", "dpop": proof}


@asynccontextmanager
async def side(folder: Path, *, fast: bool) -> AsyncIterator[Side]:
    settings = Settings(
        database_url=f"sqlite:///{folder / 'restock.db'}", data_dir=folder / "keys", issuer=gateways.ISSUER
    )
    async with open_world(settings, system_clock=FixedClock()) as world:
        world.ids = RandomIds(FixedClock())
        world.ids._random.seed(7)
        world.tokens._proofs = Proofs(gateways.ISSUER, FixedClock(), b"n" * 32, MemorySightings())
        app = application(world)
        pages: Any = app.asgi_handler.app  # type: ignore[attr-defined]
        assert isinstance(pages._app, FastLane)
        if not fast:
            pages._app = pages._app._app
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=gateways.ISSUER) as http:
            yield await furnished(Gateway(world, http, FixedClock()))  # type: ignore[arg-type]


async def furnished(gateway: Gateway) -> Side:
    """A shop, its sibling, a stranger's shop, and the tokens of each."""
    owner, stranger = await gateway.partner("Partner"), await gateway.partner("Stranger")
    shop, sibling, strange = [await tills.new(partner) for partner in (owner, owner, stranger)]
    tokens = {
        "writer": owner.grants[shop.id], "sibling": owner.grants[sibling.id], "own": owner.token,
        "stranger": stranger.grants[strange.id], "strange own": stranger.token,
        "reader": await minting.token(owner, shop.id, [Right.offers_read]),
        "loose": await minting.token(owner, shop.id, [Right.sales_write], jkt=None),
        "baseless": await minting.token(owner, None, [Right.sales_write]),
    }  # fmt: skip
    return Side(gateway.world, gateway.http, shop.id, tokens)


async def test_both_lanes_give_the_same_bytes_and_store_the_same(tmp_path: Path) -> None:
    async with side(tmp_path / "fast", fast=True) as fast, side(tmp_path / "plain", fast=False) as plain:
        assert fast.merchant_id == plain.merchant_id
        seen = set()
        for name, case in CORPUS:
            answers = [await one.send(case) for one in (fast, plain)]
            assert answers[0] == answers[1], name
            seen.add(answers[0][0])
        assert seen >= {200, 400, 401, 403, 404, 405, 413, 415, 422}
        from_on = gateways.NOW.date() - timedelta(days=9)
        stored = [
            await one.world.store.all(sql.days.since, merchant_id=one.merchant_id, from_on=from_on)
            for one in (fast, plain)
        ]
        assert stored[0] == stored[1] != []
