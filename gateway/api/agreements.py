"""/v1/merchants/{id}/agreements: what a merchant signed with a bank; JSON, or a page to print for `text/html`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api import paging
from gateway.api.connect import agreements as hosted
from gateway.api.connect.browser import Visit, paper_headers
from gateway.api.connect.pages.frame import alone
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.agreements import AgreementState, Document
from gateway.domain.calendars import Instant
from gateway.domain.rights import Caller, Right
from gateway.usecases import agreements, merchants
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.agreements import Agreement

_TAGS = ["Merchants"]
_ADDRESS = "/v1/merchants/{merchant_id:str}/agreements"


class AgreementView(msgspec.Struct, frozen=True):
    """An agreement: `hash` is over every word of `document`, `signed_by_id` the draw whose confirmation signed it."""

    id: str
    bank_id: str
    programme_id: str
    version: str
    language: str
    hash: str
    state: AgreementState
    signed_by_id: str
    method: str
    signed_at: Instant
    state_at: Instant
    document: Document


@get(_ADDRESS, opt={"right": Right.merchants_read}, tags=_TAGS)
async def page(
    merchant_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[AgreementView]:
    """List a shop's agreements, oldest first; earlier ones stay to be read."""
    await merchants.find(world.store, merchant_id, caller.partner_id)
    found = await agreements.page(world.store, merchant_id, paging.decode(cursor, "agreement") or "", limit + 1)
    return paging.page(found, limit, lambda one: _view(world, one), lambda one: one.id)


@get(_ADDRESS + "/{agreement_id:str}", opt={"right": Right.merchants_read}, tags=_TAGS)
async def show(
    merchant_id: FromPath[str],
    agreement_id: FromPath[str],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[AgreementView]:
    """Show an agreement; `Accept: text/html` gives a page to print, in the language that the request asks for."""
    await merchants.find(world.store, merchant_id, caller.partner_id)
    found = await agreements.find(world.store, agreement_id, merchant_id)
    if request.headers.get("accept", "").lower().startswith("text/html"):
        visit = Visit(request, world)
        paper: Any = Response(alone(hosted.shown(visit, found)), headers=paper_headers(visit.words.locale))
        return paper  # type: ignore[no-any-return]
    return Response(_view(world, found))


def _view(world: World, found: Agreement) -> AgreementView:
    values = msgspec.structs.asdict(found)
    shown = {name: values[name] for name in AgreementView.__struct_fields__ if name != "document"}
    return AgreementView(document=agreements.opened(world, found), **shown)


ROUTES = (page, show)
