"""Merchants: the shops a partner brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import accounts, merchants, names, verifications
from gateway.domain.changes import ChangeKind
from gateway.domain.errors import Conflict, NotFound
from gateway.domain.events import Event
from gateway.domain.merchants import Merchant, MerchantChange, MerchantState, NewMerchant
from gateway.domain.verifications import Finding
from gateway.store import sql
from gateway.usecases import contacts, events, limits, positions, verifying

if TYPE_CHECKING:
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World


class ReferenceTaken(Conflict):
    """The partner has another merchant under the same reference."""

    code = "partner_reference_taken"
    title = "Another merchant has this partner reference"


class NameHeld(Conflict):
    """A payout account is on its way whose holder was found to be the merchant, by the name it has now."""

    code = "legal_name_held"
    title = "The legal name stays while a new payout account waits"


class CompanyFixed(Conflict):
    """A company's number, once told, stays: nobody leaves a list of blocked companies by being another one."""

    code = "company_id_fixed"
    title = "The company's number cannot be changed"


async def add(tx: Tx, world: World, partner_id: str, new: NewMerchant) -> Merchant:
    """Take in a shop. In the sandbox a rule verifies it at once and gives it an account; live, the port is asked."""
    now, merchant_id = world.clock.now(), world.ids.new("merchant")
    merchants.check(new, now)
    found = verifications.by_rule(new.company_id, now, now) if world.settings.sandbox else None
    verified = found is not None and found.outcome is Finding.verified
    added = await tx.run(
        sql.merchants.add,
        id=merchant_id,
        partner_id=partner_id,
        partner_reference=new.partner_reference,
        state=MerchantState.verified if verified else MerchantState.created,
        legal_name=new.legal_name,
        company_json=new.company_id,
        country=new.country,
        currency=new.currency,
        timezone=new.timezone,
        day_cutoff=new.day_cutoff,
        mcc=new.mcc,
        registered_on=new.registered_on,
        payout_account=world.vault.seal(accounts.sandbox_iban(merchant_id).encode(), merchant_id) if found else None,
        contact=_contact(world, merchant_id, new) if found else None,
        created_at=now,
    )
    if not added:
        reference = new.partner_reference
        raise ReferenceTaken(f"{reference} is the reference of another merchant", partner_reference=reference)
    await tx.run(sql.positions.add, merchant_id=merchant_id)
    if found is None:
        await verifying.ask(tx, world, merchant_id)
    else:
        await verifying.record(tx, world, merchant_id, found)
    told = [MerchantState.created, MerchantState.verified] if verified else [MerchantState.created]
    data = {"id": merchant_id, "merchant_id": merchant_id}
    await events.emit(tx, world, [
        Event("merchant", merchant_id, f"merchant.{state.value}", merchant_id, partner_id, data, now) for state in told
    ])  # fmt: skip
    return await find(tx, merchant_id, partner_id)


def _contact(world: World, merchant_id: str, new: NewMerchant) -> bytes | None:
    """The address for one-time codes, sealed. Live, it is set once verified (`gateway.usecases.changes`)."""
    return None if new.contact_email is None else contacts.seal(world, merchant_id, new.contact_email)


async def find(reader: Reader, merchant_id: str, partner_id: str) -> Merchant:
    """One of a partner's merchants; raises NotFound."""
    merchant = await reader.one(sql.merchants.find, Merchant, merchant_id=merchant_id, partner_id=partner_id)
    if merchant is None:
        raise NotFound("There is no such merchant")
    return merchant


async def page(reader: Reader, partner_id: str, after: str, limit: int) -> list[Merchant]:
    """A partner's merchants in the order they came."""
    return await reader.all(sql.merchants.page, Merchant, partner_id=partner_id, after=after, limit=limit)


async def change(world: World, merchant_id: str, partner_id: str, wanted: MerchantChange) -> Merchant:
    """Correct what a partner may correct; what pre-screening reads has the limit looked at again at once.

    Raises NameHeld, CompanyFixed or RegisteredLater; account and contact are `gateway.usecases.changes`.
    """

    async def unit(tx: Tx) -> Merchant:
        held = await find(tx, merchant_id, partner_id)
        if wanted.legal_name is not msgspec.UNSET:
            await _check_name(tx, held, wanted.legal_name)
        if held.company is not None and wanted.company_id not in {msgspec.UNSET, held.company}:
            raise CompanyFixed("Bring the shop anew under its other number")
        if wanted.registered_on is not msgspec.UNSET:
            merchants.check_registered(wanted.registered_on, held.timezone, world.clock.now())
        await tx.run(
            sql.merchants.change,
            merchant_id=merchant_id,
            partner_id=partner_id,
            legal_name=held.legal_name if wanted.legal_name is msgspec.UNSET else wanted.legal_name,
            company_json=held.company if wanted.company_id is msgspec.UNSET else wanted.company_id,
            mcc=held.mcc if wanted.mcc is msgspec.UNSET else wanted.mcc,
            registered_on=held.registered_on if wanted.registered_on is msgspec.UNSET else wanted.registered_on,
            updated_at=world.clock.now(),
        )
        changed = await find(tx, merchant_id, partner_id)
        if (changed.legal_name, changed.company) != (held.legal_name, held.company):
            await verifying.ask(tx, world, merchant_id)
        if _screened(changed) != _screened(held):
            await _judge_again(tx, world, merchant_id)
        return changed

    return await world.store.write(unit)


def _screened(merchant: Merchant) -> tuple[object, ...]:
    """What pre-screening reads of a merchant, as far as it can change."""
    return merchant.company, merchant.mcc, merchant.registered_on


async def _judge_again(tx: Tx, world: World, merchant_id: str) -> None:
    """Let every writer see what changed, and policy say what it makes of it; the scores stay."""
    await tx.run(sql.positions.renumber, merchant_id=merchant_id)
    position = await positions.certain(tx, world, merchant_id)
    (judged,) = await limits.judge(tx, world, [position], closing=False)
    await positions.save(tx, world, [], [judged.position])


async def _check_name(tx: Tx, held: Merchant, wanted: str) -> None:
    """A name that an open change was held against must not become another afterwards."""
    await tx.one(sql.consents.hold_merchant, merchant_id=held.id)
    if not names.same(wanted, held.legal_name) and await tx.one(
        sql.changes.open, merchant_id=held.id, kind=ChangeKind.payout_account
    ):
        raise NameHeld("Wait until the change of the payout account has ended")
