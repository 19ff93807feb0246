"""The built-in bank's desk: its books kept as one row, and how each shop is treated there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gateway.domain.errors import NotFound
from gateway.domain.sandbox_banks import BankBehaviour, BankElsewhere, Debits, Decides
from gateway.store import Stale, sql
from gateway.usecases import positions

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.domain.rights import Caller
    from gateway.store import Reader, Store, Tx
    from gateway.usecases.world import World

RAIL = "sandbox"
"""The name of the rail to the built-in bank, unless the operator gave it another one."""


class Desk:
    """What the rail of the built-in bank needs; see `adapters.banks.sandbox`."""

    def __init__(self, store: Store, bank_id: str) -> None:
        self._store, self._bank_id = store, bank_id

    async def read(self) -> str | None:
        """The books as they stand."""
        row = await self._store.one(sql.sandbox_banks.books, bank_id=self._bank_id)
        return None if row is None else str(row[0])

    async def change(self, edit: Callable[[str | None], str]) -> None:
        """Replace them whole; a change that another process was faster with is made anew."""

        async def unit(tx: Tx) -> None:
            row = await tx.one(sql.sandbox_banks.books, bank_id=self._bank_id)
            of = {"bank_id": self._bank_id, "books": edit(None if row is None else row[0])}
            save = sql.sandbox_banks.open if row is None else sql.sandbox_banks.save
            if not await tx.run(save, **of, **({} if row is None else {"version": row[1]})):
                raise Stale("the bank's books changed underneath")

        await self._store.write(unit)

    async def behaviours(self, references: list[str]) -> dict[str, BankBehaviour]:
        """How the shops behind these payments are treated; the account of a closed one is empty."""
        rows = await self._store.all(sql.sandbox_banks.behaviours, references_json=references)
        return {row[0]: _emptied(_read(row[1:6]), closed=row[6] is not None) for row in rows}


async def decides(store: Store, merchant_id: str) -> Decides:
    """What it answers a shop that asks for a loan."""
    return (await _of(store, merchant_id)).decides


async def find(world: World, caller: Caller, merchant_id: str) -> BankBehaviour:
    """How a shop is treated. Raises NotFound."""
    await _check(world, caller, merchant_id)
    return await _of(world.store, merchant_id)


async def behave(world: World, caller: Caller, merchant_id: str, behaviour: BankBehaviour) -> BankBehaviour:
    """From now on treat a shop so. Raises NotFound, or BankElsewhere."""
    await _check(world, caller, merchant_id)
    if not any(RAIL in bank.rails for bank in world.banks.values()):
        raise BankElsewhere("The bank of this gateway is a program of its own: tell it there what to do")
    values = msgspec.to_builtins(behaviour)
    await world.store.write(lambda tx: tx.run(sql.sandbox_banks.behave, merchant_id=merchant_id, **values))
    world.wake.set()
    return behaviour


async def _of(reader: Reader, merchant_id: str) -> BankBehaviour:
    row = await reader.one(sql.sandbox_banks.behaviour, merchant_id=merchant_id)
    return BankBehaviour() if row is None else _read(row)


def _read(row: tuple[object, ...]) -> BankBehaviour:
    """A row's behaviour; the default where there is none."""
    if row[0] is None:
        return BankBehaviour()
    named = dict(zip(BankBehaviour.__struct_fields__, row, strict=True))
    return msgspec.convert(named, BankBehaviour)


def _emptied(behaviour: BankBehaviour, *, closed: bool) -> BankBehaviour:
    if not closed or behaviour.debits is not Debits.collect:
        return behaviour
    return msgspec.structs.replace(behaviour, debits=Debits.fail)


async def _check(world: World, caller: Caller, merchant_id: str) -> None:
    position = await positions.current(world, merchant_id)
    if position is None or position.partner_id != caller.partner_id or not caller.reaches(merchant_id):
        raise NotFound("There is no such merchant")
