"""Confirming a draw: one click inside the merchant's authority, or a passkey that signs this very draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import authorities as rules
from gateway.domain import intents, states
from gateway.domain.agreements import hash_of
from gateway.domain.authorities import DAY, MONTH, Authority, Draw, Drawn, StepUp, StepUpRequired
from gateway.domain.drawdowns import MOVES, Confirmation, DrawdownState
from gateway.domain.merchants import MerchantState
from gateway.domain.quotes import Quote, QuoteExpired, StaleTerms
from gateway.store import sql
from gateway.usecases import agreements, authorities, drawdowns, passkeys, positions
from gateway.usecases.drawdowns import EvidenceOf

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.intents import Intent
    from gateway.domain.positions import Position
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE = "/connect/confirm"


async def click(
    tx: Tx,
    world: World,
    drawdown_id: str,
    partner_id: str,
    terms_hash: str,
    *,
    user: str,
    remote_address: str | None,
) -> Drawdown:
    """One click by a person at the till. Raises StepUpRequired outside the authority, before anything was written.

    Raises also what `drawdowns.confirm` does. `user` is whom the partner's session names: it identifies, no more.
    """
    drawdown = await hold(tx, drawdown_id, partner_id)
    if terms_hash != drawdown.terms_hash:
        raise StaleTerms("Show the quote's terms again and confirm what was shown")
    quote = await quote_of(tx, drawdown)
    if world.clock.now() >= quote.expires_at:
        raise QuoteExpired("Make a new quote; this one lived for 15 minutes", expired_at=quote.expires_at.isoformat())
    authority = (await authorities.standing(tx, world, drawdown.merchant_id)).active
    why = await _why_not(tx, world, drawdown, authority, user)
    if why or authority is None:
        raise StepUpRequired(
            "Have the merchant confirm this draw with a passkey",
            confirmation_url=confirmation_url(world, drawdown.id),
            why=[reason.value for reason in why],
        )
    evidence = EvidenceOf("click", user, remote_address, authority_id=authority.id)
    return await _confirm(tx, world, drawdown, evidence)


async def hold(tx: Tx, drawdown_id: str, partner_id: str | None = None) -> Drawdown:
    """A draw that waits to be confirmed, with all that a confirmation rests on kept from changing in this unit.

    Payee, passkeys, authority and consents change only under the merchant's row. Raises UnknownDrawdown or IllegalMove.
    """
    drawdown = await drawdowns.lock(tx, drawdown_id, partner_id)
    states.check(MOVES, drawdown.state, DrawdownState.requested)
    await tx.one(sql.consents.hold_merchant, merchant_id=drawdown.merchant_id)
    return drawdown


async def step_up(
    tx: Tx,
    world: World,
    drawdown_id: str,
    session_hash: str,
    response: str,
    *,
    remote_address: str | None,
    language: str | None = None,
) -> Drawdown:
    """Confirm what a passkey signed. Run it by `passkeys.attempt`.

    The intent is built anew from the database; any difference raises IntentChanged. Raises also PasskeyRefused and
    what `drawdowns.confirm` does; then nothing was borrowed and the passkey's answer can still be used.
    """
    held = await hold(tx, drawdown_id)
    answered = await passkeys.answer(tx, world, session_hash, held.merchant_id, response)
    intents.check(answered.intent, await intent(tx, world, held, language))
    evidence = EvidenceOf(
        "passkey",
        held.merchant_id,
        remote_address,
        passkey_id=answered.passkey.id,
        intent_hash=answered.intent_hash,
        language=language,
    )
    return await _confirm(tx, world, held, evidence)


async def _confirm(tx: Tx, world: World, drawdown: Drawdown, evidence: EvidenceOf) -> Drawdown:
    """Borrow on the terms that were shown: their hash is the drawdown's own."""
    shown = Confirmation(drawdown.terms_hash)
    return await drawdowns.confirm(tx, world, drawdown.id, drawdown.partner_id, shown, evidence_of=evidence)


async def intent(reader: Reader, world: World, drawdown: Drawdown, language: str | None = None) -> Intent:
    """What a passkey would sign this very moment, the agreement shown in `language`. Raises NoPayee."""
    payee = await authorities.payee(reader, world, drawdown.merchant_id)
    document, _ = await agreements.to_sign(reader, world, drawdown, language)
    agreement = rules.Agreement(document.version, hash_of(document))
    return intents.confirm_drawdown(drawdown, await quote_of(reader, drawdown), payee.hash, agreement)


async def quote_of(reader: Reader, drawdown: Drawdown) -> Quote:
    """The quote a draw was proposed on."""
    quote = await reader.one(sql.quotes.find, Quote, quote_id=drawdown.quote_id, partner_id=drawdown.partner_id)
    assert quote is not None  # noqa: S101 - a drawdown is made from its quote, and quotes stay
    return quote


async def first_to_this_payee(reader: Reader, world: World, drawdown: Drawdown) -> bool:
    """Whether no draw was ever confirmed to be paid to the account it would be paid to now."""
    payee = await authorities.payee(reader, world, drawdown.merchant_id)
    found = await reader.one(sql.authorities.paid_to, merchant_id=drawdown.merchant_id, payee_hash=payee.hash)
    return found is None


def confirmation_url(world: World, drawdown_id: str) -> str:
    """The page on which the merchant confirms with a passkey."""
    return f"{world.settings.address}{PAGE}/{drawdown_id}"


async def _why_not(
    tx: Tx, world: World, drawdown: Drawdown, authority: Authority | None, user: str
) -> tuple[StepUp, ...]:
    merchant_id, now = drawdown.merchant_id, world.clock.now()
    position = await positions.certain(tx, world, merchant_id)
    payee = await authorities.payee(tx, world, merchant_id)
    draw = Draw(
        user_id=user,
        amount=drawdown.amount,
        currency=drawdown.currency,
        payee_hash=payee.hash,
        agreement=rules.agreement(world.programme_of(drawdown.programme_id)),
        first=await tx.one(sql.authorities.ever_active, merchant_id=merchant_id) is None,
        flagged=flagged(position),
    )
    drawn = await tx.one(sql.authorities.drawn, Drawn, merchant_id=merchant_id, day_at=now - DAY, month_at=now - MONTH)
    found = rules.why_not(authority, draw, drawn or Drawn(0, 0))
    return (*found, StepUp.new_agreement) if await agreements.outdated(tx, world, drawdown) else found


def flagged(position: Position) -> bool:
    """Whether something about the shop asks for a second look before one click may draw."""
    frozen = position.offered is not None and position.offered.frozen
    return frozen or position.merchant_state is not MerchantState.verified
