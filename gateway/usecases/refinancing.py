"""A new drawdown takes an active one's debt over when its money goes; until then nothing of the old one changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import refinancings
from gateway.domain.drawdowns import Drawdown, DrawdownState
from gateway.domain.refinancings import NotRefinanceable
from gateway.store import sql
from gateway.usecases import drawdowns, loans, payoffs, servicing
from gateway.usecases import ledger as books

if TYPE_CHECKING:
    from datetime import date

    from gateway.domain.offers import Offer
    from gateway.domain.programmes import Programme
    from gateway.store import Tx
    from gateway.usecases.world import World


async def owed(tx: Tx, offer: Offer, programme: Programme, drawdown_id: str) -> tuple[int, int]:
    """(principal, fee) that a quote on `offer` would take over of a drawdown. Raises NotRefinanceable."""
    found = await tx.one(sql.drawdowns.find, Drawdown, drawdown_id=drawdown_id)
    if found is None or (found.merchant_id, found.currency, found.programme_id, found.bank_id) != (
        offer.merchant_id, offer.currency, programme.id, programme.bank_id
    ):  # fmt: skip
        raise NotRefinanceable("It is not a drawdown of this shop under this programme")
    if found.state is not DrawdownState.active:
        raise NotRefinanceable(f"It is {found.state}", state=found.state)
    if await tx.one(sql.refinancings.under_way, drawdown_id=drawdown_id):
        raise NotRefinanceable("Another drawdown is about to take it over")
    return await books.owed(tx, drawdown_id)


async def take_over(tx: Tx, world: World, new: Drawdown, refinanced_on: date) -> None:
    """Move what the old drawdown owes now; nothing when it ended meanwhile. Debits no bank heard of are taken back.

    One that is under way and settles later finds nothing owed: it is the merchant's, and given back.
    """
    if new.refinances is None:
        return
    old = await drawdowns.lock(tx, new.refinances)
    if old.state is not DrawdownState.active:
        return
    due = await books.owed(tx, old.id)
    rebate = await payoffs.cap_rebate(tx, old, due, refinanced_on)
    done = refinancings.take_over(new.id, old.id, due, rebate, refinanced_on)
    await tx.run(sql.refinancings.add, **msgspec.structs.asdict(done))
    for entry in refinancings.handed_over(old, done):
        await books.book(tx, world, entry)
    await books.book(tx, world, refinancings.taken_over(new, done))
    await drawdowns.release_exposure(tx, world, old, done.given_back_amount)
    await loans.cancel_unsent(tx, world, old, "refinanced")
    await drawdowns.move(tx, world, old, DrawdownState.refinanced)
    await servicing.refresh(tx, world, old.id)
