"""Agreements: drafted from the bank's programme, signed with the draw that needs one, kept word for word, readable.

A draw rests on the agreement in force when its words are still those that would be signed today; else its confirmation
signs another, and the old one stays to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain import agreements as rules
from gateway.domain import mandates, states
from gateway.domain.agreements import (
    MOVES,
    TEXT,
    Agreement,
    AgreementInUse,
    AgreementState,
    Document,
    UnknownAgreement,
)
from gateway.domain.events import Event
from gateway.store import sql
from gateway.usecases import audit, banks, events, merchants, messages
from gateway.usecases.audit import Action

if TYPE_CHECKING:
    from gateway.domain.drawdowns import Drawdown
    from gateway.domain.programmes import Programme
    from gateway.store import Reader, Tx
    from gateway.usecases.world import World

PAGE = "/connect/agreements"


async def find(reader: Reader, agreement_id: str, merchant_id: str) -> Agreement:
    """A merchant's agreement; raises UnknownAgreement."""
    found = await reader.one(sql.agreements.find, Agreement, agreement_id=agreement_id, merchant_id=merchant_id)
    if found is None:
        raise UnknownAgreement("There is no such agreement")
    return found


async def page(reader: Reader, merchant_id: str, after: str, limit: int) -> list[Agreement]:
    """A merchant's agreements in the order they were signed."""
    return await reader.all(sql.agreements.page, Agreement, merchant_id=merchant_id, after=after, limit=limit)


def opened(world: World, agreement: Agreement) -> Document:
    """The words that were signed."""
    return msgspec.json.decode(world.vault.unseal(bytes(agreement.document), agreement.id), type=Document)


async def to_sign(
    reader: Reader, world: World, drawdown: Drawdown, language: str | None = None
) -> tuple[Document, Agreement | None]:
    """What a draw rests on: the agreement in force with its words, or words that are to be signed, in `language`.

    Without a language it is the one that the shop's country reads.
    """
    held = await _active(reader, drawdown)
    if held is not None:
        same = await _draft(reader, world, drawdown, held.language)
        if rules.hash_of(same) == held.hash:
            return same, held
    return await _draft(reader, world, drawdown, language), None


async def outdated(reader: Reader, world: World, drawdown: Drawdown) -> bool:
    """Whether one was signed, and today's words are others: a click alone does not sign those."""
    _, stands = await to_sign(reader, world, drawdown)
    return stands is None and await _active(reader, drawdown) is not None


async def sign(tx: Tx, world: World, drawdown: Drawdown, method: str, language: str | None) -> str:
    """The confirmation of a draw signs what is missing; the id of the agreement it rests on. The merchant is held."""
    document, stands = await to_sign(tx, world, drawdown, language)
    if stands is not None:
        return stands.id
    before, now = await _active(tx, drawdown), world.clock.now()
    if before is not None:
        await _move(tx, world, before, AgreementState.superseded)
    agreement_id = world.ids.new("agreement")
    made = Agreement(
        id=agreement_id,
        merchant_id=drawdown.merchant_id,
        partner_id=drawdown.partner_id,
        bank_id=drawdown.bank_id,
        programme_id=drawdown.programme_id,
        version=document.version,
        language=document.language,
        hash=rules.hash_of(document),
        document=world.vault.seal(msgspec.json.encode(document), agreement_id),
        state=AgreementState.active,
        signed_by_id=drawdown.id,
        method=method,
        signed_at=now,
        state_at=now,
    )
    await tx.run(sql.agreements.add, **msgspec.structs.asdict(made))
    await _tell(tx, world, made, made.state)
    await messages.send(
        tx, world, made.merchant_id, "agreement_signed", bank=banks.name(world, made.bank_id), version=made.version,
        hash=made.hash, page=f"{address(world, made)}?merchant_id={made.merchant_id}",
    )  # fmt: skip
    return agreement_id


async def terminate(tx: Tx, world: World, agreement_id: str, merchant_id: str) -> Agreement:
    """The merchant ends it; twice does no harm. Raises AgreementInUse while a loan under it is open."""
    await tx.one(sql.consents.hold_merchant, merchant_id=merchant_id)
    held = await find(tx, agreement_id, merchant_id)
    if held.state is AgreementState.terminated:
        return held
    under = {"bank_id": held.bank_id, "programme_id": held.programme_id}
    if await tx.one(sql.agreements.in_use, merchant_id=merchant_id, **under) is not None:
        raise AgreementInUse("Pay off the loans under it first")
    await _move(tx, world, held, AgreementState.terminated)
    await audit.note(tx, world, merchant_id, Action.agreement_terminated, agreement_id)
    return await find(tx, agreement_id, merchant_id)


def address(world: World, agreement: Agreement) -> str:
    """Where its merchant reads it."""
    return f"{world.settings.address}{PAGE}/{agreement.id}"


async def _active(reader: Reader, drawdown: Drawdown) -> Agreement | None:
    return await reader.one(
        sql.agreements.active, Agreement, merchant_id=drawdown.merchant_id, bank_id=drawdown.bank_id,
        programme_id=drawdown.programme_id,
    )  # fmt: skip


async def _draft(reader: Reader, world: World, drawdown: Drawdown, language: str | None) -> Document:
    merchant = await merchants.find(reader, drawdown.merchant_id, drawdown.partner_id)
    programme, bank = world.programme_of(drawdown.programme_id), banks.find(world, drawdown.bank_id)
    number = None if merchant.company is None else f"{merchant.company.scheme} {merchant.company.value}"
    facts = _facts(programme) | {"creditor": bank.creditor_scheme_id}
    names = ((bank.name, None), (merchant.legal_name, number))
    return rules.draft(TEXT, language or messages.language(merchant.country), names, facts, drawdown.collection)


def _facts(programme: Programme) -> dict[str, str]:
    fees = sorted(grade.fee_bps for grade in programme.grades)
    return {
        "programme": programme.name or programme.id,
        "fees": _percent(fees[0]) if fees[0] == fees[-1] else f"{_percent(fees[0])} – {_percent(fees[-1])}",
        "all_in_cap": _percent(programme.all_in_cap_bps),
        "share": _percent(programme.withhold_bps),
        "interval_days": str(programme.interval_days),
        "term_days": str(programme.term_days),
        "notice_days": str(mandates.NOTICE_DAYS),
    }


def _percent(bps: int) -> str:
    whole, part = divmod(bps, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + " %"


async def _move(tx: Tx, world: World, agreement: Agreement, target: AgreementState) -> None:
    states.check(MOVES, agreement.state, target)
    now = world.clock.now()
    row = {"agreement_id": agreement.id, "source": agreement.state, "target": target, "state_at": now}
    if not await tx.run(sql.agreements.move, **row):
        raise states.IllegalMove("the agreement moved meanwhile", state=agreement.state, wanted=target)
    await _tell(tx, world, agreement, target)


async def _tell(tx: Tx, world: World, agreement: Agreement, state: AgreementState) -> None:
    data = {
        "id": agreement.id,
        "merchant_id": agreement.merchant_id,
        "bank_id": agreement.bank_id,
        "state": state.value,
    }
    name, now = f"agreement.{state.value}", world.clock.now()
    event = Event("agreement", agreement.id, name, agreement.merchant_id, agreement.partner_id, data, now)
    await events.emit(tx, world, [event])
