"""The composition root: settings → ports → application. The sole importer of adapters."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from adapters.banks.iso20022.client import Iso20022Bank, Iso20022Settings
from adapters.banks.iso20022.sandbox import MockBankControls
from adapters.decisions.sandbox import SandboxLoanDecision
from adapters.mailboxes import HttpPlace
from adapters.notifiers.outbox import Outbox
from gateway import scorer, vault
from gateway.api import (
    authorities,
    authorization,
    changes,
    connect,
    drawdowns,
    events,
    fast_lane,
    grants,
    merchants,
    metrics,
    oauth,
    offers,
    peers,
    reviews,
    sales,
    widget,
)
from gateway.api import notices as notice_routes
from gateway.api import sandbox as sandbox_routes
from gateway.api.app import Application, create_app
from gateway.domain.programmes import INVENTORY
from gateway.outbound import Outbound
from gateway.ports import Account
from gateway.store import open_store, sql
from gateway.usecases import days, messages, openness, programmes, proofs
from gateway.usecases import models as governing
from gateway.usecases import sales as intake
from gateway.usecases.access import AccessTokens
from gateway.usecases.world import Bank, BusinessClock, RandomIds, SystemClock, World
from gateway.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from gateway.ports import Clock
    from gateway.scorer import OnnxScorer
    from gateway.settings import Settings

ROUTES = (
    *oauth.ROUTES, *merchants.ROUTES, *authorities.ROUTES, *sales.ROUTES, *offers.ROUTES, *reviews.ROUTES,
    *notice_routes.ROUTES, *peers.ROUTES, *drawdowns.ROUTES, *events.ROUTES, *authorization.ROUTES,
    *grants.ROUTES, *changes.ROUTES, *connect.ROUTES, *widget.ROUTES,
)  # fmt: skip
SANDBOX_ROUTES = (*drawdowns.SANDBOX_ROUTES, *sandbox_routes.ROUTES, *connect.SANDBOX_ROUTES)


@asynccontextmanager
async def open_world(
    settings: Settings, *, system_clock: Clock | None = None, models: Awaitable[OnnxScorer] | None = None
) -> AsyncIterator[World]:
    """Everything the use cases need, open; closed again at the end. `models` may be on their way already."""
    clock = system_clock or SystemClock()
    loaded = scorer.load(settings.models_dir) if models is None else await models
    governing.tell(loaded)
    keys = vault.load(settings)
    store = await open_store(settings.database_url, pool_count=settings.postgres_pool_count)
    outbound = Outbound()
    try:
        business = BusinessClock(clock)
        world = World(
            settings=settings,
            store=store,
            clock=business,
            system_clock=clock,
            ids=RandomIds(clock),
            scorer=loaded,
            vault=keys,
            programme=INVENTORY,
            banks=_banks(settings, outbound, business),
            tokens=AccessTokens(
                store, clock, kept=not settings.shared_database, proofs=proofs.at(settings, store, clock, keys.derive)
            ),
        )
        world.intake, world.closing = intake.lane(world), days.lane(world)
        world.notifier = Outbox(partial(messages.keep, world)) if settings.sandbox else None
        await _start_clock(world)
        world.follows += [governing.follow, programmes.follow, openness.follow]
        await world.keep_up()
        yield world
    finally:
        await outbound.aclose()
        await store.close()


def _banks(settings: Settings, outbound: Outbound, clock: Clock) -> dict[str, Bank]:
    """The banks that the settings connect."""
    address = settings.bank_url
    bank = Bank(
        INVENTORY.bank_id,
        name=settings.bank_name,
        account=Account(iban=settings.bank_account, bic=settings.bank_bic),
        creditor_scheme_id=settings.bank_creditor_id,
        rails={} if address is None else {"iso20022": Iso20022Bank(Iso20022Settings(HttpPlace(address)), outbound)},
        decision=SandboxLoanDecision(clock) if settings.sandbox else None,
        clock=MockBankControls(address, outbound) if settings.sandbox and address else None,
    )
    return {bank.id: bank}


async def _start_clock(world: World) -> None:
    """Take over the stored business clock; a fresh sandbox starts it where the settings say."""
    starts_at = world.settings.clock_starts_at
    if starts_at is not None and await world.store.one(sql.clock.ahead) is None:
        await world.clock.set(world.store, starts_at)
    await world.clock.load(world.store)


def application(world: World) -> Application:
    """The HTTP application of an open world; on SQLite its worker runs inside."""
    registry = metrics.Registry()
    registry.gauge("restock_writes_waiting", "Writes waiting for a commit.", world.store.waiting_count)

    @asynccontextmanager
    async def working(_app: Application) -> AsyncIterator[None]:
        if world.settings.shared_database:
            yield
            return
        worker = Worker(world)
        task = asyncio.create_task(worker.run(), name="worker")
        try:
            yield
        finally:
            worker.stop()
            await task

    async def database() -> None:
        await world.store.one(sql.clock.ahead)

    routes = [*ROUTES, *SANDBOX_ROUTES] if world.settings.sandbox else list(ROUTES)
    return create_app(
        world, routes, lifespan=[working], checks={"database": database}, registry=registry,
        front=lambda app: fast_lane.FastLane(app, world),
    )  # fmt: skip
