"""What becomes of tokens after they were issued: a client takes its own back, or asks about them. System clock."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.details import Details
from gateway.domain.rights import Right
from gateway.oauth import forms, scopes, tokens
from gateway.oauth.errors import invalid_request
from gateway.store import sql
from gateway.usecases import access, audit, grant_tokens
from gateway.usecases.audit import Action
from gateway.usecases.grant_tokens import RefreshToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store import Tx
    from gateway.usecases.access import Authenticated
    from gateway.usecases.world import World


class Stored(msgspec.Struct, frozen=True):
    """An access token as stored, without the token."""

    client_id: str
    partner_id: str
    rights: frozenset[Right]
    issued_at: datetime
    expires_at: datetime
    grant_id: str | None
    jkt: str | None
    details: Details | None
    merchant_id: str | None


class Introspection(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a token is (RFC 7662 section 2.2), with its key (RFC 9449 section 6.2) and details (RFC 9396 section 9.2).

    Only `active` when it is unknown, expired, revoked or another client's. Instants are seconds since 1970; `sub` is
    the merchant whose grant it is, else the client.
    """

    active: bool
    iss: str | None = None
    client_id: str | None = None
    sub: str | None = None
    token_type: str | None = None
    scope: str | None = None
    iat: int | None = None
    exp: int | None = None
    cnf: dict[str, str] | None = None
    grant_id: str | None = None
    authorization_details: Details | None = None


async def revoke(world: World, form: Mapping[str, str], proven: Authenticated) -> None:
    """End a token of the client (RFC 7009); one that is not there is ended already. Raises Refusal.

    A refresh token ends together with the access tokens that came of the same code; the grant itself stays.
    """
    digest = tokens.digest(forms.wanted(form, "token"))

    async def unit(tx: Tx) -> None:
        await access.spend(tx, proven)
        refresh_token = await tx.one(sql.authorization.refresh_token, RefreshToken, hash=digest)
        if refresh_token is not None:
            _check_owner(refresh_token.client_id, proven)
            await grant_tokens.end_of_code(tx, world, refresh_token.code_hash, refresh_token.grant_id)
            await audit.note(tx, world, proven.client.id, Action.token_revoked, refresh_token.grant_id)
            return
        found = await tx.one(sql.authorization.token, Stored, hash=digest)
        if found is not None:
            _check_owner(found.client_id, proven)
            await tx.run(sql.authorization.revoke_token, hash=digest, client_id=found.client_id)
            tx.on_commit(lambda: world.tokens.forget(found.client_id))
            await audit.note(tx, world, proven.client.id, Action.token_revoked, found.grant_id or found.client_id)

    await world.store.write(unit)


async def introspect(world: World, form: Mapping[str, str], proven: Authenticated) -> Introspection:
    """What the client's own token is (RFC 7662). Raises Refusal."""
    digest = tokens.digest(forms.wanted(form, "token"))

    async def unit(tx: Tx) -> Introspection:
        await access.spend(tx, proven)
        found = await tx.one(sql.authorization.token, Stored, hash=digest)
        if found is not None:
            live = found.client_id == proven.client.id and found.expires_at > world.system_clock.now()
            return _access(world, found) if live and await _holds(tx, world, found) else Introspection(active=False)
        return await _refresh(tx, world, proven, digest)

    return await world.store.write(unit)


async def _holds(tx: Tx, world: World, found: Stored) -> bool:
    """Whether the consent behind a token still stands, where it has one."""
    if found.grant_id is None:
        return True
    grant = await grant_tokens.standing(tx, found.grant_id)
    return grant is not None and grant.holds(world.clock.now())


async def _refresh(tx: Tx, world: World, proven: Authenticated, digest: str) -> Introspection:
    found = await tx.one(sql.authorization.refresh_token, RefreshToken, hash=digest)
    grant = None if found is None else await grant_tokens.standing(tx, found.grant_id)
    if found is None or grant is None or found.client_id != proven.client.id or not grant.holds(world.clock.now()):
        return Introspection(active=False)
    return Introspection(
        active=True,
        iss=world.settings.issuer,
        client_id=found.client_id,
        sub=grant.merchant_id,
        iat=int(found.created_at.timestamp()),
        grant_id=found.grant_id,
        authorization_details=grant.details,
    )


def _access(world: World, found: Stored) -> Introspection:
    return Introspection(
        active=True,
        iss=world.settings.issuer,
        client_id=found.client_id,
        sub=found.merchant_id or found.client_id,
        token_type="DPoP",  # noqa: S106 - the kind of token, no secret
        scope=scopes.text(found.rights),
        iat=int(found.issued_at.timestamp()),
        exp=int(found.expires_at.timestamp()),
        cnf=None if found.jkt is None else {"jkt": found.jkt},
        grant_id=found.grant_id,
        authorization_details=found.details,
    )


def _check_owner(client_id: str, proven: Authenticated) -> None:
    if client_id != proven.client.id:
        raise invalid_request("The token is another client's")
