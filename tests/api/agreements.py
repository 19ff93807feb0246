"""What a merchant agrees to, less than everything, and takes back: how it does so has tests of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gateway.domain.consents import lines
from gateway.domain.details import parse, year_after
from gateway.oauth import details as oauth_details
from gateway.usecases import consents, positions
from tests.api import minting
from tests.gateways import EVIDENCE, Consenting, everything

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.domain.grants import Grant
    from tests.gateways import Partner


def all_but(merchant_id: str, *kinds: str, currency: str = "EUR", **changes: Any) -> list[dict[str, Any]]:
    """Details of every type but these; each of `changes` goes to the details that have such a member."""
    found = [one for one in everything(merchant_id, currency) if one["type"] not in kinds]
    return [one | {name: value for name, value in changes.items() if name in one} for one in found]


async def agree(partner: Partner, merchant_id: str, details: list[dict[str, Any]]) -> str:
    """Have the merchant agree to this and no more, in place of what it agreed to before; the grant's id."""
    world = partner.world
    today = world.clock.now().date()
    until = {"expires_at": str(year_after(today))}
    raw = [one | until if one["type"] == "merchant_data" else one for one in details]
    agreed = parse(msgspec.json.encode(raw), today)
    asked = Consenting(partner.client_id, partner.partner_id, merchant_id, agreed)
    grant_id = await world.store.write(lambda tx: consents.grant(tx, world, asked, agreed, EVIDENCE))
    about = {"grant_id": grant_id, "merchant_id": merchant_id}
    partner.grants[merchant_id] = await minting.token(partner, None, oauth_details.rights(agreed), **about)
    return grant_id


async def in_force(partner: Partner, merchant_id: str) -> Grant:
    """The one consent in force."""
    position = await positions.current(partner.world, merchant_id)
    assert position is not None
    (grant,) = position.grants
    return grant


async def narrow(partner: Partner, merchant_id: str, dropped: Collection[str]) -> None:
    """Have the merchant drop the lines whose keys begin so."""
    world, grant = partner.world, await in_force(partner, merchant_id)
    kept = [line.key for line in lines(grant.details) if not line.key.startswith(tuple(dropped))]
    await world.store.write(lambda tx: consents.narrow(tx, world, grant.grant_id, kept, EVIDENCE))


async def revoke(partner: Partner, merchant_id: str) -> None:
    """Have the merchant take back what is in force."""
    world, grant = partner.world, await in_force(partner, merchant_id)
    await world.store.write(lambda tx: consents.revoke(tx, world, grant.grant_id, "mer_test"))
