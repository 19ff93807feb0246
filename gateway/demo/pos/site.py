"""The till's site: one page, what its buttons do, and the address at which webhooks come. It listens on loopback.

Only its own page may press its buttons: other sites' pages are turned away by what the browser says of them, other
names for this machine by the Host they ask for.
"""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream

from gateway.demo.pos import views
from gateway.demo.pos.counter import Item
from gateway.demo.pos.desk import HOOK_PATH, Desk, Until
from gateway.demo.pos.plan import HOST
from gateway.domain.errors import Conflict, Forbidden, GatewayError, Invalid, NotFound, Upstream
from gateway.domain.sales import SaleKind
from gateway.domain.scenarios import ScenarioKind

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_KINDS = {"html": "text/html", "js": "text/javascript", "css": "text/css", "svg": "image/svg+xml"}
_STATUSES: dict[type[GatewayError], int] = {Forbidden: 403, NotFound: 404, Conflict: 409, Invalid: 422, Upstream: 502}
_MOST_BYTES = 256 * 1024


class Sold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was tapped."""

    items: list[Item]


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far to live."""

    until: Until


class Begun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to become of the shop."""

    scenario: ScenarioKind


class NotOurs(Forbidden):
    """A page of another site, or another name for this machine."""

    code = "not_our_page"
    title = "Only the till's own page may do this"


class NoPage(NotFound):
    """No such file of the page."""

    code = "no_page"
    title = "There is nothing here"


def desk_of(request: Request[Any, Any, Any]) -> Desk:
    """The back office of the application that was asked."""
    desk: Desk = request.app.state.desk
    return desk


@get("/")
async def page(request: Request[Any, Any, Any]) -> Response[str]:
    """The page."""
    return _file("index.html", desk_of(request).plan.gateway_url)


@get("/page/{name:str}")
async def part(name: FromPath[str]) -> Response[str]:
    """A script or a style sheet of the page."""
    return _file(name)


@get("/api/shops")
async def listed(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The shops at this till, and where else to look."""
    return views.till(desk_of(request))


@get("/api/shops/{key:str}")
async def show(key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Where a shop stands; it is brought to the gateway when it is first asked for."""
    return await views.shop(await desk_of(request).opened(key))


@post("/api/shops/{key:str}/sales", status_code=200)
async def sell(key: FromPath[str], data: JSONBody[Sold], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Charge a ticket."""
    counter = await desk_of(request).opened(key)
    return views.sold(counter, await counter.sell(data.items))


@post("/api/shops/{key:str}/sales/{sale_id:str}/{kind:str}", status_code=200)
async def take_back(
    key: FromPath[str], sale_id: FromPath[str], kind: FromPath[str], request: Request[Any, Any, Any]
) -> dict[str, Any]:
    """Refund or void a sale of today."""
    if kind not in {SaleKind.refund, SaleKind.void}:
        raise NoPage("A sale is refunded or voided")
    counter = await desk_of(request).opened(key)
    return views.sold(counter, await counter.take_back(sale_id, SaleKind(kind)))


@post("/api/shops/{key:str}/close", status_code=200)
async def close(key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Close the drawer."""
    counter = await desk_of(request).opened(key)
    await counter.close()
    return await views.shop(counter)


@post("/api/shops/{key:str}/clock", status_code=200)
async def live(key: FromPath[str], data: JSONBody[Clock], request: Request[Any, Any, Any]) -> dict[str, int]:
    """The demo operator's clock: live some days."""
    return {"lived_count": await desk_of(request).live(key, data.until)}


@post("/api/shops/{key:str}/scenario", status_code=204)
async def begin(key: FromPath[str], data: JSONBody[Begun], request: Request[Any, Any, Any]) -> None:
    """The demo operator's choice of what becomes of the shop."""
    await desk_of(request).begin(key, data.scenario)


@post("/api/shops/{key:str}/passkey/{drawdown_id:str}", status_code=200)
async def play_passkey(
    key: FromPath[str], drawdown_id: FromPath[str], request: Request[Any, Any, Any]
) -> dict[str, Any]:
    """The demo operator plays the owner's passkey."""
    counter = await desk_of(request).opened(key)
    return {"state": (await counter.play_passkey(drawdown_id)).state}


@get("/api/shops/{key:str}/desk")
async def side(key: FromPath[str], request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What the side view says: what waits for the owner, and where they do it."""
    return await views.side(await desk_of(request).opened(key))


@get("/restock-session")
async def session(component: FromQuery[str], shop: FromQuery[str], request: Request[Any, Any, Any]) -> Response[Any]:
    """What the SDK's `fetchSession` asks for: the gateway's answer, unchanged."""
    desk = desk_of(request)
    made = await (await desk.opened(shop)).session(component, desk.plan.origin)
    return Response(made, headers={"Cache-Control": "no-store"})


@get("/api/bank")
async def bank(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What the bank sees: payments it made and collections it was asked for."""
    desk = desk_of(request)
    payments, collections = await asyncio.gather(desk.bank_view("payments"), desk.bank_view("collections"))
    return {"payments": payments, "collections": collections}


@get("/api/hooks")
async def hooks(request: Request[Any, Any, Any]) -> list[Any]:
    """The webhooks that came, newest first."""
    return list(desk_of(request).inbox.hooks)


@post("/api/hooks/forge", status_code=200)
async def forge(request: Request[Any, Any, Any]) -> dict[str, int]:
    """The demo operator plays somebody who forges a webhook; what our receiver answered."""
    return {"status": await desk_of(request).forge()}


@post(HOOK_PATH, status_code=204)
async def receive(request: Request[Any, Any, Any]) -> Response[None]:
    """Take a webhook: 204, or 401 for one that the gateway did not sign."""
    ours = desk_of(request).receive(dict(request.headers), await request.body())
    return Response(None, status_code=204 if ours else 401)


@get("/api/feed")
async def feed(request: Request[Any, Any, Any]) -> Stream:
    """What happens, as it happens."""
    heard: AsyncIterator[bytes] = desk_of(request).feed.listen()
    return Stream(heard, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def application(desk: Desk) -> Litestar:
    """The site over a back office."""
    return Litestar(
        [
            page, part, listed, show, sell, take_back, close, live, begin, play_passkey, side, session, bank, hooks,
            forge, receive, feed,
        ],
        before_request=_only_our_page,
        after_request=_dress,
        exception_handlers={GatewayError: _problem},
        state=State({"desk": desk}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=_MOST_BYTES,
    )  # fmt: skip


def _only_our_page(request: Request[Any, Any, Any]) -> None:
    plan = desk_of(request).plan
    if request.headers.get("host") not in {f"{HOST}:{plan.port}", f"localhost:{plan.port}"}:
        raise NotOurs("Ask for the address that the demo printed")
    if request.method == "POST" and request.url.path != HOOK_PATH and request.headers.get("origin") != plan.origin:
        raise NotOurs("Press the till's own buttons")


def _dress(response: Response[Any]) -> Response[Any]:
    response.headers.update({"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"})
    return response


def _problem(_: Request[Any, Any, Any], error: GatewayError) -> Response[dict[str, Any]]:
    """What failed, as the page can say it; the gateway's own problem keeps its code."""
    code = str(error.facts.get("problem") or error.code)
    status = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), 500)
    return Response({"code": code, "title": error.title, "detail": error.detail}, status_code=status)


def _file(name: str, gateway_url: str = "") -> Response[str]:
    """A file of the page. Its policy lets in our own scripts, the gateway's one, and the gateway's frames."""
    kind = _KINDS.get(name.rpartition(".")[2])
    place = files("gateway.demo.pos").joinpath("page", name)
    if kind is None or "/" in name or not place.is_file():
        raise NoPage("There is no such file")
    text = place.read_text(encoding="utf-8").replace("{{gateway}}", gateway_url)
    headers = {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"}
    if gateway_url:
        headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self' {gateway_url}; style-src 'self'; img-src 'self'; "
            f"connect-src 'self'; frame-src {gateway_url}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    return Response(text, headers=headers)
