"""Money: quotes, drawdowns, and the sandbox's stand-in for the merchant's click."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.api import exchange, idempotency, rights
from gateway.domain.arrangements import ArrangementState
from gateway.domain.bank_decisions import BankOutcome, DecisionSource, Recorded
from gateway.domain.drawdowns import Confirmation, Drawdown, DrawdownState, NewDrawdown, Step
from gateway.domain.quotes import Assumptions, NewQuote, PayoffRange, Quote
from gateway.domain.repayments import CollectionMode
from gateway.domain.rights import Caller, Right
from gateway.domain.schedules import Health, Interval
from gateway.domain.servicing import NextCollection, Picture
from gateway.domain.summaries import RequiredAction
from gateway.store import sql
from gateway.usecases import (
    bank_decisions,
    banks,
    confirmations,
    drawdowns,
    hardship,
    journeys,
    loans,
    quotes,
    widget_sessions,
)
from gateway.usecases import ledger as books
from gateway.usecases.drawdowns import EvidenceOf
from gateway.usecases.journeys import Journey
from gateway.usecases.world import World

if TYPE_CHECKING:
    from gateway.store import Reader, Tx

_TAGS = ["Money"]


class BankRef(msgspec.Struct, frozen=True):
    """The lender of record."""

    id: str
    name: str


class QuoteView(msgspec.Struct, frozen=True):
    """What the merchant must see before the click; a confirmation repeats `terms_hash`.

    All costs never come to more than `all_in_cap_bps` a year, at whatever day it is paid off. A quote that `refinances`
    a drawdown takes over `refinanced_amount` of its principal and `refinanced_fee_amount` of its fee, both part of
    `amount` and `fee_amount` and charged once, and pays out `new_money_amount`. Sales as foreseen pay it off between
    `payoff_from_on` and `payoff_to_on` 8 times in 10; these are no terms, and null where nothing is foreseen.
    """

    id: str
    offer_id: str
    merchant_id: str
    currency: str
    amount: int
    fee_amount: int
    total_amount: int
    withhold_bps: int
    minimum_amount: int
    estimated_payoff_on: date
    final_due_on: date
    apr_bps: int
    assumptions: Assumptions
    partner_revenue_share_amount: int
    bank: BankRef
    programme_id: str
    programme_version: int
    terms_version: str
    terms_hash: str
    collection: CollectionMode
    interval_days: int
    all_in_cap_bps: int
    early_rebate_bps: int
    refinances: str | None
    refinanced_amount: int
    refinanced_fee_amount: int
    new_money_amount: int
    created_at: datetime
    expires_at: datetime
    payoff_from_on: date | None
    payoff_to_on: date | None


class BankDecisionView(msgspec.Struct, frozen=True):
    """What the bank last said of the loan, and whether it was asked, had approved beforehand, or an officer decided."""

    outcome: BankOutcome
    source: DecisionSource
    reason: str | None
    bank_reference: str | None
    decided_at: datetime


class PauseView(msgspec.Struct, frozen=True):
    """A pause that the merchant asked for: `proposed` until officers have decided."""

    id: str
    state: ArrangementState
    created_at: datetime


class DrawdownView(msgspec.Struct, frozen=True):
    """A drawdown; `outstanding_amount` is owed by settled money, `repaid_amount` has arrived.

    `rebate_amount`: what of the fee need not be paid, because it was repaid early. Of a loan that is out `health` says
    how it does, `interval` what has to be repaid next and by when, `short_amount` what that will lack by the forecast;
    `pending_amount` is on its way and not counted yet.

    `steps` are the states it went through. While it is in doubt `next_check_at` says when its bank is asked again,
    while the money has not gone out `expected_on` on which of its bank's days it does.

    `pause`: what the merchant last asked for, if it did.

    `required_action`: what the merchant has to do before anything is borrowed, in the answer to a click that was not
    enough.
    """

    id: str
    state: DrawdownState
    merchant_id: str
    quote_id: str
    offer_id: str
    currency: str
    amount: int
    fee_amount: int
    total_amount: int
    outstanding_amount: int
    repaid_amount: int
    rebate_amount: int
    refinances: str | None
    new_money_amount: int
    withhold_bps: int
    minimum_amount: int
    final_due_on: date
    terms_hash: str
    bank: BankRef
    end_to_end_id: str | None
    bank_reference: str | None
    active_on: date | None
    reason: str | None
    confirmation_url: str
    bank_decision: BankDecisionView | None
    health: Health | None
    paused_until_on: date | None
    past_due_amount: int
    past_due_days: int
    pending_amount: int
    interval: Interval | None
    short_amount: int
    next_collection: NextCollection | None
    state_at: datetime
    created_at: datetime
    steps: list[Step]
    next_check_at: datetime | None
    expected_on: date | None
    payout_account_ending: str | None
    pause: PauseView | None = None
    required_action: RequiredAction | None = None


@post("/v1/quotes", opt={"right": Right.quotes_write, "idempotency": "required", "checks_merchant": True}, tags=_TAGS)
async def quote(
    data: JSONBody[NewQuote],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[QuoteView]:
    """Price an amount on an offer. The quote lives for 15 minutes."""

    async def unit(tx: Tx) -> QuoteView:
        made = await quotes.make(tx, world, caller, data)
        return _quote(world, made, await quotes.payoff_range(tx, world, made))

    return await idempotency.once(request, world, caller, unit, lambda made: made)


@post(
    "/v1/drawdowns",
    opt={"right": Right.drawdowns_write, "idempotency": "required", "checks_merchant": True},
    tags=_TAGS,
)
async def propose(
    data: JSONBody[NewDrawdown],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[DrawdownView]:
    """Propose to draw a quote. Nothing is borrowed until the merchant confirms at `confirmation_url`.

    Under the token of a widget session this is the click of the person at the till: within the merchant's authority
    the drawdown is `requested`, or `reviewing` where a person looks at it first; outside of it, it waits for
    `required_action`.
    """
    remote = exchange.remote_address(request) or None

    async def unit(tx: Tx) -> DrawdownView:
        drawn = await widget_sessions.draw(tx, world, caller, data, remote)
        made = await view(tx, world, drawn.drawdown)
        return msgspec.structs.replace(made, required_action=drawn.required_action)

    return await idempotency.once(request, world, caller, unit, lambda made: made)


@get("/v1/drawdowns/{drawdown_id:str}", opt={"right": Right.drawdowns_read, "checks_merchant": True}, tags=_TAGS)
async def show(
    drawdown_id: FromPath[str], world: NamedDependency[World], caller: NamedDependency[Caller]
) -> DrawdownView:
    """Show a drawdown."""
    return await view(world.store, world, await own(world, drawdown_id, caller))


@post(
    "/v1/drawdowns/{drawdown_id:str}/cancel",
    opt={"right": Right.drawdowns_write, "idempotency": "optional", "checks_merchant": True},
    status_code=200,
    tags=_TAGS,
)
async def cancel(
    drawdown_id: FromPath[str],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[DrawdownView]:
    """Take a drawdown back before the bank is instructed."""
    await own(world, drawdown_id, caller, Right.drawdowns_write)

    async def unit(tx: Tx) -> DrawdownView:
        return await view(tx, world, await drawdowns.cancel(tx, world, drawdown_id, caller.partner_id))

    return await idempotency.once(request, world, caller, unit, lambda made: made, status=200)


@post(
    "/v1/sandbox/drawdowns/{drawdown_id:str}/confirm",
    opt={"right": Right.sandbox_write, "idempotency": "optional"},
    status_code=200,
    tags=["Sandbox"],
)
async def confirm(
    drawdown_id: FromPath[str],
    data: JSONBody[Confirmation],
    request: Request[Any, Any, Any],
    world: NamedDependency[World],
    caller: NamedDependency[Caller],
) -> Response[DrawdownView]:
    """Play the merchant: confirm the terms that were shown. Confirming again is refused."""
    remote = exchange.remote_address(request) or None
    evidence = EvidenceOf("sandbox", caller.client_id, remote)

    async def unit(tx: Tx) -> DrawdownView:
        confirmed = await drawdowns.confirm(tx, world, drawdown_id, caller.partner_id, data, evidence_of=evidence)
        return await view(tx, world, confirmed)

    return await idempotency.once(request, world, caller, unit, lambda made: made, status=200)


async def own(world: World, drawdown_id: str, caller: Caller, right: Right = Right.drawdowns_read) -> Drawdown:
    """A drawdown of the caller's. Raises NotFound for anybody else's, ConsentRequired without the merchant's."""
    found = await drawdowns.find(world.store, drawdown_id, caller.partner_id)
    await rights.check_consent(world, caller, right, found.merchant_id, "drawdown")
    return found


def bank(world: World, bank_id: str) -> BankRef:
    """A bank by its id and its name."""
    return BankRef(bank_id, banks.name(world, bank_id))


def _quote(world: World, made: Quote, ends: PayoffRange) -> QuoteView:
    values = msgspec.structs.asdict(made)
    values.pop("bank_id")
    return QuoteView(
        **values,
        total_amount=made.total_amount,
        new_money_amount=made.new_money_amount,
        bank=bank(world, made.bank_id),
        **msgspec.structs.asdict(ends),
    )


async def view(reader: Reader, world: World, drawdown: Drawdown) -> DrawdownView:
    """A drawdown as clients see it."""
    principal, fee = await books.owed(reader, drawdown.id)
    row = await reader.one(sql.repayments.settled_amount, drawdown_id=drawdown.id) or (0, 0)
    said = await bank_decisions.latest(reader, drawdown.id)
    does, came = await loans.picture(reader, drawdown), await journeys.of(reader, world, drawdown)
    asked = await hardship.asked(reader, drawdown.id)
    return DrawdownView(
        id=drawdown.id,
        state=drawdown.state,
        merchant_id=drawdown.merchant_id,
        quote_id=drawdown.quote_id,
        offer_id=drawdown.offer_id,
        currency=drawdown.currency,
        amount=drawdown.amount,
        fee_amount=drawdown.fee_amount,
        total_amount=drawdown.total_amount,
        outstanding_amount=principal + fee,
        repaid_amount=int(row[0]),
        rebate_amount=int(row[1]),
        refinances=drawdown.refinances,
        new_money_amount=drawdown.new_money_amount,
        withhold_bps=drawdown.withhold_bps,
        minimum_amount=drawdown.minimum_amount,
        final_due_on=drawdown.final_due_on,
        terms_hash=drawdown.terms_hash,
        bank=bank(world, drawdown.bank_id),
        end_to_end_id=drawdown.end_to_end_id,
        bank_reference=drawdown.bank_reference,
        active_on=drawdown.active_on,
        reason=drawdown.reason,
        confirmation_url=confirmations.confirmation_url(world, drawdown.id),
        bank_decision=None if said is None else _bank_decision(said),
        pause=None if asked is None else PauseView(asked.id, asked.state, asked.created_at),
        state_at=drawdown.state_at,
        created_at=drawdown.created_at,
        **{name: getattr(does, name) for name in Picture.__struct_fields__},
        **{name: getattr(came, name) for name in Journey.__struct_fields__},
    )


def _bank_decision(said: Recorded) -> BankDecisionView:
    return BankDecisionView(**{name: getattr(said, name) for name in BankDecisionView.__struct_fields__})


ROUTES = (quote, propose, show, cancel)
SANDBOX_ROUTES = (confirm,)
