"""Where a shop stands, all in one: what it may borrow, what it owes, and what has to be done next by whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from gateway.domain import grants
from gateway.domain.agreements import Agreement
from gateway.domain.authorities import NoPayee
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.merchants import MerchantState
from gateway.domain.summaries import ActionType, RequiredAction
from gateway.store import sql
from gateway.usecases import agreements, authorities, changes, confirmations, loans, offers
from gateway.usecases.limits import Judged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.domain.grants import Need
    from gateway.domain.positions import Position
    from gateway.domain.rights import Caller
    from gateway.usecases.world import World

ASKED: tuple[Need, ...] = (grants.READ_OFFERS, grants.QUOTE, grants.PROPOSE, grants.DEBIT)
"""What a merchant agrees to before it can borrow in a partner's software."""


class Summary(msgspec.Struct, frozen=True):
    """A judged position, its drawdowns that have not ended, newest first, and what has to be done, in order."""

    judged: Judged
    drawdowns: list[Drawdown]
    actions: list[RequiredAction]

    @property
    def position(self) -> Position:
        """The position that was judged."""
        return self.judged.position


async def of(world: World, caller: Caller, merchant_id: str) -> Summary:
    """The summary of a partner's own merchant; raises NotFound."""
    judged = await offers.standing(world, merchant_id, caller.partner_id)
    open_ones = await world.store.all(sql.drawdowns.open_of, Drawdown, merchant_id=merchant_id)
    actions = [action async for action in _actions(world, caller, judged.position, open_ones)]
    return Summary(judged, open_ones, actions)


class Changed(msgspec.Struct, frozen=True):
    """By how much the limit of an offer differs from that of the one it replaced, and since when."""

    amount: int
    limit_before_amount: int
    changed_at: datetime


class More(msgspec.Struct, frozen=True):
    """What a till shows beside an offer."""

    change: Changed | None
    account_ending: str | None
    agreement: tuple[str, str] | None
    """Its version, and where it is read."""


async def more(world: World, found: Summary) -> More:
    """What stands around the current offer of a summary."""
    position, programme = found.position, found.judged.programme
    offered = position.offered
    change = None if offered is None else await world.store.one(sql.offers.change, Changed, offer_id=offered.id)
    try:
        ending = (await authorities.payee(world.store, world, position.merchant_id)).ending
    except NoPayee:
        ending = None
    signed = await world.store.one(
        sql.agreements.active, Agreement, merchant_id=position.merchant_id, bank_id=programme.bank_id,
        programme_id=programme.id,
    )  # fmt: skip
    return More(
        change=change,
        account_ending=ending,
        agreement=None if signed is None else (signed.version, agreements.address(world, signed)),
    )


async def drawdowns_of(world: World, merchant_id: str, after: str, limit: int) -> list[Drawdown]:
    """A page of a merchant's drawdowns, ended ones too, oldest first."""
    return await world.store.all(sql.drawdowns.page, Drawdown, merchant_id=merchant_id, after=after, limit=limit)


async def _actions(
    world: World, caller: Caller, position: Position, open_ones: list[Drawdown]
) -> AsyncIterator[RequiredAction]:
    for drawdown in open_ones:
        async for action in _about(world, drawdown):
            yield action
    if position.merchant_state is not MerchantState.verified:
        yield RequiredAction(ActionType.verify, why=(position.merchant_state.value,))
    try:
        await authorities.payee(world.store, world, position.merchant_id)
    except NoPayee:
        yield RequiredAction(ActionType.name_account)
    now = world.clock.now()
    held = [grant for grant in position.grants if grant.client_id == caller.client_id]
    lacking = [need for need in ASKED if not any(grant.allows(need, now) for grant in held)]
    if lacking:
        yield RequiredAction(ActionType.authorise, why=tuple(f"{need.kind}.{need.action}" for need in lacking))


async def _about(world: World, drawdown: Drawdown) -> AsyncIterator[RequiredAction]:
    if drawdown.state is DrawdownState.awaiting_confirmation:
        url = confirmations.confirmation_url(world, drawdown.id)
        yield RequiredAction(ActionType.confirm, url, drawdown_id=drawdown.id, amount=drawdown.amount)
    kept = await loans.find(world.store, drawdown.id)
    if kept is None or kept.service_at is None:
        return
    account = await loans.account(world.store, drawdown, kept.serviced_on)
    overdue = account.past_due_amount(kept.serviced_on)
    if overdue:
        yield RequiredAction(
            ActionType.pay, drawdown_id=drawdown.id, amount=overdue, due_on=account.missed_on(kept.serviced_on)
        )
    if kept.stopped_code is not None:
        url = changes.address(world, drawdown.merchant_id)
        yield RequiredAction(ActionType.renew_mandate, url, (kept.stopped_code,), drawdown.id)
