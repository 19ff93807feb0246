"""/connect/consent: the merchant reads what is asked, turns on what it agrees to, or agrees to none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway.api.connect.addresses import CONSENT, CONSENTS, SIGN_IN
from gateway.api.connect.browser import Goal, OtherShop, Visit
from gateway.api.connect.pages import consent as pages
from gateway.api.connect.pages import lines
from gateway.api.connect.routes import PAGE, POSTED
from gateway.api.connect.words import VERSION
from gateway.domain import consents, details
from gateway.domain.consents import Evidence
from gateway.usecases import authorization, banks, sign_in
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx
    from gateway.usecases.sign_in import PageSession

_REFUSED = 422


@get(CONSENT, **PAGE)
async def show(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """What is asked; whoever is not signed in for that shop signs in first."""
    visit = Visit(request, world)
    goal = await visit.goal()
    session = await visit.session()
    if session is None or session.signed_in_at is None or session.merchant_id != goal.merchant.id:
        return visit.go(visit.address(SIGN_IN))
    return _page(visit, goal)


@post(CONSENT, **POSTED)
async def decide(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """Agree to the lines that are on, or to none; the browser goes back to where the request came from."""
    visit = Visit(request, world)
    form = await visit.form()
    goal = await visit.goal()
    session = await visit.session()
    if session is None or session.signed_in_at is None:
        return visit.go(visit.address(SIGN_IN))
    if session.merchant_id != goal.merchant.id:
        raise OtherShop("Sign out first")
    asked = goal.asked
    if asked is None:
        return visit.go(visit.address(CONSENTS))
    if form.get("do") == "none":
        return visit.go(await world.store.write(lambda tx: authorization.reject(tx, world, asked)))
    switched_on = {name.removeprefix(pages.SWITCH) for name in form if name.startswith(pages.SWITCH)}
    granted = consents.narrow(asked.details, switched_on)
    if not granted:
        return _page(visit, goal, fault=visit.words("consent.nothing_on"))
    evidence = evidence_of(visit, session)

    async def unit(tx: Tx) -> str:
        return await authorization.approve(tx, world, asked, granted, evidence)

    return visit.go(await world.store.write(unit))


def evidence_of(visit: Visit, session: PageSession) -> Evidence:
    """Who agrees to what this visit posts, and how that is known: a passkey's owner by it, anybody else as the shop."""
    return Evidence(
        granted_by=session.passkey_id or session.merchant_id,
        method=session.method or sign_in.METHOD,
        remote_address=visit.remote_address,
        locale=visit.words.locale,
        text_version=VERSION,
    )


def bank_name(world: World, bank_id: str) -> str:
    """What a bank is called; one we do not know keeps its id, so that it is not mistaken for another."""
    return banks.name(world, bank_id)


def _page(visit: Visit, goal: Goal, *, fault: str = "") -> Response[Any]:
    asked, words, world = goal.asked, visit.words, visit.world
    if asked is None or visit.secret is None:
        return visit.go(visit.address(CONSENTS))
    told = tuple(
        lines.tell(words, line, asked.client_name, lambda bank_id: bank_name(world, bank_id))
        for line in consents.lines(asked.details)
    )
    shown = pages.Asked(
        client=asked.client_name,
        shop=goal.merchant.legal_name,
        lines=told,
        text=msgspec.json.format(details.encode(asked.details), indent=2).decode(),
        text_version=VERSION,
        token=sign_in.form_token(visit.secret),
        action=visit.address(CONSENT),
        renewal=asked.grant_id is not None,
    )
    last_on = details.last_day(asked.details, world.clock.now().date())
    about = visit.about(words("consent.renew" if shown.renewal else "consent.title", client=shown.client))
    body = pages.consent(words, about, shown, last_on, fault=fault)
    return visit.page(body, status=_REFUSED if fault else 200, back_to=asked.redirect_uri)


ROUTES = (show, decide)
