"""/v1/merchants/{id}/mandates: what a bank may debit of a merchant; its merchant revokes one on its own page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api import paging
from gateway.api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from gateway.domain.calendars import Instant
from gateway.domain.mandates import MandateScheme, MandateState
from gateway.domain.rights import Caller, Right
from gateway.usecases import mandates, merchants
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.usecases.mandates import Held


class MandateView(msgspec.Struct, frozen=True):
    """A mandate. Of its account only the ending is shown.

    `refundable_amount` is what was debited under it and may still be taken back without a reason; `signed_by_id` names
    the drawdown whose confirmation signed it, or the change of the payout account.
    """

    id: str
    bank_id: str
    scheme: MandateScheme
    reference: str
    creditor_scheme_id: str
    account_ending: str
    state: MandateState
    reason: str | None
    signed_by_id: str
    uses_count: int
    refundable_amount: int
    signed_at: Instant
    state_at: Instant


@get("/v1/merchants/{merchant_id:str}/mandates", opt={"right": Right.merchants_read}, tags=["Merchants"])
async def page(
    merchant_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[MandateView]:
    """List a shop's mandates, oldest first. Without an active one for its account nothing is debited."""
    await merchants.find(world.store, merchant_id, caller.partner_id)
    found = await mandates.page(world.store, world, merchant_id, paging.decode(cursor, "mandate") or "", limit + 1)
    return paging.page(found, limit, _view, lambda held: held.mandate.id)


def _view(held: Held) -> MandateView:
    values = msgspec.structs.asdict(held.mandate)
    shown = {name: values[name] for name in MandateView.__struct_fields__ if name in values}
    return MandateView(refundable_amount=held.refundable_amount, **shown)


ROUTES = (page,)
