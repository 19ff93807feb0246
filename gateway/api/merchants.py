"""/v1/merchants: the shops a partner brings."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import idempotency, paging, rights
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.calendars import Instant
from gateway.domain.merchants import CompanyId, Merchant, MerchantChange, MerchantState, NewMerchant
from gateway.domain.rights import Caller, Right
from gateway.domain.verifications import Finding
from gateway.usecases import merchants, verifying
from gateway.usecases.world import World

_TAGS = ["Merchants"]


class MerchantView(msgspec.Struct, frozen=True):
    """A shop as its partner sees it. The payout account comes from verification and is never shown."""

    id: str
    state: MerchantState
    legal_name: str
    country: str
    currency: str
    timezone: str
    day_cutoff: str
    partner_reference: str | None
    company_id: CompanyId | None
    mcc: str | None
    registered_on: date | None
    created_at: Instant
    updated_at: Instant


class VerificationView(msgspec.Struct, frozen=True):
    """What was last found; `outcome` is null before the first answer. The evidence is never shown."""

    state: MerchantState
    outcome: Finding | None
    reasons: tuple[str, ...]
    recorded_at: Instant | None


@post("/v1/merchants", opt={"right": Right.merchants_write, "idempotency": "required"}, tags=_TAGS)
async def add(
    data: JSONBody[NewMerchant],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[MerchantView]:
    """Bring a shop.

    Its books are kept in its `currency`; its business day ends at `day_cutoff` in its `timezone`.
    """
    return await idempotency.once(
        request, world, caller, lambda tx: merchants.add(tx, world, caller.partner_id, data), _view
    )


@get("/v1/merchants", opt={"right": Right.merchants_read}, tags=_TAGS)
async def page(
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[MerchantView]:
    """List the shops you brought."""
    found = await merchants.page(world.store, caller.partner_id, paging.decode(cursor, "merchant") or "", limit + 1)
    return paging.page(found, limit, _view, lambda merchant: merchant.id)


@get("/v1/merchants/{merchant_id:str}", opt={"right": Right.merchants_read}, tags=_TAGS)
async def show(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> MerchantView:
    """Show a shop."""
    if caller.grant_id is not None:
        await rights.check_consent(world, caller, Right.merchants_read, merchant_id)
    return _view(await merchants.find(world.store, merchant_id, caller.partner_id))


@patch("/v1/merchants/{merchant_id:str}", opt={"right": Right.merchants_write}, tags=_TAGS)
async def change(
    merchant_id: FromPath[str],
    data: JSONBody[MerchantChange],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> MerchantView:
    """Correct a shop's name, company id, category or date of registration."""
    return _view(await merchants.change(world, merchant_id, caller.partner_id, data))


@get("/v1/merchants/{merchant_id:str}/verification", opt={"right": Right.merchants_read}, tags=_TAGS)
async def verification(
    merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> VerificationView:
    """Show what was last found about a shop. It can borrow only while its state is `verified`."""
    merchant = await merchants.find(world.store, merchant_id, caller.partner_id)
    last = await verifying.latest(world.store, merchant_id)
    if last is None:
        return VerificationView(merchant.state, None, (), None)
    return VerificationView(merchant.state, last.outcome, last.reasons, last.recorded_at)


def _view(merchant: Merchant) -> MerchantView:
    values = msgspec.structs.asdict(merchant)
    values["company_id"] = values.pop("company")
    values.pop("partner_id")
    return MerchantView(**values)


ROUTES = (add, page, show, change, verification)
