"""/v1/grants: what a merchant granted to a client, read and given back by it (Grant Management for OAuth 2.0)."""

from __future__ import annotations

from datetime import date

import msgspec
from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.domain.calendars import Instant
from gateway.domain.consents import ConsentState
from gateway.domain.details import Details
from gateway.domain.erasures import ErasureState, Gone, Kept
from gateway.domain.rights import Caller, Right
from gateway.usecases import erasures, grants
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


class ErasureView(msgspec.Struct, frozen=True):
    """What became of the merchant's data once nothing let it be assessed any more.

    `state`: `scheduled` until `due_at`; `erasing`; `partial` while an open loan needs its sales; `erased`; `canceled`
    when the merchant agreed again before it was done. `kept` says what stays, why, until when (`kept_until_on`, its
    last day, for what is kept as evidence), and what of it is `sealed`: encrypted, and shown nowhere.
    """

    id: str
    grant_id: str
    merchant_id: str
    state: ErasureState
    due_at: Instant
    state_at: Instant
    kept_until_on: date | None
    erased: tuple[Gone, ...]
    kept: tuple[Kept, ...]


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


@get("/v1/grants/{grant_id:str}/erasure", opt={"right": Right.grants_read}, tags=_TAGS)
async def erasure(
    grant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> ErasureView:
    """Show what was erased after a grant ended or was narrowed, and what is kept, why and until when."""
    told = await erasures.of_grant(world.store, grant_id, caller.partner_id)
    found = told.erasure
    return ErasureView(
        id=found.id,
        grant_id=grant_id,
        merchant_id=found.merchant_id,
        state=found.state,
        due_at=found.due_at,
        state_at=found.state_at,
        kept_until_on=found.kept_until_on,
        erased=told.erased,
        kept=told.kept,
    )


ROUTES = (show, revoke, erasure)
