"""Keep who stands behind a shop, and find where the same party stands behind another one of the same partner."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from gateway.domain.parties import MOST, NewParty, Party, TooManyParties, UnknownParty
from gateway.store import sql
from gateway.usecases import merchants

if TYPE_CHECKING:
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


async def put(world: World, merchant_id: str, partner_id: str, party: NewParty) -> Party:
    """Name a party, or correct it: its reference and role tell which. Raises NotFound or TooManyParties."""
    hashed = _hash(world, partner_id, party)

    async def unit(tx: Tx) -> Party:
        await merchants.find(tx, merchant_id, partner_id)
        known = await tx.one(sql.parties.known, merchant_id=merchant_id, role=party.role, reference_hash=hashed)
        party_id = world.ids.new("party") if known is None else str(known[0])
        if known is None and (await tx.one(sql.parties.count, merchant_id=merchant_id) or (0,))[0] >= MOST:
            raise TooManyParties(f"A shop can have {MOST} parties")
        await tx.run(
            sql.parties.put, id=party_id, merchant_id=merchant_id, partner_id=partner_id, role=party.role,
            kind=party.kind, name=world.vault.seal(party.name.encode(), party_id), reference_hash=hashed,
            share_bps=party.share_bps, updated_at=world.clock.now(),
        )  # fmt: skip
        return next(one for one in await tx.all(sql.parties.of, Party, merchant_id=merchant_id) if one.id == party_id)

    return await world.store.write(unit)


async def of(world: World, merchant_id: str, partner_id: str) -> list[Party]:
    """A shop's parties, in the order they were named. Raises NotFound."""
    await merchants.find(world.store, merchant_id, partner_id)
    return await world.store.all(sql.parties.of, Party, merchant_id=merchant_id)


async def remove(world: World, merchant_id: str, partner_id: str, party_id: str) -> None:
    """Forget a party, its name included. Raises NotFound or UnknownParty."""

    async def unit(tx: Tx) -> None:
        await merchants.find(tx, merchant_id, partner_id)
        if not await tx.run(sql.parties.remove, id=party_id, merchant_id=merchant_id):
            raise UnknownParty("There is no such party")

    await world.store.write(unit)


async def group(reader: Reader, merchant_id: str) -> list[str]:
    """The other shops of the same partner behind which one of this shop's parties stands."""
    return [found[0] for found in await reader.all(sql.parties.group_of, merchant_id=merchant_id)]


def name(world: World, party: Party) -> str:
    """What a party is called."""
    return world.vault.unseal(party.name, party.id).decode()


def _hash(world: World, partner_id: str, party: NewParty) -> str:
    """The same for one reference at one partner, and of no use to anybody without our key."""
    reference = "".join(party.reference.split()).casefold()
    about = f"{partner_id}\0{party.kind}\0{reference}"
    return hmac.new(world.vault.derive("party"), about.encode(), hashlib.sha256).hexdigest()
