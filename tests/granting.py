"""Grants that a test changes itself, and tokens of them; how a client gets one has tests of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.domain import consents as rules
from gateway.oauth import details as oauth_details
from gateway.usecases import access, consent_records, consents, grant_tokens, positions
from gateway.usecases.access import KnownToken
from tests.gateways import EVIDENCE, KEY, LONG, Consenting

if TYPE_CHECKING:
    from gateway.domain.details import Details
    from gateway.store import Tx
    from gateway.usecases.grant_tokens import Standing
    from gateway.usecases.world import World
    from tests.gateways import Partner

ASSESSING = "merchant_data-credit_assessment"
SERVICING = "merchant_data-repayment_servicing"
"""What the keys of a purpose's lines begin with."""


async def of(world: World, merchant_id: str) -> Standing:
    """The one grant in force for a merchant."""
    position = await positions.current(world, merchant_id)
    assert position is not None
    (grant,) = position.grants
    found = await grant_tokens.standing(world.store, grant.grant_id)
    assert found is not None
    return found


async def said(world: World, merchant_id: str) -> Details:
    """What that grant, or the last one of a merchant that has none, says."""
    held = await consent_records.of_merchant(world.store, merchant_id)
    return held[-1].details


async def use(partner: Partner, merchant_id: str) -> None:
    """Let the partner send what is about a merchant under a fresh token of the grant in force, as it stands."""
    world, grant = partner.world, await of(partner.world, merchant_id)
    rights, until = frozenset(oauth_details.rights(grant.details)), world.system_clock.now() + LONG
    jkt = KEY.thumbprint()
    known = KnownToken(grant.client_id, grant.partner_id, rights, until, grant.grant_id, merchant_id, jkt)
    issued = await world.store.write(lambda tx: access.mint(tx, world, known, details=grant.details))
    partner.grants[merchant_id] = issued.answer.access_token


async def take_back(world: World, merchant_id: str, purpose: str = "") -> str:
    """Take the grant in force back, or only the lines of one purpose; the grant's id."""
    grant = await of(world, merchant_id)

    async def unit(tx: Tx) -> str:
        if purpose:
            keys = [line.key for line in rules.lines(grant.details) if not line.key.startswith(purpose)]
            await consents.narrow(tx, world, grant.grant_id, keys, EVIDENCE)
        else:
            await consents.revoke(tx, world, grant.grant_id, by=merchant_id)
        return grant.grant_id

    return await world.store.write(unit)


async def give(partner: Partner, merchant_id: str, agreed: Details) -> str:
    """Another grant of a partner's client for a merchant; its id."""
    world = partner.world
    asked = Consenting(partner.client_id, partner.partner_id, merchant_id, agreed)
    return await world.store.write(lambda tx: consents.grant(tx, world, asked, agreed, EVIDENCE))
