"""/connect/changes: the holder looks at what was asked, approves it with a passkey, or stops it with one click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from gateway.api.connect.addresses import CHANGES, PASSKEYS, SIGN_OUT
from gateway.api.connect.browser import Visit
from gateway.api.connect.pages import changes as pages
from gateway.api.connect.pages import passkey
from gateway.api.connect.routes import PAGE, POSTED
from gateway.domain import calendars, ids
from gateway.domain.changes import OPEN, Change, ChangeKind, ChangeState, PasskeyTooNew, UnknownChange
from gateway.domain.intents import IntentChanged
from gateway.domain.passkeys import PasskeyRefused
from gateway.store import sql
from gateway.usecases import changes, passkeys, sign_in
from gateway.usecases.changes import Signed, Standing
from gateway.usecases.world import World

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.store import Tx

_ONE = CHANGES + "/{change_id:str}"
_REFUSED = 422
_FAULTS: dict[type[Exception], str] = {
    PasskeyRefused: "changes.refused", PasskeyTooNew: "changes.too_new", IntentChanged: "changes.changed",
}  # fmt: skip


class _Client(msgspec.Struct, frozen=True):
    client_name: str
    partner_name: str


@get(CHANGES, **PAGE)
async def show(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """What is in force, what is on its way, what became of the rest."""
    visit = Visit(request, world)
    merchant_id = await visit.signed_in()
    if merchant_id is None or visit.secret is None:
        return visit.to_sign_in(back=CHANGES)
    found, now = await changes.latest(world.store, merchant_id), await changes.standing(world.store, merchant_id)
    cards = [(change.state in OPEN, await _card(visit, change, now)) for change in found]
    words = visit.words
    shown = pages.Overview(
        shop=await sign_in.shop_name(world.store, merchant_id),
        current=tuple(card for is_open, card in cards if is_open),
        past=tuple(card for is_open, card in cards if not is_open),
        in_force=tuple(
            (words(f"changes.{kind}.now"), _masked(kind, value))
            for kind in ChangeKind
            if (value := changes.shown_standing(world, now, merchant_id, kind))
        ),
        token=sign_in.form_token(visit.secret),
        sign_out_to=visit.address(SIGN_OUT),
        told=words(f"changes.{done}") if (done := visit.query.get("done")) in {"approved", "stopped"} else "",
    )
    return visit.page(pages.overview(words, visit.about(words("changes")), shown))


@get(_ONE, **PAGE)
async def look(
    change_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """One change in full, as the passkey is to sign it."""
    visit = Visit(request, world)
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=f"{CHANGES}/{_checked(change_id)}")
    return await _decision(visit, await changes.find(world.store, _checked(change_id), merchant_id))


@post(_ONE + "/approve", **POSTED)
async def approve(
    change_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """The passkey's answer: 72 hours from now the change takes effect."""
    visit = Visit(request, world)
    form = await visit.form()
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=CHANGES)
    change = await changes.find(world.store, _checked(change_id), merchant_id)
    signed = Signed(visit.session_hash, form.get(passkey.RESPONSE, ""), visit.remote_address)

    async def unit(tx: Tx) -> Change:
        return await changes.approve(tx, world, change, signed)

    try:
        await passkeys.attempt(world, visit.session_hash, visit.remote_address, unit)
    except tuple(_FAULTS) as error:
        name = next(name for kind, name in _FAULTS.items() if isinstance(error, kind))
        return await _decision(visit, change, fault=visit.words(name))
    return visit.go(visit.address(CHANGES, done="approved"))


@post(_ONE + "/stop", **POSTED)
async def stop(
    change_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """No: nothing changes. Whoever is signed in may say so, with a code alone."""
    visit = Visit(request, world)
    await visit.form()
    merchant_id = await visit.signed_in()
    if merchant_id is None:
        return visit.to_sign_in(back=CHANGES)
    _checked(change_id)

    async def unit(tx: Tx) -> Change:
        return await changes.stop(tx, world, change_id, merchant_id)

    await world.store.write(unit)
    return visit.go(visit.address(CHANGES, done="stopped"))


def _checked(change_id: str) -> str:
    if ids.PATTERN.match(change_id) is None:
        raise UnknownChange("There is no such change")
    return change_id


async def _decision(visit: Visit, change: Change, *, fault: str = "") -> Response[Any]:
    world, words = visit.world, visit.words
    if change.state is not ChangeState.awaiting_approval or visit.secret is None:
        return visit.go(visit.address(CHANGES))
    there = f"{CHANGES}/{change.id}"
    shown = pages.Decision(
        shop=await sign_in.shop_name(world.store, change.merchant_id),
        card=await _card(visit, change, await changes.standing(world.store, change.merchant_id), whole=True),
        token=sign_in.form_token(visit.secret),
        approve_to=visit.address(f"{there}/approve"),
        options=await _options(visit, change),
        passkeys_at=visit.address(PASSKEYS, back=there),
        fault=fault,
    )
    about = visit.about(words(f"changes.{change.kind}.ask"))
    body = pages.decision(words, about, shown)
    return visit.page(body, status=_REFUSED if fault else 200, script=shown.options is not None)


async def _options(visit: Visit, change: Change) -> str | None:
    """What the browser is to ask the passkey; None when the shop has none that is older than the request."""
    store, merchant_id = visit.world.store, change.merchant_id
    if not any(one.created_at < change.asked_at for one in await passkeys.held(store, merchant_id)):
        return None
    intent = await changes.intent_of(store, change)
    return (await passkeys.ask(store, visit.world, visit.session_hash, merchant_id, intent)).options


async def _card(visit: Visit, change: Change, now: Standing, *, whole: bool = False) -> pages.Card:
    world, words = visit.world, visit.words
    before = changes.shown_standing(world, now, change.merchant_id, change.kind)
    after = changes.opened(world, change) if whole else _masked(change.kind, changes.shown(world, change))
    client = await world.store.one(sql.identity.client, _Client, client_id=change.client_id)
    facts = [(words("changes.before"), _masked(change.kind, before))] if change.state in OPEN and before else []
    facts.append((words("changes.after"), _grouped(after) if change.kind is ChangeKind.payout_account else after))
    if change.holder_name is not None:
        facts.append((words("changes.holder"), change.holder_name))
    facts.append((words("changes.by"), "" if client is None else client.client_name))
    facts.append((words("changes.asked"), _moment(visit, change.created_at, now.timezone)))
    if change.due_at is not None:
        facts.append((words(f"changes.due.{change.state}"), _moment(visit, change.due_at, now.timezone)))
    elif change.state_at != change.created_at:
        facts.append((words("changes.ended"), _moment(visit, change.state_at, now.timezone)))
    there = f"{CHANGES}/{change.id}"
    return pages.Card(change.kind, change.state, tuple(facts), visit.address(there), visit.address(f"{there}/stop"))


def _masked(kind: ChangeKind, shown: str) -> str:
    return f"•••• {shown}" if kind is ChangeKind.payout_account else shown


def _grouped(account: str) -> str:
    """In fours, as it is printed; what is masked already has no more than four."""
    return account if "•" in account else " ".join(account[n : n + 4] for n in range(0, len(account), 4))


def _moment(visit: Visit, at: datetime, timezone: str) -> str:
    local = at.astimezone(calendars.zone(timezone))
    return f"{visit.words.date(local.date())} {local:%H:%M}"


ROUTES = (show, look, approve, stop)
