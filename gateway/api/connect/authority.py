"""/connect/authority: who may draw by one click; the signatory approves it with a passkey and revokes it without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway.api.connect.addresses import AUTHORITY, PASSKEYS
from gateway.api.connect.browser import Visit
from gateway.api.connect.pages import authority as pages
from gateway.api.connect.pages.passkey import RESPONSE
from gateway.api.connect.routes import PAGE, POSTED
from gateway.api.connect.words import VERSION
from gateway.domain import authorities as rules
from gateway.domain import ids
from gateway.domain.authorities import Agreement, Authority, NoPayee, UnknownAuthority
from gateway.domain.intents import IntentChanged
from gateway.domain.passkeys import PasskeyRefused
from gateway.domain.states import IllegalMove
from gateway.usecases import authorities, passkeys, sign_in
from gateway.usecases.authorities import Payee, Signed
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.errors import GatewayError
    from gateway.store import Tx

_REFUSED = 422
_FAULTS: dict[type[GatewayError], str] = {PasskeyRefused: "passkey", IntentChanged: "changed", NoPayee: "payee"}
_DONE = {"approve": "approved", "refuse": "refused", "revoke": "revoked"}


@get(AUTHORITY, **PAGE)
async def show(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """What waits for the signatory and what is in force."""
    visit = Visit(request, world)
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=AUTHORITY)
    return await _page(visit, merchant_id)


@post(AUTHORITY, **POSTED)
async def decide(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """Approve with the passkey's answer, refuse, or revoke; pressing twice does no harm."""
    visit = Visit(request, world)
    form = await visit.form()
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=AUTHORITY)
    do = form.get("do", "")
    try:
        await _do(visit, merchant_id, do, form)
    except IllegalMove:
        return visit.go(visit.address(AUTHORITY))  # the page says how it stands
    except (PasskeyRefused, IntentChanged, NoPayee) as refused:
        name = next(name for kind, name in _FAULTS.items() if isinstance(refused, kind))
        return await _page(visit, merchant_id, fault=visit.words(f"authority.fault.{name}"))
    return visit.go(visit.address(AUTHORITY, done=_DONE.get(do, "")))


async def _do(visit: Visit, merchant_id: str, do: str, form: dict[str, str]) -> None:
    world, authority_id = visit.world, form.get("id", "")
    if ids.PATTERN.match(authority_id) is None:
        raise UnknownAuthority("There is no such authority")
    if do == "revoke":
        await world.store.write(lambda tx: authorities.revoke(tx, world, authority_id, merchant_id))
    elif do == "refuse":
        await world.store.write(lambda tx: authorities.refuse(tx, world, authority_id, merchant_id))
    elif do == "approve":
        remote, locale = visit.remote_address, visit.words.locale
        signed = Signed(visit.session_hash, form.get(RESPONSE, ""), remote, locale, VERSION)

        async def unit(tx: Tx) -> Authority:
            return await authorities.approve(tx, world, authority_id, merchant_id, signed)

        await passkeys.attempt(world, visit.session_hash, remote, unit)


async def _page(visit: Visit, merchant_id: str, *, fault: str = "") -> Response[Any]:
    world, words = visit.world, visit.words
    found = await authorities.standing(world.store, world, merchant_id)
    payee = await authorities.payee(world.store, world, merchant_id)
    agreement = rules.agreement(await authorities.lender(world.store, world, merchant_id))
    partner_id = "" if found.proposed is None else found.proposed.partner_id
    shown = pages.Shown(
        shop=await sign_in.shop_name(world.store, merchant_id),
        partner=await authorities.partner_name(world.store, partner_id),
        proposed=None if found.proposed is None else _proposed(visit, found.proposed, payee, agreement),
        active=None if found.active is None else _active(visit, found.active, payee),
        action=visit.address(AUTHORITY),
        token=sign_in.form_token(visit.secret or ""),
        options=None if found.proposed is None else await _options(visit, found.proposed),
        make_passkey_at=visit.address(PASSKEYS, back=AUTHORITY),
        told=_told(visit),
        fault=fault,
    )
    body = pages.authority(words, visit.about(words("authority.title")), shown)
    return visit.page(body, status=_REFUSED if fault else 200, script=shown.options is not None)


async def _options(visit: Visit, proposal: Authority) -> str | None:
    """The challenge that approves the proposal; None while no passkey can answer it."""
    world = visit.world
    if not await passkeys.held(world.store, proposal.merchant_id):
        return None
    intent = await authorities.intent(world.store, world, proposal)
    asked = await passkeys.ask(world.store, world, visit.session_hash, proposal.merchant_id, intent)
    return asked.options


def _told(visit: Visit) -> str:
    done = visit.query.get("done", "")
    return visit.words(f"authority.{done}") if done in _DONE.values() else ""


def _proposed(visit: Visit, proposal: Authority, payee: Payee, agreement: Agreement) -> pages.Card:
    words = visit.words
    facts = (
        (words("confirm.payee"), words("confirm.payee_value", name=payee.name, ending=payee.ending)),
        *_caps(visit, proposal),
        (words("confirm.agreement"), words("confirm.agreement_value", version=agreement.version)),
        (words("authority.until"), words.date(proposal.expires_at.date())),
    )
    return _card(proposal, facts)


def _active(visit: Visit, held: Authority, payee: Payee) -> pages.Card:
    words, approval = visit.words, held.approval
    assert approval is not None  # noqa: S101 - nothing is active without one
    same = approval.payee_hash == payee.hash
    paid_to = words("confirm.payee_value", name=payee.name, ending=payee.ending)
    facts = (
        (words("confirm.payee"), paid_to if same else words("authority.payee_changed")),
        *_caps(visit, held),
        (words("confirm.agreement"), words("confirm.agreement_value", version=approval.agreement.version)),
        (words("authority.given"), words.date(approval.approved_at.date())),
    )
    return _card(held, facts)


def _caps(visit: Visit, authority: Authority) -> tuple[tuple[str, str], ...]:
    words, caps = visit.words, authority.caps
    amounts = {"draw": caps.per_draw_amount, "day": caps.per_24h_amount, "month": caps.per_30d_amount}
    return tuple(
        (words(f"authority.per_{name}"), words.money(amount, caps.currency)) for name, amount in amounts.items()
    )


def _card(authority: Authority, facts: tuple[tuple[str, str], ...]) -> pages.Card:
    return pages.Card(authority.id, tuple((user.name, user.role) for user in authority.users), facts)


ROUTES = (show, decide)
