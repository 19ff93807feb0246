"""Authorization requests: pushed by a client, decided by a merchant on a hosted page, answered with a code.

`push` stores what a client asks for (RFC 9126); `pending` shows it to the page and uses nothing up, so that a page
may be loaded again; `approve` and `reject` end it, once. On the system clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import details
from gateway.domain.details import Details
from gateway.domain.errors import Invalid
from gateway.domain.merchants import Merchant
from gateway.oauth import authorization_requests as requests
from gateway.oauth import details as asked_details
from gateway.oauth import scopes, tokens
from gateway.oauth.errors import invalid_details, invalid_proof, invalid_request
from gateway.store import sql
from gateway.usecases import access, consents, grant_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.domain.consents import Evidence
    from gateway.oauth.authorization_requests import Asked
    from gateway.store import Tx
    from gateway.usecases.access import Authenticated
    from gateway.usecases.world import World


class BadRequestUri(Invalid):
    """The authorization request is unknown, expired, decided already, or another client's."""

    code = "invalid_request_uri"
    title = "This authorization request cannot be used"


class Parameters(msgspec.Struct, frozen=True):
    """What is kept of a pushed request besides its columns."""

    redirect_uri: str
    state: str | None
    code_challenge: str
    scope: str | None
    details: Details
    grant_id: str | None


class Pushed(msgspec.Struct, frozen=True):
    """A pushed request as stored, with its client's name."""

    handle_hash: str
    client_id: str
    partner_id: str
    client_name: str
    merchant_id: str
    parameters: Parameters
    dpop_jkt: str | None
    expires_at: datetime


class PushAnswer(msgspec.Struct, frozen=True):
    """The answer to a pushed request (RFC 9126 section 2.2); `expires_in` in seconds."""

    request_uri: str
    expires_in: int


class Pending(msgspec.Struct, frozen=True):
    """A pushed request that waits for the merchant's word."""

    request_uri: str
    client_id: str
    partner_id: str
    client_name: str
    merchant_id: str
    details: Details
    redirect_uri: str
    state: str | None
    expires_at: datetime
    grant_id: str | None = None
    """The grant to renew, when the client named one."""


async def push(world: World, form: Mapping[str, str], proven: Authenticated, jkt: str | None) -> PushAnswer:
    """Keep an authorization request for its client; `jkt` is the key of the proof sent with it. Raises Refusal."""
    asked = requests.read(form)
    if jkt is not None and asked.dpop_jkt not in {None, jkt}:
        raise invalid_proof("invalid_dpop_proof", "dpop_jkt is not the thumbprint of the DPoP proof's key")
    wanted = asked_details.read(asked.details, world.clock.now().date())
    merchant_id = _merchant_id(asked, wanted)
    scopes.granted(asked.scope, asked_details.rights(wanted) & frozenset(proven.client.rights))
    parameters = Parameters(asked.redirect_uri, asked.state, asked.code_challenge, asked.scope, wanted, asked.grant_id)
    handle = tokens.mint()

    async def unit(tx: Tx) -> None:
        await access.spend(tx, proven)
        await _check_tenancy(tx, proven, merchant_id, asked.grant_id)
        await tx.run(
            sql.authorization.push,
            handle_hash=tokens.digest(handle),
            client_id=proven.client.id,
            merchant_id=merchant_id,
            parameters_json=parameters,
            dpop_jkt=jkt or asked.dpop_jkt,
            expires_at=world.system_clock.now() + timedelta(seconds=requests.LIFETIME_SECONDS),
        )

    await world.store.write(unit)
    return PushAnswer(requests.PREFIX + handle, requests.LIFETIME_SECONDS)


async def pending(world: World, request_uri: str, client_id: str) -> Pending:
    """The request behind `request_uri`, using nothing up. Raises BadRequestUri."""
    handle = request_uri.removeprefix(requests.PREFIX)
    found = await world.store.one(sql.authorization.pushed, Pushed, handle_hash=tokens.digest(handle))
    live = found is not None and found.expires_at > world.system_clock.now()
    if found is None or not live or found.client_id != client_id or handle == request_uri:
        raise _bad_request_uri()
    asked = found.parameters
    return Pending(
        request_uri=request_uri,
        client_id=found.client_id,
        partner_id=found.partner_id,
        client_name=found.client_name,
        merchant_id=found.merchant_id,
        details=asked.details,
        redirect_uri=asked.redirect_uri,
        state=asked.state,
        expires_at=found.expires_at,
        grant_id=asked.grant_id,
    )


async def approve(tx: Tx, world: World, asked: Pending, granted: Details, evidence: Evidence) -> str:
    """End the request with a grant of `granted`; the address to send the browser to, by 303. Raises BadRequestUri."""
    pushed = await _end(tx, world, asked)
    grant_id = await consents.grant(tx, world, asked, granted, evidence)
    code = tokens.mint()
    await tx.run(
        sql.authorization.add_code,
        hash=tokens.digest(code),
        client_id=pushed.client_id,
        grant_id=grant_id,
        redirect_uri=pushed.parameters.redirect_uri,
        code_challenge=pushed.parameters.code_challenge,
        dpop_jkt=pushed.dpop_jkt,
        scope=pushed.parameters.scope,
        expires_at=world.system_clock.now() + timedelta(seconds=requests.CODE_SECONDS),
    )
    return _answer(world, pushed.parameters, code=code)


async def reject(tx: Tx, world: World, asked: Pending, error: str = "access_denied") -> str:
    """End the request without a grant; the address to send the browser to, by 303. Raises BadRequestUri."""
    pushed = await _end(tx, world, asked)
    await consents.reject(tx, world, asked)
    return _answer(world, pushed.parameters, error=error)


async def _end(tx: Tx, world: World, asked: Pending) -> Pushed:
    """Use a request up, once and for all."""
    digest = tokens.digest(asked.request_uri.removeprefix(requests.PREFIX))
    pushed = await tx.one(sql.authorization.pushed, Pushed, handle_hash=digest)
    now = world.system_clock.now()
    ended = await tx.run(sql.authorization.end_pushed, handle_hash=digest, client_id=asked.client_id, now_at=now)
    if pushed is None or not ended:
        raise _bad_request_uri()
    return pushed


def _merchant_id(asked: Asked, wanted: Details) -> str:
    """Whom the request is for, by its details or its hint."""
    named = details.merchant_id(wanted)
    if named is None and asked.login_hint is None:
        raise invalid_request("Name the merchant: in a merchant_data detail, or as login_hint")
    if named is not None and asked.login_hint not in {None, named}:
        raise invalid_request("login_hint names another merchant than authorization_details")
    return named or asked.login_hint or ""


async def _check_tenancy(tx: Tx, proven: Authenticated, merchant_id: str, grant_id: str | None) -> None:
    """Raise Refusal when the merchant is not the partner's own, or the grant not this client's for this merchant."""
    client = proven.client
    if await tx.one(sql.merchants.find, Merchant, merchant_id=merchant_id, partner_id=client.partner_id) is None:
        raise invalid_details("You have no such merchant")
    if grant_id is None:
        return
    grant = await grant_tokens.standing(tx, grant_id)
    if grant is None or (grant.client_id, grant.merchant_id) != (client.id, merchant_id):
        raise invalid_request("grant_id is not a grant of this client for this merchant")


def _answer(world: World, asked: Parameters, **answer: str) -> str:
    return requests.address(asked.redirect_uri, world.settings.issuer, asked.state, **answer)


def _bad_request_uri() -> BadRequestUri:
    return BadRequestUri("It is unknown, has expired or was decided already: go back to where you came from and retry")
