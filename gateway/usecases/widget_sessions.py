"""Widget sessions: made by a partner's server, opened once by our own frame, and what a click in that frame does.

The frame's token has the least rights its components need, is bound to a key that cannot leave the browser, and ends
with the merchant's consent, the client, or the session. On the system clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import grants, ids, widget_sessions
from gateway.domain.authorities import StepUp, StepUpRequired, User
from gateway.domain.drawdowns import Drawdown
from gateway.domain.errors import Forbidden
from gateway.domain.rights import Right
from gateway.domain.summaries import ActionType, RequiredAction
from gateway.domain.widget_sessions import Component, Session, UnknownSession
from gateway.oauth import details as asked_details
from gateway.oauth import tokens
from gateway.oauth.errors import Refusal, invalid_grant
from gateway.store import sql
from gateway.usecases import access, audit, confirmations, drawdowns, grant_tokens, merchants
from gateway.usecases.access import KnownToken
from gateway.usecases.audit import Action
from gateway.usecases.clients import Client

if TYPE_CHECKING:
    from gateway.domain.drawdowns import NewDrawdown
    from gateway.domain.rights import Caller
    from gateway.domain.widget_sessions import NewSession
    from gateway.store import Reader, Tx
    from gateway.usecases.grant_tokens import Standing
    from gateway.usecases.world import World

SECRET_LIFETIME = timedelta(seconds=60)
"""How long a client secret may be exchanged, and the frame's page be loaded."""
SESSIONS_KEPT = timedelta(days=1)


class Made(msgspec.Struct, frozen=True):
    """A session for a partner's page. `client_secret` opens the frame at `frame_url` once, until `expires_at`."""

    id: str
    client_secret: str
    expires_at: datetime
    frame_url: str


class Opened(msgspec.Struct, frozen=True):
    """What the frame gets for its secret; `expires_in` in seconds."""

    access_token: str
    token_type: str
    expires_in: int
    merchant_id: str
    components: tuple[Component, ...]
    user: User


class Drawn(msgspec.Struct, frozen=True):
    """A proposal, and either it is confirmed or it waits for `required_action`."""

    drawdown: Drawdown
    required_action: RequiredAction | None = None


async def make(tx: Tx, world: World, caller: Caller, new: NewSession) -> Made:
    """Vouch for who is at a till. Raises BadOrigin, UnregisteredOrigin, NotFound, Forbidden or ConsentRequired."""
    origins = widget_sessions.origins(new.parent_origins, sandbox=world.settings.sandbox)
    await _check_pages(tx, world, caller, origins)
    components = tuple(dict.fromkeys(new.components))
    grant = await _grant(tx, world, caller, new.merchant_id, components)
    session_id, secret, now = world.ids.new("session"), tokens.mint(), world.system_clock.now()
    await tx.run(
        sql.widget_sessions.add,
        id=session_id,
        secret_hash=tokens.digest(secret),
        client_id=caller.client_id,
        partner_id=caller.partner_id,
        merchant_id=new.merchant_id,
        grant_id=grant.grant_id,
        user_id=new.user.id,
        user_sealed=world.vault.seal(msgspec.json.encode(new.user), session_id),
        components_json=components,
        origins_json=origins,
        created_at=now,
        expires_at=now + SECRET_LIFETIME,
    )
    await audit.note(tx, world, caller.client_id, Action.widget_session_made, session_id, merchant_id=new.merchant_id)
    return Made(
        session_id, secret, now + SECRET_LIFETIME, f"{world.settings.address}/widget/v1/frame?session={session_id}"
    )


async def framed(world: World, session_id: str) -> Session:
    """The session a frame is loaded for. Raises UnknownSession when its minute is over."""
    known = ids.PATTERN.match(session_id) is not None
    found = await world.store.one(sql.widget_sessions.find, Session, id=session_id) if known else None
    if found is None or found.expires_at <= world.system_clock.now():
        raise UnknownSession("Ask for a new widget session: one lives for a minute")
    return found


async def exchange(world: World, client_secret: str, jkt: str | None, page_origin: str | None = None) -> Opened:
    """The token of a client secret, bound to the key `jkt`. Raises Refusal; a failure spends nothing.

    `page_origin`: the page that asks, where it is not our own frame; it has to be one of the session's, and what is
    done under its token is never a click.

    Only a second use has an effect though it is refused: whoever brought the secret before loses its token, so that
    a stolen one is worth nothing beside the frame it was stolen from.
    """
    key, digest = access.bound(jkt), tokens.digest(client_secret)

    async def unit(tx: Tx) -> Opened | Exception:
        session = await tx.one(sql.widget_sessions.by_secret, Session, secret_hash=digest)
        if session is None:
            raise invalid_grant("The client secret is unknown")
        if page_origin is not None and page_origin not in session.origins:
            raise invalid_grant("The session was made for other pages than this one")
        client = await tx.one(sql.clients.hold, Client, client_id=session.client_id)
        grant = await grant_tokens.standing(tx, session.grant_id)  # in the order of whoever ends a grant
        if not await tx.run(sql.widget_sessions.spend, secret_hash=digest, now_at=world.system_clock.now()):
            return await _refuse_again(tx, world, session)
        if client is None or client.disabled or grant is None or not grant.holds(world.clock.now()):
            raise invalid_grant("The merchant's consent has ended, or the client was disabled")
        rights = widget_sessions.rights(session.components) & _open(grant, client)
        known = KnownToken(
            session.client_id, session.partner_id, rights, access.end_of_token(world), session.grant_id,
            session.merchant_id, key, session.user_id, page_origin=page_origin,
        )  # fmt: skip
        issued = await access.mint(tx, world, known, details=grant.details, code_hash=digest)
        made = issued.answer
        user = msgspec.json.decode(world.vault.unseal(bytes(session.user_sealed), session.id), type=User)
        return Opened(
            made.access_token, made.token_type, made.expires_in, session.merchant_id, session.components, user
        )

    found = await world.store.write(unit)
    if isinstance(found, Refusal):
        raise found
    assert isinstance(found, Opened)  # noqa: S101 - there is nothing else a unit returns
    return found


async def end(tx: Tx, world: World, caller: Caller, session_id: str) -> None:
    """End a session of the partner's and the token it brought: the person went home. Raises UnknownSession."""
    values = {"id": session_id, "partner_id": caller.partner_id}
    if not await tx.run(sql.widget_sessions.end, **values, now_at=world.system_clock.now()):
        raise UnknownSession("There is no such widget session")
    session = await tx.one(sql.widget_sessions.find, Session, id=session_id)
    assert session is not None  # noqa: S101 - the line before changed it
    await _end_token(tx, world, session)


async def draw(tx: Tx, world: World, caller: Caller, new: NewDrawdown, remote_address: str | None) -> Drawn:
    """Propose a draw; where a person in our frame asks, that is their click: it counts within the authority.

    Outside of it the proposal stays and waits for a passkey; so it does where another page than our frame asks, which
    could press for the person. Raises what `drawdowns.propose` and `confirmations.click` do; then nothing was proposed.
    """
    proposed = await drawdowns.propose(tx, world, caller, new)
    if caller.user is None:
        return Drawn(proposed)
    if caller.page_origin is not None:
        url = confirmations.confirmation_url(world, proposed.id)
        return Drawn(proposed, RequiredAction(ActionType.step_up, url, (StepUp.foreign_page,), proposed.id))
    try:
        confirmed = await confirmations.click(
            tx, world, proposed.id, caller.partner_id, new.terms_hash, user=caller.user, remote_address=remote_address
        )
    except StepUpRequired as refused:
        url, why = str(refused.facts["confirmation_url"]), refused.facts["why"]
        codes = tuple(map(str, why)) if isinstance(why, list) else ()
        return Drawn(proposed, RequiredAction(ActionType.step_up, url, codes, proposed.id))
    return Drawn(confirmed)


async def forget(world: World) -> None:
    """Drop sessions that nothing stands on any more."""
    before_at = world.system_clock.now() - SESSIONS_KEPT
    await world.store.write(lambda tx: tx.run(sql.widget_sessions.forget, before_at=before_at))


async def _check_pages(reader: Reader, world: World, caller: Caller, origins: tuple[str, ...]) -> None:
    client = await reader.one(sql.clients.find, Client, client_id=caller.client_id)
    registered = () if client is None else client.origins
    widget_sessions.check_registered(origins, registered, sandbox=world.settings.sandbox)


async def _grant(
    reader: Reader, world: World, caller: Caller, merchant_id: str, components: tuple[Component, ...]
) -> Standing:
    """The client's consent in force that opens all the components need."""
    await merchants.find(reader, merchant_id, caller.partner_id)
    client = await reader.one(sql.clients.find, Client, client_id=caller.client_id)
    wanted = widget_sessions.rights(components)
    given = frozenset[Right]() if client is None else frozenset(client.rights)
    if client is None or not wanted <= given:
        lacking = " ".join(sorted(wanted - given))
        raise Forbidden(f"The client was not given what these components need: {lacking}", right=lacking)
    row = await reader.one(sql.consents.in_force, client_id=caller.client_id, merchant_id=merchant_id)
    grant = None if row is None else await grant_tokens.standing(reader, row[0])
    if grant is None or not grant.holds(world.clock.now()):
        raise grants.required(grants.READ_OFFERS)
    for right in sorted(wanted - _open(grant, client)):
        raise grants.required(grants.OPENED_BY[right][0])
    return grant


def _open(grant: Standing, client: Client) -> frozenset[Right]:
    return asked_details.rights(grant.details) & frozenset(client.rights)


async def _refuse_again(tx: Tx, world: World, session: Session) -> Exception:
    """Why a secret could not be used. Returned and not raised, so that what a second use ends stays ended."""
    if session.exchanged_at is None and session.expires_at <= world.system_clock.now():
        return invalid_grant("The client secret has expired: it can be exchanged for 60 seconds")
    await _end_token(tx, world, session)
    return invalid_grant("The client secret was used before, or its session ended: its token has ended too")


async def _end_token(tx: Tx, world: World, session: Session) -> None:
    await tx.run(sql.widget_sessions.end_tokens, id=session.id, grant_id=session.grant_id)
    tx.on_commit(lambda: world.tokens.forget_grant(session.grant_id))
