"""Debits stop with the mandate they go under, and go on with the next one; what is owed is asked for meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.drawdowns import Drawdown
from gateway.domain.mandates import MandateState
from gateway.store import sql
from gateway.usecases import drawdowns, mandates, retries, servicing

if TYPE_CHECKING:
    from gateway.domain.changes import Change
    from gateway.store import Tx
    from gateway.usecases.world import World

REVOKED = "mandate_revoked"
"""Why a loan's debits stopped, where no bank's code says it."""


async def stop(tx: Tx, world: World, mandate_id: str, merchant_id: str) -> None:
    """The merchant revokes a mandate: its loans are paid by transfer from now on, and are not in default for it."""
    revoked = await mandates.revoke(tx, world, mandate_id, merchant_id)
    if revoked.state is MandateState.revoked:
        return
    for found in await tx.all(sql.drawdowns.active_of, Drawdown, merchant_id=merchant_id):
        if found.bank_id == revoked.bank_id:
            await retries.stop(tx, world, await drawdowns.lock(tx, found.id), REVOKED)


async def go_on(tx: Tx, world: World, drawdown: Drawdown) -> None:
    """The bank lends under what was just signed: it covers the merchant's other loans of that bank too."""
    if await mandates.activate(tx, world, drawdown):
        await servicing.resume(tx, world, drawdown.merchant_id)


async def follow_account(tx: Tx, world: World, change: Change) -> None:
    """Another payout account took effect, and with it the mandates that its holder signed for it."""
    if await mandates.follow_account(tx, world, change):
        await servicing.resume(tx, world, change.merchant_id)
