"""/connect/sign-in, /connect/code, /connect/sign-out: by passkey, or by a one-time code to the verified contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from gateway.api.connect.addresses import CONSENTS, SIGN_IN, SIGN_OUT
from gateway.api.connect.browser import Goal, Visit, new_secret
from gateway.api.connect.pages import plain
from gateway.api.connect.pages import sign_in as pages
from gateway.api.connect.pages.passkey import RESPONSE
from gateway.api.connect.passkeys import FIRST, fault_of, offered
from gateway.api.connect.routes import PAGE, POSTED
from gateway.domain.passkeys import PasskeyRefused
from gateway.oauth import tokens
from gateway.usecases import authorization, contacts, passkeys, sign_in, throttles
from gateway.usecases.sign_in import Tried
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Tx

BY_PASSKEY, CODE, DONE = SIGN_IN + "/passkey", "/connect/code", "/connect/done"
_REFUSED = 422
_INTENT = {"do": "sign_in"}


@get(SIGN_IN, **PAGE)
async def start(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[str]:
    """Where the code will go; the browser gets its secret here."""
    visit = Visit(request, world)
    goal = await visit.goal()
    return await _start(visit, goal)


@post(BY_PASSKEY, **POSTED)
async def prove(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """Sign in with a passkey of the shop's; the browser gets a new secret."""
    visit = Visit(request, world)
    form = await visit.form()
    goal = await visit.goal()
    secret = visit.secret or ""

    async def unit(tx: Tx) -> str:
        response = form.get(RESPONSE, "")
        answered = await passkeys.answer(tx, world, visit.session_hash, goal.merchant.id, response)
        if answered.intent != _INTENT:
            raise PasskeyRefused("The passkey signed something else")
        return await sign_in.by_passkey(tx, world, secret, answered.passkey)

    try:
        renewed = await passkeys.attempt(world, visit.session_hash, visit.remote_address, unit)
    except PasskeyRefused as refused:
        return await _start(visit, goal, fault=fault_of(visit, refused))
    return visit.go(visit.onward(visit.goal_page(CONSENTS)), secret=renewed)


@post(SIGN_IN, **POSTED)
async def send(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[None]:
    """Send a code; or, for whoever does not want to sign in, refuse what is asked."""
    visit = Visit(request, world)
    form = await visit.form()
    goal = await visit.goal()
    asked = goal.asked
    if form.get("do") == "none" and asked is not None:
        return visit.go(await world.store.write(lambda tx: authorization.reject(tx, world, asked)))
    words, shop = visit.words, goal.merchant.legal_name
    text = words.raw("notice.text").replace("{shop}", shop.replace("{", "{{").replace("}", "}}"))
    assert visit.secret is not None  # noqa: S101 - the form was made from it
    await sign_in.send_code(world, goal.merchant, visit.secret, (words.locale, words("notice.subject"), text))
    return visit.go(visit.address(CODE))


@get(CODE, **PAGE)
async def code(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """The field for the code."""
    visit = Visit(request, world)
    goal = await visit.goal()
    if visit.secret is None or await visit.session() is None:
        return visit.go(visit.address(SIGN_IN))
    shown = _shown(visit, goal, visit.secret)
    return visit.page(pages.code(visit.words, visit.about(visit.words("code.title")), shown))


@post(CODE, **POSTED)
async def enter(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[Any]:
    """Try the code. A right one gives the browser a new secret and leads to where it wanted to go."""
    visit = Visit(request, world)
    form = await visit.form()
    goal = await visit.goal()
    assert visit.secret is not None  # noqa: S101 - the form was made from it
    door = throttles.code(visit.remote_address)
    await throttles.check(world, door)
    attempt = await sign_in.enter_code(world, visit.secret, form.get("code", "").replace(" ", ""))
    if attempt.outcome is not Tried.right:
        await throttles.failed(world, door)
    if attempt.outcome is Tried.right:
        if await offered(visit, goal.merchant.id):
            return visit.go(visit.address(FIRST), secret=attempt.secret)
        return visit.go(visit.onward(visit.goal_page(CONSENTS)), secret=attempt.secret)
    name = f"code.{attempt.outcome.value}"
    if attempt.outcome is Tried.wrong and attempt.attempts_left_count == 1:
        name = "code.wrong_one"
    fault = visit.words(name, count=attempt.attempts_left_count)
    shown, about = _shown(visit, goal, visit.secret), visit.about(visit.words("code.title"))
    body = pages.code(visit.words, about, shown, fault=fault, open_=attempt.outcome is Tried.wrong)
    return visit.page(body, status=_REFUSED)


@post(SIGN_OUT, **POSTED)
async def leave(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[None]:
    """Sign out; the browser starts afresh."""
    visit = Visit(request, world)
    await visit.form()
    if visit.secret is not None:
        await sign_in.sign_out(world, visit.secret)
    lang = {"lang": visit.query["lang"]} if "lang" in visit.query else {}
    visit.query = lang
    return visit.go(visit.address(DONE), secret=new_secret())


@get(DONE, **PAGE, sync_to_thread=False)
def done(request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]) -> Response[str]:
    """Signed out."""
    visit = Visit(request, world)
    return visit.page(plain.done(visit.words, visit.about(visit.words("done.title"))))


async def _start(visit: Visit, goal: Goal, *, fault: str = "") -> Response[str]:
    """The page with both ways in; a passkey first, where the shop has one."""
    world, words = visit.world, visit.words
    secret = visit.secret or new_secret()
    shown, options = _shown(visit, goal, secret), ""
    if await passkeys.held(world.store, goal.merchant.id):
        asked = await passkeys.ask(world.store, world, tokens.digest(secret), goal.merchant.id, _INTENT)
        options = asked.options
    body = pages.start(words, visit.about(words("sign_in.title")), shown, options=options, fault=fault)
    status = _REFUSED if fault else 200
    return visit.page(body, status=status, back_to=_back_to(goal), secret=secret, script=bool(options))


def _shown(visit: Visit, goal: Goal, secret: str) -> pages.Shown:
    return pages.Shown(
        shop=goal.merchant.legal_name,
        contact=contacts.masked(sign_in.contact_of(visit.world, goal.merchant)),
        token=sign_in.form_token(secret),
        send_to=visit.address(SIGN_IN),
        enter_to=visit.address(CODE),
        prove_to=visit.address(BY_PASSKEY),
        client=None if goal.asked is None else goal.asked.client_name,
        outbox=visit.world.settings.sandbox,
    )


def _back_to(goal: Goal) -> str | None:
    return None if goal.asked is None else goal.asked.redirect_uri


ROUTES = (start, prove, send, code, enter, leave, done)
