"""/connect/consents: what a merchant has agreed to; one click takes it back; the record can be downloaded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from gateway.api.connect.addresses import AGREEMENTS, AUTHORITY, CHANGES, CONSENTS, LOANS, PASSKEYS, SIGN_IN, SIGN_OUT
from gateway.api.connect.browser import Visit
from gateway.api.connect.consent import bank_name, evidence_of
from gateway.api.connect.pages import dashboard as pages
from gateway.api.connect.pages import erasure, lines
from gateway.api.connect.routes import PAGE, POSTED
from gateway.domain import consents, ids
from gateway.domain.consents import Consent, ConsentState, UnknownConsent, Version
from gateway.domain.erasures import Report
from gateway.usecases import consent_records, erasures, loan_statements, sign_in
from gateway.usecases import consents as permissions
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.consent_records import Held

MORE = {"agreements.title": AGREEMENTS, "authority.title": AUTHORITY, "changes": CHANGES, "passkeys": PASSKEYS}
"""What else a signed-in merchant may look after: the title's words → its page."""
_ONE = CONSENTS + "/{grant_id:str}"


class Record(msgspec.Struct, frozen=True):
    """A consent with every version of it, and what became of the data, as the merchant may keep it."""

    consent: Consent
    versions: list[Version]
    erasure: Report | None


@get(CONSENTS, **PAGE)
async def show(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """Active and past consents of the shop that is signed in."""
    visit = Visit(request, world)
    session = await visit.signed_in_session()
    if session is None or visit.secret is None:
        return visit.to_sign_in()
    merchant_id = session.merchant_id
    held = await consent_records.of_merchant(world.store, merchant_id)
    shown = pages.Permissions(
        shop=await sign_in.shop_name(world.store, merchant_id),
        cards=tuple(_card(visit, one) for one in held),
        token=sign_in.form_token(visit.secret),
        sign_out_to=visit.address(SIGN_OUT),
        more=(*await _loans(visit, merchant_id), *((visit.words(name), visit.address(MORE[name])) for name in MORE)),
        told=_told(visit, held),
        data=erasure.card(visit.words, await erasures.of_merchant(world.store, merchant_id)),
    )
    return visit.page(pages.dashboard(visit.words, visit.about(visit.words("permissions")), shown))


@post(_ONE + "/revoke", **POSTED)
async def take_back(
    grant_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[None]:
    """Take all of it back, or one line; pressing twice does no harm."""
    visit = Visit(request, world)
    _check(grant_id)
    form = await visit.form()
    session = await visit.signed_in_session()
    if session is None:
        return visit.go(visit.address(SIGN_IN))
    merchant_id = session.merchant_id
    stopped, evidence = form.get("stop"), evidence_of(visit, session)

    async def unit(tx: Tx) -> str:
        held = await consent_records.find(tx, grant_id, merchant_id=merchant_id)
        if held.state is not ConsentState.authorised:
            return "revoked"
        if stopped is None:
            await permissions.revoke(tx, world, grant_id, by=merchant_id)
            return "revoked"
        version = await consent_records.current(tx, held)
        keys = {line.key for line in consents.lines(version.details)}
        if stopped in keys:  # else it was stopped a moment ago
            await permissions.narrow(tx, world, grant_id, keys - {stopped}, evidence)
        return "stopped"

    done = await world.store.write(unit)
    return visit.go(visit.address(CONSENTS, done=done, grant=grant_id))


@get(_ONE + "/record", **PAGE)
async def record(
    grant_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """The consent with every version, word for word, as a file."""
    visit = Visit(request, world)
    _check(grant_id)
    session = await visit.signed_in_session()
    if session is None:
        return visit.go(visit.address(SIGN_IN))
    merchant_id = session.merchant_id
    found = await consent_records.find(world.store, grant_id, merchant_id=merchant_id)
    kept = Record(
        found,
        await consent_records.history(world.store, grant_id),
        await erasures.of_merchant(world.store, merchant_id),
    )
    body = msgspec.json.format(msgspec.json.encode(kept), indent=2)
    headers = {"Content-Disposition": f'attachment; filename="{found.grant_id}.json"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, media_type="application/json")


def _check(grant_id: str) -> None:
    if ids.PATTERN.match(grant_id) is None:
        raise UnknownConsent("There is no such consent")


def _card(visit: Visit, held: Held) -> pages.Card:
    consent, world = held.consent, visit.world
    told = tuple(
        lines.tell(visit.words, line, held.client_name, lambda bank_id: bank_name(world, bank_id))
        for line in consents.lines(held.details)
    )
    ended = consent.state is not ConsentState.authorised
    there = f"{CONSENTS}/{consent.grant_id}"
    return pages.Card(
        grant_id=consent.grant_id,
        client=held.client_name,
        state=consent.state,
        lines=told,
        given_on=consent.created_at.date(),
        last_on=(consent.expires_at - timedelta(microseconds=1)).date(),
        ended_on=consent.state_at.date() if ended else None,
        used_at=consent.last_used_at,
        revoke_to=visit.address(f"{there}/revoke"),
        record_at=visit.address(f"{there}/record"),
    )


async def _loans(visit: Visit, merchant_id: str) -> list[tuple[str, str]]:
    """Title and address of each loan's statement, the newest first."""
    return [
        (
            visit.words(
                "statement.of", amount=visit.words.money(one.amount, one.currency), date=visit.words.date(one.active_on)
            ),
            visit.address(f"{LOANS}/{one.id}"),
        )
        for one in await loan_statements.of_merchant(visit.world.store, merchant_id)
        if one.active_on is not None
    ]


def _told(visit: Visit, held: list[Held]) -> str:
    """What the last click did."""
    one = next((one for one in held if one.consent.grant_id == visit.query.get("grant")), None)
    if one is None or visit.query.get("done") not in {"revoked", "stopped"}:
        return ""
    if one.consent.state is ConsentState.revoked:
        return visit.words("permissions.revoked", client=one.client_name)
    return visit.words("permissions.stopped") if visit.query["done"] == "stopped" else ""


ROUTES = (show, take_back, record)
