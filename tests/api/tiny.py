"""A small application made by `create_app`: real edge, a few routes that show what the edge does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Annotated, Any

import httpx
import msgspec
from litestar import Litestar, Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import app, exchange, limits, paging
from gateway.api.strict_json import Rows
from gateway.domain import ids
from gateway.domain.errors import Conflict, FieldError, Invalid, NotFound, Overloaded, Unauthenticated, Upstream
from gateway.domain.rights import Caller, Right
from gateway.settings import Settings
from gateway.usecases.rates import Quotas

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ISSUER = "https://gateway.example"
MERCHANT = "mer_01jc0000000000000000000000"
READER = {"Authorization": "DPoP reader-token"}
WRITER = {"Authorization": "DPoP writer-token"}
EVERYTHING = {"Authorization": "DPoP everything"}


class Tender(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a part of a sale was paid."""

    means: str
    amount: int


class NewSale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sale of a shop."""

    sale_id: Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="The till's own id.")]
    occurred_at: Annotated[datetime, msgspec.Meta(tz=True)]
    amount: Annotated[int, msgspec.Meta(gt=0, description="Gross, in minor units.", examples=[12_500])]
    currency: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{3}\Z")]
    tenders: list[Tender] = []
    note: str | None = None


class Taken(msgspec.Struct, frozen=True):
    """What was taken."""

    accepted_count: int
    rejected_count: int
    at: datetime | None = None


class Gone(Conflict):
    """A leaf of the tests, to see facts and field errors rendered."""

    code = "gone_elsewhere"
    title = "It went elsewhere"


@post("/v1/sales", opt={"right": Right.sales_write}, status_code=200, tags=["Sales"])
async def take(data: JSONBody[NewSale], caller: NamedDependency[Caller]) -> NewSale:
    """Take one sale.

    It comes back as it was understood by `client_id`.
    """
    assert caller.client_id
    return data


@post("/v1/merchants/{merchant_id:str}/sales", opt={"right": Right.sales_write, "idempotency": "required"},
      status_code=200, tags=["Sales"], request_max_body_size=limits.MAX_BATCH_BYTES)  # fmt: skip
async def take_many(
    merchant_id: FromPath[str], data: JSONBody[Rows[NewSale]], request: Request[Any, Any, Any]
) -> Taken:
    """Take many sales."""
    assert merchant_id
    exchange.line(request).rows_count = data.count
    return Taken(len(data.items), len(data.faults), data.items[0].occurred_at if data.items else None)


@get("/v1/merchants/{merchant_id:str}", opt={"right": Right.merchants_read}, tags=["Merchants"])
async def show(merchant_id: FromPath[str]) -> dict[str, str]:
    """Show a merchant."""
    return {"id": merchant_id}


@get("/v1/merchants", opt={"right": Right.merchants_read}, tags=["Merchants"])
async def browse(limit: paging.Limit = paging.DEFAULT_LIMIT, cursor: paging.Cursor = None) -> paging.Page[Taken]:
    """List merchants."""
    paging.decode(cursor, "merchant")
    return paging.Page([Taken(limit, 0)])


@get("/v1/errors/{kind:str}", opt={"right": Right.public})
async def fail(kind: FromPath[str]) -> None:
    """Fail as asked."""
    raise {
        "invalid": Invalid("no", errors=(FieldError("/a", "b", "c"),)),
        "conflict": Gone("The offer was replaced", offer_id="off_x", retry_after=3),
        "notfound": NotFound("no"),
        "overloaded": Overloaded("busy", retry_after=7),
        "upstream": Upstream("bank is down"),
        "crash": RuntimeError("secret: 4711"),
    }[kind]


@get("/v1/slow", opt={"right": Right.public, "seconds": 0.01})
async def slow() -> None:
    """Never answer."""
    await asyncio.Event().wait()


class Tokens:
    """A few known tokens, and whoever sends one is believed to hold its key."""

    async def identify(self, token: str) -> Caller:
        """The caller behind it."""
        rights = {
            "reader-token": {Right.merchants_read}, "writer-token": {Right.sales_write}, "everything": set(Right),
        }  # fmt: skip
        if token not in rights:
            raise Unauthenticated("The access token is unknown or has expired")
        return Caller("cli_1", "par_1", frozenset(rights[token]), "grt_1", jkt="a-key")

    async def prove(self, proof: bytes | None, method: str, path: str, token: str, jkt: str) -> str | None:
        """No proof is asked for: proofs have tests of their own."""


class Ids:
    """Counts."""

    def __init__(self) -> None:
        """Start at one."""
        self._next = count(1)

    def new(self, noun: str) -> str:
        """The next id."""
        return ids.make(noun, ids.milliseconds(datetime.fromisoformat("2026-11-02T00:00:00+00:00")), next(self._next))


class Noon:
    """A clock that stands."""

    def now(self) -> datetime:
        """See Clock."""
        return datetime(2026, 11, 2, 12, tzinfo=UTC)


class World:
    """What the edge needs."""

    def __init__(self) -> None:
        """A sandbox."""
        self.settings = Settings(issuer=ISSUER)
        self.ids = Ids()
        self.tokens = Tokens()
        self.quotas = Quotas(Noon(), 1_000, 3)

    async def refresh(self) -> None:
        """Nothing changes underneath it."""


ROUTES = (take, take_many, show, browse, fail, slow)


def make(*more: Any, **options: Any) -> Litestar:
    """The application, with `more` routes."""
    return app.create_app(World(), [*ROUTES, *more], **options)


@asynccontextmanager
async def client(application: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client that speaks to `application` without a socket."""
    transport = httpx.ASGITransport(application, raise_app_exceptions=True)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as session:
        yield session


async def speak(application: Litestar, method: str, path: str, headers: dict[str, str], *messages: Any) -> list[Any]:
    """Speak raw ASGI, for what no HTTP client does: `messages` are received, what was sent is returned."""
    waiting = list(messages)
    sent: list[Any] = []

    async def receive() -> Any:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "http_version": "1.1", "scheme": "http", "asgi": {"version": "3.0"},
    }  # fmt: skip
    await application(scope, receive, send)  # type: ignore[arg-type]
    return sent
