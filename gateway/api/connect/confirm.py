"""/connect/confirm/{drawdown_id}: the merchant reads what would be borrowed, signs it with a passkey or cancels it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from gateway.api.connect.addresses import CONFIRM, PASSKEYS, SIGN_IN
from gateway.api.connect.browser import Visit
from gateway.api.connect.consent import bank_name
from gateway.api.connect.pages import confirm as pages
from gateway.api.connect.pages.confirm import Asked, Outcome, Terms
from gateway.api.connect.pages.passkey import RESPONSE
from gateway.api.connect.routes import PAGE, POSTED
from gateway.domain import calendars, ids
from gateway.domain.authorities import NoPayee
from gateway.domain.consents import ConsentRequired
from gateway.domain.drawdowns import BankUnavailable, Drawdown, DrawdownState, ExposureExceeded, UnknownDrawdown
from gateway.domain.intents import IntentChanged
from gateway.domain.passkeys import PasskeyRefused
from gateway.domain.quotes import QuoteExpired, QuoteSuperseded
from gateway.domain.states import IllegalMove
from gateway.domain.underwriting import Outcome as Verdict
from gateway.domain.velocity import VelocityExceeded
from gateway.usecases import authorities, confirmations, drawdowns, limits, passkeys, positions, sign_in
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.domain.errors import GatewayError
    from gateway.domain.positions import Position
    from gateway.domain.quotes import Quote
    from gateway.store import Tx

ADDRESS = CONFIRM + "/{drawdown_id:str}"
_REFUSED = 422
_S = DrawdownState
_WAITING = _S.awaiting_confirmation
_ENDED = {
    _S.requested: "on_its_way", _S.reviewing: "reviewing", _S.approved: "on_its_way", _S.submitted: "on_its_way",
    _S.pending: "on_its_way", _S.in_doubt: "in_doubt", _S.active: "paid", _S.repaid: "repaid",
    _S.refinanced: "repaid", _S.charged_off: "paid", _S.returned: "returned", _S.expired: "expired",
    _S.rejected: "rejected", _S.canceled: "canceled", _S.failed: "failed",
}  # fmt: skip
"""State of a draw → the words for it."""
_LOOKS = {
    "on_its_way": ("clock", "good"), "reviewing": ("clock", "info"), "in_doubt": ("alert", "warn"),
    "paid": ("check", "good"), "repaid": ("check", "good"), "returned": ("loop", "warn"), "expired": ("clock", "info"),
    "rejected": ("cross", "bad"), "canceled": ("info", "info"), "failed": ("cross", "bad"), "changed": ("info", "info"),
}  # fmt: skip
_NOTHING_BORROWED = {"expired", "rejected", "canceled", "failed", "changed"}
_FAULTS: dict[type[GatewayError], str] = {
    PasskeyRefused: "passkey", IntentChanged: "changed", VelocityExceeded: "velocity", BankUnavailable: "bank",
    NoPayee: "payee", ConsentRequired: "consent",
}  # fmt: skip
"""A refusal after which the page can be tried again → the words for it."""


@get(ADDRESS, **PAGE)
async def show(
    drawdown_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """The draw as it stands; whoever is not signed in for its shop signs in first."""
    visit = Visit(request, world)
    drawdown = await _find(visit, drawdown_id)
    if await visit.signed_in() is None:
        return visit.go(visit.address(SIGN_IN, back=_path(drawdown)))
    return await _page(visit, drawdown)


@post(ADDRESS, **POSTED)
async def decide(
    drawdown_id: FromPath[str], request: Request[Any, Any, Any], world: NamedDependency[SkipValidation[World]]
) -> Response[Any]:
    """Borrow what the passkey signed, or cancel; a second press finds it done and does nothing."""
    visit = Visit(request, world)
    form = await visit.form()
    drawdown = await _find(visit, drawdown_id)
    if await visit.signed_in() is None:
        return visit.go(visit.address(SIGN_IN, back=_path(drawdown)))
    try:
        if form.get("do") == "cancel":
            await world.store.write(lambda tx: _cancel(tx, world, drawdown))
        else:
            await _confirm(visit, drawdown, form.get(RESPONSE, ""))
    except (IllegalMove, QuoteExpired):
        pass  # decided or out of time already: the page, read again below, says how it stands
    except (QuoteSuperseded, ExposureExceeded):
        return _told(visit, drawdown, "changed", None)
    except tuple(_FAULTS) as refused:
        return await _page(visit, drawdown, fault=_fault(visit, refused))
    return visit.go(visit.address(_path(drawdown)))


async def _confirm(visit: Visit, drawdown: Drawdown, response: str) -> None:
    world, session_hash, remote, language = visit.world, visit.session_hash, visit.remote_address, visit.words.language

    async def unit(tx: Tx) -> Drawdown:
        return await confirmations.step_up(
            tx, world, drawdown.id, session_hash, response, remote_address=remote, language=language
        )

    await passkeys.attempt(world, session_hash, remote, unit)


async def _cancel(tx: Tx, world: World, drawdown: Drawdown) -> None:
    """Only what was not confirmed: money on its way is stopped by the partner's own call, which says what it means."""
    held = await confirmations.hold(tx, drawdown.id)
    await drawdowns.cancel(tx, world, held.id, held.partner_id)


def _fault(visit: Visit, refused: GatewayError) -> str:
    name = next(name for kind, name in _FAULTS.items() if isinstance(refused, kind))
    return visit.words(f"confirm.fault.{name}")


async def _find(visit: Visit, drawdown_id: str) -> Drawdown:
    if ids.PATTERN.match(drawdown_id) is None:
        raise UnknownDrawdown("There is no such drawdown")
    drawdown = await drawdowns.find(visit.world.store, drawdown_id)
    visit.query["merchant_id"] = drawdown.merchant_id
    return drawdown


def _path(drawdown: Drawdown) -> str:
    return f"{CONFIRM}/{drawdown.id}"


async def _page(visit: Visit, drawdown: Drawdown, *, fault: str = "") -> Response[Any]:
    world = visit.world
    quote = await confirmations.quote_of(world.store, drawdown)
    position = await positions.current(world, drawdown.merchant_id)
    assert position is not None  # noqa: S101 - a draw's shop has one
    if drawdown.state is not _WAITING or world.clock.now() >= quote.expires_at:
        name = _ENDED.get(drawdown.state, "expired")
        return _told(visit, drawdown, name, await _terms(visit, drawdown, quote))
    if not await _still_offered(world, position, drawdown):
        return _told(visit, drawdown, "changed", None)
    terms = await _terms(visit, drawdown, quote)
    asked = await _asked(visit, drawdown, quote, position)
    body = pages.confirm(visit.words, visit.about(visit.words("confirm.title")), terms, asked, fault=fault)
    return visit.page(body, status=_REFUSED if fault else 200, script=asked.options is not None)


def _told(visit: Visit, drawdown: Drawdown, name: str, terms: Terms | None) -> Response[Any]:
    words, (drawing, kind) = visit.words, _LOOKS[name]
    values = {
        "amount": words.money(drawdown.amount, drawdown.currency),
        "bank": bank_name(visit.world, drawdown.bank_id),
    }
    title, text = (words.raw(f"confirm.{name}{end}").format(**values) for end in ("", ".text"))
    shown = None if name in _NOTHING_BORROWED else terms
    return visit.page(pages.outcome(words, visit.about(title), shown, Outcome(drawing, kind, title, text)))


async def _still_offered(world: World, position: Position, drawdown: Drawdown) -> bool:
    """Whether confirming has a chance: so that nobody is asked for a passkey in vain. The guard itself comes later."""
    judged = await limits.under(world.store, world, position, drawdown.programme_id)
    if judged is None:
        return False
    fresh = judged.assessment
    return fresh.outcome is Verdict.offered and drawdown.amount + position.exposure_amount <= fresh.limit_amount


async def _asked(visit: Visit, drawdown: Drawdown, quote: Quote, position: Position) -> Asked:
    world, words = visit.world, visit.words
    options = None
    if await passkeys.held(world.store, drawdown.merchant_id):
        intent = await confirmations.intent(world.store, world, drawdown, words.language)
        challenge = await passkeys.ask(world.store, world, visit.session_hash, drawdown.merchant_id, intent)
        options = challenge.options
    first = await confirmations.first_to_this_payee(world.store, world, drawdown)
    ends = quote.expires_at.astimezone(calendars.zone(position.timezone))
    return Asked(
        action=visit.address(_path(drawdown)),
        token=sign_in.form_token(visit.secret or ""),
        why=words("confirm.why_first" if first else "confirm.why"),
        label=words("confirm.sign", amount="".join(pages.figure(words.money(drawdown.amount, drawdown.currency)))),
        until=words("confirm.until", time=f"{ends:%H:%M}"),
        options=options,
        make_passkey_at=visit.address(PASSKEYS, back=_path(drawdown)),
        agreement_at=visit.address(f"{_path(drawdown)}/agreement"),
    )


async def _terms(visit: Visit, drawdown: Drawdown, quote: Quote) -> Terms:
    words, world = visit.words, visit.world
    payee = await authorities.payee(world.store, world, drawdown.merchant_id)

    def money(amount: int) -> str:
        return words.money(amount, quote.currency)

    return Terms(
        lead=words("confirm.lead", bank=bank_name(world, drawdown.bank_id), shop=payee.name),
        sum_=pages.figure(money(quote.amount)),
        costs=(
            (words("confirm.receive"), money(quote.new_money_amount)),
            *([(words("confirm.takes_over"), money(quote.refinanced_amount))] if quote.refinances else []),
            (words("confirm.fee"), money(quote.fee_amount)),
        ),
        total=(words("confirm.total"), money(quote.total_amount)),
        facts=(
            (words("confirm.payee"), words("confirm.payee_value", name=payee.name, ending=payee.ending)),
            (words("confirm.share"), words("confirm.share_value", share=words.percent(quote.withhold_bps))),
            (words("confirm.minimum"), money(quote.minimum_amount)),
            (words("confirm.payoff"), words.date(quote.estimated_payoff_on)),
            (words("confirm.final"), words.date(quote.final_due_on)),
            (words("confirm.apr"), words.percent(round(quote.apr_bps, -1))),
            (words("confirm.bank"), bank_name(world, drawdown.bank_id)),
            (words("confirm.agreement"), words("confirm.agreement_value", version=quote.terms_version)),
        ),
    )


ROUTES = (show, decide)
