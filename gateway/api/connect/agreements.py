"""/connect/agreements: what a merchant signed, word for word, and what may be debited; one click ends a mandate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from gateway.api.connect.addresses import AGREEMENTS, CONFIRM
from gateway.api.connect.browser import Visit
from gateway.api.connect.consent import bank_name
from gateway.api.connect.pages import agreement as pages
from gateway.api.connect.routes import PAGE, POSTED
from gateway.domain import agreements as rules
from gateway.domain import ids
from gateway.domain.agreements import UnknownAgreement
from gateway.domain.drawdowns import UnknownDrawdown
from gateway.domain.mandates import MandateState, UnknownMandate
from gateway.domain.states import IllegalMove
from gateway.usecases import agreements, debiting, drawdowns, mandates, sign_in
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.agreements import Agreement
    from gateway.usecases.mandates import Held

SHOWN_COUNT = 100
_ENDED = frozenset({MandateState.revoked, MandateState.replaced})


@get(AGREEMENTS, **PAGE)
async def show(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """All agreements and mandates of the shop that is signed in."""
    visit = Visit(request, world)
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=AGREEMENTS)
    signed = await agreements.page(world.store, merchant_id, "", SHOWN_COUNT)
    held = await mandates.page(world.store, world, merchant_id, "", SHOWN_COUNT)
    words = visit.words
    shown = pages.Shown(
        shop=await sign_in.shop_name(world.store, merchant_id),
        agreements=tuple(_signed(visit, one) for one in reversed(signed)),
        mandates=tuple(_debits(visit, one) for one in reversed(held)),
        action=visit.address(AGREEMENTS),
        token=sign_in.form_token(visit.secret or ""),
        told=words("agreements.revoked") if visit.query.get("done") == "revoked" else "",
    )
    return visit.page(pages.overview(words, visit.about(words("agreements.title")), shown))


@post(AGREEMENTS, **POSTED)
async def revoke(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """End a mandate; pressing twice does no harm."""
    visit = Visit(request, world)
    form = await visit.form()
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=AGREEMENTS)
    mandate_id = form.get("id", "")
    if ids.PATTERN.match(mandate_id) is None:
        raise UnknownMandate("There is no such mandate")
    try:
        await world.store.write(lambda tx: debiting.stop(tx, world, mandate_id, merchant_id))
    except IllegalMove:
        return visit.go(visit.address(AGREEMENTS))  # replaced meanwhile: the page says how it stands
    return visit.go(visit.address(AGREEMENTS, done="revoked"))


@get(AGREEMENTS + "/{agreement_id:str}", **PAGE)
async def read(
    agreement_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """One agreement, word for word."""
    visit = Visit(request, world)
    if ids.PATTERN.match(agreement_id) is None:
        raise UnknownAgreement("There is no such agreement")
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=f"{AGREEMENTS}/{agreement_id}")
    found = await agreements.find(world.store, agreement_id, merchant_id)
    return visit.page(shown(visit, found))


@get(CONFIRM + "/{drawdown_id:str}/agreement", **PAGE)
async def draft(
    drawdown_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """What confirming this draw would sign, or rests on, to be read before."""
    visit = Visit(request, world)
    if ids.PATTERN.match(drawdown_id) is None:
        raise UnknownDrawdown("There is no such drawdown")
    drawdown = await drawdowns.find(world.store, drawdown_id)
    visit.query["merchant_id"] = drawdown.merchant_id
    if await visit.signed_in() is None:
        return visit.to_sign_in(back=f"{CONFIRM}/{drawdown.id}")
    document, _ = await agreements.to_sign(world.store, world, drawdown, visit.words.language)
    words = visit.words
    facts = ((words("agreements.hash"), rules.hash_of(document)),)
    return visit.page(pages.document(words, visit.about(document.title), document, facts))


def shown(visit: Visit, found: Agreement) -> str:
    """The page of a signed agreement."""
    words, document = visit.words, agreements.opened(visit.world, found)
    facts = (*_facts(visit, found), (words("agreements.hash"), found.hash))
    return pages.document(words, visit.about(document.title), document, facts)


def _facts(visit: Visit, found: Agreement) -> pages.Pairs:
    words = visit.words
    return (
        (words("agreements.version"), words("confirm.agreement_value", version=found.version)),
        (words("agreements.signed_on"), words.date(found.signed_at.date())),
        (words("agreements.state"), words(f"agreements.state.{found.state}")),
    )


def _signed(visit: Visit, found: Agreement) -> pages.Signed:
    address = visit.address(f"{AGREEMENTS}/{found.id}")
    return pages.Signed(bank_name(visit.world, found.bank_id), _facts(visit, found), address)


def _debits(visit: Visit, held: Held) -> pages.Debits:
    words, mandate = visit.words, held.mandate
    facts = (
        (words("agreements.reference"), mandate.reference),
        (words("agreements.creditor"), mandate.creditor_scheme_id),
        (words("agreements.account"), words("agreements.ending", ending=mandate.account_ending)),
        (words("agreements.signed_on"), words.date(mandate.signed_at.date())),
        (words("agreements.state"), words(f"agreements.mandate.{mandate.state}")),
    )
    title = bank_name(visit.world, mandate.bank_id)
    return pages.Debits(title, facts, None if mandate.state in _ENDED else mandate.id)


ROUTES = (show, revoke, read, draft)
