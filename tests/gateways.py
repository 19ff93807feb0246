"""A real gateway for tests: real store, real models, real bank process where asked for, a clock that stands still."""

from __future__ import annotations

import itertools
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from gateway import scorer
from gateway.demo.keys import SigningKey
from gateway.domain import versions
from gateway.domain.consents import Evidence
from gateway.domain.details import Datatype, Details, parse, year_after
from gateway.domain.money import MAX_AMOUNT
from gateway.domain.programmes import INVENTORY
from gateway.domain.rights import GRANTABLE, OWN
from gateway.domain.tiers import Tier
from gateway.main import application, open_world
from gateway.oauth import details as oauth_details
from gateway.settings import Settings
from gateway.store import sql
from gateway.usecases import access, consents
from gateway.usecases.access import KnownToken
from tests import databases, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from gateway.domain.rights import Right
    from gateway.scorer import OnnxScorer
    from gateway.store import Tx
    from gateway.usecases.world import World

ISSUER = "http://127.0.0.1:8000"
KEY = SigningKey()
"""What every token of these tests is bound to."""
LONG = timedelta(days=3_000)
SECOND_BANK_ID = "bnk_second"
"""A bank that merchants here have agreed to, too, though no gateway is connected to it by itself."""
EVIDENCE = Evidence("mer_test", "one_time_code", "192.0.2.1", "en", "test-1")
_ID = re.compile(r"[a-z]{3}_[0-9a-hjkmnp-tv-z]{26}")
_OWN = re.compile(
    r"/v1/merchants(/[^/]*)?|/v1/merchants/[^/]*/(authority|changes|contact|mandates|payout-account|verification)"
    r"|/v1/merchants/[^/]*/parties(/[^/]*)?"
    r"|/v1/merchants/[^/]*/(agreements|connections)(/[^/]*)?"
    r"|/v1/(events|grants|remittances|sandbox|webhooks|widget)(/.*)?"
)
"""Addresses a client calls on its own behalf."""
_UNAUTHORIZED = 401
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
"""A Monday morning on which mock-bank takes payments."""


class StillClock:
    """A system clock that moves only when told to."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        """See Clock."""
        self.at += timedelta(microseconds=1)
        return self.at


class Partner:
    """A partner's client talking HTTP to the application in this process, each request with a proof of its key.

    It holds a token of its own, and one of a full grant for each merchant that it brings; a request goes out under
    the one that it needs.
    """

    def __init__(self, http: httpx.AsyncClient, world: World, token: str, partner_id: str, client_id: str) -> None:
        self.http, self.world, self.partner_id, self.client_id = http, world, partner_id, client_id
        self.token = token
        self.grants: dict[str, str] = {}
        """Merchant → the token of its grant."""
        self._owners: dict[str, str] = {}
        self._keys = itertools.count(1)
        self._nonce: str | None = None

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        """GET."""
        return await self.send("GET", path, params=parameters)

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> httpx.Response:
        """POST JSON, under a fresh idempotency key unless one is given."""
        key = key or f"{self.partner_id}-{next(self._keys)}"
        answer = await self.send("POST", path, json={} if body is None else body, headers={"idempotency-key": key})
        if path == "/v1/merchants" and answer.is_success and "idempotent-replayed" not in answer.headers:
            merchant = answer.json()
            self.grants[merchant["id"]] = await granted(self.world, self.client_id, self.partner_id, merchant)
        return answer

    async def patch(self, path: str, body: Any) -> httpx.Response:
        """PATCH JSON."""
        return await self.send("PATCH", path, json=body)

    async def send(
        self, method: str, path: str, *, token: str | None = None, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """Any request, under `token` or the one it needs; once more where only the server's nonce was missing."""
        token = token or self._token(path, more.get("json") or more.get("content"))
        for _ in range(2):
            proof = KEY.proof(method, self.world.settings.issuer + path, self._now(), nonce=self._nonce, token=token)
            bound = {"authorization": f"DPoP {token}", "dpop": proof}
            answer = await self.http.request(method, path, headers=bound | (headers or {}), **more)
            self._nonce = answer.headers.get("dpop-nonce", self._nonce)
            if answer.status_code != _UNAUTHORIZED or "use_dpop_nonce" not in answer.text:
                break
        self._learn(path, answer)
        return answer

    def _now(self) -> int:
        return int(self.world.system_clock.now().timestamp())

    def _token(self, path: str, body: Any) -> str:
        if _OWN.fullmatch(path):
            return self.token
        named = _ID.findall(path) + (_ID.findall(str(body)) if isinstance(body, dict | bytes) else [])
        merchant_id = next((self._owners[name] for name in named if name in self._owners), None)
        known = merchant_id or next((name for name in named if name in self.grants), None)
        if known is None and self.grants:
            known = next(reversed(self.grants))
        return self.token if known is None else self.grants[known]

    def _learn(self, path: str, answer: httpx.Response) -> None:
        """Whose the ids in an answer are."""
        about = next((name for name in _ID.findall(path) if name in self.grants or name in self._owners), None)
        found = _ID.findall(answer.text)
        about = about or next((name for name in found if name in self.grants), None)
        if about is not None and answer.is_success and not _OWN.fullmatch(path):
            self._owners |= dict.fromkeys(set(found) - self.grants.keys(), self._owners.get(about, about))

    async def done(self, path: str, body: Any = None) -> dict[str, Any]:
        """POST what must succeed; its answer."""
        answer = await self.post(path, body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def seen(self, path: str, **parameters: Any) -> dict[str, Any]:
        """GET what must be there; its answer."""
        answer = await self.get(path, **parameters)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


class Consenting(msgspec.Struct, frozen=True):
    """What `consents.grant` wants to know of a request that a merchant decides."""

    client_id: str
    partner_id: str
    merchant_id: str
    details: Details
    grant_id: str | None = None


def everything(merchant_id: str, currency: str) -> list[dict[str, Any]]:
    """Authorization details that leave nothing out."""
    data = {
        "type": "merchant_data", "actions": ["push"], "datatypes": [datatype.value for datatype in Datatype],
        "merchant": {"id": merchant_id}, "lookback_days": 1_830, "purpose": "credit_assessment",
        "recipients": [{"bank": INVENTORY.bank_id}, {"bank": SECOND_BANK_ID}], "retention_days": 1_825,
    }  # fmt: skip
    limits = {"per_draw_amount": MAX_AMOUNT, "outstanding_amount": MAX_AMOUNT, "currency": currency}
    return [
        data,
        data | {"datatypes": ["sales"], "purpose": "repayment_servicing", "recipients": []},
        {"type": "offers", "actions": ["read"]},
        {"type": "drawdown", "actions": ["quote", "propose"], "limits": limits},
        {"type": "repayment_collection", "actions": ["withhold", "debit"], "max_withhold_bps": 1_500},
    ]


async def granted(world: World, client_id: str, partner_id: str, merchant: dict[str, Any]) -> str:
    """A token of a grant of everything, for a year; how a merchant gives one has tests of its own."""
    today = world.clock.now().date()
    raw = [detail | ({"expires_at": str(year_after(today))} if detail["type"] == "merchant_data" else {})
           for detail in everything(merchant["id"], merchant["currency"])]  # fmt: skip
    agreed = parse(msgspec.json.encode(raw), today)
    asked = Consenting(client_id, partner_id, merchant["id"], agreed)

    async def unit(tx: Tx) -> str:
        grant_id = await consents.grant(tx, world, asked, agreed, EVIDENCE)
        rights = frozenset(oauth_details.rights(agreed))
        until = world.system_clock.now() + LONG
        known = KnownToken(client_id, partner_id, rights, until, grant_id, merchant["id"], KEY.thumbprint())
        return (await access.mint(tx, world, known, details=agreed)).answer.access_token

    return await world.store.write(unit)


class Gateway:
    """An open world and its application."""

    def __init__(self, world: World, http: httpx.AsyncClient, clock: StillClock) -> None:
        self.world, self.http, self.clock = world, http, clock
        self._count = itertools.count(1)

    async def partner(self, name: str | None = None, rights: Iterable[Right] = OWN) -> Partner:
        """A new partner. Its tokens are put straight into the store: how they are got has its own tests."""
        name = name or f"Partner {next(self._count)}"
        world = self.world
        partner_id, client_id = world.ids.new("partner"), world.ids.new("client")
        now = world.system_clock.now()

        async def unit(tx: Tx) -> str:
            await tx.run(sql.clients.add_partner, id=partner_id, name=name, tier=Tier.settled, created_at=now)
            await tx.run(
                sql.clients.add, id=client_id, partner_id=partner_id, name=name, jwks_json={"keys": []},
                origins_json=(), rights_json=list(GRANTABLE), created_at=now, version=versions.CURRENT,
            )  # fmt: skip
            known = KnownToken(client_id, partner_id, frozenset(rights), now + LONG, jkt=KEY.thumbprint())
            return (await access.mint(tx, world, known)).answer.access_token

        token = await world.store.write(unit)
        return Partner(self.http, world, token, partner_id, client_id)


@cache
def _committed() -> OnnxScorer:
    """The project's own models, opened once a process: they are only read, and opening them costs most of a world."""
    return scorer.load(Settings().models_dir)


async def _opened() -> OnnxScorer:
    return _committed()


@asynccontextmanager
async def start(
    database_url: str,
    folder: Path,
    *,
    bank_url: str | None = None,
    banks: str | None = None,
    starts_at: datetime = NOW,
    models_dir: Path | None = None,
) -> AsyncIterator[Gateway]:
    """A gateway without its worker: tests call `work.drain` or the sandbox's clock, so nothing happens behind them."""
    settings = Settings(
        database_url=database_url, data_dir=folder / "keys", issuer=ISSUER, bank_url=bank_url, banks=banks
    )
    if models_dir is not None:
        settings = msgspec.structs.replace(settings, models_dir=models_dir)
    databases.lay(database_url)
    clock, models = StillClock(starts_at), _opened() if models_dir is None else None
    async with open_world(settings, system_clock=clock, models=models) as world:
        databases.hurry(world.store)
        app = application(world)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER, timeout=60) as http:
            yield Gateway(world, http, clock)
            await told.check(world)
