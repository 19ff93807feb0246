"""Access tokens put straight into the store, with whatever a test wants them to say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gateway.usecases import access
from gateway.usecases.access import KnownToken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.domain.rights import Caller, Right
    from tests.gateways import Partner

LIFETIME = timedelta(days=1)


async def caller(partner: Partner, merchant_id: str) -> Caller:
    """Who calls with the token of a merchant's grant."""
    found: Caller = await partner.world.tokens.identify(partner.grants[merchant_id])
    return found


async def token(partner: Partner, shop_id: str | None, rights: Iterable[Right], **changes: Any) -> str:
    """One with just these rights: of the grant of a merchant, or of the client's own where none is named."""
    held = await partner.world.tokens.identify(partner.token if shop_id is None else partner.grants[shop_id])
    about = {"grant_id": held.grant_id, "merchant_id": held.merchant_id, "jkt": held.jkt, **changes}
    until = partner.world.system_clock.now() + LIFETIME
    known = KnownToken(partner.client_id, partner.partner_id, frozenset(rights), until, **about)
    minted = await partner.world.store.write(lambda tx: access.mint(tx, partner.world, known))
    return minted.answer.access_token
