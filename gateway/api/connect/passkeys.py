"""/connect/passkeys: a shop's passkeys. The first comes after a one-time code; afterwards one vouches for the next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from gateway import passkeys as webauthn
from gateway.api.connect.addresses import CONSENTS, PASSKEYS, SIGN_IN, SIGN_OUT
from gateway.api.connect.browser import Visit
from gateway.api.connect.pages import passkeys as pages
from gateway.api.connect.pages.passkey import RESPONSE
from gateway.api.connect.routes import PAGE, POSTED
from gateway.domain.passkeys import Passkey, PasskeyCopied, PasskeyRefused, PasskeyState
from gateway.usecases import authorities, passkeys, sign_in
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.intents import Intent
    from gateway.store import Tx
    from gateway.usecases.passkeys import Answered

FIRST, PROVE = PASSKEYS + "/first", PASSKEYS + "/prove"
_REFUSED = 422
_ADD: Intent = {"do": "add_passkey"}
_DEVICES = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Macintosh": "Mac", "Windows": "Windows",
            "CrOS": "Chromebook", "Linux": "Linux"}  # fmt: skip
"""What a User-Agent header says → what its owner calls the device. Only ever a label."""


async def offered(visit: Visit, merchant_id: str) -> bool:
    """Whether to offer a first passkey to whoever just signed in with a code."""
    if not webauthn.possible(visit.world.settings.issuer):
        return False
    return not await passkeys.kept(visit.world.store, merchant_id)


@get(FIRST, **PAGE)
async def first(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """The offer to make the shop's first passkey; nobody has to."""
    visit = Visit(request, world)
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.go(visit.address(SIGN_IN))
    if await passkeys.kept(world.store, merchant_id):
        return visit.go(visit.onward(visit.goal_page(PASSKEYS)))
    return await _offer(visit, merchant_id)


@get(PASSKEYS, **PAGE)
async def show(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """The shop's passkeys."""
    visit = Visit(request, world)
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.go(visit.address(SIGN_IN, back=PASSKEYS))
    return await _list(visit, merchant_id)


@post(PROVE, **POSTED)
async def prove(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """A passkey vouches for one more: the page that makes it."""
    visit = Visit(request, world)
    form = await visit.form()
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.go(visit.address(SIGN_IN, back=PASSKEYS))

    async def unit(tx: Tx) -> Answered:
        return await _answered(tx, visit, merchant_id, form, _ADD)

    try:
        answered = await passkeys.attempt(world, visit.session_hash, visit.remote_address, unit)
    except PasskeyRefused as refused:
        return await _list(visit, merchant_id, fault=fault_of(visit, refused))
    return await _offer(visit, merchant_id, proved_by=answered.passkey)


@post(PASSKEYS, **POSTED)
async def add(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """Let the new passkey in, then back to what its holder came for."""
    visit = Visit(request, world)
    form = await visit.form()
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.go(visit.address(SIGN_IN))
    name = device(request.headers.get("user-agent", "")) or visit.words("passkeys.unnamed")

    async def unit(tx: Tx) -> Passkey:
        response = form.get(RESPONSE, "")
        return await passkeys.add(tx, world, visit.session_hash, merchant_id, response, name=name)

    try:
        await passkeys.attempt(world, visit.session_hash, visit.remote_address, unit)
    except PasskeyRefused as refused:
        again = _list if await passkeys.kept(world.store, merchant_id) else _offer
        return await again(visit, merchant_id, fault=fault_of(visit, refused))
    there = visit.onward(visit.goal_page(PASSKEYS))
    return visit.go(visit.address(PASSKEYS, done="added") if there == visit.address(PASSKEYS) else there)


@post(PASSKEYS + "/{passkey_id:str}/remove", **POSTED)
async def remove(
    passkey_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """Let a passkey out, on the answer of any one that is in."""
    visit = Visit(request, world)
    form = await visit.form()
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.go(visit.address(SIGN_IN, back=PASSKEYS))

    async def unit(tx: Tx) -> Passkey:
        await _answered(tx, visit, merchant_id, form, _removal(passkey_id))
        removed = await passkeys.remove(tx, world, merchant_id, passkey_id)
        await authorities.passkey_ended(tx, world, merchant_id, passkey_id)
        return removed

    try:
        await passkeys.attempt(world, visit.session_hash, visit.remote_address, unit)
    except PasskeyRefused as refused:
        return await _list(visit, merchant_id, fault=fault_of(visit, refused))
    return visit.go(visit.address(PASSKEYS, done="removed"))


def fault_of(visit: Visit, refused: PasskeyRefused) -> str:
    """Why a passkey's answer was not taken, in words."""
    return visit.words("passkey.copied" if isinstance(refused, PasskeyCopied) else "passkey.refused")


def device(agent: str) -> str:
    """What to call a passkey made in the browser that calls itself `agent`; "" when it does not tell."""
    return next((name for mark, name in _DEVICES.items() if mark in agent), "")


def _removal(passkey_id: str) -> Intent:
    return {"do": "remove_passkey", "passkey": passkey_id}


async def _answered(tx: Tx, visit: Visit, merchant_id: str, form: dict[str, str], intent: Intent) -> Answered:
    """The answer to exactly `intent`."""
    answered = await passkeys.answer(tx, visit.world, visit.session_hash, merchant_id, form.get(RESPONSE, ""))
    if answered.intent != intent:
        raise PasskeyRefused("The passkey signed something else")
    return answered


async def _offer(visit: Visit, merchant_id: str, *, proved_by: Passkey | None = None, fault: str = "") -> Response[str]:
    world, words = visit.world, visit.words
    shop = await sign_in.shop_name(world.store, merchant_id)
    asked = await passkeys.ask_new(world.store, world, visit.session_hash, merchant_id, shop=shop, proved_by=proved_by)
    shown = pages.Offer(
        shop=shop,
        token=sign_in.form_token(visit.secret or ""),
        make_to=visit.address(PASSKEYS),
        options=asked.options,
        later=visit.onward(visit.goal_page(PASSKEYS if proved_by else CONSENTS)),
        proven=proved_by is not None,
    )
    title = words("passkeys.another" if shown.proven else "passkeys.first")
    body = pages.offer(words, visit.about(title), shown, fault=fault)
    return visit.page(body, status=_REFUSED if fault else 200, script=True)


async def _list(visit: Visit, merchant_id: str, *, fault: str = "") -> Response[Any]:
    world, words = visit.world, visit.words
    found = await passkeys.kept(world.store, merchant_id)
    if not found:
        return visit.go(visit.address(FIRST))
    active_count = sum(one.state is PasskeyState.active for one in found)
    done = visit.query.get("done")
    shown = pages.Listed(
        shop=await sign_in.shop_name(world.store, merchant_id),
        token=sign_in.form_token(visit.secret or ""),
        cards=tuple([await _card(visit, one, active_count) for one in found]),
        add_to=visit.address(PROVE),
        sign_out_to=visit.address(SIGN_OUT),
        options=await _options(visit, merchant_id, _ADD) if active_count else None,
        told=words(f"passkeys.done.{done}") if done in {"added", "removed"} and not fault else "",
        fault=fault,
    )
    body = pages.listed(words, visit.about(words("passkeys")), shown)
    return visit.page(body, status=_REFUSED if fault else 200, script=True)


async def _card(visit: Visit, passkey: Passkey, active_count: int) -> pages.Card:
    locked = passkey.state is PasskeyState.locked
    others_count = active_count if locked else active_count - 1
    return pages.Card(
        name=passkey.name,
        added_on=passkey.created_at.date(),
        used_on=None if passkey.last_used_at is None else passkey.last_used_at.date(),
        locked=locked,
        remove_to=visit.address(f"{PASSKEYS}/{passkey.id}/remove"),
        options=await _options(visit, passkey.merchant_id, _removal(passkey.id)) if others_count else None,
    )


async def _options(visit: Visit, merchant_id: str, intent: Intent) -> str:
    return (await passkeys.ask(visit.world.store, visit.world, visit.session_hash, merchant_id, intent)).options


ROUTES = (first, show, prove, add, remove)
