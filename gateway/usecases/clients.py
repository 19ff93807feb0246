"""Clients: a partner's programs and their public keys. Registered by the operator, never with a shared secret."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import versions, widget_sessions
from gateway.domain.errors import Invalid, NotFound
from gateway.domain.rights import GRANTABLE, Right
from gateway.domain.tiers import Tier
from gateway.oauth import keys
from gateway.oauth.keys import KeySet
from gateway.store import sql
from gateway.usecases import audit
from gateway.usecases.audit import OPERATOR, Action

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.store import Tx
    from gateway.usecases.world import World

PAGE_COUNT = 100
_LONGEST_NAME = 200


class UnknownClient(NotFound):
    """No client has this id."""

    code = "client_not_found"
    title = "No such client"


class BadClient(Invalid):
    """A client cannot be registered under this name or with these rights."""

    code = "invalid_client_registration"
    title = "The client cannot be registered"


class Client(msgspec.Struct, frozen=True):
    """One registered client. Everything in it is public."""

    id: str
    partner_id: str
    name: str
    jwks: KeySet
    rights: tuple[Right, ...]
    disabled: bool
    created_at: datetime
    version: str = versions.CURRENT
    """Of the API: what it gets where it names none, the newest of when it was registered."""
    origins: tuple[str, ...] = ()
    """The pages that may show its widget, and call for it."""


async def create(
    world: World,
    *,
    name: str,
    jwks: bytes,
    partner_name: str | None = None,
    rights: Collection[Right] | None = None,
    tier: Tier = Tier.declared,
    origins: Collection[str] = (),
) -> Client:
    """Register a client of the partner called `partner_name` (made when new; without one, called like the client).

    `tier` is how far a new partner's sales are trusted; `jwks` is the JWKS document as it came; `rights` None gives all
    that this mode has; `origins` are those of its pages. Raises BadKeys, BadClient or BadOrigin.
    """
    registered = keys.register(jwks)
    for shown in (name, name if partner_name is None else partner_name):
        if not 1 <= len(shown) <= _LONGEST_NAME or not shown.isprintable():
            raise BadClient(f"A name has 1 to {_LONGEST_NAME} printable characters")
    given, pages = _given(world, rights), widget_sessions.origins(origins, sandbox=world.settings.sandbox)
    now = world.system_clock.now()
    client_id, partner_id = world.ids.new("client"), world.ids.new("partner")

    async def unit(tx: Tx) -> Client:
        called = name if partner_name is None else partner_name
        await tx.run(sql.clients.add_partner, id=partner_id, name=called, tier=tier, created_at=now)
        found = await tx.one(sql.clients.partner_named, name=called)
        assert found is not None  # noqa: S101 - it was there, or the line before made it
        client = Client(client_id, found[0], name, registered, given, disabled=False, created_at=now, origins=pages)
        await tx.run(
            sql.clients.add,
            id=client.id,
            partner_id=client.partner_id,
            name=name,
            jwks_json=registered,
            rights_json=given,
            created_at=now,
            version=client.version,
            origins_json=pages,
        )
        await audit.note(tx, world, OPERATOR, Action.client_created, client.id, partner_id=client.partner_id)
        return client

    return await world.store.write(unit)


async def page(world: World, after_id: str = "") -> list[Client]:
    """At most PAGE_COUNT clients, oldest first, after the one called `after_id`."""
    return await world.store.all(sql.clients.page, Client, after_id=after_id, limit=PAGE_COUNT)


async def rotate(world: World, client_id: str, jwks: bytes) -> Client:
    """Replace a client's keys; what the old ones obtained ends at once. Raises BadKeys or UnknownClient."""
    registered = keys.register(jwks)

    async def unit(tx: Tx) -> Client:
        await tx.run(sql.clients.rotate, client_id=client_id, jwks_json=registered)
        return await _cut_off(tx, world, client_id, Action.client_rotated)

    return await world.store.write(unit)


async def place(world: World, client_id: str, origins: Collection[str]) -> Client:
    """Register the origins of a client's pages in place of those it had. Raises BadOrigin or UnknownClient."""
    pages = widget_sessions.origins(origins, sandbox=world.settings.sandbox)

    async def unit(tx: Tx) -> Client:
        await tx.run(sql.clients.place, client_id=client_id, origins_json=pages)
        client = await tx.one(sql.clients.find, Client, client_id=client_id)
        if client is None:
            raise UnknownClient(f"There is no client {client_id[:40]}")
        await audit.note(tx, world, OPERATOR, Action.client_placed, client_id)
        return client

    return await world.store.write(unit)


async def disable(world: World, client_id: str) -> Client:
    """Shut a client out: its tokens end at once and it gets no more. Raises UnknownClient."""

    async def unit(tx: Tx) -> Client:
        await tx.run(sql.clients.disable, client_id=client_id)
        return await _cut_off(tx, world, client_id, Action.client_disabled)

    return await world.store.write(unit)


async def _cut_off(tx: Tx, world: World, client_id: str, done: Action) -> Client:
    """Revoke the tokens of a client just changed; the client as it is now."""
    client = await tx.one(sql.clients.find, Client, client_id=client_id)
    if client is None:
        raise UnknownClient(f"There is no client {client_id[:40]}")
    await tx.run(sql.tokens.revoke_of_client, client_id=client_id)
    await tx.run(sql.clients.end_widget_secrets, client_id=client_id, now_at=world.system_clock.now())
    tx.on_commit(lambda: world.tokens.forget(client_id))
    await audit.note(tx, world, OPERATOR, done, client_id)
    return client


def _given(world: World, asked: Collection[Right] | None) -> tuple[Right, ...]:
    """The rights in their documented order. Those of the sandbox do not exist in live mode."""
    possible = [right for right in GRANTABLE if world.settings.sandbox or right is not Right.sandbox_write]
    wanted = possible if asked is None else asked
    if not wanted or not set(wanted) <= set(possible):
        raise BadClient(f"The rights a client can have: {' '.join(possible)}")
    return tuple(right for right in possible if right in wanted)
