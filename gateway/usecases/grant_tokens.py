"""Tokens of a merchant's grant: a code is redeemed, a refresh token used, and both end with the grant. System clock.

A code counts once, by one statement; who brings it again ends what it brought (RFC 6749 section 4.1.2). Refresh tokens
are bound to client and grant and are not rotated (FAPI 2.0 section 5.3.2.1).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain.consents import ConsentState
from gateway.domain.details import Details
from gateway.oauth import details as asked_details
from gateway.oauth import forms, pkce, scopes, tokens
from gateway.oauth.errors import Refusal, invalid_grant
from gateway.store import sql
from gateway.usecases import access
from gateway.usecases.access import Authenticated, Issued, KnownToken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


USE_NOTED_EVERY = timedelta(hours=1)
"""A grant's last use is when a token was last had of it, noted at most this often."""


class Standing(msgspec.Struct, frozen=True):
    """A grant as it stands: the consent and what its current version says."""

    grant_id: str
    client_id: str
    partner_id: str
    merchant_id: str
    state: ConsentState
    version: int
    expires_at: datetime
    created_at: datetime
    details: Details

    def holds(self, now: datetime) -> bool:
        """Whether tokens may be had of it at the business instant `now`."""
        return self.state is ConsentState.authorised and now < self.expires_at


class Code(msgspec.Struct, frozen=True):
    """An authorization code as stored, and all that it is bound to."""

    hash: str
    client_id: str
    grant_id: str
    redirect_uri: str
    code_challenge: str
    dpop_jkt: str | None
    scope: str | None
    expires_at: datetime
    used_at: datetime | None


class RefreshToken(msgspec.Struct, frozen=True):
    """A refresh token as stored."""

    hash: str
    client_id: str
    grant_id: str
    code_hash: str
    scope: str | None
    created_at: datetime


class _Source(msgspec.Struct, frozen=True):
    """Where an access token comes from and the key it is bound to.

    `agreed` is the scope of the authorization request, of which the merchant may have granted less; `asked` that of
    the token request, of which nothing may be missing.
    """

    code_hash: str
    agreed: str | None
    asked: str | None
    jkt: str


async def standing(reader: Reader, grant_id: str) -> Standing | None:
    """The grant, in any state; held until the commit when `reader` is a transaction."""
    # Held by a statement of its own: one that waits inside a join would miss the version written meanwhile.
    await reader.one(sql.authorization.hold_grant, grant_id=grant_id)
    return await reader.one(sql.authorization.standing, Standing, grant_id=grant_id)


async def redeem(world: World, form: Mapping[str, str], proven: Authenticated, jkt: str | None) -> Issued:
    """The tokens of a code (RFC 6749 section 4.1.3), bound to the key `jkt`. Raises Refusal; a failure spends nothing.

    Only the reuse of a code has an effect though it is refused: it ends the tokens that the code brought.
    """
    key = access.bound(jkt)
    digest = tokens.digest(forms.wanted(form, "code"))
    redirect_uri = forms.wanted(form, "redirect_uri")

    async def unit(tx: Tx) -> Issued | Exception:
        await access.spend(tx, proven)
        code = await tx.one(sql.authorization.code, Code, hash=digest)
        if code is None or code.client_id != proven.client.id:
            raise invalid_grant("The code is unknown, or another client's")
        if code.redirect_uri != redirect_uri:
            raise invalid_grant("redirect_uri is not the one of the authorization request")
        pkce.check_verifier(form.get("code_verifier"), code.code_challenge)
        if code.dpop_jkt not in {None, key}:
            raise invalid_grant("The DPoP proof is by another key than the one that the code is bound to")
        grant = await standing(tx, code.grant_id)  # before the code's own row, in the order of whoever ends a grant
        if not await tx.run(sql.authorization.use_code, hash=digest, now_at=world.system_clock.now()):
            return await _refuse_again(tx, world, digest)
        issued = await _access_token(tx, world, proven, grant, _Source(code.hash, code.scope, None, key))
        return await _with_refresh_token(tx, world, code, issued)

    return _settled(await world.store.write(unit))


async def refresh(world: World, form: Mapping[str, str], proven: Authenticated, jkt: str | None) -> Issued:
    """A new access token for a refresh token (RFC 6749 section 6), bound to the key `jkt`. Raises Refusal."""
    key = access.bound(jkt)
    digest = tokens.digest(forms.wanted(form, "refresh_token"))

    async def unit(tx: Tx) -> Issued:
        await access.spend(tx, proven)
        found = await tx.one(sql.authorization.refresh_token, RefreshToken, hash=digest)
        if found is None or found.client_id != proven.client.id:
            raise _unknown_refresh_token()
        grant = await standing(tx, found.grant_id)  # before the token's own row, in the order of whoever ends a grant
        if await tx.one(sql.authorization.hold_refresh_token, RefreshToken, hash=digest) is None:
            raise _unknown_refresh_token()
        source = _Source(found.code_hash, found.scope, form.get("scope"), key)
        return await _access_token(tx, world, proven, grant, source)

    return await world.store.write(unit)


async def end_of_code(tx: Tx, world: World, code_hash: str, grant_id: str) -> None:
    """End what one code brought, and leave the grant."""
    await tx.run(sql.authorization.end_refresh_tokens_of_code, code_hash=code_hash, now_at=world.system_clock.now())
    await tx.run(sql.authorization.end_access_tokens_of_code, code_hash=code_hash)
    tx.on_commit(lambda: world.tokens.forget_grant(grant_id))


async def _with_refresh_token(tx: Tx, world: World, code: Code, issued: Issued) -> Issued:
    refresh_token = tokens.mint()
    await tx.run(
        sql.authorization.add_refresh_token,
        hash=tokens.digest(refresh_token),
        client_id=code.client_id,
        grant_id=code.grant_id,
        code_hash=code.hash,
        scope=code.scope,
        created_at=world.system_clock.now(),
    )
    return Issued(msgspec.structs.replace(issued.answer, refresh_token=refresh_token), issued.caller)


async def _access_token(tx: Tx, world: World, proven: Authenticated, grant: Standing | None, source: _Source) -> Issued:
    if grant is None or not grant.holds(world.clock.now()):
        raise invalid_grant("The merchant's consent has ended")
    rights = asked_details.rights(grant.details) & frozenset(proven.client.rights)
    if source.agreed is not None:
        rights = frozenset(right for right in rights if right in source.agreed.split(" "))
    rights = frozenset(scopes.granted(source.asked, rights))
    now = world.clock.now()
    await tx.run(sql.consents.use, grant_id=grant.grant_id, now_at=now, before_at=now - USE_NOTED_EVERY)
    until = access.end_of_token(world)
    known = KnownToken(grant.client_id, grant.partner_id, rights, until, grant.grant_id, grant.merchant_id, source.jkt)
    return await access.mint(tx, world, known, details=grant.details, code_hash=source.code_hash)


def _unknown_refresh_token() -> Exception:
    return invalid_grant("The refresh token is unknown, revoked, or another client's")


async def _refuse_again(tx: Tx, world: World, digest: str) -> Exception:
    """Why a code could not be used. Returned and not raised, so that what a reuse ends stays ended."""
    code = await tx.one(sql.authorization.code, Code, hash=digest)
    if code is None or code.used_at is None:
        return invalid_grant("The code has expired: it can be redeemed for 60 seconds")
    await end_of_code(tx, world, digest, code.grant_id)
    return invalid_grant("The code was used before: the tokens it brought have ended")


def _settled(found: Issued | Exception) -> Issued:
    if isinstance(found, Refusal):
        raise found
    assert isinstance(found, Issued)  # noqa: S101 - there is nothing else a unit returns
    return found
