"""/v1/grants: what a merchant granted to a client, read and given back by it (Grant Management for OAuth 2.0)."""

from __future__ import annotations

import msgspec
from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.calendars import Instant
from gateway.domain.consents import ConsentState
from gateway.domain.details import Details
from gateway.domain.rights import Caller, Right
from gateway.usecases import grants
from gateway.usecases.world import World

_TAGS = ["Consent"]


class GrantView(msgspec.Struct, frozen=True):
    """A grant as it stands: what was granted is in `authorization_details`, and may be less than was asked for."""

    grant_id: str
    merchant_id: str
    client_id: str
    state: ConsentState
    version: int
    authorization_details: Details
    expires_at: Instant
    created_at: Instant


@get("/v1/grants/{grant_id:str}", opt={"right": Right.grants_read}, tags=_TAGS)
async def show(grant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> GrantView:
    """Show what a merchant granted to one of your clients, in force or not."""
    found = await grants.find(world.store, grant_id, caller.partner_id)
    return GrantView(
        grant_id=found.grant_id,
        merchant_id=found.merchant_id,
        client_id=found.client_id,
        state=found.state,
        version=found.version,
        authorization_details=found.details,
        expires_at=found.expires_at,
        created_at=found.created_at,
    )


@delete("/v1/grants/{grant_id:str}", opt={"right": Right.grants_write}, tags=_TAGS)
async def revoke(grant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> None:
    """Give a grant back: its tokens end at once. One that has ended already stays as it is."""
    await grants.revoke(world, grant_id, caller)


ROUTES = (show, revoke)
