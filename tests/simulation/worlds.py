"""A gateway's process in a simulation: opened on a database that is there, and dropped whole when it dies."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import msgspec

from adapters.calendars import BankingCalendars
from gateway import log
from gateway.bank_ports import Account
from gateway.domain import versions
from gateway.domain.details import parse, year_after
from gateway.domain.merchants import NewMerchant
from gateway.domain.programmes import INVENTORY
from gateway.domain.rights import GRANTABLE, Caller
from gateway.domain.sales import NewSale, SaleKind
from gateway.domain.tiers import Tier
from gateway.settings import Settings
from gateway.store import sql
from gateway.usecases import consents, days, merchants, openness, programmes
from gateway.usecases import sales as intake
from gateway.usecases.days import Closing
from gateway.usecases.sales import Request
from gateway.usecases.world import Bank, World
from tests.gateways import EVIDENCE, Consenting, everything
from tests.simulation import loops
from tests.simulation.clocks import START, ForwardClock, OpenVault, SeededIds, SystemClock
from tests.simulation.driver import Database
from tests.simulation.scorers import CheapScorer
from tests.simulation.steps import Steps

if TYPE_CHECKING:
    from gateway.bank_ports import LoanDecision, Rail
    from gateway.store import Store, Tx

CURRENCY = "EUR"
SHOPS = ((60, 40_000), (60, 150_000), (35, 9_000))
"""Days of history and sales of each day, in minor units, of the shops every run begins with."""
RAIL = "simulated"
SETTINGS = Settings(database_url="sqlite:///simulation", data_dir=Path("simulation"), log_level="critical")
OWN_ACCOUNT = Account(iban=SETTINGS.bank_account, bic=SETTINGS.bank_bic)
"""The account drawdowns are paid from and repayments come to."""


class Shop(msgspec.Struct, frozen=True):
    """A merchant and how its partner calls for it."""

    caller: Caller
    takings_amount: int

    @property
    def id(self) -> str:
        """The merchant's id."""
        assert self.caller.merchant_id is not None
        return self.caller.merchant_id


class _Tokens:
    """Nobody holds a token here: callers are given."""

    def forget_grant(self, grant_id: str) -> None:
        """See AccessTokens."""


class Surroundings(msgspec.Struct):
    """What outlives a process: clocks, ids, the scheduler."""

    steps: Steps
    system_clock: SystemClock
    clock: ForwardClock
    ids: SeededIds


def surroundings(seed: str, steps: Steps) -> Surroundings:
    """Fresh clocks and ids."""
    system_clock = SystemClock()
    clock = ForwardClock(system_clock)
    return Surroundings(steps, system_clock, clock, SeededIds(Random(f"ids {seed}"), clock))


def world(around: Surroundings, store: Store, rail: Rail | None = None, decision: LoanDecision | None = None) -> World:
    """A process's memory, empty."""
    bank = Bank(
        INVENTORY.bank_id, name=SETTINGS.bank_name, account=OWN_ACCOUNT, creditor_scheme_id=SETTINGS.bank_creditor_id,
        rails={} if rail is None else {RAIL: rail}, decision=decision,
    )  # fmt: skip
    made = World(
        settings=SETTINGS,
        store=store,
        clock=around.clock,
        system_clock=around.system_clock,
        ids=around.ids,
        scorer=CheapScorer(),
        vault=OpenVault(),
        programme=INVENTORY,
        banks={bank.id: bank},
        calendars=BankingCalendars(),
        tokens=_Tokens(),
    )
    made.intake, made.closing = intake.lane(made), days.lane(made)
    made.follows += [programmes.follow, openness.follow]
    return made


class Template(msgspec.Struct, frozen=True):
    """The database every run begins with, and its shops."""

    image: sqlite3.Connection
    shops: tuple[Shop, ...]


_kept: list[Template] = []


def template() -> Template:
    """Made once a process; the same in every one."""
    if not _kept:
        log.configure(SETTINGS)
        steps = Steps(0)
        _kept.append(loops.run(_found(steps), steps.release))
    return _kept[0]


async def _found(steps: Steps) -> Template:
    database, around = Database(), surroundings("template", steps)
    await database.create()
    made = world(around, database.open(steps))
    partner_id, client_id = made.ids.new("partner"), made.ids.new("client")

    async def unit(tx: Tx) -> None:
        now = made.system_clock.now()
        await tx.run(sql.clients.add_partner, id=partner_id, name="Till", tier=Tier.settled, created_at=now)
        await tx.run(
            sql.clients.add, id=client_id, partner_id=partner_id, name="Till", jwks_json={"keys": []}, origins_json=(),
            rights_json=list(GRANTABLE), created_at=now, version=versions.CURRENT,
        )  # fmt: skip

    await made.store.write(unit)
    shops = tuple([await _open_shop(made, client_id, partner_id, *past) for past in SHOPS])
    image = database.image()
    await made.store.close()
    database.close()
    return Template(image, shops)


async def _open_shop(made: World, client_id: str, partner_id: str, past_days: int, takings_amount: int) -> Shop:
    new = NewMerchant(legal_name="Corner", country="NL", currency=CURRENCY, timezone="UTC")
    merchant = await made.store.write(lambda tx: merchants.add(tx, made, partner_id, new))
    caller = await agree(made, Caller(client_id, partner_id, frozenset(GRANTABLE), None, merchant.id))
    rows = [
        NewSale(f"past-{back}", SaleKind.sale, START - timedelta(days=back), takings_amount, CURRENCY)
        for back in range(past_days, 0, -1)
    ]
    await made.store.merge(made.intake, Request(merchant.id, caller, rows, made.clock.now()))
    await made.store.merge(made.closing, Closing(merchant.id, caller, START.date() - timedelta(days=1)))
    return Shop(caller, takings_amount)


async def agree(made: World, caller: Caller) -> Caller:
    """The merchant agrees to everything, for a year: the caller with that consent."""
    today, merchant_id = made.clock.now().date(), caller.merchant_id
    assert merchant_id is not None
    raw = [detail | ({"expires_at": str(year_after(today))} if detail["type"] == "merchant_data" else {})
           for detail in everything(merchant_id, CURRENCY)]  # fmt: skip
    agreed = parse(msgspec.json.encode(raw), today)
    asked = Consenting(caller.client_id, caller.partner_id, merchant_id, agreed)
    grant_id = await made.store.write(lambda tx: consents.grant(tx, made, asked, agreed, EVIDENCE))
    return msgspec.structs.replace(caller, grant_id=grant_id)


async def end() -> None:
    """Nobody of a dead process goes on."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
