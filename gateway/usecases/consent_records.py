"""The rows of consents: read for whoever may see them, held and added inside a unit. Decides nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import msgspec

from gateway.domain import details
from gateway.domain.consents import Consent, ConsentState, Evidence, UnknownConsent, Version
from gateway.domain.details import Details
from gateway.domain.events import Event
from gateway.store import sql
from gateway.usecases import events

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

SHOWN_COUNT = 50
"""The most consents and versions a merchant is shown, the newest first."""


class Asked(Protocol):
    """What a consent needs to know of the request it answers (`gateway.usecases.authorization.Pending`)."""

    @property
    def client_id(self) -> str:
        """Who asks."""

    @property
    def partner_id(self) -> str:
        """Whose client that is."""

    @property
    def merchant_id(self) -> str:
        """Who is asked."""

    @property
    def details(self) -> Details:
        """For what."""

    @property
    def grant_id(self) -> str | None:
        """The consent to renew, when one is named."""


class Agreed(msgspec.Struct, frozen=True):
    """What was shown, what was agreed to of it, and how."""

    shown: Details
    details: Details
    evidence: Evidence


class Held(msgspec.Struct, frozen=True):
    """A consent as the merchant sees it: what stands in its newest version, and who asked."""

    consent: Consent
    details: Details
    client_name: str


async def find(
    reader: Reader, grant_id: str, *, merchant_id: str | None = None, partner_id: str | None = None
) -> Consent:
    """One consent of a merchant or of a partner; raises UnknownConsent, also for anybody else's."""
    found = await reader.one(sql.consents.find, Consent, grant_id=grant_id)
    if found is None or merchant_id not in {None, found.merchant_id} or partner_id not in {None, found.partner_id}:
        raise UnknownConsent("There is no such consent")
    return found


async def current(reader: Reader, consent: Consent) -> Version:
    """The newest version of a consent; raises UnknownConsent for one that was rejected."""
    found = await reader.one(sql.consents.version, Version, grant_id=consent.grant_id, version=consent.version)
    if found is None:
        raise UnknownConsent("Nothing was agreed to there")
    return found


async def of_merchant(reader: Reader, merchant_id: str) -> list[Held]:
    """What a merchant agreed to, what is in force first, past ones included; what it refused is not counted."""
    found = await reader.all(sql.consents.of_merchant, Consent, merchant_id=merchant_id, limit=SHOWN_COUNT)
    return [await _held(reader, consent) for consent in found]


async def _held(reader: Reader, consent: Consent) -> Held:
    name = await reader.one(sql.identity.client, client_id=consent.client_id)
    return Held(consent, (await current(reader, consent)).details, name[0] if name else consent.client_id)


async def held(reader: Reader, grant_id: str, merchant_id: str | None) -> Held:
    """One consent of a merchant as it stands; raises UnknownConsent."""
    return await _held(reader, await find(reader, grant_id, merchant_id=merchant_id))


async def history(reader: Reader, grant_id: str) -> list[Version]:
    """Every version of a consent, newest first."""
    return await reader.all(sql.consents.versions, Version, grant_id=grant_id, limit=SHOWN_COUNT)


# --- inside a unit -------------------------------------------------------------------------------------------------


async def hold(tx: Tx, grant_id: str) -> Consent:
    """A consent, after its merchant's row: always in this order, so that no two units wait for each other."""
    known = await find(tx, grant_id)
    await tx.one(sql.consents.hold_merchant, merchant_id=known.merchant_id)
    held = await tx.one(sql.consents.hold, Consent, grant_id=grant_id)
    return known if held is None else held


async def add(tx: Tx, world: World, asked: Asked, state: ConsentState, *, version: int, expires_at: datetime) -> str:
    """A new consent and the event that tells of it; its grant id."""
    grant_id, now = world.ids.new("grant"), world.clock.now()
    await tx.run(
        sql.consents.add,
        grant_id=grant_id,
        merchant_id=asked.merchant_id,
        partner_id=asked.partner_id,
        client_id=asked.client_id,
        state=state,
        version=version,
        expires_at=expires_at,
        created_at=now,
    )
    made = await find(tx, grant_id)
    await tell(tx, world, made, state.value, now)
    return grant_id


async def add_version(tx: Tx, world: World, grant_id: str, version: int, agreed: Agreed) -> None:
    """Keep what was agreed to, for good."""
    await tx.run(
        sql.consents.add_version,
        grant_id=grant_id,
        version=version,
        shown_json=agreed.shown,
        shown_hash=hashlib.sha256(details.encode(agreed.shown)).hexdigest(),
        details_json=agreed.details,
        details_hash=hashlib.sha256(details.encode(agreed.details)).hexdigest(),
        granted_at=world.clock.now(),
        **msgspec.structs.asdict(agreed.evidence),
    )


async def tell(tx: Tx, world: World, consent: Consent, verb: str, now: datetime, **more: str | int) -> None:
    """Emit `consent.<verb>`."""
    data = {"id": consent.grant_id, "merchant_id": consent.merchant_id, "version": consent.version, **more}
    name = f"consent.{verb}"
    event = Event("consent", consent.grant_id, name, consent.merchant_id, consent.partner_id, data, now)
    await events.emit(tx, world, [event])
