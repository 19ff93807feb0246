"""Grants as their clients' partner sees them: found and given back. The merchant's side is in `consents`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain.consents import ConsentState, UnknownConsent
from gateway.usecases import consents, grant_tokens

if TYPE_CHECKING:
    from gateway.domain.rights import Caller
    from gateway.store import Reader, Tx
    from gateway.usecases.grant_tokens import Standing
    from gateway.usecases.world import World


async def find(reader: Reader, grant_id: str, partner_id: str) -> Standing:
    """The grant, in any state. Raises UnknownConsent; another partner's looks the same as none."""
    found = await grant_tokens.standing(reader, grant_id)
    if found is None or found.partner_id != partner_id:
        raise UnknownConsent("There is no such grant")
    return found


async def revoke(world: World, grant_id: str, caller: Caller) -> None:
    """End the grant and its tokens; again is nothing. Raises UnknownConsent."""

    async def unit(tx: Tx) -> None:
        found = await find(tx, grant_id, caller.partner_id)
        if found.state is ConsentState.authorised:
            await consents.revoke(tx, world, grant_id, caller.client_id)

    await world.store.write(unit)
