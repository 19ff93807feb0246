"""/v1/merchants/{id}/parties: who stands behind a shop."""

from __future__ import annotations

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.domain.calendars import Instant
from gateway.domain.parties import NewParty, Party, PartyKind, Role
from gateway.domain.rights import Caller, Right
from gateway.usecases import parties
from gateway.usecases.world import World

_TAGS = ["Merchants"]
_ALL = "/v1/merchants/{merchant_id:str}/parties"


class PartyView(msgspec.Struct, frozen=True):
    """A party as its shop's partner sees it; its reference is not kept, only a hash that nobody can turn back.

    `elsewhere_count`: behind how many other shops of yours the same party stands.
    """

    id: str
    role: Role
    kind: PartyKind
    name: str
    share_bps: int | None
    elsewhere_count: int
    created_at: Instant
    updated_at: Instant


class Parties(msgspec.Struct, frozen=True):
    """All parties of a shop."""

    data: list[PartyView]


@post(_ALL, opt={"right": Right.merchants_write}, status_code=200, tags=_TAGS)
async def put(
    merchant_id: FromPath[str],
    data: JSONBody[NewParty],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> PartyView:
    """Name an owner, controller, signatory or affiliate of a shop, or correct one: the same reference and role."""
    return _view(world, await parties.put(world, merchant_id, caller.partner_id, data))


@get(_ALL, opt={"right": Right.merchants_write}, tags=_TAGS)
async def listed(merchant_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]) -> Parties:
    """List who stands behind a shop."""
    return Parties([_view(world, one) for one in await parties.of(world, merchant_id, caller.partner_id)])


@delete(_ALL + "/{party_id:str}", opt={"right": Right.merchants_write}, status_code=204, tags=_TAGS)
async def remove(
    merchant_id: FromPath[str],
    party_id: FromPath[str],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> None:
    """Forget a party."""
    await parties.remove(world, merchant_id, caller.partner_id, party_id)


def _view(world: World, one: Party) -> PartyView:
    return PartyView(
        one.id, one.role, one.kind, parties.name(world, one), one.share_bps, one.elsewhere_count, one.created_at,
        one.updated_at,
    )  # fmt: skip


ROUTES = (put, listed, remove)
